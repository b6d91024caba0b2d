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

from annotate.corpus import validate
from annotate.gold.passes import Passes, State, overlap
from annotate.gold.record import record
from annotate.measure import align
from annotate.measure.align import MarkKey, Unit
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.issues import Issue, errors
from annotate.model.records import (
    Annotation,
    Article,
    AttributeValue,
    Gold,
    Mark,
    Provenance,
)
from annotate.model.schema import MARK_LAYERS, SAME_AS, Layer, Schema

OFFERED, VERDICT, REASON = "offered", "verdict", "reason"
KEEP, REJECT = "keep", "reject"
NOBODY = "–"
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
class _Offers:
    """What is offered at each mark of a sheet, and which units its verdict decides."""

    known: Passes
    letter: Mapping[str, str]
    notes: dict[MarkKey, list[str]] = field(default_factory=lambda: defaultdict(list))
    units: dict[MarkKey, set[Unit]] = field(default_factory=lambda: defaultdict(set))

    def add(self, mark: MarkKey, unit: Unit, words: str = "") -> None:
        """Offer the unit at the mark, by the letters of those who have it."""
        by = self.letters(self.known.holders_of(unit)) or NOBODY
        self.notes[mark].append(f"{by}: {words}" if words else by)
        self.units[mark].add(unit)

    def letters(self, names: Iterable[str]) -> str:
        """The letters of these annotators."""
        return "".join(sorted(self.letter[name] for name in names))


def merge(
    article: Article,
    passes: Sequence[Annotation],
    schema: Schema,
    prior: Gold | None = None,
    majority: bool = False,
) -> Sheet:
    """The sheet of an article: settled marks as they are, open ones with a letter in their id and in `offered`.

    `passes` are valid, two or more. Decisions of `prior` that still hold are kept. With `majority`, what more than half
    of those who could have it have is taken, and what fewer have is not; ties stay open.
    """
    known = Passes(passes, prior, majority)
    states = {unit: known.state(unit) for unit in known.candidates()}
    marks = [unit for unit, state in states.items() if unit.layer in MARK_LAYERS and state != "out"]
    offers = _Offers(known, letters(article.id, known.names))
    ids = _ids(marks, states, known, offers, prior)
    for unit in marks:
        if states[unit] == "open":
            offers.add(unit.mark, unit)
    attributes = _attributes(known, states, ids, offers)
    links = [*_settled_links(known, states, ids, offers), *_same(known, states, ids, offers)]
    sheet_marks = []
    for unit in marks:
        answers = dict(attributes[unit.mark])
        if offers.notes.get(unit.mark):
            answers[OFFERED] = " | ".join(dict.fromkeys(offers.notes[unit.mark]))
        sheet_marks.append(_sheet_mark(article, unit, ids[unit.mark], answers))
    annotation, _issues = graph.assemble(
        sheet_marks, links, schema, article.id, article.sha256, passes[0].provenance
    )
    choices = {ids[mark]: frozenset(units) for mark, units in offers.units.items()}
    return Sheet(annotation, choices, frozenset(known.by_majority))


def _sheet_mark(
    article: Article, unit: Unit, name: str, attributes: dict[str, AttributeValue]
) -> Mark:
    return Mark(
        id=name,
        label=unit.label,
        start=unit.start,
        end=unit.end,
        text=None if article.text is None else article.text[unit.start : unit.end],
        attributes=attributes,
    )


def _ids(
    marks: Sequence[Unit],
    states: Mapping[Unit, State],
    known: Passes,
    offers: _Offers,
    prior: Gold | None,
) -> dict[MarkKey, str]:
    """An id for each mark: the one that gold had for it, or the next free number; letters begin that of an open one."""
    before = _ids_before(prior)
    ids: dict[MarkKey, str] = {}
    free = _free(set(before.values()))
    for unit in marks:
        if unit.mark in before and states[unit] == "in":
            ids[unit.mark] = before[unit.mark]
            continue
        name = free(unit.label if unit.layer == Layer.ATTRIBUTION_SPAN else unit.layer)
        by = offers.letters(known.holders_of_mark(unit.mark))
        ids[unit.mark] = f"{by or 'X'}-{name}" if states[unit] == "open" else name
    return ids


def _ids_before(prior: Gold | None) -> dict[MarkKey, str]:
    """The ids of the marks of the gold that was there before."""
    return {align.mark_key(mark): mark.id for mark in prior.marks()} if prior else {}


