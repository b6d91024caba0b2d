"""The first eight paragraphs of the reference article, annotated as its gold is, wholly by the documented ways.

Each task is counted: keys, clicks and drags. The text is no part of this repository: the gold has the offsets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from annotate.corpus import store
from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus
from annotate.labelstudio import load, pull
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.records import Annotation, Article, Mark
from annotate.model.schema import SAME_AS, Layer, Schema
from tests.browser.page import LabellingPage
from tests.conftest import ROOT, SEED, needs_seed

pytestmark = [pytest.mark.server, pytest.mark.browser, needs_seed]

PARAGRAPHS = 8


@pytest.fixture
def article(corpus: Corpus) -> Article:
    """The reference article, in a corpus of the test's own."""
    (read,) = reading.read(SEED, reading.About("reference"))
    assert read.article is not None
    corpus.write_article(read.article)
    return read.article


@pytest.fixture
def part(article: Article) -> tuple[list[Mark], list[Link]]:
    """What the gold says of the first paragraphs: its marks there and the links between them."""
    gold = Corpus(ROOT / "corpus").gold("reference-a4cb3120c0")
    assert gold is not None
    assert gold.sha256 == article.sha256
    paragraphs = [zone for zone in article.zones if zone.kind == "paragraph"]
    all_marks, all_links = graph.disassemble(gold)
    marks = [mark for mark in all_marks if mark.end <= paragraphs[PARAGRAPHS - 1].end]
    ids = {mark.id for mark in marks}
    return marks, [link for link in all_links if {link.tail, link.head} <= ids]


class Annotator:
    """Makes marks and links at the page by the documented ways, each within its number of actions."""

    def __init__(
        self, page: LabellingPage, text: str, schema: Schema, marks: list[Mark], links: list[Link]
    ) -> None:
        self.page, self.text, self.schema = page, text, schema
        self.marks = {mark.id: mark for mark in marks}
        self.links = links
        self.made: set[str] = set()
        self.drawn: set[Link] = set()

    def at_most(self, limit: int, *tasks: Callable[[], object]) -> None:
        before = self.page.actions
        for task in tasks:
            task()
        assert self.page.actions - before <= limit

    def layer(self, mark: Mark) -> Layer | None:
        return self.schema.layer(mark.label)

    def where(self, start: int, end: int) -> dict[str, Any]:
        """These words and their place, as the page's methods take them."""
        before = self.text[:start].replace("\n", "")
        return {
            "words": self.text[start:end].replace("\n", ""),
            "at": len(before.encode("utf-16-le")) // 2,
        }

    def spot(self, mark: Mark) -> dict[str, Any]:
        """Where an annotator clicks on a mark: on its first word that no shorter mark stands on."""
        shorter = [
            other
            for name, other in self.marks.items()
            if name in self.made and other.end - other.start < mark.end - mark.start
        ]
        for word in re.finditer(r"\w+", self.text[mark.start : mark.end]):
            at = mark.start + word.start()
            if not any(other.start <= at < other.end for other in shorter):
                return self.where(at, mark.end)
        return self.where(mark.start, mark.end)

    def mark(self, mark: Mark) -> None:
        if mark.id not in self.made:
            self.made.add(mark.id)
            key = self.schema.labels[mark.label].hotkey
            self.page.mark(key, **self.where(mark.start, mark.end))

    def answer(self, mark: Mark) -> None:
        """By the answer's key, or by typing."""
        for name, value in mark.attributes.items():
            entry = self.schema.attributes[name].values.get(str(value))
            if entry:
                self.page.press(entry.hotkey)
            else:
                self.page.fill(name, str(value))

    def link(self, link: Link) -> None:
        """From the mark that is selected: a right click, and the role's letter where there is a choice."""
        head = self.marks[link.head]
        self.page.click(**self.spot(head), button="right")
        if self.page.choices():
            self.page.choose(link.label, head.label)
        self.drawn.add(link)

    def roles(self, link: Link) -> int:
        """How many labels the schema allows for a link between these two marks, either way."""
        tail, head = self.marks[link.tail].label, self.marks[link.head].label
        layers = {self.schema.layer(tail), self.schema.layer(head)}
        if Layer.CONTENT in layers:
            return 1
        event = self.schema.events.get(tail)
        roles = (
            [role for role in event.roles if head in self.schema.fillers(tail, role)]
            if event
            else []
        )
        return len(roles) + (len(layers) == 1)

    def out(self, mark: Mark) -> list[Link]:
        """The links from a mark that lead to marks that are made, and are not drawn yet."""
        return [
            link
            for link in self.links
            if link.tail == mark.id and link.head in self.made and link not in self.drawn
        ]

    def mention(self, mark: Mark) -> None:
        self.at_most(2, lambda: self.mark(mark))
        self.answer(mark)

    def event(self, mark: Mark) -> None:
        self.at_most(3, lambda: (self.mark(mark), self.answer(mark)))
        for link in self.out(mark):
            if link.label != SAME_AS:
                limit = 2 if self.roles(link) == 1 else 3
                self.at_most(limit, lambda link=link: self.link(link))  # type: ignore[misc]

    def attribution(self, mark: Mark) -> None:
        """The content last: it stays selected, and its source and its cue are there to be clicked."""

        def attribute() -> None:
            ends = [link for link in self.links if link.tail == mark.id]
            for link in ends:
                self.mark(self.marks[link.head])
            self.mark(mark)
            self.answer(mark)
            for link in ends:
                self.link(link)

        self.at_most(12, attribute)

    def late(self, link: Link) -> None:
        """A link between two marks that are there: the one is clicked, then the other, and a letter at most."""
        tail = self.marks[link.tail]

        def select() -> None:
            # A click on the mark that is selected would unselect it.
            if self.selected() != (tail.label, tail.start, tail.end):
                self.page.click(**self.spot(tail))

        self.at_most(2 if self.roles(link) == 1 else 3, select, lambda: self.link(link))

    def selected(self) -> tuple[str, int, int] | None:
        """Label and place of the mark that is selected."""
        mark: Any = self.page.page.evaluate(
            """() => {
              const mark = window.Htx.annotationStore.selected.highlightedNode;
              return mark ? [mark.labelName, mark.startOffset, mark.endOffset] : null;
            }"""
        )
        return (mark[0], mark[1], mark[2]) if mark else None


