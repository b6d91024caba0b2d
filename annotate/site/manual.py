"""The guidelines as pages, with their examples drawn: a part of the site, or a site of their own for a desk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from annotate.annotators import guidelines
from annotate.annotators.guidelines import Example
from annotate.corpus.store import read_text
from annotate.model.issues import AcreError
from annotate.model.records import Zone
from annotate.model.schema import Schema
from annotate.site import pages, text
from annotate.site.search import Index

_FENCE = re.compile(r"acre( near)?")
_COMMENT = re.compile(r"^<!--.*?-->\n?", re.MULTILINE | re.DOTALL)
_TOPICS = {
    "How to read and mark": ("reading", "extent", "metonymy-and-sides", "zones", "coreference", "hard-cases"),
    "Answers about mentions": ("distance", "quantities", "times"),
    "Which word, which event, told how": ("triggers", "tie-breaks", "realis"),
    "Roles": ("fillers",),
    "Attribution": (
        "nested-attribution", "anonymous-and-unattributed", "headlines-and-credits", "unverified", "stance", "style",
    ),
}  # fmt: skip
"""In which part of the contents a topic stands; one that is not here stands under Topics."""

Put = Callable[[str, str], None]
"""Writes a page: its address in the site, and its HTML."""


class ManualError(AcreError):
    """A page of the guidelines that leads nowhere."""


@dataclass(frozen=True)
class DrawnExample:
    """An example of a page, as marked text."""

    html: Markup
    links: list[str]
    """What links its marks, a line each."""
    is_near: bool
    comment: Markup


def write(
    folder: Path,
    schema: Schema,
    put: Put,
    index: Index,
    base: str = "guidelines/",
    rooms: Sequence[str] = pages.ROOMS,
) -> dict[str, list[DrawnExample]]:
    """Write all pages under `base`; returns, by label, the examples of its page.

    Nothing without a folder of guidelines. ManualError where a link leads to no page.
    """
    if not (folder / "README.md").exists():
        put(f"{base}index.html", _page("Guidelines", Markup(""), f"{base}index.html", [], rooms))
        return {}
    examples: dict[str, list[DrawnExample]] = {}
    sources = [folder / "README.md", folder / "trees.md"]
    sources += [page.path for page in guidelines.read(folder)]
    contents = list(_contents(folder, schema))
    for source in filter(Path.exists, sources):
        written = read_text(source)
        name = source.relative_to(folder).with_suffix("").as_posix()
        address = base + ("index.html" if name == "README" else f"{name}.html")
        html, title = _html(source, folder, written, schema)
        put(address, _page(title, html, address, contents, rooms, base))
        index.add("guideline", title, address, "", [_COMMENT.sub("", written)])
    for page in guidelines.read(folder):
        if page.kind == "labels":
            examples[page.subject] = [draw(example, schema) for example in page.examples]
    return examples


def pictures(folder: Path) -> Iterator[tuple[str, Path]]:
    """The pictures that pages show: address below the guidelines, and file."""
    for path in sorted(folder.glob("trees/*.svg")):
        yield path.relative_to(folder).as_posix(), path


def _page(
    title: str,
    html: Markup,
    address: str,
    contents: list[tuple[str, list[str]]],
    rooms: Sequence[str],
    base: str = "",
) -> str:
    root = "../" * address.count("/")
    return pages.render(
        "guideline.html.jinja",
        root,
        room="guidelines",
        rooms=rooms,
        title=title,
        html=html,
        contents=contents,
        address=address,
        base=root + base,
        here=address.removeprefix(base).removesuffix(".html"),
    )


def _contents(folder: Path, schema: Schema) -> Iterator[tuple[str, list[str]]]:
    """Part by part, the pages that there are, by their paths below the folder without suffix."""
    groups: dict[str, list[str]] = {}
    for name, event in schema.events.items():
        groups.setdefault(f"Events: {event.group}", []).append(f"labels/{name}")
    parts: dict[str, list[str]] = {
        "How to read and mark": [],
        "Mentions": [f"labels/{name}" for name in schema.mentions],
        "Answers about mentions": [],
        **groups,
        "Which word, which event, told how": [],
        "Roles": [f"roles/{name}" for name in schema.roles],
        "Attribution": [f"labels/{name}" for name in schema.attribution],
        "Topics": [],
    }
    topics = {path.stem for path in folder.glob("topics/*.md")}
    for part, of_part in _TOPICS.items():
        parts[part] += [f"topics/{name}" for name in of_part if name in topics]
        topics -= set(of_part)
    parts["Topics"] += [f"topics/{name}" for name in sorted(topics)]
    if (folder / "trees.md").exists():
        parts["Topics"].append("trees")
    for part, names in parts.items():
        there = [name for name in names if (folder / f"{name}.md").exists()]
        if there:
            yield part, there


def _html(source: Path, folder: Path, written: str, schema: Schema) -> tuple[Markup, str]:
    """The page's HTML and its title."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    number = 0

    def fence(
        _self: Any, tokens: Sequence[Token], place: int, _options: Any, _environment: Any
    ) -> str:
        nonlocal number
        token = tokens[place]
        if not _FENCE.fullmatch(token.info):
            return f"<pre><code>{escape(token.content)}</code></pre>"
        number += 1
        where = f"{source}:{(token.map or [0])[0] + 2}"
        example = Example(where, token.content.rstrip("\n"), token.info.endswith("near"), "")
        return pages.render_part("example", draw(example, schema, f"x{number}-"))

    markdown.add_render_rule("fence", fence)
    tokens = markdown.parse(_COMMENT.sub(lambda found: "\n" * found[0].count("\n"), written))
    title = next((token.content for token in tokens if token.type == "inline"), source.stem)
    for token in tokens:
        for child in token.children or ():
            _relink(child, source, folder)
        if token.type == "table_open":
            token.attrSet("class", "list")
    rendered = markdown.renderer.render(tokens, markdown.options, {})
    return Markup(rendered), title


def _relink(token: Token, source: Path, folder: Path) -> None:
    """Lead a link to the page that is made of the file it names; ManualError where there is none."""
    address = token.attrGet("href")
    if token.type != "link_open" or address is None or "://" in str(address):
        return
    path, _hash, anchor = str(address).partition("#")
    if not path:
        return
    target = (source.parent / path).resolve()
    if not target.exists():
        raise ManualError(f"{source}: the link {address} leads to no file; correct it")
    if target.suffix != ".md" or not target.is_relative_to(folder.resolve()):
        # What is outside of the guidelines is not in the site: its words stay.
        token.attrs.pop("href")
        return
    page = PurePosixPath(path).with_suffix(".html")
    page = page.with_name("index.html") if page.name == "README.html" else page
    token.attrSet("href", f"{page}{'#' + anchor if anchor else ''}")


def draw(example: Example, schema: Schema, prefix: str = "") -> DrawnExample:
    """The example as marked text; NotationError says where it does not parse."""
    article, annotation = guidelines.parse(example, schema)
    words = article.text or ""
    zone = Zone(kind="paragraph", start=0, end=len(words))
    marks = list(annotation.marks())
    html = text.drawn(words, zone, marks, prefix, behind=text.label_signs(marks))
    return DrawnExample(
        html, list(text.link_lines(annotation)), example.near, _inline(example.comment)
    )


def _inline(comment: str) -> Markup:
    """A comment's emphasis as HTML; of a link the words alone, since it is shown on pages of another folder."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", comment)
    return Markup(MarkdownIt("commonmark", {"html": False}).renderInline(words))
