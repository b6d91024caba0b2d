"""Bounds and units from words, as the guidelines rule them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.extract.quantities import Amount, quantity
from annotate.model.schema import Schema
from tests.extract import phrases


@pytest.mark.parametrize(("words", "expected"), phrases.table()["quantities"].items())
def test_a_quantity(words: str, expected: list[Any]) -> None:
    assert quantity(words) == Amount(*expected)


@pytest.mark.parametrize(
    ("words", "unit"),
    [
        ("About 30 riflemen", "people"), ("one medic", "people"), ("Fifteen", "people"),
        ("sixty families", "families"), ("two brigades", "brigades"),
    ],
)  # fmt: skip
def test_what_is_counted_is_people_where_the_mark_inside_says_so_and_it_is_no_group(
    words: str, unit: str
) -> None:
    assert quantity(words, of_people=True).unit == unit


def test_an_abbreviation_is_a_unit_as_it_is_written_and_capitals_are_none() -> None:
    assert [quantity(words).unit for words in ("six IEDs", "SIX TRUCKS OF THE CONVOY")] == [
        "IEDs",
        "trucks",
    ]


@given(
    st.text(st.sampled_from("a0 9-–,.%$"), max_size=12),
    st.sampled_from(["up to", "more than", "", "half a"]),
)
def test_the_least_is_never_more_than_the_most(noise: str, bound: str) -> None:
    amount = quantity(f"{bound} {noise} million")
    assert amount.min is None or amount.max is None or amount.min <= amount.max


def test_the_guidelines_examples_have_the_bounds_that_the_rules_give(schema: Schema) -> None:
    _assert_bounds(phrases.of_examples("quantity", schema), least=30)


def test_gold_has_the_bounds_that_its_words_give() -> None:
    """Bounds stand in the words alone, and only those; a unit may be understood: *nine* boats."""
    _assert_bounds(phrases.of_gold("quantity"), least=400)


def _assert_bounds(marks: list[phrases.Mark], least: int) -> None:
    wrong = []
    for mark in marks:
        amount = quantity(mark.words)
        bounds = (mark.attributes.get("min"), mark.attributes.get("max"))
        if bounds != (amount.min, amount.max):
            wrong.append((mark.words, bounds, amount))
    assert len(marks) >= least
    assert len(wrong) <= 0.01 * len(marks), wrong
