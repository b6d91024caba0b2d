"""Which blocks of a page are its article's: those that trafilatura chose, and those that it lost among them."""

from __future__ import annotations

import re
from bisect import bisect, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotate.corpus.articles import boilerplate
from annotate.corpus.articles.blocks import Block

_SHORT = 20
"""Letters of a text that may stand on a page several times: it is looked up between its neighbours."""
_PARAGRAPH = 40
"""Letters of the shortest text that is a paragraph by itself, whatever stands around it."""
_COLUMN = 0.8
"""The part of the chosen letters that the article's column holds: a stray block elsewhere doesn't make it the page."""
_ARTICLE = 250
"""Letters of paragraphs that a page with an article has at the least."""
_TOO_LITTLE = 0.25
"""The part of a page's paragraphs without which what was chosen is not its article."""
_END = re.compile(r"[.!?…:。！？][”\"’')\]»“]*$")
_PROSE_TAGS = frozenset(
    ["p", "div", "blockquote", "section", "article", "td", "li", "center", "pre", "dd"]
)


@dataclass
class Choice:
    """The article's part of a page's blocks, by their numbers."""

    chosen: set[int] = field(default_factory=set)
    put_back: set[int] = field(default_factory=set)
    """What trafilatura left out, and is the article's: paragraphs among paragraphs, figures at their place."""
    left_out: set[int] = field(default_factory=set)
    """What stands in the article's column, between its first block and its last, and is not in it."""
    asides: dict[int, str] = field(default_factory=dict)
    """What the markup says that a block is, where it is no part of an article."""
    head: int | None = None
    """The headline's block, where it stands above the article."""
    extra: list[tuple[int, str]] = field(default_factory=list)
    """Text that trafilatura has and no block: (number of the block that it follows, or -1; text)."""


def letters(text: str) -> str:
    """The letters and digits alone: what white space, hidden characters and markup can't part."""
    return "".join(filter(str.isalnum, text))


def choose(blocks: Sequence[Block], body: Sequence[str], title: str | None) -> Choice:
    """The article's blocks, where `body` is what trafilatura chose, a text for each of its elements."""
    places = _Places(blocks, body)
    choice = Choice(chosen=set(places.found), extra=places.extra)
    prose = _prose(blocks)
    of_page, chosen = (
        _amount(blocks, prose),
        _amount(blocks, {n for n in choice.chosen if _is_prose(blocks[n])}),
    )
    if (
        of_page > _ARTICLE
        and chosen + sum(len(letters(text)) for _before, text in choice.extra)
        < _TOO_LITTLE * of_page
    ):
        # It took a list of links, a gallery or a side bar for the article.
        choice = Choice(chosen=prose)
    if choice.chosen:
        column = _Column(blocks, choice.chosen, title)
        choice.asides = column.asides
        choice.head = (
            column.head
            if column.head < column.first or blocks[column.head].element.tag == "h1"
            else None
        )
        choice.put_back = {
            number
            for number in column.inside
            if number not in choice.chosen and column.wants(number)
        }
        first, last = min(column.chosen), max(column.chosen)
        choice.left_out = (
            {n for n in column.inside if first <= n <= last} - choice.chosen - choice.put_back
        )
    return choice


def _prose(blocks: Sequence[Block]) -> set[int]:
    """The paragraphs of the part of the page that has the most of them."""
    found = {
        n
        for n, block in enumerate(blocks)
        if not (block.asides or block.in_figure or block.kind) and _is_prose(block)
    }
    weights, total = _weights(blocks, found)
    if not found:
        return found
    column = _deepest(weights, _COLUMN * total)
    return {number for number in found if _is_in(blocks[number].element, column)}


def _is_prose(block: Block) -> bool:
    is_long = len(letters(block.text)) >= _PARAGRAPH and bool(_END.search(block.text))
    return is_long and block.linked <= 0.3 and not boilerplate.dropped(block.text, block.linked)


def _amount(blocks: Sequence[Block], numbers: set[int]) -> int:
    return sum(len(letters(blocks[number].text)) for number in numbers)