def _attributes(
    known: Passes, states: Mapping[Unit, State], ids: Mapping[MarkKey, str], offers: _Offers
) -> dict[MarkKey, dict[str, AttributeValue]]:
    """The answers that are settled; where they differ, each is offered, and so is whose pass gives none."""
    settled: dict[MarkKey, dict[str, AttributeValue]] = defaultdict(dict)
    open_units: dict[tuple[MarkKey, str], list[Unit]] = defaultdict(list)
    for unit, state in states.items():
        if unit.layer != Layer.ATTRIBUTE or unit.mark not in ids:
            continue
        if state == "in":
            settled[unit.mark][unit.label] = known.values[unit]
        elif state == "open":
            open_units[unit.mark, unit.label].append(unit)
    unanswered = []
    for (mark, name), units in open_units.items():
        for unit in units:
            offers.add(mark, unit, f"{name}={known.values[unit]}")
        answered = frozenset[str]().union(*(known.holders_of(unit) for unit in units))
        without = known.holders_of_mark(mark) - answered
        if without:
            unanswered.append((mark, f"{offers.letters(without)}: no {name}"))
    for mark, note in unanswered:
        offers.notes[mark].append(note)
    return settled


def _settled_links(
    known: Passes, states: Mapping[Unit, State], ids: Mapping[MarkKey, str], offers: _Offers
) -> Iterator[Link]:
    """The links that are settled, and those that are offered; of two sources or cues for one content, neither."""
    is_open = _open_marks(states)
    single: dict[tuple[MarkKey, str], list[Unit]] = defaultdict(list)
    for unit, state in states.items():
        if unit.layer not in (Layer.ARGUMENT, Layer.ATTRIBUTION_LINK) or state == "out":
            continue
        other = unit.other
        if other is None or unit.mark not in ids or other not in ids:
            continue
        has_open_end = is_open[unit.mark] or is_open[other]
        if state == "open" and (not has_open_end or _is_disputed(unit, known)):
            offers.add(unit.mark, unit, f"{unit.label} → {ids[other]}")
        if unit.layer == Layer.ARGUMENT:
            yield Link(ids[unit.mark], unit.label, ids[other])
        else:
            single[unit.mark, unit.label].append(unit)
    for units in single.values():
        settled = [unit for unit in units if states[unit] == "in"]
        if settled or len(units) == 1:
            unit = (settled or units)[0]
            yield Link(ids[unit.mark], unit.label, ids[unit.other])  # type: ignore[index]


def _open_marks(states: Mapping[Unit, State]) -> dict[MarkKey, bool]:
    return {
        unit.mark: state == "open" for unit, state in states.items() if unit.layer in MARK_LAYERS
    }


def _is_disputed(link: Unit, known: Passes) -> bool:
    """Whether somebody lacks the link, and not only the exact words of an open end, which are decided by themselves.

    Ana links `agent` from “seized” to “rebels”, ben to “the rebels”: both have the link, and only the words are open.
    Where ben has no `agent` that overlaps ana's, the link itself is disputed. One that no pass has any longer is, too.
    """
    holders = known.holders_of(link)
    with_alike: set[str] = set(holders)
    for other, names in known.holders.items():
        if _is_alike(link, other):
            with_alike |= names
    return not holders or with_alike != set(known.names)


def _is_alike(link: Unit, other: Unit) -> bool:
    """Whether both are links of one label, between marks that overlap."""
    if (link.layer, link.label) != (other.layer, other.label):
        return False
    return overlap(link.mark, other.mark) and overlap(link.other, other.other)


def _same(
    known: Passes, states: Mapping[Unit, State], ids: Mapping[MarkKey, str], offers: _Offers
) -> Iterator[Link]:
    """Settled pairs of one thing; an open mark is joined to its nearest fellow; a pair that is open is only offered."""
    is_open = _open_marks(states)
    nearest: dict[tuple[MarkKey, frozenset[str]], tuple[bool, int, MarkKey]] = {}
    for unit, state in states.items():
        one, other = unit.mark, unit.other
        if unit.layer != Layer.COREFERENCE or state == "out" or other is None:
            continue
        if one not in ids or other not in ids:
            continue
        if is_open[one] or is_open[other]:
            # Joined to all its fellows it would make them one thing, which may be in dispute.
            for mark, fellow in ((one, other), (other, one)):
                if is_open[mark]:
                    key = mark, known.holders_of(unit)
                    candidate = (is_open[fellow], abs(mark.start - fellow.start), fellow)
                    nearest[key] = min(nearest.get(key, candidate), candidate)
        elif state == "in":
            yield Link(ids[one], SAME_AS, ids[other])
        else:
            offers.add(other, unit, f"same as {ids[one]}")
    for (mark, _names), (_open, _distance, fellow) in nearest.items():
        yield Link(ids[mark], SAME_AS, ids[fellow])


