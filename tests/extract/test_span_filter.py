"""Of marks that exclude one another the surest is kept; what annotators mark hardly ever does."""

from __future__ import annotations

from itertools import combinations, starmap
from typing import Any

import numpy as np
import pytest
from spacy.tokens import Span, SpanGroup

from annotate.corpus.store import Corpus
from annotate.extract import docs
from annotate.extract.span_filter import SpanFilter
from annotate.model.schema import Schema
from tests.conftest import ROOT
from tests.extract.conftest import blank

WORDS = "The army said that rebels told it that the town of Lisk had fallen ."


@pytest.fixture(scope="module")
def span_filter(schema: Schema) -> SpanFilter:
    return SpanFilter({label: schema.layer(label).value for label in schema.labels})


def _kept(
    span_filter: SpanFilter, *marks: tuple[str, int, int, float]
) -> set[tuple[str, int, int]]:
    doc = blank()(WORDS)
    group = SpanGroup(
        doc, name=docs.MARKS, spans=[Span(doc, start, end, label) for label, start, end, _ in marks]
    )
    group.attrs["scores"] = np.array([score for *_, score in marks])
    doc.spans[docs.MARKS] = group
    group: Any = span_filter(doc).spans[docs.MARKS]
    scores = {(label, start, end): score for label, start, end, score in marks}
    kept = [(span.label_, span.start, span.end) for span in group]
    assert [scores[key] for key in kept] == list(group.attrs["scores"])
    return set(kept)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (("capture", 12, 14), ("withdrawal", 13, 14), False),
        (("place", 8, 12), ("place", 11, 12), True),  # a name in its phrase
        (("place", 8, 12), ("facility", 8, 12), False),
        (("place", 8, 11), ("place", 10, 12), False),
        (("state_force", 0, 2), ("source", 0, 2), True),
        (("source", 0, 2), ("source", 1, 2), False),
        (("source", 5, 6), ("cue", 5, 6), True),
        (("capture", 13, 14), ("place", 8, 12), True),
    ],
)
def test_the_surer_one_is_kept_where_both_cant_be(
    span_filter: SpanFilter, one: Any, other: Any, both: bool
) -> None:
    assert _kept(span_filter, (*one, 0.9), (*other, 0.6)) == ({one, other} if both else {one})
    assert _kept(span_filter, (*one, 0.6), (*other, 0.9)) == ({one, other} if both else {other})


def test_of_two_that_are_as_sure_the_first_is_kept_whatever_the_last_bits(
    span_filter: SpanFilter,
) -> None:
    one, other = ("place", 8, 12), ("facility", 8, 12)
    nearly = float(np.nextafter(np.float32(1), np.float32(0)))
    assert _kept(span_filter, (*one, 1.0), (*other, nearly)) == {one}
    assert _kept(span_filter, (*one, nearly), (*other, 1.0)) == {one}


def test_what_is_dropped_drops_nothing(span_filter: SpanFilter) -> None:
    marks = [("place", 8, 10, 0.9), ("place", 9, 11, 0.8), ("place", 10, 12, 0.7)]
    assert _kept(span_filter, *marks) == {("place", 8, 10), ("place", 10, 12)}


def test_where_nothing_found_triggers_the_phrases_are_the_marks(span_filter: SpanFilter) -> None:
    doc = blank()(WORDS)
    doc.spans[docs.PHRASES] = SpanGroup(doc, spans=[Span(doc, 8, 12, "place")])
    doc.spans[docs.PHRASES].attrs["scores"] = np.array([0.7])
    assert [span.label_ for span in span_filter(doc).spans[docs.MARKS]] == ["place"]


def test_what_annotators_mark_stands_together(span_filter: SpanFilter, schema: Schema) -> None:
    corpus = Corpus(ROOT / "corpus")
    marks = apart = 0
    for article in corpus.articles():
        gold = corpus.gold(article.id)
        if gold is not None and article.text is not None:
            for doc in docs.gold(article, gold, schema, blank()):
                spans = [span for span in doc.spans[docs.MARKS] if span.label_ != "content"]
                marks += len(spans)
                apart += sum(starmap(span_filter.excludes, combinations(spans, 2)))
    assert marks > 3000
    assert apart / marks < 0.004
