"""Reads `.txt`, `.html` and `.jsonl` files as articles; a `.json` with one object a line, as re3d's, is a `.jsonl`."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from annotate.corpus.articles import rows, zones
from annotate.corpus.articles.zones import Block
from annotate.model import ids, text, tokens
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Article

# The longest news article is some 100 kB of text; a page with all its markup stays under this.
LARGEST = 5_000_000
LONGEST = 1_000_000
"""Characters of the longest text: spaCy, which cuts every text into tokens, takes no more."""
SUFFIXES = (".txt", ".html", ".htm", ".jsonl", ".json")
_YEARS = (1600, 2199)
"""Years from which a relative time, such as “last century”, can be reckoned without leaving the calendar."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class ArticleError(AcreError):
    """A file, or a row of one, that is no article."""


@dataclass(frozen=True)
class About:
    """What is known of an article besides its text; what a file says itself comes first."""

    collection: str
    title: str | None = None
    outlet: str | None = None
    cites: tuple[str, ...] = ()
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
    notes: tuple[str, ...] = ()
    """What the file has and the article has not, and what can't be mended."""
    error: str | None = None


def read(path: Path, about: About) -> Iterator[Reading]:
    """The articles of a file, one at a time; a bad row of a `.jsonl` does not stop the others."""
    try:
        yield from map(_printable, _readers(path)(path, about))
    except AcreError as error:
        yield _printable(Reading(str(path), error=str(error)))
    except OSError as error:
        message = f"{path}: {error.strerror or error}; give a file that can be read"
        yield _printable(Reading(str(path), error=message))


def _printable(reading: Reading) -> Reading:
    """With a file's name that can be printed: one in another encoding than UTF-8 comes as halves of characters."""
    where = reading.where.encode(errors="backslashreplace").decode()
    error = reading.error
    if error is not None:
        error = error.encode(errors="backslashreplace").decode()
    return replace(reading, where=where, error=error)


def article(
    where: str,
    letters: str,
    about: About,
    blocks: list[tuple[str | None, str]] | None = None,
    notes: Iterable[str] = (),
    mends: bool = True,
) -> Reading:
    """An article from its text, or from blocks of (zone kind or None, text) where the format knows them.

    Without `mends`, mojibake stays as it is: in a text that was annotated already, offsets count its letters.
    """
    changes: Counter[str] = Counter()
    cleaned = [
        (kind, _cleaned(block, changes, mends)) for kind, block in blocks or [(None, letters)]
    ]
    if blocks is not None:
        body, cut = _joined([(kind, block) for kind, block in cleaned if block])
    else:
        body, cut = cleaned[0][1], None
    try:
        _check(body, about, where)
        code = language(about.language)
    except AcreError as error:
        message = str(error)
        return Reading(where, error=message if message.startswith(where) else f"{where}: {message}")
    article_zones = zones.find(body, cut)
    headlines = (zone.slice(body) for zone in article_zones if zone.kind == "headline")
    headline = next(headlines, None)
    title = _line(about.title) or headline or body.split("\n", 1)[0][:120]
    digest = text.sha256(body)
    read_article = Article(
        id=ids.article_id(title, digest),
        collection=about.collection,
        title=title,
        outlet=_line(about.outlet),
        cites=tuple(filter(None, map(_line, about.cites))),
        url=_line(about.url),
        published=about.published,
        language=code,
        length=len(body),
        sha256=digest,
        zones=article_zones,
        text=body,
    )
    return Reading(where, read_article, dict(changes), (*notes, *text.damage(body)))


def _cleaned(letters: str, changes: Counter[str], mends: bool = True) -> str:
    """The letters as the corpus keeps them. Mojibake first: normalising takes out the controls that tell of it."""
    mended, mending = text.mended(letters) if mends else (letters, {})
    normal, normalising = text.normalise(mended)
    changes.update(mending)
    changes.update(normalising)
    return normal


def _line(words: str | None) -> str | None:
    """Metadata as one line; None where nothing is left of it."""
    return " ".join(text.normalise(text.mended(words or "")[0])[0].split()) or None


def told(about: About | Article) -> Iterator[tuple[str, str]]:
    """Name and words of each metadatum that is free text, where it says anything; `cites` once for each outlet."""
    lines = [(name, getattr(about, name)) for name in ("title", "outlet", "url")]
    lines += [("cites", outlet) for outlet in about.cites]
    for name, value in lines:
        if value:
            yield name, value


def _check(body: str, about: About, where: str) -> None:
    """Refuses what a later step could not use."""
    if not any(letter.isalpha() for letter in body):
        raise ArticleError(
            f"{where}: no text: nothing but white space and signs is left; give a file with an"
            " article"
        )
    if len(body) > LONGEST:
        raise ArticleError(
            f"{where}: {len(body):,} characters are no single article ({LONGEST:,} at most);"
            " split it"
        )
    for name, value in told(about):
        if _SURROGATE.search(value):
            raise ArticleError(
                f"{where}: `{name}` has half a character (a lone surrogate): {ascii(value)[:60]};"
                " correct it"
            )
    if isinstance(about.published, dt.date) and not _YEARS[0] <= about.published.year <= _YEARS[1]:
        raise ArticleError(
            f"{where}: published: {about.published} is not in the years {_YEARS[0]} to {_YEARS[1]};"
            " correct it"
        )


