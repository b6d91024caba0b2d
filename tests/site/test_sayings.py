"""The words that a page shows around a mark."""

from __future__ import annotations

import pytest

from annotate.extract import extractors
from annotate.model.schema import Schema
from annotate.site.sayings import Passage, passage
from tests.extract.conftest import parsed


@pytest.mark.parametrize(
    ("words", "trigger", "shown"),
    [
        ("Tak fell. “They fled.” He left.", "fell", ("Tak ", "fell", ".")),
        ("Tak fell. “They fled.” He left.", "fled", ("“They ", "fled", ".”")),
        ('Tak fell. "They fled." He left.', "fled", ('"They ', "fled", '."')),
        ("“They fled,” he said. ‘Tak fell.’", "fled", ("“They ", "fled", ",” he said.")),
    ],
)
def test_a_quotation_mark_stands_with_what_it_opens(
    words: str, trigger: str, shown: tuple[str, str, str], schema: Schema
) -> None:
    article, annotation = parsed(words, schema)
    of = extractors.document(article, annotation)
    start = words.index(trigger)
    assert passage(of, start, start + len(trigger)) == shown


def test_a_long_sentence_is_shortened_around_its_trigger() -> None:
    whole = Passage("so " * 40, "fell", " on" * 50)
    before, trigger, after = whole.shortened()
    assert (before[:4], before[-3:], len(before) <= 71) == ("…so ", "so ", True)
    assert (trigger, after[:4], after[-3:], len(after) <= 111) == ("fell", " on ", "on…", True)
    assert Passage("so ", "fell", ".").shortened() == ("so ", "fell", ".")
