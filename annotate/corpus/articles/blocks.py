"""A web page as blocks: the runs of text between its block-level elements, in the order of the page.

Nothing is chosen here. A block keeps its place in the page, and what the page's own markup says of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from lxml import etree, html

_BLOCK = frozenset([
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog",
    "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol",
    "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
])  # fmt: skip
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_NO_TEXT = frozenset([
    "applet", "audio", "button", "canvas", "datalist", "embed", "frame", "frameset", "head", "iframe",
    "input", "link", "map", "math", "meta", "noframes", "noscript", "object", "option", "progress",
    "rp", "rt", "script", "select", "style", "svg", "template", "textarea", "title", "track", "video",
])  # fmt: skip
_KINDS = {
    **dict.fromkeys(["h2", "h3", "h4", "h5", "h6"], "subhead"),
    **dict.fromkeys(["li", "dd", "dt", "td"], "paragraph"),
}
_BREAK = "\x0b"
"""Stands for a `<br>` on the way: no text of a parsed page has it, and a newline in the source is mere white space."""
_CONTAINERS = frozenset(["html", "body", "main", "article"])
"""What says nothing by its class: a page's own `<body class="no-sidebar">` is not a sidebar."""
_INLINE = (
    "a",
    "abbr",
    "b",
    "em",
    "font",
    "i",
    "mark",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
)
_PARTS = frozenset(["span", "small", "cite"])
_TIMES = frozenset(["time", "timestamp"])
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_SPACE_LOST = re.compile(r"[a-z]{2}[.!?…][”\"’')\]]*$")
_SPACE_MISSING = re.compile(r"[“\"‘(\[]?[A-Z]")

_TAGS = {
    "nav": "navigation",
    "aside": "aside",
    "footer": "footer",
    "menu": "navigation",
    "dialog": "pop-up",
}
_ROLES = {
    "navigation": "navigation",
    "complementary": "aside",
    "contentinfo": "footer",
    "dialog": "pop-up",
}
_CLASSES = {
    "comments": "comment comments commentlist disqus respond",
    "share line": "share sharing shares sharebar social sociable addthis sharedaddy",
    "newsletter prompt": "newsletter subscribe subscription signup donate donation",
    "related": (
        "related recommended recommendations recirc recirculation readmore "
        "teaser teasers promo promos trending outbrain taboola popular"
    ),
    "advertisement": "ad ads adslot advert advertisement advertising sponsored sponsor",
    "navigation": (
        "nav navbar navigation menu breadcrumb breadcrumbs sidebar "
        "toolbar pagination pager footer tags tagcloud"
    ),
    "pop-up": "cookie cookies consent modal popup overlay banner",
    "author": "author authors autor authorbox bio biography byline",
    "box": "box infobox textbox factbox callout",
    "embedded post": "embed embedded embeds tweet twitter fb instagram tiktok",
}
_REASONS: dict[str, str] = {}
for _reason, _words in _CLASSES.items():
    _REASONS |= dict.fromkeys(_words.split(), _reason)
_PAIRS = {
    ("read", "more"): "related", ("more", "stories"): "related", ("also", "read"): "related",
    ("see", "also"): "related",
    ("most", "read"): "related", ("sign", "up"): "newsletter prompt", ("side", "bar"): "navigation",
    ("about", "author"): "author", ("author", "info"): "author", ("author", "box"): "author",
}  # fmt: skip


@dataclass(eq=False)
class Block:
    """A run of text of a page: a paragraph, a heading, an item, a part of a caption."""

    text: str
    element: Any
    """The block-level element that it stands in."""
    kind: str | None = None
    """`subhead`, `caption`, or `alternative`: an image's text for those who don't see it."""
    asides: tuple[tuple[Any, str], ...] = ()
    """The elements above it that say of themselves what no article is, and what: `navigation`, `related` …"""
    linked: float = 0.0
    """The part of its letters that are links."""
    pieces: tuple[str, ...] = ()
    """The text as its inline elements cut it."""
    in_figure: bool = False
    times: tuple[str, ...] = ()
    """What its `<time>` elements say."""


