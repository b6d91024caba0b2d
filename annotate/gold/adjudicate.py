"""Makes gold from independent passes: what agrees is taken, each disagreement is a choice on a sheet, a person decides.

A sheet is an annotation under a schema with three more questions for every label: `offered` tells what the passes say
where they differ, under letters; `verdict` keeps or rejects; `reason` says why. Label Studio and the inline notation
carry it like any other annotation, so that both ways of working give the same gold.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any, Literal

from annotate.corpus import validate
from annotate.measure import align
from annotate.measure.align import Unit
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.issues import Issue, errors
from annotate.model.records import (
    Annotation,
    Article,
    AttributeValue,
    Decision,
    Gold,
    Mark,
    Provenance,
)
from annotate.model.schema import MARK_LAYERS, SAME_AS, UNIT_LAYERS, Layer, Schema

OFFERED, VERDICT, REASON = "offered", "verdict", "reason"
KEEP, REJECT = "keep", "reject"
NOBODY = "–"

Place = tuple[str, int, int]
"""Label, start and end: what a mark is known by, whoever made it."""
State = Literal["in", "out", "open"]
_Offer = Callable[[Place, Unit, str], None]

_QUESTIONS = {
    VERDICT: {
        "kind": "choice",
        "definition": (
            "Decide here what the passes differ in: the mark with its answers and links as they"
            " then stand."
        ),
        "values": {
            KEEP: {"definition": "It goes into gold as it stands now.", "hotkey": ","},
            REJECT: {"definition": "It does not go into gold.", "hotkey": "/"},
        },
    },
    OFFERED: {
        "kind": "text",
        "definition": "What the passes say where they differ, each under a letter.",
    },
    REASON: {
        "kind": "text",
        "definition": "Why it was decided so, if there is more to say than the guidelines do.",
    },
}
_LETTERS: dict[str, str] = {
    Layer.MENTION: "m",
    Layer.EVENT: "e",
    Layer.SOURCE: "h",
    Layer.CUE: "q",
    Layer.CONTENT: "c",
}


def sheet_schema(schema: Schema) -> Schema:
    """The schema with the three questions of a sheet on every label."""
    fields = schema.model_dump()
    fields["attributes"] = _QUESTIONS | fields["attributes"]
    for section in ("mentions", "events", "attribution"):
        for label in fields[section].values():
            label["attributes"] = (*_QUESTIONS, *label["attributes"])
    return Schema.model_validate(fields)


@dataclass(frozen=True)
class Sheet:
    """What is settled and what is to be decided for one article."""

    annotation: Annotation
    """Under `sheet_schema`."""
    choices: dict[str, frozenset[Unit]]
    """By mark id on the sheet, the units that its verdict decides; empty where all is settled."""
    majority: frozenset[Unit]
    """Units that were taken or refused by majority, unread."""


def letters(article: str, annotators: Iterable[str]) -> dict[str, str]:
    """A letter for each annotator, another order for each article: who adjudicates does not learn who is who."""
    ordered = sorted(
        annotators, key=lambda name: hashlib.sha256(f"{article} {name}".encode()).digest()
    )
    return {name: chr(ord("A") + number) for number, name in enumerate(ordered)}


@dataclass
class _Passes:
    """All units of the passes, and of the gold before."""

    passes: Sequence[Annotation]
    prior: Gold | None
    majority: bool
    names: tuple[str, ...] = ()
    holders: dict[Unit, frozenset[str]] = field(default_factory=dict)
    values: dict[Unit, AttributeValue] = field(default_factory=dict)
    decisions: dict[Unit, Decision] = field(default_factory=dict)
    by_majority: set[Unit] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.names = tuple(sorted(found.provenance.annotator for found in self.passes))
        held: dict[Unit, set[str]] = defaultdict(set)
        for found in (*self.passes, *((self.prior,) if self.prior else ())):
            for unit, mark in align.units(found).items():
                if unit.layer == Layer.ATTRIBUTE:
                    self.values[unit] = mark.attributes[unit.label]
                if found is not self.prior:
                    held[unit].add(found.provenance.annotator)
        self.holders = {unit: frozenset(names) for unit, names in held.items()}
        for decision in self.prior.decisions if self.prior else ():
            unit = Unit(decision.layer, decision.label, decision.start, decision.end, decision.rest)
            self.decisions[unit] = decision

    def candidates(self) -> Iterator[Unit]:
        """Every unit of a pass, and every one that gold had before, in the order of the text."""
        kept = (unit for unit, decision in self.decisions.items() if decision.origin != "rejected")
        yield from sorted(
            {*self.holders, *kept},
            key=lambda unit: (unit.start, -unit.end, UNIT_LAYERS.index(unit.layer), unit),
        )

    def of(self, place: Place) -> frozenset[str]:
        """Whose passes have the mark."""
        label, start, end = place
        return next(
            (
                self.holders[unit]
                for layer in MARK_LAYERS
                if (unit := Unit(layer, label, start, end)) in self.holders
            ),
            frozenset(),
        )

    def asked(self, unit: Unit) -> frozenset[str]:
        """Whose passes could have the unit: for a mark everybody's, for a detail those that have its marks."""
        if unit.layer in MARK_LAYERS:
            return frozenset(self.names)
        return self.of(unit.mark) & (self.of(unit.other) if unit.other else frozenset(self.names))

    def state(self, unit: Unit) -> State:
        """Settled in, settled out, or open: by the passes, and by what was decided before and still holds."""
        held, asked, decision = (
            self.holders.get(unit, frozenset()),
            self.asked(unit),
            self.decisions.get(unit),
        )
        if decision is not None and decision.origin == "rejected":
            # Refused: until somebody has it who had not.
            return "out" if held <= set(decision.annotators) else "open"
        if held and held == asked:
            return "in"
        if decision is not None and decision.origin in ("changed", "added"):
            return "in"
        if decision is not None and decision.origin in ("chosen", "majority"):
            # Taken: as long as anybody has it.
            return "in" if held else "open"
        if not held:
            return "out"  # it was agreed on, and all have taken it back
        if self.majority and 2 * len(held) != len(asked):
            self.by_majority.add(unit)
            return "in" if 2 * len(held) > len(asked) else "out"
        return "open"


