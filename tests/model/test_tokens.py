"""Sentences of a report: a rank's abbreviation ends none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from annotate.model import tokens


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("He met Col. Jean Tirima. He left.", ["He met Col. Jean Tirima.", "He left."]),
        ("Brig. Gen. A. Smith spoke.", ["Brig. Gen. A. Smith spoke."]),
        ("They left Post No. 4. Nobody stayed.", ["They left Post No. 4.", "Nobody stayed."]),
        (
            "Was he there? No. Was she? No. Both were away.",
            ["Was he there?", "No.", "Was she?", "No.", "Both were away."],
        ),
        ("It was said by a col.", ["It was said by a col."]),
        ("He spoke to the Col.", ["He spoke to the Col."]),
    ],
)
def test_a_rank_ends_no_sentence(
    words: str, expected: list[str], write: Callable[..., Any]
) -> None:
    article, _ = write(f"{words}\n---\n")
    assert [sentence.slice(article.text) for sentence in tokens.sentences(article)] == expected
