"""A web page becomes an article: which of its blocks are the article's, what it is called, who published it and when.

trafilatura chooses the body on the page as it is. What it chose is looked up among the page's own blocks, so that
what stands on two lines stays apart; what it lost within the article's column is put back, and figures come in at
their place.
"""

from __future__ import annotations

import copy
import datetime as dt
import html
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import trafilatura

from annotate.corpus.articles import blocks, boilerplate, choice, dates, live
from annotate.corpus.articles.blocks import Block
from annotate.corpus.articles.choice import Choice, letters
from annotate.model import text

_LEAST = 40
"""Letters of an article that has no sentence."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_END = re.compile(r"[.!?…。！？][”\"’')\]»“]*$")
_REFERENCE = re.compile(r"&#(?:(\d{1,7})|[xX]([0-9a-fA-F]{1,6}));?")


@dataclass(frozen=True)
class Page:
    """What was read of a page."""

    title: str | None = None
    outlet: str | None = None
    url: str | None = None
    published: dt.date | None = None
    blocks: list[tuple[str | None, str]] = field(default_factory=list)
    """(zone kind or None, text), in the page's order."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Blocks of the article's column that are not in the article, by what they are."""
    changes: dict[str, int] = field(default_factory=dict)
    """What was changed before the page was read, and how often."""


def read(page: str) -> Page | None:
    """The article of a page; None where none was found in it."""
    page, changes = _without_controls(page)
    tree = blocks.parse(page)
    document = _document(tree)
    if tree is None or document is None:
        return None
    elements = document.body if document.body is not None else ()
    body = ["".join(map(str, element.itertext())) + (element.tail or "") for element in elements]
    every = blocks.of(tree)
    selected = choice.choose(every, body, document.title)
    updates = live.updates(every, page)
    texts, left_out = _live(every, selected, updates) if updates else _article(every, selected)
    title = _title(document.title, every)
    if not _has_article(texts, title):
        return None
    return Page(
        title, document.sitename, document.url, _published(tree, every, selected),
        _headed(texts, title, document.description), dict(left_out), changes,
    )  # fmt: skip


def _has_article(texts: Sequence[tuple[str | None, str]], title: str | None) -> bool:
    """Whether there is more than a headline, a list of links, or the fields of a form."""
    own = [words for kind, words in texts if kind not in ("related", "credit")]
    own = [words for words in own if letters(words) != letters(title or "")]
    is_sentence = any(_END.search(words) for words in own)
    return is_sentence or len(letters("".join(own))) >= _LEAST


def _published(tree: Any, every: Sequence[Block], selected: Choice) -> dt.date | None:
    below = [every[n] for n in sorted(selected.chosen) if every[n].element.tag != "h1"]
    first = next((block.element for block in below if len(block.text) > 60), None)
    head = every[selected.head].element if selected.head is not None else None
    return dates.marked(tree, head, first)


def _without_controls(page: str) -> tuple[str, dict[str, int]]:
    """The page without control characters, which no tree can hold; written as they are, or as `&#7;`."""
    count = 0

    def written(reference: re.Match[str]) -> str:
        nonlocal count
        number = int(reference[1]) if reference[1] else int(reference[2], 16)
        letter = html.unescape(f"{reference[0].rstrip(';')};")
        if _CONTROL.fullmatch(letter) or letter in ("", text.LOST):
            count += 1
            return ""
        # As browsers do, which read &#146; as the windows-1252 that its author meant.
        return letter if 0x80 <= number < 0xA0 else reference[0]

    page = _REFERENCE.sub(written, page)
    page, raw = _CONTROL.subn("", page)
    return page, {"control character removed": count + raw} if count + raw else {}


def _document(tree: Any | None) -> Any | None:
    """What trafilatura reads in the page, with a tree of its own: it takes out of it what it is done with."""
    try:
        return trafilatura.bare_extraction(
            copy.deepcopy(tree), with_metadata=True, include_comments=False, include_tables=True,
            date_extraction_params={"extensive_search": False, "original_date": True},
        )  # fmt: skip
    except Exception:  # on a page in pieces it fails in ways that it doesn't name
        return None


def _article(
    every: Sequence[Block], selected: Choice
) -> tuple[list[tuple[str | None, str]], Counter[str]]:
    """The article's blocks with their zones, and how many were left out, by what they are."""
    numbers = sorted(selected.chosen | selected.put_back)
    left_out: Counter[str] = Counter()
    for number in selected.left_out:
        block = every[number]
        reason = selected.asides.get(number) or boilerplate.dropped(block.text, block.linked)
        left_out[reason or "other"] += 1
    last = max((n for n in numbers if _is_paragraph(every[n])), default=-1)
    texts: list[tuple[str | None, str]] = [
        (None, words) for before, words in selected.extra if before < 0
    ]
    in_related = False
    for number in numbers:
        block = every[number]
        reason = boilerplate.dropped(block.text, block.linked)
        reason = reason or _dropped_by_place(number, every, selected)
        if reason:
            left_out[reason] += 1
        elif not _is_repeated_alternative(every, number):
            is_link_below = in_related and block.linked > 0.8
            in_related = is_link_below or boilerplate.is_heading_of_links(block.text)
            zone: str | None = "related"
            if not in_related:
                zone = boilerplate.zone(block.text, block.linked, number >= last)
                zone = zone or _zone_by_place(block, selected.asides.get(number), number > last)
            kind = block.kind if block.kind != "alternative" else "caption"
            words, link = boilerplate.promo(block.text, block.linked)
            texts.append((zone or kind, words))
            if link:
                texts.append(("related", link))
        texts += [(None, words) for before, words in selected.extra if before == number]
    return texts, left_out


