"""A label's page: what it means, how often it is used, how far annotators agree on it, and its marks in their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from annotate.dataset.document import Document
from annotate.measure.agreement import AgreementReport, AgreementRow
from annotate.measure.disagreements import NONE
from annotate.model.schema import ATTRIBUTION_SPANS, EventType, Layer, Schema
from annotate.site import pages
from annotate.site.sayings import Passage, passage

_SHOWN = 1000
"""Marks of a label that its page shows."""


class ConcordanceLine(NamedTuple):
    """A mark in its sentence."""

    document: str
    name: str
    """The document's title, or its id."""
    mark: str
    start: int
    end: int
    passage: Passage


@dataclass
class Concordance:
    """Marks of each label in the order of the documents, as many as a page shows, and how many there are."""

    _lines: dict[str, list[ConcordanceLine]] = field(default_factory=dict)
    _withheld: dict[str, list[ConcordanceLine]] = field(default_factory=dict)
    """Those whose words may not be shown."""
    counts: Counter[str] = field(default_factory=Counter)
    documents: Counter[str] = field(default_factory=Counter)
    """How many documents have the label."""

    def add(self, of: Document, name: str) -> None:
        """The next document."""
        seen = set()
        for mark in of.annotation.marks():
            self.counts[mark.label] += 1
            seen.add(mark.label)
            of_label = self._withheld if of.text is None else self._lines
            lines = of_label.setdefault(mark.label, [])
            if len(lines) < _SHOWN:
                words = passage(of, mark.start, mark.end).shortened()
                lines.append(
                    ConcordanceLine(of.article.id, name, mark.id, mark.start, mark.end, words)
                )
        self.documents.update(seen)

    def lines(self, label: str) -> list[ConcordanceLine]:
        """What the label's page shows: those with words come before all others."""
        return [*self._lines.get(label, ()), *self._withheld.get(label, ())][:_SHOWN]


class Confusion(NamedTuple):
    """How often another annotator has the other label, or nothing, where one has this."""

    other: str | None
    times: int


def confusions(report: AgreementReport | None, label: str, schema: Schema) -> list[Confusion]:
    """The most frequent first; the label against itself is agreement, and left out."""
    layer = schema.layer(label)
    if report is None or layer is None:
        return []
    others: Counter[str] = Counter()
    for (one, other), count in report.confusions.get(layer.counted_as, Counter()).items():
        if label in (one, other) and one != other:
            others[other if one == label else one] += count
    return [
        Confusion(None if other == NONE else other, count) for other, count in others.most_common()
    ]


def agreement_row(
    report: AgreementReport | None, label: str, schema: Schema
) -> AgreementRow | None:
    """The label's line of the report."""
    layer = schema.layer(label)
    rows: Sequence[AgreementRow] = report.rows if report is not None else ()
    for row in rows:
        if layer is not None and (row.layer, row.label) == (layer.counted_as, label):
            return row
    return None


def groups(schema: Schema) -> dict[str, list[str]]:
    """Labels by what they are of, in the schema's order: mentions, attribution, and events by their group."""
    of_group = {"mentions": list(schema.mentions), "attribution": list(ATTRIBUTION_SPANS)}
    for name, event in schema.events.items():
        of_group.setdefault(f"events: {event.group}", []).append(name)
    return of_group


def page(
    label: str,
    concordance: Concordance,
    report: AgreementReport | None,
    examples: Iterable[object],
    schema: Schema,
    root: str = "../",
) -> str:
    """The label's page; `examples` are those of the guidelines, drawn."""
    about = schema.labels[label]
    lines = concordance.lines(label)
    return pages.render(
        "label.html.jinja",
        root,
        "labels",
        label=label,
        about=about,
        layer=schema.layer(label),
        roles=about.roles if isinstance(about, EventType) else {},
        crosswalk=about.crosswalk.model_dump() if isinstance(about, EventType) else {},
        examples=list(examples),
        count=concordance.counts[label],
        documents=concordance.documents[label],
        row=agreement_row(report, label, schema),
        confusions=confusions(report, label, schema),
        lines=lines,
        is_content=schema.layer(label) is Layer.CONTENT,
        schema=schema,
    )


def index(
    concordance: Concordance, report: AgreementReport | None, schema: Schema, root: str = "../"
) -> str:
    """All labels, with how often each is used and how far annotators agree on it."""
    return pages.render(
        "labels.html.jinja",
        root,
        "labels",
        groups=groups(schema),
        schema=schema,
        counts=concordance.counts,
        most=max(concordance.counts.values(), default=0),
        rows={label: agreement_row(report, label, schema) for label in schema.labels},
    )
