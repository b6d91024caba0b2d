"""Make `.jsonl` for `acre add` and `acre rehydrate` from your own clone of a public repository of news.

    python scripts/sources.py muc3 ~/clones/muc3/dev > muc3.jsonl
    acre rehydrate muc3.jsonl

`corpus/collections.yaml` names the repository and the commit of each collection. The same clone gives the same text to
the letter: what a recipe takes out is said in its function.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import sys
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any

import typer
from lxml import etree
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from annotate.model.issues import AcreError

Row = dict[str, Any]
"""One article: `text`, and `title`, `outlet`, `url`, `published` where the source tells them."""
CONFLICTS = "Armed conflicts and attacks"
"""The section of a day of Current events that is taken."""
# “BOGOTA, 15 JAN 90 (DPA) -- [TEXT] …”: the outlet is in the brackets after the date.
_DATELINE = re.compile(r"^[^(]*(?:\([^)]*\)[^(]*)?\d{1,2} [A-Z]{3} \d{2} \(([^)]+)\) --")
# “Friday, January 4, 2019”, which Wikinews prints above each article.
_WEEKDAY_LINE = re.compile(r"^\s*[A-Z][a-z]+day, ([A-Z][a-z]+ \d{1,2}, \d{4})\s*")
# What follows each article there, and is none of its words.
_WIKINEWS_FOOT = re.compile(
    r"Have an opinion on this story|Share this article|This page is archived"
)
_WIKINEWS = "Wikinews"


class SourceError(AcreError):
    """A file that is not as the repository's files are."""


def muc3(path: Path) -> Iterator[Row]:
    """A news item of MUC-3, `.xhtml`: all paragraphs but the first, which holds the item's number."""
    try:
        root = etree.parse(path).getroot()
    except etree.XMLSyntaxError as error:
        raise SourceError(
            f"{path}: no XHTML: {str(error).splitlines()[0]}; take the file as it is cloned"
        ) from None
    paragraphs = [
        " ".join("".join(map(str, element.itertext())).split())
        for element in root.iter("{http://www.w3.org/1999/xhtml}p")
    ][1:]
    if not paragraphs:
        raise SourceError(f"{path}: no paragraphs; take the file as it is cloned")
    meta = {element.get("name"): element.get("content") for element in root.iter("{*}meta")}
    dateline = _DATELINE.match(paragraphs[0])
    yield _row(
        text="\n\n".join(paragraphs),
        title=root.get("id"),
        outlet=dateline[1] if dateline else None,
        published=meta.get("DC.date"),
    )


def current_events(path: Path) -> Iterator[Row]:
    """A day of Wikipedia's portal Current events, `.md`: its section on armed conflicts.

    A bullet is a paragraph; the topic above bullets is a line of its own. Links keep their words. The outlet that a
    bullet ends with, “(Reuters)”, is taken out of the text and kept in `cites`.
    """
    front, body = _front_matter(path.read_text(encoding="utf-8"), path)
    day = dt.date.fromisoformat(front["date"])
    nodes = SyntaxTreeNode(MarkdownIt().parse(body)).children
    headings = [number for number, node in enumerate(nodes) if node.type == "heading"]
    sections = {_text(nodes[number]): number for number in headings}
    if CONFLICTS not in sections:
        return
    start = sections[CONFLICTS] + 1
    end = next((number for number in headings if number >= start), len(nodes))
    cites: list[str] = []
    blocks = [f"{CONFLICTS}, {day.day} {day:%B %Y}"]
    for node in nodes[start:end]:
        blocks += _bullets(node, cites)
    yield _row(
        text="\n\n".join(blocks),
        title=blocks[0],
        outlet="Wikipedia, Current events",
        url=f"https://en.wikipedia.org/wiki/Portal:Current_events/{day.year}_{day:%B}_{day.day}",
        published=day.isoformat(),
        cites=list(dict.fromkeys(cites)),
    )


def wikinews(path: Path) -> Iterator[Row]:
    """Articles of Wikinews: rows of `.csv` (url, date, title, text), objects of `.jsonl`, or the sentences of `.json`.

    Without the line of the day that Wikinews prints above each. Sentences have lost title and paragraphs: an article is
    one paragraph, from a sentence that begins with the day to the next such one.
    """
    readers = {".csv": _csv, ".json": _sentences}
    for number, row in readers.get(path.suffix, _json_lines)(path):
        if not row.get("text"):
            raise SourceError(f"{path}:{number}: no text; take the file as it is cloned")
        paragraphs = re.split(r"\n\s*\n", _WEEKDAY_LINE.sub("", row["text"]))
        words = [" ".join(paragraph.split()) for paragraph in paragraphs]
        yield _row(
            text="\n\n".join(filter(None, [row.get("title"), *words])),
            title=row.get("title"),
            outlet=_WIKINEWS,
            url=row.get("url"),
            published=row.get("date"),
        )


