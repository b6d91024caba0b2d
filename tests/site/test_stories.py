"""What each source says of an event, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from annotate.corpus.store import Corpus
from annotate.dataset.builder import BuildReport, documents
from annotate.extract import extractors
from annotate.model.schema import Schema
from annotate.site import joining, sayings, signs, stories
from annotate.site.sayings import Saying
from annotate.site.stories import JoinedEvent
from tests.site.conftest import Articles

Told = dict[str, list[Saying]]


@pytest.fixture
def told(corpus: Corpus, articles: Articles, schema: Schema) -> Told:
    """By article, what is said in it."""
    said = {}
    for built in documents(corpus, schema, BuildReport()):
        assert built.document is not None
        said[built.article] = sayings.sayings(built.document, schema)
    return said


def test_who_passes_on_a_claim_and_denies_it_has_a_row_of_his_own(
    corpus: Corpus, articles: Articles, told: Told
) -> None:
    events = stories.joined(corpus, "tak")
    matrix = stories.matrix(
        events, {name: told[name] for name in (articles.army.id, articles.minister.id)}
    )
    rows = [
        (row.speaker, [(saying.sign.sign, saying.about) for saying in row.cells[0]])
        for _document, rows in matrix.reports
        for row in rows
    ]
    assert rows == [
        ("Rebels", [("+", None)]),
        ("rebels", [("+", None)]),
        ("The minister", [("−", "rebels")]),
    ]
    (column,) = matrix.columns
    assert column.is_disputed
    assert column.labels == ("air_strike",)
    assert [(sign.sign, count) for sign, count in column.signs] == [("+", 2), ("−", 1)]
    assert [sign.sign for sign in matrix.legend] == ["+", "−"]


TWICE = """Army speaks twice

[h1:source|[m1:state_force|The army]] [q1:cue|said] [c1:content|[m2:place|Tak] was [e1:air_strike|bombed]]. \
[c2:content|[m3:place|Tak] was [e2:air_strike|hit]], [h2:source|[m4:state_force|the army]] [q2:cue|added].
---
e1 target:m2 realis=actual
e2 target:m3 realis=actual
e1 same_as:e2
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=named
c2 source:h2 cue:q2 stance=asserts style=indirect source_status=named
"""


def test_a_source_that_is_written_in_two_ways_has_one_row(
    write: Callable[..., Any], schema: Schema
) -> None:
    article, annotation = write(TWICE)
    said = sayings.sayings(extractors.document(article, annotation), schema)
    assert [saying.speaker for saying in said] == ["The army", "the army"]
    event = JoinedEvent("bombed", "bombed", {article.id: ("e1", "e2")})
    ((_document, (row,)),) = stories.matrix([event], {article.id: said}).reports
    assert [saying.passage.trigger for saying in row.cells[0]] == ["bombed", "hit"]
    assert stories.told_by_several(annotation, said) == []


def test_a_source_whose_words_may_not_be_shown_is_one_all_the_same(
    articles: Articles, told: Told
) -> None:
    (saying,) = told[articles.secret.id]
    assert saying.speaker == "state force at 21–32"


def test_the_front_page_shows_a_dispute_whose_words_may_be_shown(
    corpus: Corpus, articles: Articles, told: Told, schema: Schema
) -> None:
    names, events = (articles.army.id, articles.minister.id), stories.joined(corpus, "tak")

    def story(name: str, of: Told) -> stories.Story:
        documents = {each: stories.Told(each, None, None, of[each]) for each in names}
        return stories.story(name, documents, events, schema)

    nothing = sayings.Passage("", "", "")
    withheld = {name: [replace(said, passage=nothing) for said in told[name]] for name in names}
    hidden, shown = story("hidden", withheld), story("shown", told)
    for order in ([hidden, shown], [shown, hidden]):
        chosen = stories.most_disputed(order)
        assert chosen is not None
        assert chosen[0] is shown
    assert stories.most_disputed([hidden]) is not None


def test_tolls_stand_on_one_axis_with_their_bounds(
    articles: Articles, told: Told, schema: Schema
) -> None:
    every = [saying for said in told.values() for saying in said]
    event = JoinedEvent("deaths", "The deaths", {articles.minister.id: ["e2"]})
    (axis,) = stories.toll_axes(every, schema, [event])
    assert axis.label == "death"
    # The joined one first; twelve or more has no end, and nine is a point.
    assert [(line.bounds, line.is_joined) for line in axis.lines] == [
        ("9", True),
        ("at least 12", False),
    ]
    nine, twelve = axis.lines
    assert nine.left == nine.right == pytest.approx(100 * 9 / 14)
    assert (twelve.left, twelve.right) == (pytest.approx(100 * 12 / 14), 100)
    assert [value for value, _place in axis.ticks] == [0, 2, 4, 6, 8, 10, 12]


@pytest.mark.parametrize(
    ("row", "own", "sign"),
    [
        ({"stance": "asserts", "realis": "actual"}, False, "+"),
        ({"stance": "asserts", "realis": "negated"}, False, "−"),
        ({"stance": None, "realis": "negated"}, True, "−"),
        ({"stance": "denies", "realis": "actual"}, False, "−"),
        ({"stance": None, "realis": "actual"}, False, "·"),  # mentioned in another claim
        ({"stance": "ponders", "realis": "actual"}, False, "•"),  # a value of another schema
    ],
)
def test_a_sign_tells_what_a_source_does_with_an_event(
    row: dict[str, str | None], own: bool, sign: str
) -> None:
    assert signs.load().of(row, own).sign == sign


def test_every_stance_and_realis_of_the_schema_has_a_sign(schema: Schema) -> None:
    known = signs.load()
    assert set(known.stance) == set(schema.attributes["stance"].values)
    assert set(known.realis) == set(schema.attributes["realis"].values) - {"actual"}
    assert {sign.tone for sign in (*known.stance.values(), *known.realis.values())} <= set(
        known.tones
    )


def test_a_guess_joins_what_shares_two_things_and_contradicts_itself_in_none(
    articles: Articles, told: Told
) -> None:
    (strike, *_rest) = told[articles.army.id]
    here = replace(strike, document="a", values=("2024-05-01",))
    same = replace(here, document="b", values=("2024-05-01T12:00",))
    assert strike.label == "air_strike"
    (join,) = joining.guess({"a": [here], "b": [same]})
    assert join.event.marks == {"a": ("e1",), "b": ("e1",)}
    assert join.shared == ("2024-05-01", "army", "tak")
    for change in ({"values": ("2024-05-03",)}, {"label": "shelling"}, {"roles": {}}):
        assert joining.guess({"a": [here], "b": [replace(same, **change)]}) == []  # type: ignore[arg-type]