class _Places:
    """Where each block's letters stand in the chosen text's."""

    def __init__(self, blocks: Sequence[Block], texts: Sequence[str]) -> None:
        body = "".join(map(letters, texts))
        self.found: dict[int, tuple[int, int]] = {}
        self._order: list[int] = []
        self._blocks, self._body = blocks, body
        self._own = [letters(block.text) for block in blocks]
        self._covered = bytearray(len(body))
        # What the page's markup puts elsewhere comes last: a teaser may have the words of the paragraph.
        order = sorted(range(len(blocks)), key=lambda number: (bool(blocks[number].asides), number))
        times = Counter(self._own)
        alone = [n for n in order if len(self._own[n]) >= _SHORT and times[self._own[n]] == 1]
        for number in alone:
            self._look_up(number, 0, len(body))
        for number in alone:
            if number not in self.found:
                self._look_up_pieces(number)
        self._look_up_words(texts, alone)
        others = [number for number in order if self._own[number] and number not in self.found]
        for number in others:
            self._look_up(number, *self._gap(number))
        for number in others:
            if number not in self.found and len(self._own[number]) >= _SHORT:
                self._look_up(number, 0, len(body))
        self.extra = list(self._unsaid(texts))
        """Text that is in no block: (number of the block that it follows, or -1; text)."""

    def _look_up(self, number: int, start: int, end: int) -> None:
        own = self._own[number]
        at = self._body.find(own, start, end)
        while at >= 0:
            if not any(self._covered[at : at + len(own)]):
                self._cover(number, at, at + len(own))
                return
            at = self._body.find(own, at + 1, end)

    def _look_up_pieces(self, number: int) -> None:
        """A block of which trafilatura kept the greater part, as where it drops a `<time>` or a footnote's number."""
        places = []
        for piece in filter(None, map(letters, self._blocks[number].pieces)):
            at = self._body.find(piece) if len(piece) >= _SHORT else -1
            if at >= 0 and not any(self._covered[at : at + len(piece)]):
                places.append((at, at + len(piece)))
        if 2 * sum(end - start for start, end in places) >= len(self._own[number]):
            for start, end in places:
                self._cover(number, start, end)

    def _cover(self, number: int, start: int, end: int) -> None:
        self._covered[start:end] = b"\1" * (end - start)
        if number not in self.found:
            insort(self._order, number)
        self.found[number] = (start, end)

    def _gap(self, number: int) -> tuple[int, int]:
        """The chosen text between those of the nearest blocks before and after that are in it."""
        at = bisect(self._order, number)
        before = self.found[self._order[at - 1]] if at else None
        after = self.found[self._order[at]] if at < len(self._order) else None
        start = before[1] if before else 0
        end = after[0] if after and after[0] >= start else min(len(self._body), start + 10 * _SHORT)
        return start, end

    def _look_up_words(self, texts: Sequence[str], alone: Sequence[int]) -> None:
        """Blocks out of which trafilatura dropped words here and there, as it does with elements that it
        doesn't know.
        """
        for start, end, text in self._uncovered(texts):
            words = text.split()
            for number in alone:
                if (
                    number not in self.found
                    and 2 * (end - start) >= len(self._own[number]) >= end - start
                ):
                    left = iter(self._blocks[number].text.split())
                    if all(word in left for word in words):
                        self._cover(number, start, end)
                        break

    def _uncovered(self, texts: Sequence[str]) -> Iterator[tuple[int, int, str]]:
        """The texts of which no block has the greater part, with their places."""
        start = 0
        for text in texts:
            end = start + len(letters(text))
            if end - start >= _SHORT and 2 * sum(self._covered[start:end]) < end - start:
                yield start, end, text
            start = end

    def _unsaid(self, texts: Sequence[str]) -> Iterator[tuple[int, str]]:
        """The texts that no block has and that do not say again what the blocks say, with the blocks that
        they follow.
        """
        said = "".join(self._own[number] for number in sorted(self.found))
        for start, _end, text in self._uncovered(texts):
            if letters(text) not in said:
                before = [number for number, place in self.found.items() if place[1] <= start]
                yield max(before, key=lambda number: self.found[number], default=-1), text