def merge(
    article: Article,
    passes: Sequence[Annotation],
    schema: Schema,
    prior: Gold | None = None,
    majority: bool = False,
) -> Sheet:
    """The sheet of an article: settled marks as they are, open ones with a letter in their id and in `offered`.

    `passes` are valid, two or more. Decisions of `prior` that still hold are kept. With `majority`, what more than half
    of those asked have is taken, and what fewer have is not; ties stay open.
    """
    known = _Passes(passes, prior, majority)
    states: dict[Unit, State] = {unit: known.state(unit) for unit in known.candidates()}
    marks = [unit for unit, state in states.items() if unit.layer in MARK_LAYERS and state != "out"]
    letter = letters(article.id, known.names)
    ids = _ids(marks, states, known, letter, prior)
    notes: dict[Place, list[str]] = defaultdict(list)
    opens: dict[Place, set[Unit]] = defaultdict(set)

    def offer(place: Place, unit: Unit, told: str) -> None:
        by = "".join(sorted(letter[name] for name in known.holders.get(unit, ()))) or NOBODY
        notes[place].append(f"{by}: {told}" if told else by)
        opens[place].add(unit)

    for unit in marks:
        if states[unit] == "open":
            offer(unit.mark, unit, "")
    attributes, silent = _attributes(known, states, ids, offer)
    for place, name, names in silent:
        notes[place].append(f"{''.join(sorted(letter[who] for who in names))}: no {name}")
    links = [*_links(known, states, ids, offer), *_same(known, states, ids, offer)]
    placed = []
    for unit in marks:
        answers = dict(attributes[unit.mark])
        if notes.get(unit.mark):
            answers[OFFERED] = " | ".join(dict.fromkeys(notes[unit.mark]))
        words = None if article.text is None else article.text[unit.start : unit.end]
        placed.append(
            Mark(
                id=ids[unit.mark],
                label=unit.label,
                start=unit.start,
                end=unit.end,
                text=words,
                attributes=answers,
            )
        )
    annotation, _issues = graph.assemble(
        placed, links, schema, article.id, article.sha256, passes[0].provenance
    )
    choices = {ids[place]: frozenset(units) for place, units in opens.items()}
    return Sheet(annotation, choices, frozenset(known.by_majority))


