"""Rows of JSON as the fields of articles: one object a line, or one document that holds them all."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotate.model import text
from annotate.model.issues import AcreError

NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "body", "content", "maintext", "article_text", "articleBody", "full_text", "fulltext", "article"),
    "title": ("title", "headline"),
    "outlet": (
        "outlet", "sourceName", "source_name", "publisher", "publication", "source", "site_name", "sitename", "domain",
        "source_domain",
    ),
    "url": ("url", "sourceUrl", "source_url", "link"),
    "published": (
        "published", "date", "date_publish", "publish_date", "date_published", "datePublished", "published_at",
        "publishedAt", "published_date", "publication_date", "pub_date", "pubDate", "pubdate",
    ),
    "language": ("language", "lang"),
}  # fmt: skip
"""By our names, those that other collections have for them; the first that says something counts."""
WHOLE = 100_000_000
"""Bytes of the longest JSON document that is read as one; rows have no such limit."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CITES = "cites"
_LISTS = ("articles", "documents", "rows", "items", "results", "data")


class RowError(AcreError):
    """A row that is no article."""


@dataclass(frozen=True)
class Row:
    """What one row says, or why it could not be read."""

    where: str
    fields: dict[str, str] = field(default_factory=dict)
    """By our names; what says nothing is left out."""
    cites: tuple[str, ...] = ()
    """The outlets of `cites`, a list of names."""
    unused: tuple[str, ...] = ()
    """Names of fields that no article has."""
    error: str | None = None


def read(path: Path, largest: int) -> Iterator[Row]:
    """The rows of a file, one at a time; a bad one does not stop the others. Each has at most `largest` bytes."""
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(_UTF16):
        lines: Iterator[bytes] = (
            line.encode() for line in text.decode(path.read_bytes(), str(path)).split("\n")
        )
    else:
        lines = _lines(path)
    whole = _document(path, head)
    if whole is not None:
        yield from _of_document(whole, path)
        return
    count = 0
    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            count += 1
            yield from _of_line(raw, f"{path}:{number}", largest)
    if not count:
        yield Row(str(path), error=f"{path}: empty: no rows; give one JSON object a line")


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _document(path: Path, head: bytes) -> Any | None:
    """The file as one JSON document, where its first line alone is none."""
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    may_be_json = start in (b"[", b"{") or head.startswith(_UTF16)
    if path.stat().st_size > WHOLE or not may_be_json:
        return None
    try:
        filled = (line for line in _lines(path) if line.removeprefix(codecs.BOM_UTF8).strip())
        first = next(filled, b"")
        if start == b"{" and _is_row(_loads(text.decode(first, str(path)), "")):
            return None
    except AcreError:
        pass
    try:
        return _loads(text.decode(path.read_bytes(), str(path)), str(path))
    except AcreError:
        return None


def _is_row(value: Any) -> bool:
    """Whether it may be one row of several; `{"status": "ok", "articles": […]}` in one line is a document."""
    return isinstance(value, dict) and _list_in(value) is None


def _list_in(document: dict[str, Any]) -> list[Any] | None:
    """The list of articles that an object is around, where it is none itself."""
    if any(document.get(name) for name in NAMES["text"]):
        return None
    lists = (document[name] for name in _LISTS if isinstance(document.get(name), list))
    return next(lists, None)


def _of_document(document: Any, path: Path) -> Iterator[Row]:
    entries = document if isinstance(document, list) else [document]
    if isinstance(document, dict):
        inside = _list_in(document)
        entries = entries if inside is None else inside
    if not entries:
        yield Row(str(path), error=f"{path}: empty: no rows; give one JSON object a line")
    for number, entry in enumerate(entries, start=1):
        yield of_entry(entry, f"{path}: entry {number}")


def _of_line(raw: bytes, where: str, largest: int) -> Iterator[Row]:
    try:
        if len(raw) > largest:
            raise RowError(f"{where}: {len(raw) / 1e6:.0f} MB is no single article; split it")
        yield of_entry(_loads(text.decode(raw, where), where), where)
    except AcreError as error:
        yield Row(where, error=str(error))


def _loads(line: str, where: str) -> Any:
    try:
        # Not strict: a control character in a text is taken out later, and counted.
        return json.loads(line.removeprefix(text.BOM), strict=False)
    except RecursionError:
        raise RowError(f"{where}: nested too deeply; give an object with `text`") from None
    except ValueError as error:
        raise RowError(f"{where}: not JSON: {error}; give one object a line") from None


def of_entry(entry: Any, where: str) -> Row:
    """What one object says of an article, or why that can't be told."""
    try:
        return _fields(entry, where)
    except AcreError as error:
        return Row(where, error=str(error))


def _fields(entry: Any, where: str) -> Row:
    fields: dict[str, str] = {}
    used: set[str] = {_CITES}
    for name, others in NAMES.items() if isinstance(entry, dict) else ():
        filled = [other for other in others if entry.get(other) not in (None, "")]
        if filled:
            used.add(filled[0])
            fields[name] = _string(entry[filled[0]], filled[0], where)
        used |= (entry.keys() & set(others)) - set(filled)
    if "text" not in fields:
        raise RowError(
            f"{where}: no `text`: each line is an object with `text`, and `title`, `outlet`, `url`,"
            " `published` if known"
        )
    cites = entry.get(_CITES) or []
    if not isinstance(cites, list):
        raise RowError(f"{where}: `{_CITES}` is {_shown(cites)}; give a list of outlets")
    outlets = tuple(_string(outlet, _CITES, where) for outlet in cites)
    return Row(where, fields, outlets, tuple(name for name in entry if name not in used))


def _string(value: Any, name: str, where: str) -> str:
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        value = value["name"]  # an outlet with its id and its name
    if not isinstance(value, str):
        raise RowError(f"{where}: `{name}` is {_shown(value)}; give a string")
    return value


def _shown(value: Any) -> str:
    shown = ascii(value)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
