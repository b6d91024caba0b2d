"""A text with its marks, as HTML."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis
from hypothesis import strategies as st
from lxml import html

from annotate.model import notation
from annotate.model.records import Mark, Provenance, Span
from annotate.model.schema import Schema
from annotate.site import text

WORDS = "one & <b> two 😀 three\nfour"


def _mark(number: int, start: int, end: int) -> Mark:
    return Mark(id=f"m{number}", label="place", start=start, end=end)


spans = st.tuples(st.integers(0, len(WORDS) - 1), st.integers(1, len(WORDS))).filter(
    lambda span: span[0] < span[1]
)


@hypothesis.example([], (15, 16))
@hypothesis.given(st.lists(spans, max_size=6), spans)
def test_marks_may_nest_and_cross_and_the_words_stay(
    marked: list[tuple[int, int]], zone: tuple[int, int]
) -> None:
    marks = [_mark(number, start, end) for number, (start, end) in enumerate(marked)]
    drawn = html.fragment_fromstring(
        f"<div>{text.drawn(WORDS, Span(start=zone[0], end=zone[1]), marks)}</div>"
    )
    assert drawn.text_content() == WORDS[zone[0] : zone[1]]
    for mark in marks:
        pieces = [piece for piece in drawn.iter("mark") if piece.get("data-mark") == mark.id]
        inside = WORDS[max(mark.start, zone[0]) : min(mark.end, zone[1])]
        assert "".join(piece.text_content() for piece in pieces) == (
            inside if mark.start < zone[1] and zone[0] < mark.end else ""
        )
        starts_here = zone[0] <= mark.start < zone[1]
        assert [piece.get("id") for piece in pieces if piece.get("id")] == [mark.id] * starts_here


def test_a_labelled_text_names_each_mark_behind_its_last_word(
    schema: Schema, made: Callable[..., Provenance]
) -> None:
    source = (
        "[a:person|one & <b> [b:place|two]{a} three] [e:capture|four].\n---\n"
        "e object:b realis=actual\n"
    )
    words, annotation = notation.parse(source, schema, "a", "0" * 64, made())
    zone = Span(start=0, end=len(words))
    marks = list(annotation.marks())
    written = text.drawn(words, zone, marks, behind=text.label_signs(marks))
    drawn = html.fragment_fromstring(str(written), create_parent="div")
    labels = [sub.text for sub in drawn.iter("sub")]
    assert labels == ["person", "place", "capture"]
    for sub in list(drawn.iter("sub")):
        sub.drop_tree()
    assert drawn.text_content() == words
    assert list(text.link_lines(annotation)) == ["four: realis actual, object → two three"]


def test_details_lead_both_ways_along_a_link(
    schema: Schema, made: Callable[..., Provenance]
) -> None:
    source = "[a:person|He] [e:capture|took] it, [b:person|he].\n---\na same_as:b\ne agent:a realis=actual\n"
    words, annotation = notation.parse(source, schema, "a", "0" * 64, made())
    told = text.details(annotation, lambda span: span.slice(words), "x-")
    assert told["x-e"]["links"] == [("agent", "x-a")]
    assert told["x-a"]["from"] == [("agent", "x-e")]
    assert told["x-b"]["same"] == ["x-a", "x-b"]
    assert told["x-e"]["answers"] == [["realis", "actual"]]
