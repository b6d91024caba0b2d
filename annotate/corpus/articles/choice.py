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
    choice = Choice(chosen=set(places.by_block), extra=places.extra)
    prose = _prose(blocks)
    if _is_too_little(blocks, choice, prose):
        # It took a list of links, a gallery or a side bar for the article.
        choice = Choice(chosen=prose)
    if choice.chosen:
        column = _Column(blocks, choice.chosen, title)
        choice.asides = column.asides
        hidden = {number for number in choice.chosen if column.asides.get(number) == "hidden"}
        choice.chosen -= hidden
        is_above = column.head < column.first or blocks[column.head].element.tag == "h1"
        choice.head = column.head if is_above else None
        others = [number for number in column.inside if number not in choice.chosen]
        choice.put_back = {number for number in others if column.wants(number)}
        between = {number for number in others if column.first <= number <= column.last}
        hidden |= {
            number
            for number in others
            if column.asides.get(number) == "hidden" and _is_prose(blocks[number])
        }
        choice.left_out = (between - choice.put_back) | hidden
    return choice


def _is_too_little(blocks: Sequence[Block], choice: Choice, prose: set[int]) -> bool:
    """Whether the page has an article's worth of paragraphs, and what was chosen has few of them."""
    of_page = _amount(blocks, prose)
    chosen = _amount(blocks, {number for number in choice.chosen if _is_prose(blocks[number])})
    chosen += sum(len(letters(text)) for _before, text in choice.extra)
    return of_page > _ARTICLE and chosen < _TOO_LITTLE * of_page


def _prose(blocks: Sequence[Block]) -> set[int]:
    """The paragraphs of the part of the page that has the most of them."""
    plain = [
        number
        for number, block in enumerate(blocks)
        if not (block.asides or block.in_figure or block.kind)
    ]
    prose = {number for number in plain if _is_prose(blocks[number])}
    weights, total = _weights(blocks, prose)
    if not prose:
        return prose
    column = _deepest(weights, _COLUMN * total)
    return {number for number in prose if _is_in(blocks[number].element, column)}


def _is_prose(block: Block) -> bool:
    is_long = len(letters(block.text)) >= _PARAGRAPH and bool(_END.search(block.text))
    return is_long and block.linked <= 0.3 and not boilerplate.dropped(block.text, block.linked)


def _amount(blocks: Sequence[Block], numbers: set[int]) -> int:
    return sum(len(letters(blocks[number].text)) for number in numbers)


class _Places:
    """Where each block's letters stand in the chosen text's."""

    def __init__(self, blocks: Sequence[Block], texts: Sequence[str]) -> None:
        body = "".join(map(letters, texts))
        self.by_block: dict[int, tuple[int, int]] = {}
        self._order: list[int] = []
        self._blocks, self._body = blocks, body
        self._letters = [letters(block.text) for block in blocks]
        self._covered = bytearray(len(body))
        # What the page's markup puts elsewhere comes last: a teaser may have the words of the paragraph.
        order = sorted(range(len(blocks)), key=lambda number: (bool(blocks[number].asides), number))
        times = Counter(self._letters)
        long = [number for number in order if len(self._letters[number]) >= _SHORT]
        alone = [number for number in long if times[self._letters[number]] == 1]
        for number in alone:
            self._look_up(number, 0, len(body))
        for number in alone:
            if number not in self.by_block:
                self._look_up_pieces(number)
        self._look_up_words(texts, alone)
        others = [number for number in order if number not in self.by_block]
        others = [number for number in others if self._letters[number]]
        for number in others:
            self._look_up(number, *self._gap(number))
        for number in others:
            if number not in self.by_block and len(self._letters[number]) >= _SHORT:
                self._look_up(number, 0, len(body))
        self.extra = list(self._unsaid(texts))
        """Text that is in no block: (number of the block that it follows, or -1; text)."""

    def _look_up(self, number: int, start: int, end: int) -> None:
        block_letters = self._letters[number]
        at = self._body.find(block_letters, start, end)
        while at >= 0:
            after = at + len(block_letters)
            if not any(self._covered[at:after]):
                self._cover(number, at, after)
                return
            at = self._body.find(block_letters, at + 1, end)

    def _look_up_pieces(self, number: int) -> None:
        """A block of which trafilatura kept the greater part, as where it drops a `<time>` or a footnote's number."""
        places = []
        for piece in filter(None, map(letters, self._blocks[number].pieces)):
            at = self._body.find(piece) if len(piece) >= _SHORT else -1
            if at >= 0 and not any(self._covered[at : at + len(piece)]):
                places.append((at, at + len(piece)))
        if 2 * sum(end - start for start, end in places) >= len(self._letters[number]):
            for start, end in places:
                self._cover(number, start, end)

    def _cover(self, number: int, start: int, end: int) -> None:
        self._covered[start:end] = b"\1" * (end - start)
        if number not in self.by_block:
            insort(self._order, number)
        self.by_block[number] = (start, end)

    def _gap(self, number: int) -> tuple[int, int]:
        """The chosen text between those of the nearest blocks before and after that are in it."""
        at = bisect(self._order, number)
        before = self.by_block[self._order[at - 1]] if at else None
        after = self.by_block[self._order[at]] if at < len(self._order) else None
        start = before[1] if before else 0
        end = after[0] if after and after[0] >= start else min(len(self._body), start + 10 * _SHORT)
        return start, end

    def _look_up_words(self, texts: Sequence[str], alone: Sequence[int]) -> None:
        """Blocks out of which trafilatura dropped words here and there, as it does with elements that it
        doesn't know.
        """
        for start, end, text in self._uncovered(texts):
            for number in alone:
                if number not in self.by_block and self._has_words(number, text, end - start):
                    self._cover(number, start, end)
                    break

    def _has_words(self, number: int, text: str, length: int) -> bool:
        """Whether the block has the words of the text, which has so many letters, in their order, and others
        among them.

        “The mayor of Tarn said so” has the words of “The mayor said so”.
        """
        if not length <= len(self._letters[number]) <= 2 * length:
            return False
        rest = iter(self._blocks[number].text.split())
        return all(word in rest for word in text.split())

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
        said = "".join(self._letters[number] for number in sorted(self.by_block))
        for start, _end, text in self._uncovered(texts):
            if letters(text) not in said:
                before = [number for number, place in self.by_block.items() if place[1] <= start]
                yield max(before, key=lambda number: self.by_block[number], default=-1), text


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
        if boilerplate.dropped(block.text, block.linked):
            return False
        if boilerplate.zone(block.text, block.linked, True):
            return False
        is_beside = _parent(block.element) in self._parents or block.element in self._elements
        if block.linked > (0.5 if is_beside else 0.3):
            return False
        is_ended = bool(_END.search(block.text))
        is_long = is_ended and len(letters(block.text)) >= _PARAGRAPH
        if number < self.last and boilerplate.is_picture_line(block.text):
            return True
        if number < self.first:
            return is_long
        if number > self.last:
            return is_long and is_beside
        if block.kind == "subhead":
            return is_beside
        return is_long or (is_beside and is_ended and _signature(block.element) in self._kinds)

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
    title_letters = letters(title or "").lower()
    above = range(first + 1)
    heads = [number for number in above if blocks[number].element.tag == "h1"]
    if title_letters:
        heads += [
            number for number in above if letters(blocks[number].text).lower() == title_letters
        ]
    return max(heads, default=first)


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
