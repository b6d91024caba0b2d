"""Dates, times of day and lengths from words, as the guidelines rule them."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.extract.times import time
from annotate.model.schema import Schema
from tests.extract import phrases
from tests.extract.phrases import SUNDAY

WORDS = [
    "the", "last", "next", "past", "first", "half", "a", "and", "to", "of", "before", "after", "ago", "2:30",
    "12", "30", "1618", "2014", "99999999999", "p.m.", "noon", "midnight", "Friday", "March", "May", "second",
    "week", "month", "year", "decade", "days", "hours", "three", "twenty", "dozens", "quarter", "–", "’80s", "(",
    ")",
]  # fmt: skip


@pytest.mark.parametrize(("words", "expected"), phrases.table()["times"].items())
def test_a_time(words: str, expected: str | None) -> None:
    assert time(words, SUNDAY) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Friday", "2024-03-15"), ("last Tuesday", "2024-03-12"), ("next Tuesday", "2024-03-26"),
        ("the weekend", "2024-03-16/2024-03-17"), ("last weekend", "2024-03-16/2024-03-17"),
        ("from Monday to Wednesday", "2024-03-11/2024-03-13"), ("this winter", "2024"), ("autumn", "2023"),
    ],
)  # fmt: skip
def test_what_counts_from_a_tuesday(words: str, expected: str) -> None:
    assert time(words, dt.date(2024, 3, 19)) == expected


def test_without_a_date_of_publication_only_what_the_words_fix_has_a_value() -> None:
    assert [time(words, None) for words in ("Friday", "October", "14:05", "4 October 2015", "three days")] == [
        None, None, None, "2015-10-04", "P3D",
    ]  # fmt: skip


@given(
    st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join),
    st.none() | st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)),
)
def test_a_value_is_always_one_that_the_schema_allows(
    schema: Schema, words: str, published: dt.date | None
) -> None:
    value = time(words, published)
    assert value is None or re.fullmatch(schema.attributes["value"].pattern or "", value)


def test_the_guidelines_examples_have_the_values_that_the_rules_give(schema: Schema) -> None:
    _assert_values(phrases.of_examples("time", schema), least=30, share=0.88)


def test_gold_mostly_has_the_values_that_its_words_give() -> None:
    """What is wrong hangs on a tense (*on Friday* to come), or on a day that was named before (*at noon*)."""
    _assert_values(phrases.of_gold("time"), least=400, share=0.8)


def _assert_values(marks: list[phrases.Mark], least: int, share: float) -> None:
    wrong = []
    for mark in marks:
        value = time(mark.words, mark.published)
        if value != mark.attributes.get("value"):
            wrong.append((mark.words, mark.published, mark.attributes.get("value"), value))
    assert len(marks) >= least
    assert len(wrong) <= (1 - share) * len(marks), wrong
