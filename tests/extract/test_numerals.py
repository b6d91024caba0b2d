"""Numbers in words: which, where they stand, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.extract import numerals


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("at least half a million people", [(500_000, "half a million")]),
        ("a million and a half", [(1_500_000, "million and a half")]),
        ("two and a half dozen", [(30, "two and a half dozen")]),
        ("several hundred thousand", [(200_000, "several hundred thousand")]),
        ("from nine hundred and ninety-nine to 1,000", [(999, "nine hundred and ninety-nine"), (1000, "1,000")]),
        ("minus 18 degrees", [(-18, "minus 18")]),
        ("$5m", [(5_000_000, "5m")]),
        ("5m away", [(5, "5")]),
        ("the twenty-first, the 22nd and the third", []),
        ("several of them", []),
        ("9" * 400, []),
    ],
)  # fmt: skip
def test_numbers_and_their_places(words: str, expected: list[tuple[float, str]]) -> None:
    found = [
        (numeral.value, words[numeral.start : numeral.end]) for numeral in numerals.read(words)
    ]
    assert found == expected


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=4), st.sampled_from([" km, ", " or ", "–"])
)
def test_digits_are_read_where_they_stand(numbers: list[int], between: str) -> None:
    words = between.join(f"{number:,}" for number in numbers)
    found = numerals.read(words)
    assert [numeral.value for numeral in found] == numbers
    assert [words[numeral.start : numeral.end] for numeral in found] == [
        f"{number:,}" for number in numbers
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("about three", 3), ("nearly a", 1), ("the past", 1), ("half an", 0.5), ("four and a half", 4.5),
        ("two or three", None), ("dozens of", None), ("three of the", None), ("", None),
    ],
)  # fmt: skip
def test_the_number_before_a_unit(words: str, expected: float | None) -> None:
    assert numerals.last(words) == expected
