"""What two passes disagree on: of which type it is, and the places where most of it lies."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from annotate.measure import align
from annotate.measure.align import MarkKey, Unit
from annotate.model import graph, notation
from annotate.model.records import Annotation, Article, Mark, Span
from annotate.model.schema import LINK_LAYERS, MARK_LAYERS, Kind, Layer, Schema

NONE = "–"
"""Stands for a mark or an answer that is not there."""


class DisagreementType(NamedTuple):
    """A type of disagreement between two passes: what differs, on which label, and what the other has in its place."""

    layer: str
    what: str
    """`label`, `boundary` or `missing` of marks; `value` of attributes; `label` or `missing` of links between marks
    that both have."""
    label: str
    other: str
    """The other label or value, in alphabetical order; the mark's label for a link's or attribute's; else empty."""

    def __str__(self) -> str:
        match self.layer, self.what:
            case Layer.ATTRIBUTE, _:
                return f"{self.label}: {self.other}"
            case layer, "missing":
                of = f" of {self.other}" if self.other else ""
                return f"{layer} {self.label}{of}: one has it, the other nothing"
            case layer, "boundary":
                return f"{layer} {self.label}: other words"
            case layer, _:
                return f"{layer}: {self.label} or {self.other}"


TypeAt = tuple[DisagreementType, int, int]
"""A disagreement's type, and the start and end of the mark that it is about."""


@dataclass(frozen=True)
class Disagreement:
    """A place in an article where units are not in every pass."""

    article: str
    start: int
    end: int
    units: int
    """How many units differ."""
    shown: dict[str, str]
    """By annotator, the place in the notation as they marked it; empty where the text is withheld."""


def most_frequent(types: Counter[DisagreementType]) -> list[tuple[DisagreementType, int]]:
    """Each type with how often it occurred, the most frequent first; of equals, in the order of their names."""
    return sorted(types.items(), key=lambda entry: (-entry[1], entry[0]))


def ordered_pair(one: str, other: str) -> tuple[str, str]:
    """Two labels or values in one order, whoever gave which; `NONE` is the last."""
    first, second = sorted((one, other), key=lambda value: (value == NONE, value))
    return first, second


def of_marks(
    one: Annotation, other: Annotation, pairs: Sequence[tuple[Mark, Mark]], schema: Schema
) -> Iterator[TypeAt]:
    """The disagreements about marks, of which `pairs` are those of one label that overlap.

    A mark outside of `pairs` has another label than the other's mark on its words, or the other has none there.
    """
    for mark, partner in pairs:
        if align.mark_key(mark) != align.mark_key(partner):
            yield _type_at(mark, align.layer(mark), "boundary", mark.label)
        yield from _of_answers(mark, partner, schema)
    paired = {id(mark) for mark in chain.from_iterable(pairs)}
    our_others, their_others = _unpaired(one, paired), _unpaired(other, paired)
    for layer in MARK_LAYERS:
        ours, theirs = our_others[layer], their_others[layer]
        relabelled = align.match(ours, theirs, labels=False)
        for mark, partner in relabelled:
            yield _type_at(mark, layer, "label", *ordered_pair(mark.label, partner.label))
        with_partner = {id(mark) for mark in chain.from_iterable(relabelled)}
        for mark in (*ours, *theirs):
            if id(mark) not in with_partner:
                yield _type_at(mark, layer, "missing", mark.label)


def _of_answers(mark: Mark, partner: Mark, schema: Schema) -> Iterator[TypeAt]:
    for name in sorted(mark.attributes.keys() | partner.attributes.keys()):
        value = str(mark.attributes.get(name, NONE))
        another = str(partner.attributes.get(name, NONE))
        if value != another:
            is_choice = schema.attributes[name].kind is Kind.CHOICE
            values = " or ".join(ordered_pair(value, another)) if is_choice else "another value"
            yield _type_at(mark, Layer.ATTRIBUTE, "value", name, values)


def _type_at(at: Mark | Unit, layer: str, what: str, label: str, other: str = "") -> TypeAt:
    return DisagreementType(layer, what, label, other), at.start, at.end


def _unpaired(annotation: Annotation, paired: Collection[int]) -> dict[Layer, list[Mark]]:
    """By layer, the marks that are not paired."""
    marks: dict[Layer, list[Mark]] = {layer: [] for layer in MARK_LAYERS}
    for mark in annotation.marks():
        if id(mark) not in paired:
            marks[align.layer(mark)].append(mark)
    return marks


