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

_META = (DATE_ATTRIBUTES | {"datepublished"}) - {
    "meta",
    "timestamp",
    "release_date",
    "video:release_date",
}
"""Names of `<meta>` that tell when a page was published."""
_LATER = re.compile(
    r"modif|updat|expir|revis|review|archiv|copyright|valid|lastmod|event|start|end", re.IGNORECASE
)
_PUBLISHED = re.compile(r"publi|pubdate|issued", re.IGNORECASE)
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
_OTHERS = ("related", "comments", "aside", "navigation", "footer", "advertisement")
"""What an element says of itself that holds other articles, or what readers wrote."""
_LEAD = 30
"""Letters that may lead to a date in its line."""
_UPDATED = re.compile(
    r"\b(?:updat|modif|revis|edited|correct|amend|aktualisiert|geändert|mis à jour|actualizad)",
    re.IGNORECASE,
)
_NO_DATE = ("meta", "script", "style", "body", "html")
"""Elements that show no date."""


def marked(tree: Any, head: Any | None, body: Any | None) -> dt.date | None:
    """The date that the page's metadata tell, or else the one it shows beside its headline.

    `head` is the headline's element and `body` that of the article's first paragraph: what comes after it is text.
    """
    for values in (_metadata(tree), _linked_data(tree, head)):
        day = next(filter(None, map(read, values)), None)
        if day is not None:
            return day
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
        if not _has_day_and_year(value) or _is_ambiguous(value):
            return None
        page = builder.HTML(
            builder.HEAD(builder.META({"property": "article:published_time", "content": value})),
            builder.BODY(),
        )
        day = htmldate.find_date(page, extensive_search=False, original_date=True)
        return dt.date.fromisoformat(day) if day else None
    except Exception:  # htmldate fails in its own ways on what is no date
        return None


def _has_day_and_year(value: str) -> bool:
    """Whether there is a year, and beside it a day and a month: `10 April 2024`, `10.4.2024`, not `April 2024`."""
    numbers = re.findall(r"\d+", value)
    has_named_month = bool(re.search(r"[^\W\d_]{3}", value))
    has_year = bool(re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", value))
    return has_year and len(numbers) >= (2 if has_named_month else 3)


def _is_ambiguous(value: str) -> bool:
    """Whether 04/10/2024, or the like, is in April or in October, as its reader's country has it."""
    match = re.match(r"(\d{1,2})[/-](\d{1,2})[/-]\d{4}", value)
    if match is None:
        return False
    one, other = int(match[1]), int(match[2])
    return match[1] != match[2] and max(one, other) <= 12


def _metadata(tree: Any) -> list[str]:
    """What the page's `<meta>` tell; those that say published first: a bare `date` may be that of the last change."""
    values = []
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        name = name.strip().lower()
        if name in _META and not _is_of_another(element):
            value = element.get("content") or element.get("datetime") or ""
            values.append((_PUBLISHED.search(name) is None, value))
    return [value for _is_bare, value in sorted(values, key=lambda pair: pair[0])]


def _is_of_another(element: Any) -> bool:
    """Whether a `<meta>` stands in the body, in a part of the page that is not the article, as a teaser's does."""
    return any(blocks.aside_of(above) in _OTHERS for above in element.iterancestors("*"))


def _linked_data(tree: Any, head: Any | None) -> list[str]:
    """`datePublished` of the article in the page's JSON-LD; a video's or a list's is another's.

    Of several articles, that with the page's headline counts, and without one none; a `WebPage` counts where there is
    no article.
    """
    entries = list(_published_entries(tree))
    articles = [entry for entry in entries if not _is_page(entry)]
    if len({entry["datePublished"] for entry in articles}) > 1:
        headline = "" if head is None else _letters("".join(map(str, head.itertext())))
        articles = [entry for entry in articles if _letters(str(entry.get("headline"))) == headline]
        return [entry["datePublished"] for entry in articles]
    return [entry["datePublished"] for entry in articles or entries]


def _letters(words: str) -> str:
    return "".join(filter(str.isalnum, words)).lower()


def _is_page(entry: dict[str, Any]) -> bool:
    return "Article" not in str(entry.get("@type")) and "WebPage" in str(entry.get("@type"))


def _published_entries(tree: Any) -> Iterator[dict[str, Any]]:
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        try:
            content = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for entry in _entries(content):
            published = entry.get("datePublished")
            if _ARTICLE.search(str(entry.get("@type"))) and isinstance(published, str):
                yield entry


def _entries(content: Any) -> Iterator[dict[str, Any]]:
    """The objects that the page is about, not what they mention."""
    for entry in content if isinstance(content, list) else [content]:
        if isinstance(entry, dict):
            yield entry
            yield from _entries(entry.get("@graph") or [])
            yield from _entries(entry.get("mainEntity") or [])


def _shown(tree: Any, head: Any | None, body: Any | None) -> dt.date | None:
    """What the page marks as published, or else shows between its headline and the article's first paragraph."""
    container = _container(head)
    under_head, is_text = False, False
    days: list[dt.date] = []
    for element in tree.iter():
        under_head, is_text = under_head or element is head, is_text or element is body
        if not isinstance(element.tag, str) or element.tag in _NO_DATE:
            continue
        is_beside = not is_text and (under_head or _is_inside(element, container))
        is_date = element.tag == "time" or bool(_MARKS & set(blocks.names(element)))
        is_published = _is_published(element)
        if not (is_published or (is_beside and is_date)) or _is_elsewhere(element):
            continue
        words = " ".join("".join(map(str, element.itertext())).split())
        day = _day_of(element, words)
        if day is not None and is_published:
            return day
        if day is not None and not (_LATER.search(words) or _UPDATED.search(_before(element))):
            days.append(day)
    # Two dates beside the headline: the page doesn't say which of them is its own.
    return days[0] if len(set(days)) == 1 else None


def _is_inside(element: Any, container: Any | None) -> bool:
    return container is not None and container in element.iterancestors()


def _is_published(element: Any) -> bool:
    """Whether the markup says that the element has the date of publication."""
    is_named = "datePublished" in (element.get("itemprop") or "")
    return is_named or element.get("pubdate") is not None


def _before(element: Any) -> str:
    """The words that lead to the element in its line: `Last updated:` before a `<time>`."""
    before, parent = element.getprevious(), element.getparent()
    if before is None:
        words = "" if parent is None else parent.text or ""
    else:
        words = before.tail or ""
        words = words if words.strip() else "".join(map(str, before.itertext()))
    return words.strip()[-_LEAD:]


def _day_of(element: Any, words: str) -> dt.date | None:
    """The date that the element has in an attribute, or else in its words, where these are few."""
    values = [element.get(name) for name in ("datetime", "content", "title")]
    if len(words) <= 80:
        values.append(words)
    return next(filter(None, (read(value) for value in values if value)), None)


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
        match = re.search(r"/((?:19|20)\d\d)[/-](\d\d)[/-](\d\d)(?=[/-])", address)
        day = read("-".join(match.groups())) if match else None
        if day is not None:
            return day
    return None


def _container(head: Any | None) -> Any | None:
    """What holds the headline and is not the page: a date above the headline may be the day on which it was saved."""
    if head is None:
        return None
    return next(head.iterancestors("header", "article", "main", "section"), None)


def _is_elsewhere(element: Any) -> bool:
    """Whether the element is in a link, a figure, or a part of the page that is not the article."""
    while element is not None:
        if element.tag in ("a", "figure"):
            return True
        if isinstance(element.tag, str) and blocks.aside_of(element) not in (None, "author"):
            return True
        element = element.getparent()
    return False