@cache
def language(name: str) -> str:
    """The code of a language that spaCy can cut into tokens; UsageError for all others.

    >>> language("en-US"), language("English")
    ('en', 'en')
    """
    if name == "en":
        return name
    import langcodes

    tag = name.strip().replace("_", "-")
    try:
        try:
            code = langcodes.get(tag).language or ""
        except ValueError:
            code = langcodes.find(tag).language or ""
        tokens.tokens("", code)
    except (LookupError, ValueError, ImportError, OSError, UnicodeError):
        raise UsageError(
            f"language {ascii(name)[:60]}: spaCy has no rules for it; give an ISO 639 code that it"
            " has, such as en"
        ) from None
    return code


def _readers(path: Path) -> Any:
    readers = {
        ".txt": _read_text, ".html": _read_html, ".htm": _read_html, ".jsonl": _read_rows, ".json": _read_rows,
    }  # fmt: skip
    if path.suffix.lower() not in readers:
        raise UsageError(f"{path}: {path.suffix or 'no suffix'}: give one of {', '.join(SUFFIXES)}")
    return readers[path.suffix.lower()]


def _bytes(path: Path) -> bytes:
    size = path.stat().st_size
    if size > LARGEST:
        raise ArticleError(
            f"{path}: {size / 1e6:.0f} MB is no single article ({LARGEST / 1e6:.0f} MB at most);"
            " split it, or give .jsonl"
        )
    return path.read_bytes()


def _read_text(path: Path, about: About) -> Iterator[Reading]:
    yield article(str(path), text.decode(_bytes(path), str(path)), about)


def _read_html(path: Path, about: About) -> Iterator[Reading]:
    letters, changes = text.decode_page(_bytes(path), str(path))
    page = of_page(str(path), letters, about)
    yield replace(page, changes=dict(Counter(changes) + Counter(page.changes)))


def of_page(where: str, letters: str, about: About) -> Reading:
    """An article from a web page; what it says of itself is taken where `about` does not say it."""
    from annotate.corpus.articles import pages  # trafilatura takes most of a second to import

    page = pages.read(letters)
    if page is None or not page.blocks:
        message = (
            f"{where}: no text: no article was found in the page; save its text as .txt instead"
        )
        return Reading(where, error=message)
    known = replace(
        about,
        title=about.title or page.title,
        outlet=about.outlet or page.outlet,
        url=about.url or page.url,
        published=about.published or _reckonable(page.published),
    )
    reading = article(where, "", known, page.blocks, _left_out(page.left_out))
    return replace(reading, changes=dict(Counter(page.changes) + Counter(reading.changes)))


def _reckonable(day: dt.date | None) -> dt.date | None:
    """The date that a page marks; none where it stands for that none was given, as 9999-12-31 does."""
    return day if day is not None and _YEARS[0] <= day.year <= _YEARS[1] else None


def _left_out(blocks: dict[str, int]) -> Iterator[str]:
    if blocks:
        counts = ", ".join(f"{kind} {count}" for kind, count in sorted(blocks.items()))
        yield f"left out of the page's main column: {counts}"


def _read_rows(path: Path, about: About) -> Iterator[Reading]:
    for row in rows.read(path, LARGEST):
        yield _of_row(row, about)


def of_fields(fields: dict[str, Any], where: str, about: About, mends: bool = False) -> Reading:
    """An article from what is told of a text, by the names that rows have for it.

    Without `mends`, its letters stay, as those of an annotated text must.
    """
    return _printable(_of_row(rows.of_entry(fields, where), about, mends))


def _of_row(row: rows.Row, about: About, mends: bool = True) -> Reading:
    if row.error is not None:
        return Reading(row.where, error=row.error)
    try:
        published = _date(row.fields.get("published"), row.where)
    except AcreError as error:
        return Reading(row.where, error=str(error))
    known = replace(
        about,
        title=row.fields.get("title") or about.title,
        outlet=row.fields.get("outlet") or about.outlet,
        cites=row.cites or about.cites,
        url=row.fields.get("url") or about.url,
        published=published or about.published,
        language=row.fields.get("language") or about.language,
    )
    unused = [f"fields not used: {', '.join(map(_quoted, row.unused))}"] if row.unused else []
    return article(row.where, row.fields["text"], known, notes=unused, mends=mends)


def _quoted(name: str) -> str:
    return f"`{name}`" if name.isprintable() and len(name) <= 40 else ascii(name)[:40]


def _date(value: str | None, where: str) -> dt.date | None:
    if not value:
        return None
    from annotate.corpus.articles import dates  # htmldate takes half a second to import

    day = dates.read(value)
    if day is None:
        raise ArticleError(
            f"{where}: published: {ascii(value)[:60]} is no date; give it as 2015-10-11"
        )
    return day


def _joined(blocks: list[tuple[str | None, str]]) -> tuple[str, list[Block]]:
    cut: list[Block] = []
    place = 0
    for kind, block in blocks:
        cut.append(Block(place, place + len(block), kind))
        place += len(block) + 2
    return "\n\n".join(block for _kind, block in blocks), cut
