"""The numbers in English words, in digits or spelled out; the only module that knows text2num.

text2num reads spelled numbers; dozens, halves, scales behind digits and open counts are read here. Of the 73 exact
counts of `tests/extract/phrases.yaml` number-parser 0.3 finds 57, quantulum3 0.10 58, and this all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_ABBREVIATED = {"bn": 10**9}
_MONEY = {"m": 10**6}
"""Millions behind a sign of money: £5m; elsewhere 5m is a distance."""
OPEN = {
    "tens": 20,
    "dozens": 24,
    "scores": 40,
    "hundreds": 200,
    "thousands": 2000,
    "millions": 2 * 10**6,
    "billions": 2 * 10**9,
}
"""The least that an unnumbered many is: two of its kind."""
_SEVERAL = frozenset(["several", "many", "few", "couple"])
ADVERBS = {"once": 1, "twice": 2, "thrice": 3}
_ORDINALS = frozenset([
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
])  # fmt: skip
_AND_A_HALF = ["and", "a", "half"]
_TOKEN = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:(?:st|nd|rd|th)\b)?|[a-z]+", re.I)
_LONGEST = 8
"""Words that a spelled number is looked for in: *nine hundred and ninety-nine thousand five hundred*."""


class Numeral(NamedTuple):
    """A number in a text, and where it stands."""

    value: float
    start: int
    """Half-open, in code points."""
    end: int
    scale: int = 1
    """What its last words multiply it by: a million in “three million”."""
    is_open: bool = False
    """Whether it is the least of an open many: “dozens”."""


def read(words: str) -> list[Numeral]:
    """The numbers in the words, from left to right; ordinals (“the third”, “22nd”) are none.

    “at least half a million people” has 500,000 at 9–23; “tens of thousands” 20,000 or more.
    """
    return list(_read(words))


def _read(words: str) -> Iterator[Numeral]:
    tokens = list(_TOKEN.finditer(words))
    texts = [token[0].lower() for token in tokens]
    index = 0
    while index < len(tokens):
        value, end, is_open = _value(texts, index)
        first, index = index, max(end, index + 1)
        if value is None or _is_ordinal(words, tokens, end):
            continue
        is_money = words[: tokens[first].start()].rstrip().endswith(("$", "£", "€"))
        scale, index = _scale(texts, end, is_money)
        value *= scale
        if not math.isfinite(value):
            continue
        if texts[index : index + 3] == _AND_A_HALF and scale > 1:
            value, index = value + scale / 2, index + 3
        if first and texts[first - 1] == "minus":
            value, first = -value, first - 1
        start, stop = tokens[first].start(), tokens[index - 1].end()
        multiplier = scale * _spelled_scale(texts[first:end])
        yield Numeral(whole(value), start, stop, multiplier, is_open)


def _value(texts: Sequence[str], start: int) -> tuple[float | None, int, bool]:
    """The number that begins at a word without its last multipliers, the word after it, and whether it is open."""
    text, follows = texts[start], texts[start + 1 : start + 3]
    if text in OPEN:
        if len(follows) == 2 and follows[0] == "of" and follows[1].removesuffix("s") in SCALES:
            return OPEN[text] * SCALES[follows[1].removesuffix("s")], start + 3, True
        return OPEN[text], start + 1, True
    if text in _SEVERAL:
        end = start + 1 + (follows[:1] == ["of"])
        is_number = end < len(texts) and texts[end] in SCALES
        return (2 if is_number else None), end, is_number
    if text == "half" and len(follows) == 2 and follows[0] == "a" and follows[1] in SCALES:
        return 0.5, start + 2, False
    value, end = _spelled(texts, start)
    if value is not None and texts[end : end + 3] == _AND_A_HALF:
        return value + _spelled_scale(texts[start:end]) / 2, end + 3, False
    return value, end, False


def _spelled(texts: Sequence[str], start: int) -> tuple[float | None, int]:
    """The number in digits or words that begins at a word, and the word after it."""
    from text_to_num import text2num

    text = texts[start]
    if text[0].isdigit():
        return (None if text[-1].isalpha() else float(text.replace(",", ""))), start + 1
    if text in ADVERBS or text == "dozen":
        return float(ADVERBS.get(text, SCALES["dozen"])), start + 1
    for end in range(min(len(texts), start + _LONGEST), start, -1):
        run = texts[start:end]
        if run[0] in ("and", "a") or run[-1] == "and":
            continue
        try:
            return float(text2num(" ".join(run), "en")), end
        except ValueError:
            continue
    return None, start + 1


def _is_ordinal(words: str, tokens: Sequence[re.Match[str]], end: int) -> bool:
    """Whether a number goes on as an ordinal: *twenty-first*."""
    if end >= len(tokens) or tokens[end][0].lower() not in _ORDINALS:
        return False
    return words[tokens[end - 1].end() : tokens[end].start()] == "-"


def _scale(texts: Sequence[str], start: int, is_money: bool) -> tuple[int, int]:
    """What the words that follow a number multiply it by, and the word after them."""
    scales = SCALES | _ABBREVIATED | (_MONEY if is_money else {})
    scale = 1
    while start < len(texts) and texts[start] in scales:
        scale, start = scale * scales[texts[start]], start + 1
    return scale, start


def _spelled_scale(texts: Sequence[str]) -> int:
    """What the last words of a spelled number multiply it by: *five hundred thousand* by 100,000, *forty* by 1."""
    scale = 1
    for text in reversed(texts):
        if text not in SCALES:
            break
        scale *= SCALES[text]
    return scale


def whole(value: float) -> float:
    """The number as an integer where it is one, so that it is written as 12 and not as 12.0."""
    return int(value) if value == int(value) else value


def last(words: str) -> float | None:
    """The number that the words end with, before a unit of it: “about three” 3, “a”, “the past” 1, “half an” 0.5.

    None where they end with none, where there are two (“two or three”), and where it is open (“dozens of”).
    """
    found = read(words)
    if len(found) == 1 and found[0].end == len(words):
        return None if found[0].is_open else found[0].value
    if re.search(r"\bhalf(?:[\s-]an?)?$", words, re.I):
        return 0.5
    return 1 if re.search(r"(?:^|\s)(?:an?|the past|the last)$", words, re.I) else None
