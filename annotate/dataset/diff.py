"""What two versions of the corpus differ in: by document and by layer, down to each mark."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from annotate.dataset import reading
from annotate.dataset.spool import Spool
from annotate.measure import align
from annotate.model.records import MARK_FIELDS, Annotation, Mark
from annotate.model.schema import Layer, Schema

KINDS = ("added", "removed", "relabelled", "moved", "re-argued", "re-answered")
"""Of marks and clusters; re-argued: other arguments, source or cue; re-answered: another attribute."""
DocumentRow = Mapping[str, Any]
"""A row of `documents`, labels as names."""


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
        counts: dict[str, Counter[str]] = {}
        for change in self.changes:
            counts.setdefault(change.layer, Counter())[change.kind] += 1
        return counts

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
    "cites",
    "url",
    "published",
    "language",
    "licence",
    "sha256",
    "zones",
    "adjudicated",
)


def diff(
    old: Iterable[DocumentRow],
    new: Iterable[DocumentRow],
    schema: Schema,
    on_row: Callable[[], None] = lambda: None,
) -> Diff:
    """Compare rows of `documents`. Provenance alone is no difference.

    A document of each version is held at a time, beside what differs.
    """
    before, after = _by_id(old), _by_id(new)
    result = Diff(sorted(set(after) - set(before)), sorted(set(before) - set(after)))
    for counts, names, rows in (
        (result.before, result.removed, before),
        (result.after, result.added, after),
    ):
        counts["documents"] = len(rows)
        for name in names:
            _count(counts, rows[name])
    for name in sorted(set(before) & set(after)):
        on_row()
        one, other = before[name], after[name]
        _count(result.before, one)
        _count(result.after, other)
        if _without_provenance(one) == _without_provenance(other):
            result.same += 1
            continue
        # A version from before a column says nothing there: no change.
        described = [
            column
            for column in _DESCRIBED
            if (one.get(column) or None) != (other.get(column) or None)
        ]
        if described:
            result.described[name] = described
        was, now = reading.annotation(one, schema), reading.annotation(other, schema)
        changes = list(_changes(was, now, other["text"]))
        result.changes += changes
        result.same += not changes and not described
    return result


def _by_id(rows: Iterable[DocumentRow]) -> Spool[DocumentRow]:
    named = ((row["id"], row) for row in rows)
    return Spool(named, lambda row: json.dumps(row, ensure_ascii=False).encode(), json.loads)


def _count(counts: Counter[str], row: DocumentRow) -> None:
    counts.update({field: len(row[field]) for field in MARK_FIELDS})


def _without_provenance(row: DocumentRow) -> dict[str, Any]:
    return {column: value for column, value in row.items() if column != "provenance"}


def _changes(old: Annotation, new: Annotation, text: str | None) -> Iterator[Change]:
    """Marks are paired by label and span, then by span, then by label and overlap; what is left is removed or added."""
    pairs, removed, added = _paired(list(old.marks()), list(new.marks()))

    def change(mark: Mark, kind: str, was: str | None, now: str | None) -> Change:
        return Change(new.article, align.layer(mark), kind, was, now)

    for one, other in pairs:
        if one.label != other.label:
            yield change(other, "relabelled", _shown(one, text), other.label)
        if (one.start, one.end) != (other.start, other.end):
            yield change(other, "moved", _shown(one, text), _shown(other, text))
        if one.attributes != other.attributes:
            was = f"{_shown(one, text)}: {_answers(one, other)}"
            yield change(other, "re-answered", was, _answers(other, one))
    yield from (change(mark, "removed", _shown(mark, text), None) for mark in removed)
    yield from (change(mark, "added", None, _shown(mark, text)) for mark in added)
    yield from _link_changes(new, pairs, text)
    yield from _cluster_changes(old, new, pairs, text)


def _paired(
    ours: list[Mark], theirs: list[Mark]
) -> tuple[list[tuple[Mark, Mark]], list[Mark], list[Mark]]:
    """Pairs of one mark of ours and one of theirs, and what of ours and of theirs is in no pair."""
    pairs: list[tuple[Mark, Mark]] = []
    for key in (_id_label_and_span, _label_and_span, _span):
        candidates: dict[tuple[object, ...], list[Mark]] = {}
        for mark in theirs:
            candidates.setdefault(key(mark), []).append(mark)
        equal = [(mark, candidates[key(mark)].pop(0)) for mark in ours if candidates.get(key(mark))]
        pairs += equal
        ours, theirs = _unpaired(ours, theirs, equal)
    overlapping = align.match(ours, theirs)
    return pairs + overlapping, *_unpaired(ours, theirs, overlapping)


def _id_label_and_span(mark: Mark) -> tuple[object, ...]:
    """Of two marks on the same words with one label, the ids part them."""
    return (mark.id, *_label_and_span(mark))


def _label_and_span(mark: Mark) -> tuple[object, ...]:
    return mark.label, mark.start, mark.end


def _span(mark: Mark) -> tuple[object, ...]:
    return align.layer(mark), mark.start, mark.end


def _unpaired(
    ours: list[Mark], theirs: list[Mark], pairs: list[tuple[Mark, Mark]]
) -> tuple[list[Mark], list[Mark]]:
    left, right = {mark.id for mark, _ in pairs}, {mark.id for _, mark in pairs}
    return [mark for mark in ours if mark.id not in left], [
        mark for mark in theirs if mark.id not in right
    ]


def _link_changes(
    new: Annotation, pairs: list[tuple[Mark, Mark]], text: str | None
) -> Iterator[Change]:
    """Marks of both whose links differ: other arguments, another source or cue."""
    new_id = {one.id: other.id for one, other in pairs}
    marks = {mark.id: mark for mark in new.marks()}

    def shown(links: set[tuple[str, str]]) -> str:
        heads = [
            f"{label}={_shown(marks[head], text)}" if head else f"{label}=(gone)"
            for label, head in sorted(links)
        ]
        return ", ".join(heads) or "–"

    for one, other in pairs:
        was = {(label, new_id.get(head, "")) for label, head in align.links(one)}
        now = set(align.links(other))
        if was != now:
            tail = _shown(other, text)
            yield Change(
                new.article,
                align.layer(other),
                "re-argued",
                f"{tail}: {shown(was - now)}",
                f"{tail}: {shown(now - was)}",
            )


def _cluster_changes(
    old: Annotation, new: Annotation, pairs: list[tuple[Mark, Mark]], text: str | None
) -> Iterator[Change]:
    """Entities and events that one of the two has: which marks are mentions of the same."""
    marks = {mark.id: mark for mark in new.marks()}
    before = _clusters(old, {one.id: other.id for one, other in pairs})
    after = _clusters(new, {name: name for name in marks})

    def shown(cluster: frozenset[str]) -> str:
        members = [marks[name] for name in cluster if name]
        members.sort(key=lambda mark: mark.order)
        return " = ".join(_shown(mark, text) for mark in members)

    for cluster in sorted(before - after, key=sorted):
        yield Change(new.article, Layer.COREFERENCE, "removed", shown(cluster), None)
    for cluster in sorted(after - before, key=sorted):
        yield Change(new.article, Layer.COREFERENCE, "added", None, shown(cluster))


def _clusters(annotation: Annotation, new_id: Mapping[str, str]) -> set[frozenset[str]]:
    """Of each cluster the ids of its marks in the new annotation; an empty one for those that are gone."""
    return {
        frozenset(new_id.get(name, "") for name in cluster.mentions)
        for cluster in (*annotation.entities, *annotation.events)
    }


def _shown(mark: Mark, text: str | None) -> str:
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