def _ids(
    marks: Sequence[Unit],
    states: Mapping[Unit, State],
    known: _Passes,
    letter: Mapping[str, str],
    prior: Gold | None,
) -> dict[Place, str]:
    """An id for each mark: the one that gold had for it, or the next free number; an open one begins with its letters."""
    before = (
        {(mark.label, mark.start, mark.end): mark.id for mark in prior.marks()} if prior else {}
    )
    ids: dict[Place, str] = {}
    free = _free(set(before.values()))
    for unit in marks:
        if unit.mark in before and states[unit] == "in":
            ids[unit.mark] = before[unit.mark]
            continue
        name = free(unit.label if unit.layer == Layer.ATTRIBUTION_SPAN else unit.layer)
        by = "".join(sorted(letter[found] for found in known.of(unit.mark)))
        ids[unit.mark] = f"{by or 'X'}-{name}" if states[unit] == "open" else name
    return ids


def _attributes(
    known: _Passes, states: Mapping[Unit, State], ids: Mapping[Place, str], offer: _Offer
) -> tuple[dict[Place, dict[str, AttributeValue]], list[tuple[Place, str, frozenset[str]]]]:
    """The answers that are settled; where they differ none is given, each is offered, and who gave none is told."""
    given: dict[Place, dict[str, AttributeValue]] = defaultdict(dict)
    left: dict[tuple[Place, str], list[Unit]] = defaultdict(list)
    for unit, state in states.items():
        if unit.layer != Layer.ATTRIBUTE or unit.mark not in ids:
            continue
        if state == "in":
            given[unit.mark][unit.label] = known.values[unit]
        elif state == "open":
            left[unit.mark, unit.label].append(unit)
    silent = []
    for (place, name), units in left.items():
        for unit in units:
            offer(place, unit, f"{name}={known.values[unit]}")
        answered = {who for unit in units for who in known.holders.get(unit, ())}
        if known.of(place) - answered:
            silent.append((place, name, known.of(place) - answered))
    return given, silent


def _links(
    known: _Passes, states: Mapping[Unit, State], ids: Mapping[Place, str], offer: _Offer
) -> Iterator[Link]:
    """The links that are settled, and those that are offered; of two sources or cues for one content, neither."""
    is_open = _open_marks(states)
    single: dict[tuple[Place, str], list[Unit]] = defaultdict(list)
    for unit, state in states.items():
        if unit.layer not in (Layer.ARGUMENT, Layer.ATTRIBUTION_LINK) or state == "out":
            continue
        other = unit.other
        if other is None or unit.mark not in ids or other not in ids:
            continue
        if state == "open" and (
            not (is_open[unit.mark] or is_open[other]) or _is_real(unit, known)
        ):
            offer(unit.mark, unit, f"{unit.label} → {ids[other]}")
        if unit.layer == Layer.ARGUMENT:
            yield Link(ids[unit.mark], unit.label, ids[other])
        else:
            single[unit.mark, unit.label].append(unit)
    for units in single.values():
        settled = [unit for unit in units if states[unit] == "in"]
        if settled or len(units) == 1:
            unit = (settled or units)[0]
            yield Link(ids[unit.mark], unit.label, ids[unit.other])  # type: ignore[index]


def _open_marks(states: Mapping[Unit, State]) -> dict[Place, bool]:
    return {
        unit.mark: state == "open" for unit, state in states.items() if unit.layer in MARK_LAYERS
    }


def _is_real(unit: Unit, known: _Passes) -> bool:
    """Whether others lack the link, and not only the exact words of an open end, which are decided by themselves."""
    held = known.holders.get(unit, frozenset())
    like = {
        name
        for other, names in known.holders.items()
        if other.layer == unit.layer
        and other.label == unit.label
        and _meet(unit.mark, other.mark)
        and _meet(unit.other, other.other)
        for name in names
    }
    return not like | held >= set(known.names) or held == frozenset()


