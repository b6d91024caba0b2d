"""What two versions of the corpus differ in: by document and by layer, down to each mark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from annotate.dataset import reading
from annotate.measure import align
from annotate.model.records import MARK_FIELDS, Annotation, Mark
from annotate.model.schema import Layer, Schema

KINDS = ("added", "removed", "relabelled", "moved", "re-argued", "re-answered")
"""Of marks and clusters; re-argued: other arguments, source or cue; re-answered: another attribute."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One difference."""

    document: str
    layer: str
    kind: str
    was: str | None
    """In words; None where it is new."""
    now: str | None
    """None where it is gone."""


@dataclass
class Diff:
    """All differences."""

    added: list[str] = field(default_factory=list)
    """Documents."""
    removed: list[str] = field(default_factory=list)
    described: dict[str, list[str]] = field(default_factory=dict)
    """By document, what is said of it (text, zones, outlet …) and is not the same."""
    changes: list[Change] = field(default_factory=list)
    same: int = 0
    """Documents in which nothing changed."""
    before: Counter[str] = field(default_factory=Counter)
    """Documents and units by layer."""
    after: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, Counter[str]]:
        """By layer, how many changes of each kind."""
        found: dict[str, Counter[str]] = {}
        for change in self.changes:
            found.setdefault(change.layer, Counter())[change.kind] += 1
        return found

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.added or self.removed or self.described or self.changes)

    def lines(self, details: bool = True) -> Iterator[str]:
        """The differences for a person to read: documents, with `details` each change, then counts by layer."""
        yield from (f"+ {name}" for name in self.added)
        yield from (f"- {name}" for name in self.removed)
        yield from (f"~ {name}: {', '.join(fields)}" for name, fields in self.described.items())
        if details:
            yield from self._details()
        for layer, counts in sorted(self.counts.items()):
            yield f"{layer}: " + ", ".join(f"{count} {kind}" for kind, count in counts.items())
        yield (
            f"{len(self.added)} documents added, {len(self.removed)} removed, {self.same} unchanged"
        )

    def _details(self) -> Iterator[str]:
        for document, changes in groupby(self.changes, key=lambda change: change.document):
            yield f"~ {document}"
            for change in changes:
                words = " → ".join(part for part in (change.was, change.now) if part is not None)
                yield f"    {change.kind} {change.layer}: {words}"


_DESCRIBED = (
    "collection",
    "title",
    "outlet",
    "url",
    "published",
    "language",
    "licence",
    "sha256",
    "zones",
    "adjudicated",
)


def diff(
    old: Iterable[Row],
    new: Iterable[Row],
    schema: Schema,
    on_row: Callable[[], None] = lambda: None,
) -> Diff:
    """Compare rows of `documents`, labels as names. Provenance alone is no difference."""
    before, after = ({row["id"]: row for row in rows} for rows in (old, new))
    found = Diff(sorted(set(after) - set(before)), sorted(set(before) - set(after)))
    for counts, rows in ((found.before, before), (found.after, after)):
        counts["documents"] = len(rows)
        for row in rows.values():
            counts.update({field: len(row[field]) for field in MARK_FIELDS})
    for name in sorted(set(before) & set(after)):
        on_row()
        one, other = before[name], after[name]
        described = [what for what in _DESCRIBED if one[what] != other[what]]
        if described:
            found.described[name] = described
        changes = list(
            _changes(
                reading.annotation(one, schema), reading.annotation(other, schema), other["text"]
            )
        )
        found.changes += changes
        found.same += not changes and not described
    return found


