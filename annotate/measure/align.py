"""Pairs what two annotations of one text hold: unit by unit exactly, or mark by mark by overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from annotate.model.records import Annotation, EventMention, Mark
from annotate.model.schema import ATTRIBUTION_SPANS

LAYERS = (
    "mention",
    "event",
    "attribution span",
    "attribute",
    "argument",
    "attribution link",
    "coreference",
)
MARKS = LAYERS[:3]


class Unit(NamedTuple):
    """One thing that two annotations can agree on. Two units are equal where they say the same of the same words.

    Offsets are half-open code points of the mark that the unit hangs on; `rest` is empty for a mark itself,
    (mark's label, value) for an attribute, (mark's label, other mark's label, start, end) for a link.
    """

    layer: str
    label: str
    start: int
    end: int
    rest: tuple[int | str, ...] = ()

    @property
    def mark(self) -> tuple[str, int, int]:
        """Label and span of the mark that it hangs on."""
        return (str(self.rest[0]) if self.rest else self.label, self.start, self.end)

    @property
    def other(self) -> tuple[str, int, int] | None:
        """Label and span of the mark at the link's other end; None where it is no link."""
        return (
            (str(self.rest[1]), int(self.rest[2]), int(self.rest[3]))
            if len(self.rest) == 4
            else None
        )

    @property
    def bare(self) -> Unit:
        """The unit with the marks at its ends told by their words alone: a mark of another label takes no link with it."""
        return self._replace(rest=(self.rest[1],) if len(self.rest) == 2 else self.rest[2:])


def units(annotation: Annotation) -> dict[Unit, Mark]:
    """Every unit of the annotation, with the mark it hangs on. Of marks with one label and span, one is counted."""
    marks = {mark.id: mark for mark in annotation.marks()}
    found: dict[Unit, Mark] = {}
    for mark in marks.values():
        found[Unit(layer(mark), mark.label, mark.start, mark.end)] = mark
        for name, value in mark.attributes.items():
            found[Unit("attribute", name, mark.start, mark.end, (mark.label, str(value)))] = mark
        for label, head in links(mark):
            found[
                _link(
                    "argument" if isinstance(mark, EventMention) else "attribution link",
                    label,
                    mark,
                    marks[head],
                )
            ] = mark
    for cluster in (*annotation.entities, *annotation.events):
        members = sorted((marks[name] for name in cluster.mentions), key=lambda mark: mark.order)
        for one, other in combinations(members, 2):
            found[_link("coreference", "same", one, other)] = one
    return found


def place(mark: Mark) -> tuple[str, int, int]:
    """Label and span: what makes two marks equal."""
    return mark.label, mark.start, mark.end


def layer(mark: Mark) -> str:
    """Which of `MARKS` the mark is in."""
    if isinstance(mark, EventMention):
        return "event"
    return "attribution span" if mark.label in ATTRIBUTION_SPANS else "mention"


def links(mark: Mark) -> Iterator[tuple[str, str]]:
    """(label, id of the other mark) of each link that goes out from the mark."""
    for argument in getattr(mark, "arguments", ()):
        yield argument.role, argument.target
    for name in ATTRIBUTION_SPANS[:2]:
        head = getattr(mark, name, None)
        if head is not None:
            yield name, head


def _link(layer: str, label: str, one: Mark, other: Mark) -> Unit:
    return Unit(layer, label, one.start, one.end, (one.label, other.label, other.start, other.end))


def moved(unit: Unit, paired: dict[tuple[str, int, int], tuple[str, int, int]]) -> Unit | None:
    """The unit as the other annotator would have it, were the marks at its ends the ones that overlap."""
    mark = paired.get(unit.mark)
    if mark is None:
        return None
    label, start, end = mark
    if unit.other is None:
        return unit._replace(start=start, end=end)
    other = paired.get(unit.other)
    if other is None:
        return None
    moved = unit._replace(start=start, end=end, rest=(label, *other))
    if unit.layer == "coreference" and (other[1], -other[2]) < (start, -end):
        return moved._replace(start=other[1], end=other[2], rest=(other[0], *mark))
    return moved


def match(
    ours: Sequence[Mark], theirs: Sequence[Mark], labels: bool = True
) -> list[tuple[Mark, Mark]]:
    """Pairs marks that overlap, each at most once, so that as many as possible are paired, and those as closely as possible.

    With `labels`, only marks of one label are paired. The pairs are those of greatest total Jaccard overlap (code
    points in both over code points in either) after greatest number.
    """
    from scipy.optimize import linear_sum_assignment  # a tenth of a second to import

    if not ours or not theirs:
        return []
    one, other = (np.array([(mark.start, mark.end) for mark in marks]) for marks in (ours, theirs))
    shared = np.minimum(one[:, None, 1], other[None, :, 1]) - np.maximum(
        one[:, None, 0], other[None, :, 0]
    )
    whole = np.maximum(one[:, None, 1], other[None, :, 1]) - np.minimum(
        one[:, None, 0], other[None, :, 0]
    )
    overlap = np.where(shared > 0, shared / whole, 0.0)
    same = np.array([[mark.label == found.label for found in theirs] for mark in ours])
    if labels:
        overlap = np.where(same, overlap, 0.0)
    # One pair more outweighs any closeness, and closeness an equal label.
    worth = np.where(overlap > 0, len(ours) + len(theirs) + overlap + 1e-6 * same, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return [
        (ours[row], theirs[column])
        for row, column in zip(rows, columns, strict=True)
        if overlap[row, column] > 0
    ]