def _meet(one: Place | None, other: Place | None) -> bool:
    return one is not None and other is not None and one[1] < other[2] and other[1] < one[2]


def _same(
    known: _Passes, states: Mapping[Unit, State], ids: Mapping[Place, str], offer: _Offer
) -> Iterator[Link]:
    """Settled pairs of one thing; an open mark is joined to its nearest fellow; a pair that is open is only offered."""
    is_open = _open_marks(states)
    nearest: dict[tuple[Place, frozenset[str]], tuple[bool, int, Place]] = {}
    for unit, state in states.items():
        if (
            unit.layer != Layer.COREFERENCE
            or state == "out"
            or unit.mark not in ids
            or unit.other not in ids
        ):
            continue
        one, other = unit.mark, unit.other
        assert other is not None
        if is_open[one] or is_open[other]:
            # Joined to all its fellows it would make them one thing, which may be in dispute.
            for place, fellow in ((one, other), (other, one)):
                if is_open[place]:
                    key = place, known.holders.get(unit, frozenset())
                    found = (is_open[fellow], abs(place[1] - fellow[1]), fellow)
                    nearest[key] = min(nearest.get(key, found), found)
        elif state == "in":
            yield Link(ids[one], SAME_AS, ids[other])
        else:
            offer(other, unit, f"same as {ids[one]}")
    for (place, _names), (_open, _distance, fellow) in nearest.items():
        yield Link(ids[place], SAME_AS, ids[fellow])


def decide(
    article: Article,
    passes: Sequence[Annotation],
    prior: Gold | None,
    filled: Annotation,
    schema: Schema,
    made: Provenance,
    majority: bool = False,
) -> tuple[Gold | None, list[Issue]]:
    """Gold from a filled sheet, or what stands against it.

    `passes`, `prior` and `majority` are those that the sheet was made from; `made` tells who filled it.
    """
    sheet = merge(article, passes, schema, prior, majority)
    issues = [
        Issue(
            mark.id,
            "choice-open",
            f"{mark.label} “{mark.text}” is offered by {mark.attributes.get(OFFERED)}; keep or"
            " reject it",
        )
        for mark in filled.marks()
        if mark.id in sheet.choices and VERDICT not in mark.attributes
    ]
    if issues:
        return None, issues
    reasons = _reasons(filled, sheet)
    marks, links = graph.disassemble(filled)
    kept = {mark.id for mark in marks if mark.attributes.get(VERDICT) != REJECT}
    before = (
        {(mark.label, mark.start, mark.end): mark.id for mark in prior.marks()} if prior else {}
    )
    names = _renamed([mark for mark in marks if mark.id in kept], before, schema)
    plain = [
        mark.model_copy(
            update={
                "id": names[mark.id],
                "attributes": {
                    name: value for name, value in mark.attributes.items() if name not in _QUESTIONS
                },
            }
        )
        for mark in marks
        if mark.id in kept
    ]
    joined = [
        Link(names[link.tail], link.label, names[link.head]) for link in _rejoined(links, kept)
    ]
    outcome, misplaced = graph.assemble(plain, joined, schema, article.id, article.sha256, made)
    issues = [*misplaced, *validate.check(outcome, article, schema)]
    if errors(issues):
        return None, issues
    told = tuple(sorted(_record(outcome, passes, prior, sheet.majority, reasons), key=_order))
    return Gold(**dict(outcome), decisions=told), issues


def _order(decision: Decision) -> tuple[Any, ...]:
    return (
        decision.start,
        -decision.end,
        UNIT_LAYERS.index(decision.layer),
        decision.label,
        str(decision.rest),
    )