def _changes(old: Annotation, new: Annotation, text: str | None) -> Iterator[Change]:
    """Marks are paired by label and span, then by span, then by label and overlap; what is left is removed or added."""
    pairs, gone, come = _paired(list(old.marks()), list(new.marks()))

    def change(mark: Mark, kind: str, was: str | None, now: str | None) -> Change:
        return Change(new.article, align.layer(mark), kind, was, now)

    for one, other in pairs:
        if one.label != other.label:
            yield change(other, "relabelled", _told(one, text), other.label)
        if (one.start, one.end) != (other.start, other.end):
            yield change(other, "moved", _told(one, text), _told(other, text))
        if one.attributes != other.attributes:
            yield change(
                other,
                "re-answered",
                f"{_told(one, text)}: {_answers(one, other)}",
                _answers(other, one),
            )
    yield from (change(mark, "removed", _told(mark, text), None) for mark in gone)
    yield from (change(mark, "added", None, _told(mark, text)) for mark in come)
    yield from _linked(old, new, pairs, text)


def _paired(
    ours: list[Mark], theirs: list[Mark]
) -> tuple[list[tuple[Mark, Mark]], list[Mark], list[Mark]]:
    pairs: list[tuple[Mark, Mark]] = []
    for key in (_with_id, _place, _span):
        there: dict[tuple[object, ...], list[Mark]] = {}
        for mark in theirs:
            there.setdefault(key(mark), []).append(mark)
        found = [(mark, there[key(mark)].pop(0)) for mark in ours if there.get(key(mark))]
        pairs += found
        ours, theirs = _rest(ours, theirs, found)
    found = align.match(ours, theirs)
    return pairs + found, *_rest(ours, theirs, found)


def _with_id(mark: Mark) -> tuple[object, ...]:
    """Of two marks on the same words with one label, the ids part them."""
    return (mark.id, *_place(mark))


def _place(mark: Mark) -> tuple[object, ...]:
    return mark.label, mark.start, mark.end


def _span(mark: Mark) -> tuple[object, ...]:
    return align.layer(mark), mark.start, mark.end


def _rest(
    ours: list[Mark], theirs: list[Mark], found: list[tuple[Mark, Mark]]
) -> tuple[list[Mark], list[Mark]]:
    left, right = {mark.id for mark, _ in found}, {mark.id for _, mark in found}
    return [mark for mark in ours if mark.id not in left], [
        mark for mark in theirs if mark.id not in right
    ]


def _linked(
    old: Annotation, new: Annotation, pairs: list[tuple[Mark, Mark]], text: str | None
) -> Iterator[Change]:
    """Links of marks that are in both: arguments, sources and cues, and who is the same as whom."""
    name_of = {one.id: other.id for one, other in pairs}
    marks = {mark.id: mark for mark in new.marks()}
    for one, other in pairs:
        was = {(label, name_of.get(head, "")) for label, head in align.links(one)}
        now = set(align.links(other))
        if was != now:
            told = tuple(
                ", ".join(
                    f"{label}={_told(marks[head], text)}" if head else f"{label}=(gone)"
                    for label, head in sorted(found)
                )
                for found in (was - now, now - was)
            )
            head = _told(other, text)
            yield Change(
                new.article,
                align.layer(other),
                "re-argued",
                f"{head}: {told[0] or '–'}",
                f"{head}: {told[1] or '–'}",
            )
    before, after = (
        {
            frozenset(names.get(name, "") for name in cluster.mentions)
            for cluster in (*found.entities, *found.events)
        }
        for found, names in ((old, name_of), (new, {name: name for name in marks}))
    )
    for kind, clusters in (("removed", before - after), ("added", after - before)):
        for cluster in sorted(clusters, key=sorted):
            told_ = " = ".join(
                _told(marks[name], text)
                for name in sorted(filter(None, cluster), key=lambda n: marks[n].order)
            )
            yield Change(
                new.article,
                Layer.COREFERENCE,
                kind,
                *((told_, None) if kind == "removed" else (None, told_)),
            )


def _told(mark: Mark, text: str | None) -> str:
    words = "" if text is None else f" “{mark.slice(text)[:40]}”"
    return f"{mark.label} {mark.start}–{mark.end}{words}"


def _answers(one: Mark, other: Mark) -> str:
    """The answers that are not the other's."""
    names = sorted(
        name
        for name in one.attributes | other.attributes
        if one.attributes.get(name) != other.attributes.get(name)
    )
    return ", ".join(f"{name}={one.attributes.get(name, '–')}" for name in names)