def _said(annotation: Annotation) -> tuple[Any, ...]:
    """All that it says, by the places of the marks instead of their ids."""
    marks, links = graph.disassemble(annotation)
    places = {mark.id: (mark.label, mark.start, mark.end) for mark in marks}

    def clusters(of: Iterable[Any]) -> set[Any]:
        groups = (frozenset(places[name] for name in cluster.mentions) for cluster in of)
        return {group for group in groups if len(group) > 1}

    return (
        {(*places[mark.id], tuple(sorted(mark.attributes.items()))) for mark in marks},
        {
            (places[link.tail], link.label, places[link.head])
            for link in links
            if link.label != SAME_AS
        },
        clusters(annotation.entities),
        clusters(annotation.events),
    )


@pytest.mark.timeout(1800)  # four hundred actions, each looked at
def test_eight_paragraphs_within_the_counts(
    labelling: LabellingPage,
    corpus: Corpus,
    schema: Schema,
    client: Client,
    desk: Desk,
    project: str,
    article: Article,
    part: tuple[list[Mark], list[Link]],
) -> None:
    marks, links = part
    assert (len(marks), len(links)) == (115, 83)
    labelling.open_next(load.load(client, project, [article], schema).project)
    annotator = Annotator(labelling, article.text or "", schema, marks, links)
    for layer, work in (
        (Layer.MENTION, annotator.mention),
        (Layer.EVENT, annotator.event),
        (Layer.CONTENT, annotator.attribution),
    ):
        for mark in marks:
            if annotator.layer(mark) is layer:
                work(mark)
    for link in links:
        if link not in annotator.drawn:
            annotator.late(link)
    labelling.submit()

    told: list[Any] = []
    counts = pull.pull(
        client, project, corpus, schema, {desk.email or "": "ana"}, notify=told.append
    )
    assert (counts["new"], counts["set aside"]) == (1, 0), told
    pulled = store.read_annotation(corpus.annotation_path("ana", article.id))
    provenance = pulled.provenance
    wanted, issues = graph.assemble(marks, links, schema, article.id, article.sha256, provenance)
    assert issues == []
    assert _said(pulled) == _said(wanted)
