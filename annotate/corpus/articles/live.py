"""A live blog: updates of one page, each with its hour. An extractor of articles takes the first for the whole."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Any

from annotate.corpus.articles import boilerplate
from annotate.corpus.articles.blocks import Block, names

_LEAST = 3
"""Updates that make a live blog."""
_PROSE = 40
"""Letters of text, links apart, without which what has an hour is a headline in a list."""
_CLOCK = re.compile(r"(?<!\d)[0-2]?\d[:.h][0-5]\d(?!\d)")
_DECLARED = re.compile(r'"@type"\s*:\s*\[?[^\]}]{0,60}"LiveBlogPosting"')
_NAMES = frozenset(["live", "liveblog", "livefeed", "liveupdates"])
_END = re.compile(r"[.!?…:][”\"’')\]]*$")


def updates(blocks: Sequence[Block], page: str) -> dict[int, tuple[str | None, str]]:
    """By the block's number, zone kind and text of what a live blog's updates say, their hours among them.

    Empty where the page is no live blog.
    """
    container, entries = _container(blocks)
    inside = list(chain.from_iterable(entries.values()))
    if container is None or not _is_live(blocks, container, inside, page):
        return {}
    texts: dict[int, tuple[str | None, str]] = {}
    for entry, numbers in entries.items():
        for number in numbers:
            block = blocks[number]
            elsewhere = any(entry in element.iterancestors() for element, _reason in block.asides)
            is_text = block.kind in ("subhead", "caption", "alternative") or _is_prose(block)
            if is_text and not elsewhere and not boilerplate.dropped(block.text, block.linked):
                kind = "caption" if block.kind == "alternative" else block.kind
                texts[number] = (kind, block.text)
            elif block.times:
                texts[number] = ("subhead", block.times[0])
    return texts


def _container(blocks: Sequence[Block]) -> tuple[Any | None, dict[Any, list[int]]]:
    """The element with the most updates for children, and the numbers of their blocks, by child."""
    by_parent: dict[Any, dict[Any, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, block in enumerate(blocks):
        for element in (block.element, *block.element.iterancestors()):
            parent = element.getparent()
            if parent is not None:
                by_parent[parent][element].append(number)
    best: tuple[Any | None, dict[Any, list[int]]] = (None, {})
    for parent, children in by_parent.items():
        entries = {
            child: numbers for child, numbers in children.items() if _is_update(blocks, numbers)
        }
        if len(entries) >= max(_LEAST, len(best[1]) + 1):
            best = (parent, entries)
    return best


def _is_update(blocks: Sequence[Block], numbers: Sequence[int]) -> bool:
    prose = sum(len(blocks[number].text) for number in numbers if _is_prose(blocks[number]))
    return prose >= _PROSE and any(blocks[number].times for number in numbers)


def _is_prose(block: Block) -> bool:
    return block.linked < 0.5 and bool(_END.search(block.text))


def _is_live(blocks: Sequence[Block], container: Any, inside: Sequence[int], page: str) -> bool:
    """Whether the page says so, or nearly all that it has to read is dated by the clock."""
    line = (container, *container.iterancestors(), *container)
    if _DECLARED.search(page) or any(_NAMES & set(names(element)) for element in line):
        return True
    clocks = sum(any(map(_CLOCK.search, blocks[number].times)) for number in inside)
    prose = sum(len(block.text) for block in blocks if _is_prose(block))
    updates_prose = sum(len(blocks[n].text) for n in inside if _is_prose(blocks[n]))
    return clocks >= _LEAST and 2 * updates_prose > prose
