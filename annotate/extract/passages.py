"""A zone's tokens as a reader of quotations sees them: what is quoted, and where its sentences begin."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from spacy.pipeline import Sentencizer

Tokens = tuple[int, int]
"""A stretch of a doc's tokens, half-open."""
FINITE = frozenset(["VBD", "VBZ", "VBP", "MD"])
"""Tags of verbs that have a subject."""
VERBS = FINITE | {"VBN", "VBG", "VB"}
STOPS = frozenset([",", ";", ":", ".", "-", "--", "–", "—", "!", "?", "..."])
"""What no content begins or ends with outside of quotation marks."""
AUXILIARIES = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "has",
        "have",
        "had",
        "also",
        "not",
        "n’t",
        "n't",
    ]
)
"""Words that may stand between a subject and its verb."""
_DATELINE = 16
"""Tokens within which a dateline ends: “VELMORA, Oct 4 (Velmora Wire) –”."""
_OPENING, _CLOSING, _STRAIGHT = frozenset("“„"), frozenset("”"), frozenset(['"', "''", "``"])
_ENDS = frozenset([".", "!", "?"])


class Passage:
    """A doc with tags, its quotations and its sentences. No sentence ends inside a quotation."""

    def __init__(self, doc: Any) -> None:
        self.doc = doc
        self.words = [str(token.lower_) for token in doc]
        self.tags = [str(token.tag_) for token in doc]
        self.is_upper = doc.text.isupper()
        """Whether the text is in capitals throughout, where tags tell little."""
        self.quotations = list(_quotations(self.words))
        """From the opening mark to behind the closing one, or to the end where nothing closes it."""
        starts = _sentencizer().predict([doc])[0] if len(doc) else []
        self._all_starts = self._moved([number for number, start in enumerate(starts) if start])
        self._starts = [number for number in self._all_starts if self._inside(number) is None]

    def sentence(self, number: int) -> Tokens:
        """The sentence of the token; of one that is quoted, the sentence of the quotation."""
        quotation = self._inside(number)
        starts = self._starts if quotation is None else self._all_starts
        place = bisect_right(starts, number) - 1
        first = starts[place]
        last = starts[place + 1] if place + 1 < len(starts) else len(self.words)
        if quotation is None:
            return first, last
        return max(first, quotation[0] + 1), min(last, quotation[1])

    def sentences(self) -> Iterator[Tokens]:
        """Those that are not inside of a quotation."""
        for number, first in enumerate(self._starts):
            yield first, (self._starts[number + 1 :] or [len(self.words)])[0]

    def quotation_at(self, number: int) -> Tokens | None:
        """The quotation that begins with the token."""
        return next((span for span in self.quotations if span[0] == number), None)

    def quotation_before(self, number: int) -> Tokens | None:
        """The quotation that ends before the token, or before the punctuation in front of it."""
        ends = (number, number - 1)
        return next((span for span in self.quotations if span[1] in ends), None)

    def is_quoted(self, number: int) -> bool:
        """Whether the token is in quotation marks."""
        return self._inside(number) is not None

    def has(self, tags: frozenset[str], first: int, last: int) -> bool:
        """Whether one of the tokens has one of the tags."""
        return any(tag in tags for tag in self.tags[first:last])

    def after_dateline(self, start: int, end: int) -> int:
        """Where a sentence begins that a dateline may stand before; `start` where there is none."""
        for number in range(start + 1, min(end, start + _DATELINE)):
            if self.tags[number] in FINITE and not self.is_upper:
                break
            # No dateline ends with the hyphen of “Jean-Marie”.
            if self.words[number] in ("-", "--", "–", "—") and self.doc[number - 1].whitespace_:
                is_marked = self.words[number + 1 : number + 4] == ["[", "text", "]"]
                return number + (4 if is_marked else 1)
        return start

    def trimmed(self, first: int, last: int) -> Tokens:
        """Without white space, punctuation and half brackets at the edges; quotation marks stay with their pair."""
        while first < last and (
            self._is_stop(first) or self.words[first] in ")]" or self._is_half(first, first, last)
        ):
            first += 1
        is_open = any(first <= start and end <= last for start, end in self._unclosed())
        while first < last and (
            self._is_half(last - 1, first, last)
            or self.words[last - 1] in "(["
            or (self._is_stop(last - 1) and not is_open)
        ):
            last -= 1
        return first, last

    def _unclosed(self) -> list[Tokens]:
        """The quotation that nothing closes: its last sentence keeps its full stop."""
        return [
            span
            for span in self.quotations[-1:]
            if span[1] == len(self.words) and self.words[-1] not in _CLOSING | _STRAIGHT
        ]

    def _is_stop(self, number: int) -> bool:
        return self.words[number] in STOPS or self.words[number].isspace()

    def _is_half(self, number: int, first: int, last: int) -> bool:
        """Whether the token is a quotation mark whose pair is not inside the stretch."""
        for start, end in self.quotations:
            if number in (start, end - 1) and self.words[number] in _OPENING | _CLOSING | _STRAIGHT:
                return not (first <= start and end <= last)
        return False

    def _inside(self, number: int) -> Tokens | None:
        return next((span for span in self.quotations if span[0] < number < span[1]), None)

    def _moved(self, starts: Sequence[int]) -> list[int]:
        """Where sentences begin: spaCy's rules leave the opening quotation mark in the sentence before."""
        moved = {0}
        closed = {last for _first, last in self.quotations}
        for start in starts:
            # “Who fired?” a miller asked: the sentence goes on.
            if start not in closed or not self.doc[start].text[:1].islower():
                moved.add(start - 1 if self.quotation_at(start - 1) else start)
        for _first, last in self.quotations:
            is_ended = last < len(self.doc) and self.words[last - 2] in _ENDS
            if is_ended and (self.doc[last].text[:1].isupper() or self.quotation_at(last)):
                moved.add(last)
        moved |= {number + 1 for number, word in enumerate(self.words) if "\n" in word}
        return sorted(moved)


@cache
def _sentencizer() -> Sentencizer:
    return Sentencizer()


def _quotations(words: Sequence[str]) -> Iterator[Tokens]:
    opened: int | None = None
    for number, word in enumerate(words):
        if opened is None and word in _OPENING | _STRAIGHT:
            opened = number
        elif opened is not None and word in _CLOSING | _STRAIGHT:
            yield opened, number + 1
            opened = None
    if opened is not None:
        yield opened, len(words)