def re3d(path: Path) -> Iterator[Row]:
    """Documents of re3d, `documents.json`, one object a line: its text, title and address."""
    for number, row in _json_lines(path):
        if not row.get("text"):
            raise SourceError(f"{path}:{number}: no text; take the file as it is cloned")
        yield _row(
            row["text"],
            title=row.get("title"),
            outlet=row.get("sourceName"),
            url=row.get("sourceUrl"),
        )


RECIPES: dict[str, tuple[Callable[[Path], Iterator[Row]], tuple[str, ...]]] = {
    "muc3": (muc3, ("*.xhtml",)),
    "current-events": (current_events, ("*.md",)),
    "wikinews": (wikinews, ("*.csv", "politics_*.json", "*.jsonl")),
    "re3d": (re3d, ("documents.json",)),
}
"""By name: what reads a file, and which files of a folder it reads."""


def read(recipe: str, paths: list[Path]) -> Iterator[Row]:
    """The articles of the files, and of the folders' files, in the order of their names. Raises SourceError."""
    reader, patterns = RECIPES[recipe]
    for path in paths:
        inside = sorted(found for pattern in patterns for found in path.rglob(pattern))
        files = inside if path.is_dir() else [path]
        if not files:
            raise SourceError(
                f"{path}: no {' or '.join(patterns)} inside; give the folder of your clone"
            )
        for file in files:
            yield from reader(file)


def _row(text: str, **told: Any) -> Row:
    return {"text": text, **{name: value for name, value in told.items() if value}}


def _front_matter(source: str, path: Path) -> tuple[dict[str, str], str]:
    """The `name: value` lines between two `---`, and what follows them."""
    parts = source.split("---\n", 2)
    front = dict(re.findall(r"(?m)^(\w+): (.*)$", parts[1])) if len(parts) == 3 else {}
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", front.get("date", "")):
        raise SourceError(f"{path}: no `date:` above the text; take the file as it is cloned")
    return front, parts[2]


def _bullets(node: SyntaxTreeNode, cites: list[str]) -> Iterator[str]:
    """The lines of a list: of a bullet its words, of one with bullets under it the topic and then those."""
    for item in node.children if node.type == "bullet_list" else ():
        for child in item.children:
            if child.type == "bullet_list":
                yield from _bullets(child, cites)
            else:
                words, outlets = _words(child)
                cites += outlets
                if words:
                    yield words


def _words(node: SyntaxTreeNode) -> tuple[str, list[str]]:
    """What a reader sees, in one line, without the links in brackets; and the outlets that those name."""
    outlets = [outlet for link in node.walk() if link.type == "link" and (outlet := _cited(link))]
    line = _text(node)
    for outlet in outlets:
        line = line.replace(f" ({outlet})", "", 1)
    return line, outlets


def _cited(link: SyntaxTreeNode) -> str | None:
    """The outlet that a link in brackets names; None for any other link."""
    words = _text(link)
    return words[1:-1].strip() if words.startswith("(") and words.endswith(")") else None


def _text(node: SyntaxTreeNode) -> str:
    parts: list[str] = []
    for part in node.walk():
        if part.type in ("text", "code_inline"):
            parts.append(part.content)
        elif part.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return " ".join("".join(parts).split())


def _csv(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    csv.field_size_limit(10_000_000)
    with path.open(encoding="utf-8", newline="") as file:
        yield from enumerate(csv.DictReader(file), start=2)


def _sentences(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The articles of a list of sentences, each numbered by its first sentence's place in the list."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        sentences = [str(row["sentence"]) for row in found]
    except (ValueError, TypeError, KeyError) as error:
        raise SourceError(
            f"{path}: no list of sentences: {error!r}; take the file as it is cloned"
        ) from None
    starts = [number for number, words in enumerate(sentences) if _WEEKDAY_LINE.match(words)]
    for start, end in zip(starts, [*starts[1:], len(sentences)], strict=True):
        day = _WEEKDAY_LINE.match(sentences[start])
        assert day is not None
        words = takewhile(lambda words: not _WIKINEWS_FOOT.match(words), sentences[start:end])
        date = dt.datetime.strptime(day[1], "%B %d, %Y").date()
        yield start + 1, {"text": " ".join(words), "date": date.isoformat()}


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                row = json.loads(line) if line.strip() else None
            except ValueError as error:
                raise SourceError(
                    f"{path}:{number}: no JSON: {error}; take the file as it is cloned"
                ) from None
            if isinstance(row, dict):
                yield number, row


def main(
    source: Annotated[
        str, typer.Argument(help=f"One of {', '.join(RECIPES)}.", show_default=False)
    ],
    paths: Annotated[
        list[Path],
        typer.Argument(help="Folders or files of your clone.", exists=True, show_default=False),
    ],
) -> None:
    """Write the articles of a clone as JSON lines, for acre add and acre rehydrate."""
    if source not in RECIPES:
        print(f"{source}: no such source; give one of {', '.join(RECIPES)}", file=sys.stderr)
        raise typer.Exit(2)
    try:
        for row in read(source, paths):
            print(json.dumps(row, ensure_ascii=False))
    except (AcreError, UnicodeDecodeError, OSError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(main)
