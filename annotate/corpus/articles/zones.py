"""The zones of a plain-text article: what a page drags along, told from the body by its place and its form.

The rules are heuristics for pages saved as text. `acre add` prints what they found, and the zones stand in the
article's metadata, where a person can correct them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from annotate.model.records import Zone

_TERMINAL = re.compile(r"[.!?…][”\"’')\]]*$")
_RELATED = re.compile(
    r"(related|read more|read also|also read|see also|more on this|watch|recommended)\s*:",
    re.IGNORECASE,
)
_INFOGRAPHIC = re.compile(
    r"(infographic|map|graphic|chart|interactive|timeline)\s*:", re.IGNORECASE
)
_CREDIT = re.compile(
    r"\(?(sources?\s*:|reporting by|additional reporting|editing by|written by|with (?:news"
    r" )?agencies|by (?=[A-Z]))",
    re.IGNORECASE,
)
_BYLINE = re.compile(r"by [A-Z]", re.IGNORECASE)
_CAPTION = re.compile(
    r"\[?(file )?(photo(graph)?|picture|image|caption|photo caption)\s*:|a (still|file|handout)"
    r" (image|photo|picture)\b",
    re.IGNORECASE,
)
# A picture's credit closes its line: [AP], [File: Reuters], (Photo: AFP), (Reuters/Handout).
_PICTURE_CREDIT = re.compile(
    r"(\[[^\]\n]{2,60}\]|\((photo|image|picture|file|handout|credit)\b[^)\n]{0,60}\))\s*$",
    re.IGNORECASE,
)
_DATELINE = re.compile(
    r"^[A-Z][A-Z .,’'-]{2,40}(,[^—–]{0,40})?(\([^)]*\))?\s*[—–-]\s|^\W*\d{1,2}[:.h]\d{2}"
)
_SENTENCE_END = re.compile(r"[.!?…][”\"’')\]]*\s+(?=[A-Z“\"‘])")


class Block(NamedTuple):
    """A run of text that is one zone: a paragraph, a heading, a line; half-open code points."""

    start: int
    end: int
    kind: str | None = None
    """Where the format says what it is, as HTML does."""


def find(text: str, blocks: Sequence[Block] | None = None) -> tuple[Zone, ...]:
    """The zones of a normalised text: sorted, disjoint, nothing but white space between them.

    `blocks` are given where the format knows them; in plain text they are found by blank lines and line lengths.
    """
    blocks = list(_blocks(text)) if blocks is None else blocks
    kinds: list[str] = []
    for index, block in enumerate(blocks):
        kinds.append(block.kind or _kind(text, blocks, kinds, index))
    _alternative_texts(text, blocks, kinds)
    zones = [
        Zone(kind=kind, start=block.start, end=block.end)
        for kind, block in zip(kinds, blocks, strict=True)
    ]
    return tuple(chain.from_iterable(_undoubled(text, zone) for zone in zones))


def _blocks(text: str) -> Iterator[Block]:
    for match in re.finditer(r"\S(?:.|\n(?!\n))*", text):
        start, lines = match.start(), match[0].split("\n")
        if _hard_wrapped(lines):
            yield Block(start, start + len(match[0].rstrip()))
            continue
        for line in lines:
            stripped = line.strip()
            if stripped:
                begin = start + line.index(stripped[0])
                yield Block(begin, begin + len(stripped))
            start += len(line) + 1


def _hard_wrapped(lines: Sequence[str]) -> bool:
    """Whether the lines are one paragraph broken to a width: all but the last are long, and most break mid-sentence."""
    body = lines[:-1]
    if not body:
        return True
    if not all(40 <= len(line) <= 100 for line in body):
        return False
    ended = sum(bool(_TERMINAL.search(line)) for line in body)
    return 2 * ended <= len(body) and not _PICTURE_CREDIT.search(lines[-1])


def _kind(text: str, blocks: Sequence[Block], before: Sequence[str], index: int) -> str:
    line = text[blocks[index].start : blocks[index].end]
    words = len(line.split())
    last = index == len(blocks) - 1
    if index == 0 and not last and _is_headline(line, words):
        return "headline"
    if _RELATED.match(line):
        return "related"
    if _INFOGRAPHIC.match(line):
        return "infographic"
    if _is_credit(line, words):
        return "credit"
    if _CAPTION.match(line) or (_PICTURE_CREDIT.search(line) and words <= 60):
        return "caption"
    if _is_standfirst(line, words, before) and not last:
        return "standfirst"
    if before and not last and _is_subhead(line, words):
        return "subhead"
    return "paragraph"


def _is_headline(line: str, words: int) -> bool:
    """A short line that no full stop ends; a question or a cry may be a headline."""
    return words <= 30 and not re.search(r"[.…][”\"’')\]]*$", line)


def _is_credit(line: str, words: int) -> bool:
    """`Source: Reuters`, or `By Ana Ruiz`; `By noon the dam had burst.` is a sentence."""
    if words > 40 or not _CREDIT.match(line):
        return False
    return not _BYLINE.match(line) or (words <= 12 and not line.endswith("."))


def _is_subhead(line: str, words: int) -> bool:
    """A few words that are no sentence, nor end as what leads to a list or ends a quotation."""
    if words > 12 or _TERMINAL.search(line):
        return False
    return not line.endswith((":", ";", ",", "”", '"'))


def _is_standfirst(line: str, words: int, before: Sequence[str]) -> bool:
    """One sentence right under the headline, without a dateline; of fewer than five words it names a topic."""
    return (
        bool(before)
        and before[-1] == "headline"
        and 5 <= words <= 20
        and not _DATELINE.match(line)
        and not _SENTENCE_END.search(line)
    )


def _alternative_texts(text: str, blocks: Sequence[Block], kinds: list[str]) -> None:
    """A line right above a caption, in the same group of lines, is the picture's alternative text."""
    for index in range(len(blocks) - 2, -1, -1):
        together = "\n\n" not in text[blocks[index].end : blocks[index + 1].start]
        is_above_caption = together and kinds[index + 1] == "caption"
        may_be_caption = kinds[index] in ("paragraph", "subhead", "standfirst")
        if is_above_caption and may_be_caption and blocks[index].kind is None:
            kinds[index] = "caption"


def _undoubled(text: str, zone: Zone) -> Iterator[Zone]:
    """Two zones where a page printed a caption twice in a row, so that the copy can be told from the original."""
    line = zone.slice(text)
    may_be_doubled = zone.kind in ("caption", "infographic", "related")
    half = (len(line) + 1) // 2
    for cut in {half, len(line) // 2}:
        if may_be_doubled and line[:cut].strip() == line[cut:].strip() != "":
            first, second = line[:cut].rstrip(), line[cut:].lstrip()
            yield Zone(kind=zone.kind, start=zone.start, end=zone.start + len(first))
            yield Zone(kind=zone.kind, start=zone.end - len(second), end=zone.end)
            return
    yield zone
