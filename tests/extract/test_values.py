"""Bounds and dates from words, as the guidelines rule them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from annotate.annotators import guidelines
from annotate.extract import values
from annotate.extract.values import Amount
from annotate.model.schema import Schema
from tests.conftest import ROOT

SUNDAY = dt.date(2024, 3, 17)
"""The day of publication of the guidelines' examples."""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("12", {"min": 12, "max": 12}),
        ("At least 12 people", {"min": 12, "unit": "people"}),
        ("More than 40 fighters", {"min": 41, "unit": "people"}),
        ("38 bodies", {"min": 38, "max": 38, "unit": "people"}),
        ("up to 30,000 people", {"max": 30000, "unit": "people"}),
        ("as many as nine", {"max": 9}),
        ("Fewer than 4,000 people", {"max": 3999, "unit": "people"}),
        ("between 11 and 14 people", {"min": 11, "max": 14, "unit": "people"}),
        ("200 to 300 kilos", {"min": 200, "max": 300, "unit": "kilos"}),
        ("dozens of houses", {"min": 24}),
        ("Thousands", {"min": 2000}),
        ("tens of thousands of people", {"min": 20000}),
        ("Several shells", {"unit": "shells"}),
        ("several thousand people", {"min": 2000, "unit": "people"}),
        ("Several hundred", {"min": 200}),
        ("a third of the town", {}),
        ("twenty-two trucks", {"min": 22, "max": 22, "unit": "trucks"}),
        ("two dozen", {"min": 24, "max": 24}),
        ("14 million crowns", {"min": 14_000_000, "max": 14_000_000, "unit": "crowns"}),
        ("380 tonnes of flour", {"min": 380, "max": 380, "unit": "tonnes"}),
        ("12 km (7.5 miles)", {"min": 12, "max": 12, "unit": "km"}),
        ("2.5 litres", {"min": 2.5, "max": 2.5, "unit": "litres"}),
        ("twice", {"min": 2, "max": 2, "unit": "times"}),
        ("", {}),
    ],
)
def test_a_quantity(words: str, expected: dict[str, Any]) -> None:
    assert values.quantity(words) == Amount(**expected)


def test_what_is_counted_is_people_where_the_mark_inside_says_so() -> None:
    assert values.quantity("About 30 riflemen", of_people=True) == Amount(30, 30, "people")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Friday", "2024-03-15"),
        ("Sunday", "2024-03-17"),
        ("next Friday", "2024-03-22"),
        ("yesterday", "2024-03-16"),
        ("last night", "2024-03-16"),
        ("this morning", "2024-03-17"),
        ("tomorrow", "2024-03-18"),
        ("October 4", "2023-10-04"),
        ("4 October 2015", "2015-10-04"),
        ("Sept. 9", "2023-09-09"),
        ("3 and 19 September", "2023-09-03/2023-09-19"),
        ("October", "2023-10"),
        ("next October", "2024-10"),
        ("March", "2024-03"),
        ("last month", "2024-02"),
        ("next month", "2024-04"),
        ("last week", "2024-W10"),
        ("earlier this year", "2024"),
        ("2012", "2012"),
        ("three days", "P3D"),
        ("a week", "P1W"),
        ("a twenty-minute", "PT20M"),
        ("14:05", "2024-03-17T14:05"),
        ("around 5 a.m.", "2024-03-17T05:00"),
        ("2 a.m. on Tuesday", "2024-03-12T02:00"),
        ("a day after troops retook two towns", None),
        ("then", None),
        ("now", "PRESENT"),
        ("31 February", None),
        ("", None),
    ],
)
def test_a_time(words: str, expected: str | None) -> None:
    assert values.time(words, SUNDAY) == expected


def test_without_a_date_of_publication_only_what_the_words_fix_has_a_value() -> None:
    assert [values.time(words, None) for words in ("Friday", "October", "14:05", "4 October 2015", "three days")] == [
        None, None, None, "2015-10-04", "P3D",
    ]  # fmt: skip


def test_the_guidelines_examples_have_the_values_that_the_rules_give(schema: Schema) -> None:
    """Every quantity and time of an example page; those whose words leave something to the reader are counted."""
    right = wrong = 0
    for page in guidelines.read(ROOT / "guidelines"):
        for example in page.examples:
            article, annotation = guidelines.parse(example, schema)
            for mark in annotation.mentions:
                words = mark.slice(article.text or "")
                if mark.label == "quantity":
                    amount = values.quantity(words)
                    bounds = (mark.attributes.get("min"), mark.attributes.get("max"))
                    same = bounds == (amount.min, amount.max)
                elif mark.label == "time":
                    same = mark.attributes.get("value") == values.time(words, SUNDAY)
                else:
                    continue
                right, wrong = right + same, wrong + (not same)
    assert right > 50
    assert wrong <= 0.12 * right