def of_links(
    ours: Collection[Unit], theirs: Collection[Unit], paired: Mapping[MarkKey, MarkKey]
) -> Iterator[TypeAt]:
    """Of links whose marks both annotators have: those that only one has, or that have another label."""
    for unit, label in _unmatched_links(ours, theirs, paired):
        if label is None:
            yield _missing_link(unit)
        else:
            yield _type_at(unit, unit.layer, "label", *ordered_pair(unit.label, label))
    back = {partner: key for key, partner in paired.items()}
    for unit, label in _unmatched_links(theirs, ours, back):
        if label is None:  # one of another label is among those above
            yield _missing_link(unit)


def _unmatched_links(
    links: Collection[Unit], others: Collection[Unit], paired: Mapping[MarkKey, MarkKey]
) -> Iterator[tuple[Unit, str | None]]:
    """Each link that is not among the others, with the label, if any, that these have between the same two marks."""
    unmatched = []
    for unit in links:
        if unit.layer in LINK_LAYERS:
            moved = align.moved(unit, paired)
            if moved is not None and moved not in others:
                unmatched.append((unit, moved))
    if not unmatched:
        return
    label_of = {
        (other.layer, other.mark, other.other): other.label
        for other in others
        if other.layer in LINK_LAYERS
    }
    for unit, moved in unmatched:
        yield unit, label_of.get((moved.layer, moved.mark, moved.other))


def _missing_link(unit: Unit) -> TypeAt:
    of = "" if unit.layer == Layer.COREFERENCE else unit.mark.label
    return _type_at(unit, unit.layer, "missing", unit.label, of)


class WorstDisagreements:
    """Of all articles, the so many places in which most units differ, with what each annotator marked there."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._entries: list[tuple[int, str, int, Disagreement]] = []
        """Units, article, −start, which they are ordered by; the largest first."""

    def add(self, article: Article, passes: Sequence[Annotation]) -> None:
        """Look at two passes or more over one article."""
        if not self._number:
            return
        most_units = heapq.nlargest(
            self._number, _places(passes), key=lambda place: (place.units, -place.start)
        )
        for place in most_units:
            order = (place.units, article.id, -place.start)
            # To show a place takes its time: only those that are kept are shown.
            if len(self._entries) < self._number or order > self._entries[-1][:3]:
                self._entries.append((*order, _disagreement(article, passes, place)))
                self._entries = heapq.nlargest(
                    self._number, self._entries, key=lambda entry: entry[:3]
                )

    def disagreements(self) -> list[Disagreement]:
        """The worst first."""
        return [disagreement for *_order, disagreement in self._entries]


class _Place(NamedTuple):
    units: int
    """How many differ."""
    start: int
    end: int


def _places(passes: Sequence[Annotation]) -> list[_Place]:
    """Each place with units that are not in every pass. What overlaps is one place; a link belongs to its mark's."""
    passes_with = Counter(chain.from_iterable(align.units(annotation) for annotation in passes))
    differing = sorted(
        (unit for unit, count in passes_with.items() if count < len(passes)),
        key=lambda unit: (unit.start, -unit.end),
    )
    places: list[_Place] = []
    for unit in differing:
        if places and unit.start < places[-1].end:
            units, start, end = places[-1]
            places[-1] = _Place(units + 1, start, max(end, unit.end))
        else:
            places.append(_Place(1, unit.start, unit.end))
    return places


def _disagreement(article: Article, passes: Sequence[Annotation], place: _Place) -> Disagreement:
    shown = {}
    if article.text is not None:
        for annotation in passes:
            shown[annotation.provenance.annotator] = _excerpt(article, annotation, place)
    return Disagreement(article.id, place.start, place.end, place.units, shown)


def _excerpt(article: Article, annotation: Annotation, place: _Place) -> str:
    """The zones around the place, with the marks that touch it and those that these are linked to."""
    zones = [zone for zone in article.zones if zone.start < place.end and place.start < zone.end]
    start, end = place.start, place.end
    if zones:
        start, end = zones[0].start, max(zones[-1].end, end)
    marks, links = graph.disassemble(annotation)
    touching = {mark.id for mark in marks if mark.start < place.end and place.start < mark.end}
    joining = [link for link in links if link.tail in touching]
    linked = touching | {link.head for link in joining}
    return notation.excerpt(
        article.text or "",
        Span(start=start, end=end),
        (mark for mark in marks if mark.id in linked),
        joining,
    )
