"""The lookup-and-rule baseline learns words from a few articles and tells of others what grammar joins."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.corpus import validate
from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus, read_gold
from annotate.extract import lookup
from annotate.extract.lexicon import Lexicon
from annotate.extract.lookup import Lookup
from annotate.measure import score
from annotate.model import notation
from annotate.model import schema as schema_
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import ROOT
from tests.extract.conftest import Document

Write = Callable[..., Any]


def _predicted(model: Lookup, words: str, schema: Schema, write: Write) -> str:
    article, _ = write(f"{words}\n---\n")
    return notation.render(article.text or "", lookup.predict(model, article, schema))


def test_it_learns_what_words_are_called(model: Lookup) -> None:
    assert model.phrases["the army"] == "state_force"
    assert model.heads["rebel"] == "armed_group"
    assert model.triggers.words["VERB"]["seize"] == {"capture": 1.0}
    assert model.cues == {"deny": "denies", "say": "asserts"}


def test_it_predicts_who_did_what_to_whom_and_according_to_whom(
    model: Lookup, schema: Schema, write: Write
) -> None:
    shown = _predicted(
        model, "The rebels seized the hill on Sunday, the ministry said.", schema, write
    )
    text, _, statements = shown.partition("\n---\n")
    marked = (
        "[m7:content|[m2:armed_group|The rebels] [m5:capture|seized] [m3:place|the hill] on"
        " [m1:time|Sunday]]"
    )
    assert marked in text.replace("[m8:", "[m7:"), shown
    assert "agent:m2 object:m3" in statements
    assert "time:m1" in statements
    assert "source_status=named stance=asserts style=indirect" in statements


def test_names_and_nouns_that_it_never_saw_have_the_label_of_the_gazetteer(
    model: Lookup, schema: Schema, write: Write
) -> None:
    shown = _predicted(
        model,
        "Iraq denied that Hezbollah had left the refinery. Reuters visited the refinery in Iraq.",
        schema,
        write,
    )

    assert "[m1:government|[" in shown
    assert ":source|Iraq]]" in shown
    assert ":armed_group|Hezbollah]" in shown
    assert shown.count(":facility|the refinery]") == 2
    assert ":media|Reuters]" in shown
    assert ":place|Iraq]." in shown


def test_what_training_showed_comes_before_the_gazetteer(
    taught: Document, schema: Schema, write: Write
) -> None:
    article, annotation = taught
    changed = [
        mark.model_copy(update={"label": "armed_group"}) if mark.text == "The army" else mark
        for mark in annotation.mentions
    ]
    other = lookup.fit([(article, annotation.model_copy(update={"mentions": changed}))], schema)

    assert ":armed_group|The army]" in _predicted(other, "The army left.", schema, write)


def test_a_denial_a_quotation_and_a_negation_are_predicted(
    model: Lookup, schema: Schema, write: Write
) -> None:
    denied = _predicted(model, "The army denied that it had shelled the town.", schema, write)
    assert "stance=denies" in denied
    assert "realis=actual" in denied
    assert "style=direct" in _predicted(
        model, "“The rebels seized the town,” the army said.", schema, write
    )
    assert "realis=negated" in _predicted(model, "The army did not seize the town.", schema, write)
    assert "realis=future_or_hypothetical" in _predicted(
        model, "The army will seize the town.", schema, write
    )
    assert "source_status=unattributed" in _predicted(
        model, "The army has reportedly seized the town.", schema, write
    )


def test_an_infinitive_keeps_its_to(schema: Schema, write: Write) -> None:
    taught = "[h1:source|The ministry] [q1:cue|promised] [c1:content|to open the road].\n---\n"
    taught += "c1 source:h1 cue:q1 stance=commits style=indirect source_status=named\n"
    shown = _predicted(
        lookup.fit([write(taught)], schema), "The army promised to leave the hill.", schema, write
    )
    assert ":content|to [m3:withdrawal|leave] [m2:place|the hill]]" in shown
    assert "stance=commits" in shown


def test_a_toll_has_its_bounds_and_the_counted_inside(
    model: Lookup, schema: Schema, write: Write
) -> None:
    shown = _predicted(model, "More than 40 rebels were killed.", schema, write)
    assert "quantity|More than 40 [" in shown
    assert "min=41 unit=people" in shown
    assert "count:" in shown


def test_a_credit_is_not_annotated(model: Lookup, schema: Schema, write: Write) -> None:
    shown = _predicted(
        model, "The army seized the town.\n\nSource: The army and agencies", schema, write
    )
    assert shown.count("state_force|") == 1


PIECES = [
    "The", "army", "seized", "“", "”", "rebels", ",", ".", "12", "said", "that", "Mira’s", "[", "]", "{", "}", "\\",
    "denied", "killed", "(", "at", "least", "by", "on", "Friday",
]  # fmt: skip


@cache
def _labels() -> Schema:
    return schema_.load(ROOT / "guidelines" / "schema.yaml")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_whatever_the_text_is_the_annotation_is_valid(words: list[str]) -> None:
    schema = _labels()
    article = reading.article("x", " ".join(words) or "x", reading.About("sample")).article
    if article is None:
        return
    known = Lookup(
        phrases={"the army": "state_force"},
        heads={"rebel": "armed_group", "mira": "person"},
        kinds={"PERSON": "person"},
        triggers=Lexicon(
            words={"VERB": {"seize": {"capture": 1.0}, "kill": {"death": 1.0}}, "NOUN": {}}
        ),
        cues={"say": "asserts", "deny": "denies"},
        schema_version=schema.version,
    )
    predicted = lookup.predict(known, article, schema)
    issues = validate.check(predicted, article, schema)
    assert [issue for issue in issues if issue.severity == "error"] == []
    assert lookup.predict(known, article, schema) == predicted


def test_two_fits_are_equal_and_survive_json(
    taught: Document, schema: Schema, model: Lookup
) -> None:
    assert lookup.fit([taught], schema) == model
    assert Lookup.model_validate_json(model.model_dump_json()) == model


def test_it_is_scored_on_the_corpus_above_chance(schema: Schema) -> None:
    """Learned from the training split, it predicts a third of the test split's mentions and a fifth of its events."""
    corpus = Corpus(ROOT / "corpus")
    rows = corpus.splits()
    articles = {
        article.id: article for article in corpus.articles() if article.id in rows and article.text
    }
    splits: dict[str, list[tuple[Article, Annotation]]] = {"train": [], "test": []}
    for path in sorted((corpus.root / "annotations" / "alder").glob("*.json")):
        if path.stem in articles and rows[path.stem].split in splits:
            splits[rows[path.stem].split].append((articles[path.stem], read_gold(path)))
    model = lookup.fit(splits["train"], schema)
    cases = [
        score.Case(gold, (lookup.predict(model, article, schema),), None)
        for article, gold in splits["test"]
    ]
    f1 = {
        (row.layer, row.measure): row.f1.value or 0
        for row in score.score(cases, schema, samples=2).rows
        if row.averaging == "micro"
    }
    assert f1["mention", "strict"] > 0.35
    assert f1["event", "classified"] > 0.2
    assert f1["attribution span", "strict"] > 0.4


def test_words_that_two_cues_claim_are_attributed_once(
    model: Lookup, schema: Schema, write: Write
) -> None:
    words = (
        "Police used batons and held between 40 and 60 people, according to the rights group Open"
        " Ledger; "
    )
    words += "police said no more than 20 were held."
    article, _ = write(f"{words}\n---\n")
    predicted = lookup.predict(model, article, schema)
    ends = [(content.source, content.cue) for content in predicted.attributions]
    assert ends
    assert all(source is not None and cue is not None for source, cue in ends)
    issues = validate.check(predicted, article, schema)
    assert not [issue for issue in issues if issue.severity == "error"]
