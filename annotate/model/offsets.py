"""Offsets of a file against the words that it says stand there: compared, moved where the shift is a known
one, or refused.

A tool may count UTF-16 units or bytes where the corpus counts code points, and its copy of the text may have
had a byte order mark, other line ends or decomposed letters. Which of these it was, the quoted words tell.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from annotate.model.issues import Issue, Severity
from annotate.model.text import BOM, is_normal, normalise, trace

Edges = tuple[int, int]
"""Start and end, half-open."""

_QUOTATION = str.maketrans("“”„«»‘’‚", '"""""\'\'\'')
_UNITS: dict[str, Callable[[str], int] | None] = {
    "": None,
    "count UTF-16 units, not code points": lambda letter: 1 + (letter > "\uffff"),
    "count bytes, not code points": lambda letter: len(letter.encode("utf-8", "surrogatepass")),
}
# Two letters may stand anywhere by chance.
_TELLING = 3
_SHOWN = 60


class Quote(NamedTuple):
    """A mark as a file tells it; the offsets count the file's own copy of the text."""

    where: str
    fragments: tuple[Edges, ...]
    words: str | None = None
    """What the file says stands there; None or empty where it says nothing."""


class _Scale:
    """One way to count the offsets, and where they lie in the article."""

    def __init__(
        self, name: str, copy: str, width: Callable[[str], int] | None, is_supposed: bool
    ) -> None:
        self.name = name
        self.is_supposed = is_supposed
        """Whether nothing but the marks' words speaks for it: neither the format nor the file's copy of the text."""
        self._copy, self._width = copy, width

    @cached_property
    def length(self) -> int:
        """Of the copy, as it is counted."""
        return len(self._copy) if self._width is None else sum(map(self._width, self._copy))

    @cached_property
    def _edges(self) -> list[int]:
        assert self._width is not None
        return list(accumulate(map(self._width, self._copy), initial=0))

    @cached_property
    def _traced(self) -> Callable[[int, int], Edges]:
        return trace(self._copy).moved

    def place(self, start: int, end: int) -> Edges | None:
        """Where the span lies in the article; None where it is none of the copy, or nothing is left of it."""
        if not 0 <= start < end <= self.length:
            return None
        if self._width is not None:
            start, end = bisect_right(self._edges, start) - 1, bisect_left(self._edges, end)
        start, end = self._traced(start, end)
        return (start, end) if start < end else None


def compare(
    quotes: Sequence[Quote], text: str, source: str | None = None, evidence: int = 1
) -> tuple[list[tuple[Edges, ...] | None], list[Issue]]:
    """Where each mark's fragments lie in the article, None where it is refused, and an issue for all refused or moved.

    `source` is the file's copy of the text, whose normal form is the article's; without it, the article's is taken.
    The way to count that explains the words of most marks holds for all; a mark that it does not explain is moved by
    another one where that is the only one that does.
    Marks at 106–115 and 129–134 of “… 🚀 … 💥 … Dol Harun … nurse”, whose words stand at 104–113 and 127–132,
    are moved: their offsets count UTF-16 units.
    Where a format defines how its offsets count, another way has to have `evidence`: at least so many marks with
    words, and all of them.
    """
    if (
        source in (None, text)
        and is_normal(text)
        and all(_is_plain(quote, text) for quote in quotes)
    ):
        return [quote.fragments for quote in quotes], []  # as in most files
    quoted = [quote for quote in quotes if quote.words and quote.words.strip()]
    scales = [
        scale
        for scale in _scales(text, source)
        if not scale.is_supposed or _has_evidence(scale, quoted, text, evidence)
    ]
    best = _best(scales, quoted, text)
    places: list[tuple[Edges, ...] | None] = []
    issues: list[Issue] = []
    moved: dict[str, list[tuple[Quote, Edges]]] = {}
    for quote in quotes:
        scale: _Scale | None = best
        place = _fragments(best, quote)
        if quote.words and quote.words.strip() and not _says(place, quote, text, best is scales[0]):
            scale, place = _other(scales, quote, text)
        if place is None:
            issues.append(_refused(quote, text, scales[0]))
        elif place != quote.fragments and scale is not None:
            moved.setdefault(scale.name, []).append((quote, (place[0][0], place[-1][1])))
        places.append(place)
    return places, issues + [_told(name, marks, text) for name, marks in moved.items()]


def _is_plain(quote: Quote, text: str) -> bool:
    """Whether the words stand, letter by letter, at the one place that the offsets tell, counted as the corpus does."""
    if len(quote.fragments) != 1:
        return False
    ((start, end),) = quote.fragments
    return 0 <= start < end <= len(text) and text[start:end] == quote.words