def decide(
    article: Article,
    passes: Sequence[Annotation],
    prior: Gold | None,
    filled: Annotation,
    schema: Schema,
    provenance: Provenance,
    majority: bool = False,
) -> tuple[Gold | None, list[Issue]]:
    """Gold from a filled sheet, or what stands against it.

    `passes`, `prior` and `majority` are those that the sheet was made from; `provenance` says who filled it.
    """
    sheet = merge(article, passes, schema, prior, majority)
    issues = list(_open_choices(filled, sheet))
    if issues:
        return None, issues
    marks, links = _outcome(filled, prior, schema)
    outcome, misplaced = graph.assemble(
        marks, links, schema, article.id, article.sha256, provenance
    )
    issues = [*misplaced, *validate.check(outcome, article, schema)]
    if errors(issues):
        return None, issues
    decisions = record(outcome, passes, prior, sheet.majority, _reasons(filled, sheet))
    return Gold(**dict(outcome), decisions=decisions), issues


def _open_choices(filled: Annotation, sheet: Sheet) -> Iterator[Issue]:
    for mark in filled.marks():
        if mark.id in sheet.choices and VERDICT not in mark.attributes:
            offered = mark.attributes.get(OFFERED)
            message = f"{mark.label} “{mark.text}” is offered by {offered}; keep or reject it"
            yield Issue(mark.id, "choice-open", message)


def _outcome(
    filled: Annotation, prior: Gold | None, schema: Schema
) -> tuple[list[Mark], list[Link]]:
    """What is not rejected, under gold's ids and without the questions of the sheet."""
    kept, links = not_rejected(filled)
    ids = _renamed(kept, _ids_before(prior), schema)
    marks = [mark.model_copy(update={"id": ids[mark.id]}) for mark in kept]
    return marks, [Link(ids[link.tail], link.label, ids[link.head]) for link in links]


def not_rejected(filled: Annotation) -> tuple[list[Mark], list[Link]]:
    """What is not rejected on a sheet, under the sheet's ids and without its questions."""
    marks, links = graph.disassemble(filled)
    kept = []
    for mark in marks:
        if mark.attributes.get(VERDICT) != REJECT:
            answers = {
                name: value for name, value in mark.attributes.items() if name not in _QUESTIONS
            }
            kept.append(mark.model_copy(update={"attributes": answers}))
    return kept, list(_rejoined(links, {mark.id for mark in kept}))


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


def _renamed(
    marks: Sequence[Mark], before: Mapping[MarkKey, str], schema: Schema
) -> dict[str, str]:
    """Gold's ids: those it had, or the next free number of the layer, in the order of the text."""
    keys = {mark.id: align.mark_key(mark) for mark in marks}
    free = _free({before[key] for key in keys.values() if key in before})
    names: dict[str, str] = {}
    for mark in sorted(marks, key=lambda mark: mark.order):
        name = before.get(keys[mark.id])
        if name is None or name in names.values():
            name = free(str(schema.layer(mark.label)))
        names[mark.id] = name
    return names


def _free(taken: set[str]) -> Callable[[str], str]:
    """Gives ids of a layer by rising number, leaving out those that are taken."""
    numbers: dict[str, Iterator[int]] = {kind: count(1) for kind in _LETTERS}

    def free(kind: str) -> str:
        names = (f"{_LETTERS[kind]}{number}" for number in numbers[kind])
        return next(name for name in names if name not in taken)

    return free


def _reasons(filled: Annotation, sheet: Sheet) -> dict[Unit, str]:
    """Each reason with the units that the mark's verdict decided, and with the mark itself."""
    reasons: dict[Unit, str] = {}
    for mark in filled.marks():
        reason = mark.attributes.get(REASON)
        if reason is not None:
            unit = Unit(align.layer(mark), mark.label, mark.start, mark.end)
            reasons.update(dict.fromkeys({unit, *sheet.choices.get(mark.id, ())}, str(reason)))
    return reasons
