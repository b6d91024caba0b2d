"""A document's page, and its line in the list of documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from annotate.dataset.builder import BuiltArticle
from annotate.dataset.document import Document
from annotate.gold.passes import Passes
from annotate.measure import align
from annotate.measure.align import MarkKey, Unit
from annotate.model.records import Gold, Mark, Span
from annotate.model.schema import MARK_LAYERS, Layer, Schema
from annotate.site import pages, stories, text
from annotate.site.sayings import Saying


@dataclass(frozen=True)
class Listed:
    """A document in the list."""

    id: str
    title: str | None
    """None where it may not be shown."""
    collection: str
    split: str
    outlet: str | None
    published: str | None
    story: str | None
    """Where several documents tell it."""
    events: tuple[str, ...]
    """The event types that occur."""
    marks: int
    disagreement: float | None
    """The share of units that not every pass has; None of fewer than two passes."""
    is_withheld: bool
    annotators: tuple[str, ...]
    is_gold: bool

    @property
    def name(self) -> str:
        """The title, or the id where that may not be shown."""
        return self.title or self.id


def listed(built: BuiltArticle, story: str | None) -> Listed:
    """The document's line in the list."""
    of = shown(built)
    article, annotation = of.article, of.annotation
    return Listed(
        id=article.id,
        title=article.title if of.text is not None else None,
        collection=article.collection,
        split=built.split,
        outlet=article.outlet,
        published=article.published.isoformat() if article.published else None,
        story=story,
        events=tuple(sorted({event.label for event in annotation.event_mentions})),
        marks=sum(1 for _mark in annotation.marks()),
        disagreement=_disagreement(built.passes),
        is_withheld=of.text is None,
        annotators=tuple(each.annotation.provenance.annotator for each in built.passes),
        is_gold=of.adjudicated,
    )


def shown(built: BuiltArticle) -> Document:
    """Gold or the pass that counts; of several passes that nobody has adjudicated the first."""
    return built.document or built.passes[0]


def _disagreement(passes: Sequence[Document]) -> float | None:
    if len(passes) < 2:
        return None
    units = [set(align.units(each.annotation)) for each in passes]
    either = set.union(*units)
    return 1 - len(set.intersection(*units)) / len(either) if either else 0.0


class DrawnZone(NamedTuple):
    """A zone of the page with its marks."""

    kind: str
    html: Markup


def zones(
    of: Document,
    prefix: str = "",
    loud: Collection[str] = (),
    behind: Mapping[str, Markup] | None = None,
) -> list[DrawnZone]:
    """Every zone with its marks, see `text.drawn`; where the text is withheld its tokens are dots."""
    article = of.article
    words = of.text if of.text is not None else text.veiled(article.length, of.sentences)
    marks = list(of.annotation.marks())
    return [
        DrawnZone(zone.kind, text.drawn(words, zone, marks, prefix, loud, behind))
        for zone in article.zones
    ]


def page(
    built: BuiltArticle,
    line: Listed,
    sayings: Sequence[Saying],
    joined: Mapping[str, str],
    schema: Schema,
    root: str = "../",
) -> str:
    """The document: its text, claims, tolls, and what its sources say of one event.

    `joined` has, by event mention, the address of the event on its story's page.
    """
    of = shown(built)
    events = stories.told_by_several(of.annotation, sayings)
    return pages.render(
        "document.html.jinja",
        root,
        "documents",
        line=line,
        of=of,
        zones=zones(of),
        details=text.details(of.annotation, of.words),
        legend=text.legend(of.annotation, schema),
        sayings=sayings,
        joined=joined,
        matrix=stories.matrix(events, {line.id: sayings}) if events else None,
        axes=stories.toll_axes(sayings, schema),
        schema=schema,
        has_passes=len(built.passes) > 1,
        link=pages.on_document,
    )


class UnitLine(NamedTuple):
    """A mark, answer or link that not every pass has, and what was decided."""

    layer: str
    label: str
    start: int
    mark: str | None
    """The id of gold's mark there, where it has one."""
    words: str
    rest: str
    """An answer's value, or the other end of a link."""
    holders: frozenset[str]
    origin: str
    """As in the record of gold; or that nobody has decided, or that its mark is not in gold."""
    reason: str | None


def passes_page(built: BuiltArticle, line: Listed, schema: Schema, root: str = "../") -> str:
    """The passes side by side, with what only one of them has standing out, and the list of all that differs."""
    of = shown(built)
    gold = of.annotation if isinstance(of.annotation, Gold) else None
    known = Passes([each.annotation for each in built.passes], gold, False)
    columns = []
    for each in built.passes:
        name = each.annotation.provenance.annotator
        alone = frozenset(
            mark.id for mark in each.annotation.marks() if not _is_shared(mark, known)
        )
        drawn = zones(each, f"{name}-", alone)
        columns.append((name, drawn, text.details(each.annotation, each.words, f"{name}-")))
    lines = list(_unit_lines(of, known))
    return pages.render(
        "passes.html.jinja",
        root,
        "documents",
        line=line,
        columns=columns,
        names=known.names,
        lines=lines,
        agreed=sum(known.holders_of(unit) == set(known.names) for unit in known.holders),
        origins=Counter(each.origin for each in lines),
        details={key: told for _name, _drawn, marks in columns for key, told in marks.items()},
        schema=schema,
    )


_UNRECORDED = ("undecided", "gone with its mark")
"""What became of a unit without a record, without gold and with it."""


def _is_shared(mark: Mark, known: Passes) -> bool:
    return known.holders_of_mark(align.mark_key(mark)) == set(known.names)


def _unit_lines(of: Document, known: Passes) -> Iterator[UnitLine]:
    ids = {align.mark_key(mark): mark.id for mark in of.annotation.marks()}
    for unit in known.candidates():
        holders, decision = known.holders_of(unit), known.decisions.get(unit)
        if holders == set(known.names):
            continue
        yield UnitLine(
            str(unit.layer),
            unit.label,
            unit.start,
            _gold_mark(unit, ids),
            _words(of, unit.start, unit.end),
            _rest(of, unit),
            holders,
            decision.origin if decision else _UNRECORDED[known.prior is not None],
            decision.reason if decision else None,
        )


def _gold_mark(unit: Unit, ids: Mapping[MarkKey, str]) -> str | None:
    return ids.get(unit.mark)


def _words(of: Document, start: int, end: int) -> str:
    words = of.words(Span(start=start, end=end))
    return f"{start}–{end}" if words is None else words


def _rest(of: Document, unit: Unit) -> str:
    if unit.layer in MARK_LAYERS:
        return ""
    if unit.layer == Layer.ATTRIBUTE:
        return str(unit.rest[1])
    return _words(of, unit.other.start, unit.other.end) if unit.other else ""


def index(lines: Sequence[Listed], root: str = "../") -> str:
    """The list of documents, with what it can be filtered by."""
    values = {
        "collection": {line.collection for line in lines},
        "split": {line.split for line in lines},
        "outlet": {line.outlet for line in lines if line.outlet},
        "event": set[str]().union(*(line.events for line in lines)),
    }
    choices = {
        name: {value: pages.spaced(value) for value in sorted(of_name)}
        for name, of_name in values.items()
    }
    return pages.render("documents.html.jinja", root, "documents", lines=lines, choices=choices)
