"""Reads `.txt`, `.html` and `.jsonl` files as articles; a `.json` with one object a line, as re3d's, is a `.jsonl`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lxml import etree, html

from annotate.corpus.articles import zones
from annotate.corpus.articles.zones import Block
from annotate.model import ids, text
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Article

# The longest news article is some 100 kB of text; a page with all its markup stays under this.
LARGEST = 5_000_000
# A private-use character: it marks a caption on its way through trafilatura, and is in no text.
_CAPTION = "\ue0ca"
# Not the extensive search: it takes any date in a link or in the text, and all relative times would follow that.
_MARKED_DATE = {"extensive_search": False, "original_date": True}
SUFFIXES = (".txt", ".html", ".htm", ".jsonl", ".json")
_NAMES = {"outlet": "sourceName", "url": "sourceUrl"}
"""What re3d's `documents.json` calls them; one object a line, as in `.jsonl`."""


class ArticleError(AcreError):
    """A file, or a row of one, that is no article."""


@dataclass(frozen=True)
class About:
    """What is known of an article besides its text; what a file says itself comes first."""

    collection: str
    title: str | None = None
    outlet: str | None = None
    url: str | None = None
    published: dt.date | None = None
    language: str = "en"


@dataclass(frozen=True)
class Reading:
    """One article as read, or why it could not be."""

    where: str
    article: Article | None = None
    changes: dict[str, int] | None = None
    """What normalising changed, and how often."""
    error: str | None = None


def read(path: Path, about: About) -> Iterator[Reading]:
    """The articles of a file, one at a time; a bad row of a `.jsonl` does not stop the others."""
    try:
        yield from _readers(path)(path, about)
    except AcreError as error:
        yield Reading(str(path), error=str(error))
    except OSError as error:
        yield Reading(
            str(path), error=f"{path}: {error.strerror or error}; give a file that can be read"
        )


def article(
    where: str, letters: str, about: About, blocks: list[tuple[str | None, str]] | None = None
) -> Reading:
    """An article from its text, or from blocks of (zone kind or None, text) where the format knows them."""
    if blocks is not None:
        cleaned = [(kind, *text.normalise(block)) for kind, block in blocks]
        changes: dict[str, int] = {}
        for _kind, _block, changed in cleaned:
            changes = {
                name: changes.get(name, 0) + changed.get(name, 0) for name in changes | changed
            }
        kept = [(kind, block) for kind, block, _changed in cleaned if block]
        body, cut = _joined(kept)
    else:
        body, changes = text.normalise(letters)
        cut = None
    if not any(letter.isalpha() for letter in body):
        return Reading(
            where,
            error=(
                f"{where}: no text: nothing but white space and signs is left; give a file with an"
                " article"
            ),
        )
    found = zones.find(body, cut)
    headline = next((zone.slice(body) for zone in found if zone.kind == "headline"), None)
    title = about.title or headline or body.split("\n", 1)[0][:120]
    digest = text.sha256(body)
    return Reading(
        where,
        Article(
            id=ids.article_id(title, digest),
            collection=about.collection,
            title=title,
            outlet=about.outlet,
            url=about.url,
            published=about.published,
            language=about.language,
            length=len(body),
            sha256=digest,
            zones=found,
            text=body,
        ),
        changes,
    )


def _readers(path: Path) -> Any:
    readers = {
        ".txt": _read_text, ".html": _read_html, ".htm": _read_html, ".jsonl": _read_jsonl, ".json": _read_jsonl,
    }  # fmt: skip
    if path.suffix.lower() not in readers:
        raise UsageError(f"{path}: {path.suffix or 'no suffix'}: give one of {', '.join(SUFFIXES)}")
    return readers[path.suffix.lower()]


def _load(path: Path) -> str:
    size = path.stat().st_size
    if size > LARGEST:
        raise ArticleError(
            f"{path}: {size / 1e6:.0f} MB is no single article ({LARGEST / 1e6:.0f} MB at most);"
            " split it, or give .jsonl"
        )
    return text.decode(path.read_bytes(), str(path))


def _read_text(path: Path, about: About) -> Iterator[Reading]:
    yield article(str(path), _load(path), about)