def _scales(text: str, source: str | None) -> Iterator[_Scale]:
    """The likely ways first: those of the copy that is there, then those of copies that the tool may have had."""
    source = text if source is None else source
    there = {source: "count the text before it was normalised"}
    if source != text:
        there.setdefault(source.removeprefix(BOM), "leave a byte order mark out")
        there.setdefault(re.sub("\r\n?", "\n", source), "count line ends as one")
        there.setdefault(text, "count the text as it is here, not as it is in the file")
    supposed = {
        BOM + text: "count a byte order mark",
        text.replace("\n", "\r\n"): "count line ends as two",
        BOM + text.replace("\n", "\r\n"): "count a byte order mark, and line ends as two",
        unicodedata.normalize("NFD", text): "count decomposed letters (NFD)",
    }
    for copies in (there, supposed):
        for unit, width in _UNITS.items():
            for copy, name in copies.items():
                # Of the file's own copy the unit says all.
                told = [unit, name if copy != source or not unit else ""]
                is_supposed = copies is supposed or bool(unit)
                yield _Scale(", and ".join(filter(None, told)), copy, width, is_supposed)


def _has_evidence(scale: _Scale, quoted: Sequence[Quote], text: str, least: int) -> bool:
    return least <= 1 or (
        len(quoted) >= least
        and all(_says(_fragments(scale, quote), quote, text, False) for quote in quoted)
    )


def _best(scales: Sequence[_Scale], quoted: Sequence[Quote], text: str) -> _Scale:
    """The first of those that explain the most marks; the first of all where no words are told."""
    best, most = scales[0], -1
    for scale in scales:
        explained = sum(
            _says(_fragments(scale, quote), quote, text, scale is scales[0]) for quote in quoted
        )
        if explained > most:
            best, most = scale, explained
        if most == len(quoted):
            break
    return best


def _other(
    scales: Sequence[_Scale], quote: Quote, text: str
) -> tuple[_Scale | None, tuple[Edges, ...] | None]:
    """The one place that any way to count explains the mark's words by; None where there is none, or several."""
    scale_of: dict[tuple[Edges, ...], _Scale] = {}
    for scale in scales:
        place = _fragments(scale, quote)
        if place is not None and _says(place, quote, text, scale is scales[0]):
            scale_of.setdefault(place, scale)
    if len(scale_of) != 1 or len(_folded(quote.words or "")) < _TELLING:
        return None, None
    ((place, scale),) = scale_of.items()
    return scale, place


def _fragments(scale: _Scale, quote: Quote) -> tuple[Edges, ...] | None:
    places = []
    for start, end in quote.fragments:
        place = scale.place(start, end)
        if place is None:
            return None
        places.append(place)
    return tuple(places) or None


def _says(place: tuple[Edges, ...] | None, quote: Quote, text: str, is_plain: bool) -> bool:
    """Whether the words stand there; where the offsets had to be moved, without white space more at the edges."""
    if place is None:
        return False
    here, words = _read(place, text), quote.words or ""
    # Fragments may be told in any order, and their words in that one or the text's.
    is_said = words == here or _folded(words) in (
        _folded(here),
        _folded(_read(sorted(place), text)),
    )
    return is_said and (is_plain or here == here.strip() or words != words.strip())


def _read(fragments: Sequence[Edges], text: str) -> str:
    return " ".join(text[start:end] for start, end in fragments)


def _folded(words: str) -> str:
    r"""What two tellings of the same words share: without white space, which Label Studio also writes as \n,
    in one kind of quotation marks.
    """
    return re.sub(r"\s+", "", normalise(words.replace("\\n", " "))[0]).translate(_QUOTATION)


def _refused(quote: Quote, text: str, plain: _Scale) -> Issue:
    span = ";".join(f"{start}–{end}" for start, end in quote.fragments)
    if (
        not all(0 <= start < end <= plain.length for start, end in quote.fragments)
        or not quote.fragments
    ):
        message = (
            f"{span} is no span of the {plain.length} code points; correct it, or mark it anew"
        )
        return Issue(quote.where, "offset-range", message)
    place = _fragments(plain, quote)
    here = _cut(_read(place, text)) if place else "nothing that is kept"
    if not quote.words:
        return Issue(quote.where, "mark-text", f"{span} reads {here}; correct the offsets")
    message = (
        f"{span} reads {here}, the file says {_cut(quote.words)}; correct the one or the other"
    )
    return Issue(quote.where, "mark-text", message)


def _told(name: str, marks: Sequence[tuple[Quote, Edges]], text: str) -> Issue:
    """One warning for all marks that were moved in one way."""
    quote, (start, end) = marks[0]
    names = ", ".join(quote.where for quote, _place in marks[:5])
    more = f" and {len(marks) - 5} more" if len(marks) > 5 else ""
    before = f"{quote.fragments[0][0]}–{quote.fragments[-1][1]}"
    message = (
        f"the offsets {name}; moved, as {before} to {start}–{end}, {_cut(text[start:end])}: look"
        " whether that is meant"
    )
    return Issue(f"{names}{more}", "mark-text", message, Severity.WARNING)


def _cut(words: str) -> str:
    return repr(words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1]}…")
