"""The record that gold carries: where each of its units came from, and what was rejected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from annotate.gold.passes import Passes, overlap
from annotate.measure import align
from annotate.measure.align import Unit
from annotate.model.records import Annotation, Decision, Gold
from annotate.model.schema import MARK_LAYERS, UNIT_LAYERS, Layer


def record(
    outcome: Annotation,
    passes: Sequence[Annotation],
    prior: Gold | None,
    majority: frozenset[Unit],
    reasons: Mapping[Unit, str],
) -> tuple[Decision, ...]:
    """Where each unit of the outcome came from, and each unit of a pass that is not in it though its marks are.

    In the order of the text.
    """
    known = Passes(passes, prior, False)
    taken = set(align.units(outcome))
    refused = list(_refused({*known.holders, *_taken_out(known)}, taken))

    def decision(unit: Unit, origin: Any) -> Decision:
        before = known.decisions.get(unit)
        reason = reasons.get(unit) or (before.reason if before else None)
        if origin == "rejected" and unit in majority:
            reason = reason or "majority"
        annotators = tuple(sorted(known.holders_of(unit)))
        return Decision(**unit._asdict(), origin=origin, annotators=annotators, reason=reason)

    decisions = [decision(unit, _origin(unit, known, majority, refused)) for unit in taken]
    decisions += [decision(unit, "rejected") for unit in refused]
    return tuple(sorted(decisions, key=_order))


def reviewed(
    outcome: Annotation, passes: Sequence[Annotation], prior: Gold, reasons: Mapping[Unit, str]
) -> tuple[Decision, ...]:
    """The record of gold that was read again: what was put in or changed is *reviewed*, what was taken out *rejected*.

    Of all else the record stays as it was. `reasons` has those of the units that changed, and what is said of a mark
    that stays.
    """
    known = Passes(passes, prior, False)
    taken = set(align.units(outcome))
    before = {unit for unit, found in known.decisions.items() if found.origin != "rejected"}
    refused = set(_refused({*known.holders, *_taken_out(known), *before}, taken))

    def decision(unit: Unit, origin: Any) -> Decision:
        annotators = tuple(sorted(known.holders_of(unit)))
        reason = reasons.get(unit)
        return Decision(**unit._asdict(), origin=origin, annotators=annotators, reason=reason)

    def stays(unit: Unit) -> Decision | None:
        found = known.decisions.get(unit) if (unit in before) == (unit in taken) else None
        said = reasons.get(unit)
        if found is None or said is None or said in (found.reason or ""):
            return found
        return found.model_copy(update={"reason": "; ".join(filter(None, [found.reason, said]))})

    decisions = [stays(unit) or decision(unit, "reviewed") for unit in taken]
    decisions += [stays(unit) or decision(unit, "rejected") for unit in refused]
    return tuple(sorted(decisions, key=_order))


def _taken_out(known: Passes) -> Iterator[Unit]:
    """What a review took out, and no pass has had."""
    for unit, decision in known.decisions.items():
        if decision.origin == "rejected" and not decision.annotators:
            yield unit


def _order(decision: Decision) -> tuple[Any, ...]:
    return (
        decision.start,
        -decision.end,
        UNIT_LAYERS.index(decision.layer),
        decision.label,
        str(decision.rest),
    )


def _refused(units: Iterable[Unit], taken: set[Unit]) -> Iterator[Unit]:
    """Those marks that were not taken; and answers and links that were not, where their marks were."""
    marks = {unit.mark for unit in taken if unit.layer in MARK_LAYERS}
    for unit in units:
        if unit in taken:
            continue
        has_marks = unit.mark in marks and (unit.other is None or unit.other in marks)
        if unit.layer in MARK_LAYERS or has_marks:
            yield unit


def _origin(unit: Unit, known: Passes, majority: frozenset[Unit], refused: Sequence[Unit]) -> str:
    """Where a unit of gold came from."""
    holders, before = known.holders_of(unit), known.decisions.get(unit)
    origin_before = before.origin if before is not None else None
    if origin_before == "reviewed":
        return "reviewed"
    if holders == set(known.names):
        return "agreed"
    if unit in majority or (holders and origin_before == "majority"):
        return "majority"
    if holders:
        return "chosen"
    if origin_before is not None and origin_before in ("changed", "added"):
        return origin_before
    return "changed" if any(_replaces(unit, other) for other in refused) else "added"


def _replaces(unit: Unit, other: Unit) -> bool:
    """Whether the one stands where a pass has the other: overlapping marks, another answer, another end of a link."""
    if unit.layer != other.layer:
        return False
    if unit.layer not in MARK_LAYERS and unit.label != other.label:
        return False
    return unit.layer != Layer.COREFERENCE and overlap(unit.mark, other.mark)