def _read_html(path: Path, about: About) -> Iterator[Reading]:
    import trafilatura  # takes most of a second to import

    page = _figures_kept(_load(path))
    # trafilatura finds the article in the page; its metadata fill in what the caller did not say.
    document = trafilatura.bare_extraction(
        page,
        with_metadata=True,
        include_comments=False,
        include_tables=False,
        date_extraction_params=dict(_MARKED_DATE),
    )
    if document is None or document.body is None:
        found = f"{path}: no text: no article was found in the page; save its text as .txt instead"
        yield Reading(str(path), error=found)
        return
    blocks = [block for element in document.body for block in _html_blocks(element)]
    title = about.title or document.title
    if title and (not blocks or blocks[0][1] != title):
        blocks.insert(0, ("headline", title))
    elif title:
        blocks[0] = ("headline", title)
    if document.description and all(document.description not in words for _kind, words in blocks):
        blocks.insert(1, ("standfirst", document.description))
    known = replace(
        about,
        title=title,
        outlet=about.outlet or document.sitename,
        url=about.url or document.url,
        published=about.published or _date(document.date, str(path)),
    )
    yield article(str(path), "", known, blocks)


def _figures_kept(page: str) -> Any:
    """The page with each figure's alternative text and caption as marked paragraphs: trafilatura leaves figures out."""
    try:
        tree = html.fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8"))
    except etree.ParserError:
        return page
    for figure in list(tree.iter("figure")):
        texts = [image.get("alt") or "" for image in figure.iter("img")]
        texts += ["".join(map(str, caption.itertext())) for caption in figure.iter("figcaption")]
        kept = html.Element("div")
        for words in filter(None, (" ".join(found.split()) for found in dict.fromkeys(texts))):
            etree.SubElement(kept, "p").text = _CAPTION + words
        kept.tail = figure.tail
        parent = figure.getparent()
        if parent is not None:
            parent.replace(figure, kept)
    return html.tostring(tree, encoding="unicode")


def _html_blocks(element: Any) -> Iterator[tuple[str | None, str]]:
    if element.tag == "list":
        for item in element:
            yield from _html_blocks(item)
        return
    words = " ".join("".join(element.itertext()).split())
    kind = "subhead" if element.tag == "head" else "caption" if words.startswith(_CAPTION) else None
    words = words.replace(_CAPTION, "").strip()
    if words:
        yield kind, words


def _read_jsonl(path: Path, about: About) -> Iterator[Reading]:
    rows = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            where = f"{path}:{number}"
            if not raw.strip():
                continue
            rows += 1
            try:
                if len(raw) > LARGEST:
                    raise ArticleError(
                        f"{where}: {len(raw) / 1e6:.0f} MB is no single article; split it"
                    )
                yield _row(text.decode(raw, where), where, about)
            except AcreError as error:
                yield Reading(where, error=str(error))
    if not rows:
        yield Reading(str(path), error=f"{path}: empty: no rows; give one JSON object a line")


def _row(line: str, where: str, about: About) -> Reading:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ArticleError(f"{where}: not JSON: {error}; give one object a line") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise ArticleError(
            f"{where}: no `text`: each line is an object with `text`, and `title`, `outlet`, `url`,"
            " `published` if known"
        )
    row |= {name: row[other] for name, other in _NAMES.items() if name not in row and other in row}
    for name in ("title", "outlet", "url", "published", "language"):
        if row.get(name) is not None and not isinstance(row[name], str):
            raise ArticleError(f"{where}: `{name}` is {row[name]!r}; give a string")
    known = replace(
        about,
        title=row.get("title") or about.title,
        outlet=row.get("outlet") or about.outlet,
        url=row.get("url") or about.url,
        published=_date(row.get("published"), where) or about.published,
        language=row.get("language") or about.language,
    )
    return article(where, row["text"], known)


def _date(value: str | None, where: str) -> dt.date | None:
    if not value:
        return None
    try:
        return dt.date.fromisoformat(value[:10])
    except ValueError:
        raise ArticleError(
            f"{where}: published: {value!r} is no date; give it as 2015-10-11"
        ) from None


def _joined(blocks: list[tuple[str | None, str]]) -> tuple[str, list[Block]]:
    cut: list[Block] = []
    place = 0
    for kind, block in blocks:
        cut.append(Block(place, place + len(block), kind))
        place += len(block) + 2
    return "\n\n".join(block for _kind, block in blocks), cut