@dataclass
class _Run:
    """The text since the last border of a block."""

    pieces: list[tuple[str, bool]] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    is_caption: bool = False


def parse(page: str) -> Any | None:
    """The page as a tree; None where there is nothing in it."""
    try:
        # huge_tree, since what stands deeper than 256 elements would be cut off without a word.
        parser = html.HTMLParser(
            encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True
        )
        tree = html.document_fromstring(page.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return None
    for element in [*tree.iter("template"), *tree.iter(*_INLINE)]:
        if _is_unseen(element):
            element.drop_tree()  # type: ignore[attr-defined]
    return tree


def _is_unseen(element: Any) -> bool:
    """Whether no reader sees the element: a pattern that a script fills, words of a line that a style sheet hides."""
    if element.tag == "template":
        # A shadow root is the one template that a browser shows.
        return element.get("shadowrootmode") is None
    return _is_hidden(element) and element.get("aria-hidden") is None


def of(tree: Any) -> list[Block]:
    """The blocks of a parsed page, in its order."""
    walk = _Walk(tree)
    walker = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walker:
        if element.tag in _NO_TEXT:
            if event == "start":
                walker.skip_subtree()
            else:
                walk.add(element.tail)
        elif event == "start":
            walk.enter(element)
        else:
            walk.leave(element)
    walk.flush()
    return walk.blocks


class _Walk:
    """Goes through a page and gathers its text; a block ends where a block-level element begins or ends."""

    def __init__(self, tree: Any) -> None:
        self.blocks: list[Block] = []
        self._run = _Run()
        self._block = tree
        self._asides: list[tuple[tuple[Any, str], ...]] = [()]
        self._open: Counter[str] = Counter()
        """How many elements of a kind the place is in."""

    def enter(self, element: Any) -> None:
        """What is before the element's children."""
        reason = aside_of(element)
        if self._is_block(element):
            self.flush()
            self._block = element
        self._asides.append((*self._asides[-1], (element, reason)) if reason else self._asides[-1])
        self._open.update(_kinds(element))
        if element.tag == "br":
            self._run.pieces.append((_BREAK, False))
        elif element.tag in ("img", "amp-img"):
            self._picture(element)
        elif _is_time(element):
            self._run.times.append(_hour(element))
        elif element.tag in _PARTS and (self._open["caption"] or _follows_its_like(element)):
            _part(self._run, "".join(map(str, element.itertext())))
        self.add(element.text)

    def leave(self, element: Any) -> None:
        """What is after the element's children, its tail among it."""
        if self._is_block(element):
            self.flush()
            self._block = _block_above(element)
        self._open.subtract(_kinds(element))
        self._asides.pop()
        if element.tag == "time":
            self._run.pieces.append((" ", False))
        elif element.tag in _PARTS and self._open["caption"]:
            _part(self._run, element.tail or "")
        self.add(element.tail)

    def add(self, words: str | None) -> None:
        """Text of the block at hand."""
        if words:
            words = words.replace("\n", _BREAK) if self._open["pre"] else words
            if self._open["caption"] > 0 and not words.isspace():
                self._run.is_caption = True
            _add(self._run, words, self._open["a"] > 0)

    def flush(self) -> None:
        """Ends the block at hand."""
        is_caption = self._open["caption"] or self._run.is_caption
        kind = "caption" if is_caption else _KINDS.get(self._block.tag)
        self.blocks += _flushed(
            self._run, self._block, kind, self._asides[-1], self._open["figure"] > 0
        )
        self._run = _Run()

    def _is_block(self, element: Any) -> bool:
        # A custom element is a block but within a paragraph, where it is a part of a line.
        return element.tag in _BLOCK or ("-" in element.tag and not self._open["line"])

    def _picture(self, element: Any) -> None:
        words = " ".join((element.get("alt") or "").split())
        if words and self._open["figure"]:
            self.blocks.append(
                Block(words, element, "alternative", self._asides[-1], in_figure=True)
            )


def _kinds(element: Any) -> Iterator[str]:
    if element.tag in ("a", "figure", "pre"):
        yield element.tag
    if element.tag == "p" or element.tag in _HEADINGS:
        yield "line"
    if _is_caption(element):
        yield "caption"


def _add(run: _Run, words: str, is_link: bool) -> None:
    before = run.pieces[-1][0] if run.pieces else ""
    # Two spans that a style sheet puts on two lines: “said.” and “Three” are no one word.
    if _SPACE_LOST.search(before) and _SPACE_MISSING.match(words):
        words = " " + words
    run.pieces.append((words, is_link))


def _part(run: _Run, words: str) -> None:
    """Begins a part of a line, which a style sheet puts apart: the caption’s text, and who took the picture."""
    if run.pieces and re.match(r"[^\W\d_a-zß-ÿ]|[(\[©]", words):
        run.pieces.append((" ", False))


def _follows_its_like(element: Any) -> bool:
    before = element.getprevious()
    return before is not None and before.tag == element.tag and not before.tail


def _flushed(
    run: _Run, element: Any, kind: str | None, asides: tuple[tuple[Any, str], ...], in_figure: bool
) -> Iterator[Block]:
    """A block for each paragraph of the run: an empty line, which two `<br>` make, parts them."""
    letters = sum(len("".join(words.split())) for words, _is_link in run.pieces)
    linked = sum(len("".join(words.split())) for words, is_link in run.pieces if is_link)
    whole = "".join(words for words, _is_link in run.pieces)
    lines = [" ".join(line.split()) for line in whole.split(_BREAK)]
    pieces = tuple(filter(None, (" ".join(words.split()) for words, _is_link in run.pieces)))
    for paragraph in re.split(r"\n{2,}", "\n".join(lines)):
        if paragraph.strip():
            yield Block(
                paragraph.strip(), element, kind, asides, linked / letters if letters else 0.0, pieces, in_figure,
                tuple(run.times),
            )  # fmt: skip


def _block_above(element: Any) -> Any:
    parent = element.getparent()
    while parent is not None and parent.tag not in _BLOCK:
        parent = parent.getparent()
    return element if parent is None else parent


def _is_caption(element: Any) -> bool:
    if element.tag in ("figcaption", "amp-caption"):
        return True
    return "caption" in names(element) and element.tag not in ("figure", "body", "html", "table")


def _is_time(element: Any) -> bool:
    if element.tag == "time":
        return True
    is_leaf = element.tag in ("span", "div", "p") and len(element) == 0
    return is_leaf and bool(_TIMES & set(names(element)))


def _hour(element: Any) -> str:
    """The hour that the element shows, or else the one that it means: “5 minutes ago” is soon wrong."""
    shown = " ".join("".join(map(str, element.itertext())).split())
    meant = re.search(r"T(\d\d:\d\d)", element.get("datetime") or "")
    return meant[1] if meant and not re.search(r"\d[:.h]\d\d", shown) else shown


def names(element: Any) -> tuple[str, ...]:
    """The words of an element's class and id, lower-cased: `entry-Share bar` is entry, share, bar."""
    class_and_id = f"{element.get('class') or ''} {element.get('id') or ''}"
    return tuple(word.lower() for word in _WORDS.findall(class_and_id))


def aside_of(element: Any) -> str | None:
    """What an element says of itself that no article is; None for all others."""
    if element.tag in _CONTAINERS:
        return None
    if _is_hidden(element):
        return "hidden"
    reason = _TAGS.get(element.tag) or _ROLES.get((element.get("role") or "").lower())
    if reason:
        return reason
    words = names(element)
    for pair in pairwise(words):
        if pair in _PAIRS:
            return _PAIRS[pair]
    return next((_REASONS[word] for word in words if word in _REASONS), None)


def _is_hidden(element: Any) -> bool:
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    return "display:none" in "".join((element.get("style") or "").split()).lower()
