"""The units of several passes over one article, who has each, and which of them are settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from annotate.measure import align
from annotate.measure.align import MarkKey, Unit
from annotate.model.records import Annotation, AttributeValue, Decision, Gold
from annotate.model.schema import MARK_LAYERS, UNIT_LAYERS, Layer

State = Literal["in", "out", "open"]
"""Whether a unit is settled as part of gold, settled as none, or to be decided."""
_SINGLE = (Layer.ATTRIBUTE, Layer.ATTRIBUTION_LINK)
"""Of these, a mark has one of each name."""


@dataclass
class Passes:
    """All units of the passes, and of the gold before."""

    passes: Sequence[Annotation]
    prior: Gold | None
    majority: bool
    """Whether what more than half of the annotators have is settled."""
    names: tuple[str, ...] = ()
    """The annotators, sorted."""
    holders: dict[Unit, frozenset[str]] = field(default_factory=dict)
    """By unit of a pass, whose passes have it."""
    values: dict[Unit, AttributeValue] = field(default_factory=dict)
    """By attribute unit, its value as it was given; the unit has it as a string."""
    decisions: dict[Unit, Decision] = field(default_factory=dict)
    """By unit, what was decided before."""
    by_majority: set[Unit] = field(default_factory=set)
    """What `state` has settled by majority so far."""
    reviewed: set[tuple[MarkKey, str]] = field(default_factory=set)
    """By mark and name, the answers, sources and cues that a review gave: there is one of each."""

    def __post_init__(self) -> None:
        self.names = tuple(sorted(annotation.provenance.annotator for annotation in self.passes))
        holders: dict[Unit, set[str]] = defaultdict(set)
        for annotation in self.passes:
            for unit in self._read(annotation):
                holders[unit].add(annotation.provenance.annotator)
        self.holders = {unit: frozenset(names) for unit, names in holders.items()}
        if self.prior is not None:
            self._read(self.prior)
            for decision in self.prior.decisions:
                unit = _unit(decision)
                self.decisions[unit] = decision
                if decision.origin == "reviewed" and unit.layer in _SINGLE:
                    self.reviewed.add((unit.mark, unit.label))

    def _read(self, annotation: Annotation) -> Iterable[Unit]:
        units = align.units(annotation)
        for unit, mark in units.items():
            if unit.layer == Layer.ATTRIBUTE:
                self.values[unit] = mark.attributes[unit.label]
        return units

    def candidates(self) -> Iterator[Unit]:
        """Every unit of a pass, and every one that gold had before, in the order of the text."""
        in_gold = (
            unit for unit, decision in self.decisions.items() if decision.origin != "rejected"
        )
        yield from sorted(
            {*self.holders, *in_gold},
            key=lambda unit: (unit.start, -unit.end, UNIT_LAYERS.index(unit.layer), unit),
        )

    def holders_of(self, unit: Unit) -> frozenset[str]:
        """Whose passes have the unit."""
        return self.holders.get(unit, frozenset())

    def holders_of_mark(self, mark: MarkKey) -> frozenset[str]:
        """Whose passes have the mark."""
        for layer in MARK_LAYERS:
            unit = Unit(layer, *mark)
            if unit in self.holders:
                return self.holders[unit]
        return frozenset()

    def eligible(self, unit: Unit) -> frozenset[str]:
        """Whose passes could have the unit: for a mark everybody's, for a detail those that have its marks."""
        if unit.layer in MARK_LAYERS:
            return frozenset(self.names)
        with_mark = self.holders_of_mark(unit.mark)
        return with_mark & self.holders_of_mark(unit.other) if unit.other else with_mark

    def state(self, unit: Unit) -> State:
        """Settled in, settled out, or open: by the passes, and by what was decided before and still holds."""
        holders, eligible = self.holders_of(unit), self.eligible(unit)
        decision = self.decisions.get(unit)
        origin = decision.origin if decision is not None else None
        if decision is not None and origin == "rejected":
            # Refused: until somebody has it who had not.
            return "out" if holders <= set(decision.annotators) else "open"
        if origin == "reviewed":
            return "in"
        if decision is None and (unit.mark, unit.label) in self.reviewed:
            return "open"  # a pass now says otherwise than the review
        if holders and holders == eligible:
            return "in"
        if origin in ("changed", "added"):
            return "in"
        if origin in ("chosen", "majority"):
            # Taken: as long as anybody has it.
            return "in" if holders else "open"
        if not holders:
            # It was agreed on, and all have taken it back; who read gold again may have held it right.
            return "open" if self.prior and self.prior.provenance.reviews else "out"
        if self.majority and 2 * len(holders) != len(eligible):
            self.by_majority.add(unit)
            return "in" if 2 * len(holders) > len(eligible) else "out"
        return "open"


def _unit(decision: Decision) -> Unit:
    return Unit(decision.layer, decision.label, decision.start, decision.end, decision.rest)


def overlap(one: MarkKey | None, other: MarkKey | None) -> bool:
    """Whether two marks share words; a link's end that is not there shares none."""
    if one is None or other is None:
        return False
    return one.start < other.end and other.start < one.end