def _rejoined(links: Iterable[Link], kept: set[str]) -> Iterator[Link]:
    """Links between what was kept; a chain of one thing closes over what was taken out of it."""
    left: dict[str, set[str]] = {}
    for link in links:
        if link.label != SAME_AS:
            if link.tail in kept and link.head in kept:
                yield link
            continue
        joined = left.get(link.tail, {link.tail}) | left.get(link.head, {link.head})
        for name in joined:
            left[name] = joined
    for group in {id(group): group for group in left.values()}.values():
        members = sorted(group & kept)
        for one, other in pairwise(members):
            yield Link(one, SAME_AS, other)


def _renamed(marks: Sequence[Mark], before: Mapping[Place, str], schema: Schema) -> dict[str, str]:
    """Gold's ids: those it had, or the next free number of the layer, in the order of the text."""
    taken = {
        before[place] for mark in marks if (place := (mark.label, mark.start, mark.end)) in before
    }
    free, names = _free(taken), dict[str, str]()
    for mark in sorted(marks, key=lambda mark: mark.order):
        place = (mark.label, mark.start, mark.end)
        if place in before and before[place] not in names.values():
            names[mark.id] = before[place]
            continue
        names[mark.id] = free(str(schema.layer(mark.label)))
    return names


def _free(taken: set[str]) -> Callable[[str], str]:
    """Gives ids of a layer by rising number, leaving out those that are taken."""
    numbers: dict[str, Iterator[int]] = {kind: count(1) for kind in _LETTERS}

    def free(kind: str) -> str:
        return next(
            name for number in numbers[kind] if (name := f"{_LETTERS[kind]}{number}") not in taken
        )

    return free


def _reasons(filled: Annotation, sheet: Sheet) -> dict[Unit, str]:
    """Each reason with the units that the mark's verdict decided, and with the mark itself."""
    reasons: dict[Unit, str] = {}
    for mark in filled.marks():
        reason = mark.attributes.get(REASON)
        if reason is not None:
            own = Unit(align.layer(mark), mark.label, mark.start, mark.end)
            reasons.update(dict.fromkeys({own, *sheet.choices.get(mark.id, ())}, str(reason)))
    return reasons


def _record(
    outcome: Annotation,
    passes: Sequence[Annotation],
    prior: Gold | None,
    majority: frozenset[Unit],
    reasons: Mapping[Unit, str],
) -> Iterator[Decision]:
    """Where each unit of the outcome came from, and each unit of a pass that is not in it though its marks are."""
    known = _Passes(passes, prior, False)
    taken = set(align.units(outcome))
    places = {unit.mark for unit in taken if unit.layer in MARK_LAYERS}

    def told(unit: Unit, origin: Any) -> Decision:
        before = known.decisions.get(unit)
        reason = reasons.get(unit) or (before.reason if before else None)
        if origin == "rejected" and unit in majority:
            reason = reason or "majority"
        who = tuple(sorted(known.holders.get(unit, ())))
        return Decision(**unit._asdict(), origin=origin, annotators=who, reason=reason)

    refused = [
        unit
        for unit in known.holders
        if unit not in taken
        and (
            unit.layer in MARK_LAYERS
            or (unit.mark in places and (unit.other is None or unit.other in places))
        )
    ]
    for unit in taken:
        held, before = known.holders.get(unit, frozenset()), known.decisions.get(unit)
        if held == set(known.names):
            yield told(unit, "agreed")
        elif unit in majority or (held and before is not None and before.origin == "majority"):
            yield told(unit, "majority")
        elif held:
            yield told(unit, "chosen")
        elif before is not None and before.origin in ("changed", "added"):
            yield told(unit, before.origin)
        else:
            yield told(
                unit, "changed" if any(_replaces(unit, other) for other in refused) else "added"
            )
    for unit in refused:
        yield told(unit, "rejected")


def _replaces(unit: Unit, other: Unit) -> bool:
    """Whether the one stands where a pass has the other: overlapping marks, another answer, another end of a link."""
    if unit.layer != other.layer:
        return False
    if unit.layer in MARK_LAYERS:
        return _meet(unit.mark, other.mark)
    return (
        unit.label == other.label
        and _meet(unit.mark, other.mark)
        and unit.layer != Layer.COREFERENCE
    )
