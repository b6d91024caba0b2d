"""Lints find what a rule of the guidelines forbids, and leave alone what it allows; a bad file shows each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from annotate.corpus import lints, validate
from annotate.measure import align
from annotate.model import schema as schema_
from annotate.model.records import Annotation, Article, Decision, Gold, changed_marks
from annotate.model.schema import Schema, SchemaError
from tests.conftest import ROOT

Write = Callable[..., tuple[Article, Annotation]]

SAID = "stance=asserts style=indirect"


def gold_of(annotation: Annotation) -> Gold:
    units = align.units(annotation)
    decisions = tuple(Decision(**unit._asdict(), origin="agreed") for unit in units)
    return Gold(**dict(annotation), decisions=decisions)


def codes(article: Article, annotation: Annotation, schema: Schema) -> list[str]:
    return sorted(issue.code for issue in validate.check(annotation, article, schema))


ALLOWED = {
    "a count whose noun is linked": (
        "[m1:quantity|Two [m2:civilians|boys]] [e1:death|died].\n---\n"
        "m1 min=2 max=2 unit=people\ne1 count:m1 victim:m2 realis=actual\n"
    ),
    "a count whose noun is linked by a pronoun for it": (
        "[m1:quantity|Two [m2:civilians|boys]]: [m3:civilians|they] [e1:death|died].\n---\n"
        "same m2 m3\nm1 min=2 max=2 unit=people\ne1 count:m1 victim:m3 realis=actual\n"
    ),
    "a count with its trigger inside": (
        "[m1:state_force|Jets] flew [m2:quantity|64 [e1:air_strike|sorties]].\n---\n"
        "m2 min=64 max=64 unit=sorties\ne1 agent:m1 count:m2 realis=actual\n"
    ),
    "a whole and its part in two roles": (
        "[m1:armed_group|[m2:place|Tak]’s rebels] [e1:withdrawal|left].\n---\n"
        "e1 agent:m1 origin:m2 realis=actual\n"
    ),
    "two sources of two statuses": (
        "[c1:content|It fell], [h1:source|a medic] [q1:cue|said]. [c2:content|It held], [h2:source|the army] "
        f"[q2:cue|said].\n---\nc1 source:h1 cue:q1 source_status=anonymous {SAID}\n"
        f"c2 source:h2 cue:q2 source_status=named {SAID}\n"
    ),
    "a name inside another mark, in a credit, and a word that begins a sentence": (
        "From [m1:place|Tak] [e1:displacement|fled] [m2:civilians|boys]. Boys are [m3:place|the lake of Tak]. "
        "\\[Tak/Pool\\]\n---\ne1 origin:m1 victim:m2 realis=actual\n"
    ),
    "a capital that only begins a sentence": (
        "[m1:civilians|Boys] [e1:displacement|fled]. Boys will be boys.\n---\ne1 victim:m1 realis=actual\n"
    ),
    "a determiner that": (
        "[m1:place|That town] [e1:damage|burnt].\n---\ne1 object:m1 realis=actual\n"
    ),
    "a time with its value": (
        "[m1:place|Tak] [e1:damage|burnt] [m2:time|today].\n---\nm2 value=2024-03-17\n"
        "e1 object:m1 time:m2 realis=actual\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("source", ALLOWED.values(), ids=ALLOWED)
def test_what_the_guidelines_allow_is_no_lint(source: str, write: Write, schema: Schema) -> None:
    article, annotation = write(source)
    assert codes(article, gold_of(annotation), schema) == []


def test_a_trigger_without_a_mark_is_found_and_a_pass_is_not_looked_through(
    write: Write, schema: Schema
) -> None:
    source = "[m1:place|Tak] [e1:damage|burnt], and the school burnt too.\n---\ne1 object:m1 realis=actual\n"
    article, annotation = write(source)
    assert codes(article, annotation, schema) == []
    (issue,) = validate.check(gold_of(annotation), article, schema)
    assert (issue.where, issue.severity) == ("e1", "warning")
    assert issue.message == (
        "damage “burnt” has a mark here, and the same words at 26–31 have none; mark them there, or"
        " leave them where they tell another thing (topics/triggers)"
    )


def test_withheld_words_are_looked_through_where_the_text_is_here_and_are_never_told(
    write: Write, schema: Schema
) -> None:
    source = "[m1:state_force|Troops] [e1:air_strike|launched] strikes.\n---\ne1 agent:m1 realis=actual\n"
    article, annotation = write(source)
    gold = gold_of(annotation)
    bare = gold.model_copy(
        update=changed_marks(gold, lambda mark: mark.model_copy(update={"text": None}))
    )
    (issue,) = lints.check(bare, article, schema)
    assert issue.message.startswith("air_strike at 7–15; a light verb")
    assert list(lints.check(bare, article.model_copy(update={"text": None}), schema)) == []


@pytest.mark.parametrize(
    ("lint", "message"),
    [
        ("  light: {of: [event], ask: Is the verb a light one?}", "lints.light: is no code of a finding"),
        ("  mention-clause: {of: [clause], ask: Is it a clause?}", "lints.mention-clause.of: 'clause' is no label"),
        ("  time-value: {of: [time], answers: {when: '^$'}, ask: Is it told?}", "answers: 'when' is not in schema"),
        ("  time-value: {of: [time], words: '(', ask: Is it told?}", "is no regular expression"),
    ],
)  # fmt: skip
def test_a_lint_that_does_not_resolve_is_refused(tmp_path: Any, lint: str, message: str) -> None:
    source = (ROOT / "guidelines" / "schema.yaml").read_text(encoding="utf-8")
    path = tmp_path / "schema.yaml"
    path.write_text(source.partition("\nlints:")[0] + f"\nlints:\n{lint}\n", encoding="utf-8")
    with pytest.raises(SchemaError, match=message.replace("(", r"\(")):
        schema_.load(path)


def test_a_time_of_an_undated_article_stays_open(write: Write, schema: Schema) -> None:
    article, annotation = write("They left [m1:time|yesterday].\n---\n")
    dated = article.model_copy(update={"published": dt.date(2024, 5, 2)})
    assert codes(dated, gold_of(annotation), schema) == ["time-value"]
    assert article.published is None
    assert codes(article, gold_of(annotation), schema) == []
