"""Pairs what two annotations of one text hold: unit by unit exactly, or mark by mark by overlap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from annotate.model.claims import Claim
from annotate.model.records import Annotation, Attribution, EventMention, Mark
from annotate.model.schema import ATTRIBUTION_SPANS, Layer


class MarkKey(NamedTuple):
    """Label and span: what makes two marks equal, whoever made them."""

    label: str
    start: int
    end: int


class Unit(NamedTuple):
    """One thing that two annotations can agree on. Two units are equal where they say the same of the same words.

    Offsets are half-open code points of the mark that the unit hangs on; `rest` is empty for a mark itself,
    (mark's label, value) for an attribute, (mark's label, other mark's label, start, end) for a link.
    """

    layer: Layer
    label: str
    start: int
    end: int
    rest: tuple[int | str, ...] = ()

    @property
    def mark(self) -> MarkKey:
        """The mark that it hangs on."""
        return MarkKey(str(self.rest[0]) if self.rest else self.label, self.start, self.end)

    @property
    def other(self) -> MarkKey | None:
        """The mark at the link's other end; None where it is no link."""
        if len(self.rest) != 4:
            return None
        _label, label, start, end = self.rest
        return MarkKey(str(label), int(start), int(end))

    @property
    def bare(self) -> Unit:
        """The unit without the labels of the marks at its ends: a mark of another label takes no link with it."""
        return self._replace(rest=(self.rest[1],) if len(self.rest) == 2 else self.rest[2:])


def units(annotation: Annotation) -> dict[Unit, Mark]:
    """Every unit of the annotation, with the mark it hangs on. Of marks with one label and span, one is counted."""
    marks = {mark.id: mark for mark in annotation.marks()}
    mark_of: dict[Unit, Mark] = {}
    for mark in marks.values():
        mark_of[Unit(layer(mark), mark.label, mark.start, mark.end)] = mark
        for name, value in mark.attributes.items():
            rest = (mark.label, str(value))
            mark_of[Unit(Layer.ATTRIBUTE, name, mark.start, mark.end, rest)] = mark
        link_layer = Layer.ARGUMENT if type(mark) is EventMention else Layer.ATTRIBUTION_LINK
        for label, head in links(mark):
            mark_of[_link_unit(link_layer, label, mark, marks[head])] = mark
    for cluster in (*annotation.entities, *annotation.events):
        members = sorted((marks[name] for name in cluster.mentions), key=lambda mark: mark.order)
        for one, other in combinations(members, 2):
            mark_of[_link_unit(Layer.COREFERENCE, "same", one, other)] = one
    return mark_of


ARTICLE = "the article"
"""Stands for the stance of a claim that no source reports: the article makes it in its own voice."""
MENTIONED = "mentioned"
"""Stands for the stance where the source only mentions the event."""


def claim_unit(claim: Claim, annotation: Annotation) -> Unit:
    """A claim as a unit on its event: its innermost source (or none, or the article itself) and that source's stance.

    Of an event that the source only mentions the stance is `MENTIONED`.

    `rest` is (stance, source's start, source's end), or the stance alone where the source is not named. For “rebels
    *seized* Tak, [a medic] said”: `("asserts", 20, 27)`; without the medic: `("the article",)`.
    """
    event = claim.event
    if not claim.chain:
        return Unit(Layer.CLAIM, event.label, event.start, event.end, (ARTICLE,))
    innermost = claim.chain[0]
    stance = stance_of(claim)
    source = next((span for span in annotation.sources if span.id == innermost.source), None)
    span = (source.start, source.end) if source is not None else ()
    return Unit(Layer.CLAIM, event.label, event.start, event.end, (stance, *span))


def stance_of(claim: Claim) -> str:
    """The stance of who tells it first-hand, for comparison; empty where none is given."""
    return MENTIONED if claim.is_mentioned else claim.stance or ""


def moved_claim(unit: Unit, paired: Mapping[MarkKey, MarkKey]) -> Unit | None:
    """The claim as the other annotator would have it, were its event and its source the ones that overlap."""
    event = paired.get(MarkKey(unit.label, unit.start, unit.end))
    if event is None:
        return None
    stance, *span = unit.rest
    moved = unit._replace(start=event.start, end=event.end)
    if not span:
        return moved
    source = paired.get(MarkKey(Layer.SOURCE, int(span[0]), int(span[1])))
    return None if source is None else moved._replace(rest=(stance, source.start, source.end))


def mark_key(mark: Mark) -> MarkKey:
    """The mark's key."""
    return MarkKey(mark.label, mark.start, mark.end)


def layer(mark: Mark) -> Layer:
    """Which of `MARK_LAYERS` the mark is in."""
    # Not isinstance: to say no, a record's class takes a hundred times as long as to compare it.
    if type(mark) is EventMention:
        return Layer.EVENT
    return Layer.ATTRIBUTION_SPAN if mark.label in ATTRIBUTION_SPANS else Layer.MENTION


def links(mark: Mark) -> Iterator[tuple[str, str]]:
    """(label, id of the other mark) of each link that goes out from the mark."""
    # The types first: to ask a record for a field that it does not have takes as long as all the rest.
    if type(mark) is EventMention:
        for argument in mark.arguments:
            yield argument.role, argument.target
    elif type(mark) is Attribution:
        for name in ATTRIBUTION_SPANS[:2]:
            head = getattr(mark, name)
            if head is not None:
                yield name, head


def _link_unit(layer: Layer, label: str, one: Mark, other: Mark) -> Unit:
    return Unit(layer, label, one.start, one.end, (one.label, *mark_key(other)))


def moved(unit: Unit, paired: Mapping[MarkKey, MarkKey]) -> Unit | None:
    """The unit as the other annotator would have it, were the marks at its ends the ones that overlap."""
    mark = paired.get(unit.mark)
    if mark is None:
        return None
    end = unit.other
    if end is None:
        return Unit(unit.layer, unit.label, mark.start, mark.end, unit.rest)
    other = paired.get(end)
    if other is None:
        return None
    is_before = (other.start, -other.end) < (mark.start, -mark.end)
    if unit.layer == Layer.COREFERENCE and is_before:
        mark, other = other, mark  # a pair hangs on the first of its marks
    return Unit(unit.layer, unit.label, mark.start, mark.end, (mark.label, *other))


def match(
    ours: Sequence[Mark], theirs: Sequence[Mark], labels: bool = True
) -> list[tuple[Mark, Mark]]:
    """Pairs marks that overlap, each at most once: as many pairs as possible, and those as close as possible.

    With `labels`, only marks of one label are paired. The pairs are those of greatest total Jaccard overlap (code
    points in both over code points in either) after greatest number.
    """
    if not ours or not theirs:
        return []
    import numpy as np
    from scipy.optimize import linear_sum_assignment  # a tenth of a second to import

    one, other = (np.array([(mark.start, mark.end) for mark in marks]) for marks in (ours, theirs))
    shared = np.minimum(one[:, None, 1], other[None, :, 1]) - np.maximum(
        one[:, None, 0], other[None, :, 0]
    )
    whole = np.maximum(one[:, None, 1], other[None, :, 1]) - np.minimum(
        one[:, None, 0], other[None, :, 0]
    )
    overlap = np.where(shared > 0, shared / whole, 0.0)
    our_labels = np.array([mark.label for mark in ours])
    their_labels = np.array([mark.label for mark in theirs])
    same = our_labels[:, None] == their_labels[None, :]
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
