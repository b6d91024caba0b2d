"""The pages of the guidelines: their tests, their examples in the notation, and the heads that come from the schema."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from annotate.model import notation, text
from annotate.model.issues import AcreError
from annotate.model.records import Annotation, Article, Provenance, Zone
from annotate.model.schema import EventType, Label, Schema

HEAD_START = "<!-- generated from schema.yaml -->"
HEAD_END = "<!-- end of what is generated -->"
_FENCE = re.compile(
    r"^```acre( near)?\n(.*?)^```\n+(.*?)(?=\n\n|\n```|\Z)", re.MULTILINE | re.DOTALL
)
_NOBODY = Provenance(
    annotator="guidelines",
    kind="human",
    tool="inline notation",
    schema_version="0.0.0",
    created=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    updated=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
)


class PageError(AcreError):
    """A page that lacks what every page has."""


@dataclass(frozen=True)
class Example:
    """An example on a page: what is marked, and why."""

    where: str
    source: str
    """In the inline notation."""
    near: bool
    """A near miss: what looks like the page's subject and is not."""
    comment: str


@dataclass(frozen=True)
class Page:
    """A page of the guidelines."""

    path: Path
    subject: str
    """The label, role or topic: the file's name."""
    title: str
    test: str
    """The question that decides."""
    examples: tuple[Example, ...]
    decides: tuple[str, ...] = ()
    """Of a topic, the attributes whose values it decides, beside the one that has its name."""

    @property
    def kind(self) -> str:
        """`labels`, `roles` or `topics`: the folder."""
        return self.path.parent.name


def read(folder: Path) -> Iterator[Page]:
    """Every page of labels, roles and topics, by folder and name."""
    for kind in ("labels", "roles", "topics"):
        for path in sorted((folder / kind).glob("*.md")):
            yield _page(path)


def _page(path: Path) -> Page:
    source = path.read_text(encoding="utf-8")
    title = re.match(r"# (.+)\n", source)
    test = re.search(r"^\*\*Test\.\*\* (.+)$", source, re.MULTILINE)
    if title is None or test is None:
        raise PageError(
            f"{path}: no {'title' if title is None else '**Test.**'}; every page starts with both"
        )
    decides = re.search(r"^\*\*Decides\.\*\* (.+)$", source, re.MULTILINE)
    return Page(
        path,
        path.stem,
        title[1],
        test[1],
        tuple(_examples(path, source)),
        tuple(re.findall(r"`(\w+)`", decides[1])) if decides else (),
    )


def _examples(path: Path, source: str) -> Iterator[Example]:
    for fence in _FENCE.finditer(source):
        near, notation_, comment = fence.groups()
        line = source.count("\n", 0, fence.start()) + 2
        yield Example(f"{path}:{line}", notation_.rstrip("\n"), bool(near), comment)


def parse(example: Example, schema: Schema) -> tuple[Article, Annotation]:
    """The example as an article of one paragraph with its annotation; NotationError says where it does not parse."""
    provenance = _NOBODY.model_copy(update={"schema_version": schema.version})
    words, annotation = notation.parse(
        example.source, schema, "example", "0" * 64, provenance, example.where
    )
    digest = text.sha256(words)
    article = Article(
        id="example",
        collection="guidelines",
        title="example",
        length=len(words),
        sha256=digest,
        zones=(Zone(kind="paragraph", start=0, end=len(words)),),
        text=words,
    )
    return article, annotation.model_copy(update={"sha256": digest})


def head(page: Page, schema: Schema) -> str:
    """What the schema says of the page's label or role, in Markdown; empty for a topic."""
    if page.kind == "roles":
        role = schema.roles[page.subject]
        users = [name for name, event in schema.events.items() if page.subject in event.roles]
        return "\n".join(
            [
                f"> {role.definition}",
                ">",
                f"> Role of {_page_links(users, '../labels')}.{_confused(role.confused_with, '.')}",
            ]
        )
    label = schema.labels.get(page.subject)
    if page.kind != "labels" or label is None:
        return ""
    lines = [
        f"> {label.definition}",
        ">",
        f"> Key `{label.hotkey}`.{_confused(label.confused_with, '.')}",
    ]
    attributes = ", ".join(f"`{name}`" for name in label.attributes)
    if attributes:
        lines[-1] += f" Asks for {attributes}."
    return "\n".join([*lines, *_frame(label, schema)])


def _frame(label: Label, schema: Schema) -> list[str]:
    if not isinstance(label, EventType):
        return []
    rows = [
        f"| [{role}](../roles/{role}.md) | {frame.gloss} | {', '.join(frame.fillers)} |"
        for role, frame in label.roles.items()
    ]
    return ["", "| role | what it is | may be filled by |", "|---|---|---|", *rows]


def _confused(names: tuple[str, ...], folder: str) -> str:
    return f" Not to be confused with {_page_links(list(names), folder)}." if names else ""


def _page_links(names: list[str], folder: str) -> str:
    return ", ".join(
        f"[{name}]({'' if folder == '.' else folder + '/'}{name}.md)" for name in names
    )


def with_head(page: Page, schema: Schema) -> str:
    """The page's text with its head as the schema has it now."""
    source = page.path.read_text(encoding="utf-8")
    if HEAD_START not in source:
        return source
    before, _, rest = source.partition(HEAD_START)
    _, _, after = rest.partition(HEAD_END)
    return f"{before}{HEAD_START}\n\n{head(page, schema)}\n\n{HEAD_END}{after}"