class _Column:
    """The part of a page where its article stands."""

    def __init__(self, blocks: Sequence[Block], chosen: set[int], title: str | None) -> None:
        self._blocks = blocks
        weights, total = _weights(blocks, chosen)
        column = _deepest(weights, _COLUMN * total)
        # What holds half of the article is no navigation, whatever its class says.
        self.asides: dict[int, str] = {}
        for number, block in enumerate(blocks):
            light = (why for element, why in block.asides if 2 * weights[element] < total)
            reason = next(light, None)
            if reason:
                self.asides[number] = reason
        inside = {number for number, block in enumerate(blocks) if _is_in(block.element, column)}
        self.chosen = inside & chosen or chosen
        self.first, self.last = min(self.chosen), max(self.chosen)
        self.head = _head(blocks, self.first, title)
        # From the headline on: a lede and the first picture stand above the column's first paragraph.
        self.inside = sorted({*inside, *range(self.head, self.first)})
        self._elements = {blocks[number].element for number in chosen}
        self._parents = {_parent(blocks[number].element) for number in self.chosen}
        self._kinds = {_signature(blocks[number].element) for number in self.chosen}

    def wants(self, number: int) -> bool:
        """Whether a block that was not chosen is the article's all the same."""
        block = self._blocks[number]
        if number in self.asides or number < self.head or block.element.tag == "h1":
            return False
        if block.in_figure or block.kind == "caption":
            return self._wants_of_figure(number)
        if boilerplate.dropped(block.text, block.linked) or boilerplate.zone(
            block.text, block.linked, True
        ):
            return False
        is_beside = _parent(block.element) in self._parents or block.element in self._elements
        if block.linked > (0.5 if is_beside else 0.3):
            return False
        is_long = len(letters(block.text)) >= _PARAGRAPH and bool(_END.search(block.text))
        if number < self.last and boilerplate.is_picture_line(block.text):
            return True
        if number < self.first:
            return is_long
        if number > self.last:
            return is_long and is_beside
        if block.kind == "subhead":
            return is_beside
        return is_long or (
            is_beside and _signature(block.element) in self._kinds and bool(_END.search(block.text))
        )

    def _wants_of_figure(self, number: int) -> bool:
        block = self._blocks[number]
        if not (self.head <= number <= self.last or _figure_parent(block.element) in self._parents):
            return False
        return block.kind in ("caption", "alternative") or block.linked <= 0.5


def _weights(blocks: Sequence[Block], chosen: set[int]) -> tuple[Counter[Any], int]:
    """How many of the chosen letters each element holds, and how many there are."""
    weights: Counter[Any] = Counter()
    total = 0
    for number in chosen:
        weight = len(letters(blocks[number].text)) + 1
        total += weight
        for element in (blocks[number].element, *blocks[number].element.iterancestors()):
            weights[element] += weight
    return weights, total


def _deepest(weights: Counter[Any], least: float) -> Any:
    """The deepest element that holds so much: it has the most elements above it."""
    heavy = [element for element, weight in weights.items() if weight >= least]
    return max(heavy, key=lambda element: sum(1 for _above in element.iterancestors()))


def _head(blocks: Sequence[Block], first: int, title: str | None) -> int:
    """The headline's block above the article's first: the one that reads as the title, or the nearest `<h1>`."""
    own = letters(title or "").lower()
    same = [n for n in range(first + 1) if own and letters(blocks[n].text).lower() == own]
    heads = [n for n in range(first + 1) if blocks[n].element.tag == "h1"]
    return max([*same, *heads], default=first)


def _is_in(element: Any, column: Any) -> bool:
    return element is column or any(above is column for above in element.iterancestors())


def _parent(element: Any) -> Any:
    parent = element.getparent()
    return element if parent is None else parent


def _signature(element: Any) -> tuple[str, str]:
    return element.tag, element.get("class") or ""


def _figure_parent(element: Any) -> Any:
    figure = next((above for above in element.iterancestors("figure")), element)
    return _parent(figure)