def _live(
    every: Sequence[Block], selected: Choice, updates: dict[int, tuple[str | None, str]]
) -> tuple[list[tuple[str | None, str]], Counter[str]]:
    """A live blog's updates, under what stands above the first of them."""
    above = {number for number in selected.chosen | selected.put_back if number < min(updates)}
    head, left_out = _article(
        every, replace(selected, chosen=above, put_back=set(), left_out=set(), extra=[])
    )
    return head + [updates[number] for number in sorted(updates)], left_out


def _is_paragraph(block: Block) -> bool:
    is_text = block.kind in (None, "paragraph") and not _is_headline(block)
    return is_text and not boilerplate.zone(block.text, block.linked, True)


def _is_headline(block: Block) -> bool:
    """Whether a block is a link and no sentence: where another article is."""
    return block.linked > 0.9 and not _END.search(block.text)


def _dropped_by_place(number: int, every: Sequence[Block], selected: Choice) -> str | None:
    """Links above the headline; readers' comments, where they are not what the page is for, as a forum's are."""
    block, reason = every[number], selected.asides.get(number)
    if selected.head is not None and number < selected.head and block.linked > 0.8:
        return "navigation"
    if reason not in ("comments", "newsletter prompt", "share line"):
        return None
    numbers = selected.chosen | selected.put_back
    same = sum(len(every[n].text) for n in numbers if selected.asides.get(n) == reason)
    return reason if 2 * same < sum(len(every[n].text) for n in numbers) else None


def _zone_by_place(block: Block, aside: str | None, is_end: bool) -> str | None:
    if (is_end and _is_headline(block)) or (aside == "related" and block.linked > 0.8):
        return "related"
    return "credit" if aside == "author" and (is_end or len(block.text.split()) <= 12) else None


def _is_repeated_alternative(every: Sequence[Block], number: int) -> bool:
    """An image's alternative text that its caption, or the next image's, says again."""
    block = every[number]
    if block.kind != "alternative":
        return False
    around = [*every[max(0, number - 3) : number], *every[number + 1 : number + 4]]
    beside = (other for other in around if other.in_figure)
    return any(letters(block.text) in letters(other.text) for other in beside)


def _title(metadata_title: str | None, every: Sequence[Block]) -> str | None:
    """The title as the page shows it, where its metadata add the site's name.

    “Dam bursts | The Courier” is “Dam bursts” if an `<h1>` says so.
    """
    title = metadata_title or ""
    heads = [block.text for block in every if block.element.tag == "h1"]
    heads = [head for head in heads if len(letters(head)) > 10]
    shown = [head for head in heads if letters(title).startswith(letters(head))]
    return " ".join((shown[0] if shown else title).split()) or None


def _headed(
    texts: list[tuple[str | None, str]], title: str | None, description: str | None
) -> list[tuple[str | None, str]]:
    """The blocks under the title as headline, and the description that the page doesn't show as standfirst."""
    if title:
        same = [n for n, (_kind, words) in enumerate(texts[:6]) if letters(words) == letters(title)]
        rest = [block for n, block in enumerate(texts) if n not in same[:1]]
        texts = [("headline", title), *rest]
    summary = " ".join((description or "").split())
    if summary and not _is_repeated(summary, [words for _kind, words in texts]):
        texts.insert(1 if title else 0, ("standfirst", summary))
    return texts


def _is_repeated(summary: str, texts: Sequence[str]) -> bool:
    """Whether the article has the words itself: a description is often its first sentences, cut at some length."""
    whole = letters("".join(texts))
    description = letters(summary)
    beginning = description[: max(30, len(description) // 2)]
    return beginning in whole or description[len(description) // 3 :] in whole
