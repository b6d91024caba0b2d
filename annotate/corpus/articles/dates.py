"""The date of publication that a page marks as its own: never one of another page's address, an image or the text.

What is marked is picked here; htmldate reads its many forms.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

import htmldate
from htmldate.core import DATE_ATTRIBUTES
from lxml.html import builder

from annotate.corpus.articles import blocks

_META = DATE_ATTRIBUTES | {"datepublished"} - {
    "meta",
    "timestamp",
    "release_date",
    "video:release_date",
}
"""Names of `<meta>` that tell when a page was published."""
_LATER = re.compile(
    r"modif|updat|expir|revis|review|archiv|copyright|valid|lastmod|event|start|end", re.IGNORECASE
)
_ARTICLE = re.compile(r"Article|Report|BlogPosting|NewsStory|Review|WebPage")
_MARKS = frozenset(
    [
        "published",
        "pubdate",
        "date",
        "datetime",
        "timestamp",
        "posted",
        "publication",
        "dateline",
        "time",
    ]
)


def marked(tree: Any, head: Any | None, body: Any | None) -> dt.date | None:
    """The date that the page's metadata tell, or else the one it shows beside its headline.

    `head` is the headline's element and `body` that of the article's first paragraph: what comes after it is text.
    """
    for value in (*_metadata(tree), *_linked_data(tree)):
        found = read(value)
        if found is not None:
            return found
    return _shown(tree, head, body) or _addressed(tree)


def read(value: str) -> dt.date | None:
    """A date in one of the many forms in which pages write it; None where it is none, or leaves day or year open.

    >>> read("Wed, 10 Apr 2024 08:00 GMT"), read("April 2024"), read("04/10/2024")
    (datetime.date(2024, 4, 10), None, None)
    """
    value = " ".join(value.split())[:80]
    iso = re.match(r"(\d{4})-?(\d\d)-?(\d\d)(?!\d)", value)
    try:
        if iso:
            return dt.date(*map(int, iso.groups()))
        numbers = re.findall(r"\d+", value)
        named = bool(re.search(r"[^\W\d_]{3}", value))
        if not re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", value) or len(numbers) < (
            2 if named else 3
        ):
            return None
        # 04/10/2024 is in April or in October, as its reader's country has it.
        slashed = re.match(r"(\d{1,2})[/-](\d{1,2})[/-]\d{4}", value)
        if slashed and slashed[1] != slashed[2] and int(slashed[1]) <= 12 and int(slashed[2]) <= 12:
            return None
        page = builder.HTML(
            builder.HEAD(builder.META({"property": "article:published_time", "content": value})),
            builder.BODY(),
        )
        found = htmldate.find_date(page, extensive_search=False, original_date=True)
        return dt.date.fromisoformat(found) if found else None
    except Exception:  # htmldate fails in its own ways on what is no date
        return None


def _metadata(tree: Any) -> Iterator[str]:
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        if name.strip().lower() in _META:
            yield element.get("content") or element.get("datetime") or ""


def _linked_data(tree: Any) -> Iterator[str]:
    """`datePublished` of the article in the page's JSON-LD; a video's or a list's is another's."""
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        try:
            given = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for entry in _entries(given):
            if _ARTICLE.search(str(entry.get("@type"))) and isinstance(
                entry.get("datePublished"), str
            ):
                yield entry["datePublished"]


def _entries(given: Any) -> Iterator[dict[str, Any]]:
    """The objects that the page is about, not what they mention."""
    for entry in given if isinstance(given, list) else [given]:
        if isinstance(entry, dict):
            yield entry
            yield from _entries(entry.get("@graph") or [])
            yield from _entries(entry.get("mainEntity") or [])


def _shown(tree: Any, head: Any | None, body: Any | None) -> dt.date | None:
    """What the page marks as published, or else shows between its headline and the article's first paragraph."""
    place = _place(head)
    under_head, is_text = False, False
    found: list[dt.date] = []
    for element in tree.iter():
        under_head, is_text = under_head or element is head, is_text or element is body
        if not isinstance(element.tag, str) or element.tag in (
            "meta",
            "script",
            "style",
            "body",
            "html",
        ):
            continue
        is_marked = (
            "datePublished" in (element.get("itemprop") or "") or element.get("pubdate") is not None
        )
        is_beside = not is_text and (
            under_head or (place is not None and place in element.iterancestors())
        )
        is_date = element.tag == "time" or bool(_MARKS & set(blocks.names(element)))
        if not (is_marked or (is_beside and is_date)) or _is_elsewhere(element):
            continue
        words = " ".join("".join(map(str, element.itertext())).split())
        values = (
            element.get("datetime"),
            element.get("content"),
            element.get("title"),
            words if len(words) <= 80 else None,
        )
        day = next(filter(None, (read(value) for value in values if value)), None)
        if day is not None and is_marked:
            return day
        if day is not None and not _LATER.search(words):
            found.append(day)
    # Two dates beside the headline: the page doesn't say which of them is its own.
    return found[0] if len(set(found)) == 1 else None


def _addressed(tree: Any) -> dt.date | None:
    """The day in the page's own address, as `/2024/04/10/`; an address of another page tells nothing."""
    addresses = [
        link.get("href")
        for link in tree.iter("link")
        if (link.get("rel") or "").lower() == "canonical"
    ]
    addresses += [
        meta.get("content") for meta in tree.iter("meta") if meta.get("property") == "og:url"
    ]
    for address in filter(None, addresses):
        day = re.search(r"/((?:19|20)\d\d)[/-](\d\d)[/-](\d\d)(?=[/-])", address)
        found = read("-".join(day.groups())) if day else None
        if found is not None:
            return found
    return None


def _place(head: Any | None) -> Any | None:
    """What holds the headline and is not the page: a date above the headline may be the day on which it was saved."""
    if head is None:
        return None
    return next(head.iterancestors("header", "article", "main", "section"), None)


def _is_elsewhere(element: Any) -> bool:
    """Whether the element is in a link, a figure, or a part of the page that is not the article."""
    while element is not None:
        if element.tag in ("a", "figure") or (
            isinstance(element.tag, str) and blocks.aside_of(element) not in (None, "author")
        ):
            return True
        element = element.getparent()
    return False
