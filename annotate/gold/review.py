"""Gold is read again, mark by mark: a sheet with all of it comes back corrected, each change with its reason.

A review sheet is gold under `adjudicate.sheet_schema`: `reason` on a mark covers what changed of it, `verdict=reject`
takes it out. On a mark that stays as it is, a reason that begins with a lint's code answers the lint (`lints.ANSWER`).
Ids are gold's; a mark that is put in has a new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from annotate.corpus import lints, validate
from annotate.gold import adjudicate
from annotate.gold.record import reviewed
from annotate.measure import align
from annotate.measure.align import MarkKey, Unit
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.issues import Issue, Severity, errors
from annotate.model.records import Annotation, Article, Gold, Mark, Review, UnitCounts
from annotate.model.schema import MARK_LAYERS, SAME_AS, SPAN_LAYERS, Layer, Schema

COUNTED = (*SPAN_LAYERS, Layer.ATTRIBUTE, Layer.ARGUMENT, Layer.ATTRIBUTION_LINK, Layer.COREFERENCE)
"""The layers that a review is counted by."""


def decide(
    article: Article,
    before: Gold,
    filled: Annotation,
    passes: Sequence[Annotation],
    schema: Schema,
    review: Review,
) -> tuple[Gold | None, list[Issue]]:
    """Gold after the review, or what stands against it; `where` is a mark's id.

    `passes` are those that gold was made from; `review` says who read, and its counts are made here.
    """
    marks, links = adjudicate.not_rejected(filled)
    after, misplaced = graph.assemble(
        marks, links, schema, article.id, article.sha256, before.provenance
    )
    reasons = _Reasons(before, filled, after)
    found = [*misplaced, *validate.check(after, article, schema)]
    # Of two equal marks a later merge keeps one, and the id of the other would be lost.
    issues = [*errors(found), *(_refused(each) for each in found if each.code == "mark-duplicate")]
    issues += _unreasoned_marks(before, filled, article.text or "")
    issues += _unreasoned_details(reasons, article.text or "")
    issues += _unknown_answers(reasons, before, schema)
    if issues:
        return None, issues
    provenance = before.provenance.model_copy(
        update={
            "updated": max(before.provenance.updated, review.updated),
            "reviews": _with(
                before.provenance.reviews, review, _units(before, after, schema, review)
            ),
        }
    )
    decisions = reviewed(after, passes, before, reasons.given())
    fields = after.layers() | {"decisions": decisions, "provenance": provenance}
    return before.model_copy(update=fields), []


def _units(
    before: Annotation, after: Annotation, schema: Schema, review: Review
) -> dict[Layer, UnitCounts]:
    units = counted(before, after, schema)
    if not review.lints_only:
        return units
    return {layer: count.model_copy(update={"read": 0}) for layer, count in units.items()}


def _refused(issue: Issue) -> Issue:
    return replace(issue, severity=Severity.ERROR)


def _with(
    reviews: tuple[Review, ...], review: Review, units: Mapping[Layer, UnitCounts]
) -> tuple[Review, ...]:
    """The reviews with another; a second sheet of the last reader, by the same guidelines, corrects the first one."""
    last = reviews[-1] if reviews else None
    who = (review.annotator, review.schema_version, review.lints_only)
    if last is None or (last.annotator, last.schema_version, last.lints_only) != who:
        return (*reviews, review.model_copy(update={"units": dict(units)}))
    more = {layer: count.model_copy(update={"read": 0}) for layer, count in units.items()}
    joined = {"sheets": (*last.sheets, *review.sheets), "units": total([last.units, more])}
    return (*reviews[:-1], review.model_copy(update=joined))


class _Reasons:
    """The units that a sheet changes, and the reason that its marks give for each."""

    def __init__(self, before: Annotation, filled: Annotation, after: Annotation) -> None:
        self._units = align.units(before) | align.units(after)
        self.changed = set(align.units(before)) ^ set(align.units(after))
        self._said: dict[MarkKey, str] = {}
        self._clusters = [*_clusters(before), *_clusters(after)]
        old = {mark.id: mark for mark in before.marks()}
        said = [mark for mark in filled.marks() if adjudicate.REASON in mark.attributes]
        for mark in said:
            if mark.id in old:
                self._said[align.mark_key(old[mark.id])] = str(mark.attributes[adjudicate.REASON])
        for mark in (
            said
        ):  # where one mark takes another's place, the reason is that of the one that is there now
            self._said[align.mark_key(mark)] = str(mark.attributes[adjudicate.REASON])

    def given(self) -> dict[Unit, str]:
        """By changed unit, its reason; by mark that stays as it is, what is answered to a lint."""
        reasons = {unit: self.of(unit) for unit in self.changed}
        given = {unit: reason for unit, reason in reasons.items() if reason is not None}
        return given | {unit: said for unit, _mark, said in self.answers()}

    def answers(self) -> Iterator[tuple[Unit, Mark, str]]:
        """The marks that stay as they are, of which something is said as to a lint."""
        for unit in sorted(self._units.keys() - self.changed):
            said = self._said.get(unit.mark, "") if unit.layer in MARK_LAYERS else ""
            if lints.ANSWER.match(said):
                yield unit, self._units[unit], said

    def of(self, unit: Unit) -> str | None:
        """The reason on the unit's mark or its other end; for `same`, on any mark that is or was joined with both."""
        ends = [unit.mark] if unit.other is None else [unit.mark, unit.other]
        if unit.layer == Layer.COREFERENCE:
            for cluster in self._clusters:
                if cluster.issuperset(ends):
                    ends += sorted(cluster)
        return next((self._said[end] for end in ends if end in self._said), None)

    def without(self) -> Iterator[tuple[Unit, Mark]]:
        """The answers and links that changed and have no reason, each with the mark that it hangs on."""
        for unit in sorted(self.changed):
            if unit.layer not in MARK_LAYERS and self.of(unit) is None:
                yield unit, self._units[unit]


def _clusters(annotation: Annotation) -> Iterator[frozenset[MarkKey]]:
    marks = {mark.id: mark for mark in annotation.marks()}
    for cluster in (*annotation.entities, *annotation.events):
        yield frozenset(align.mark_key(marks[name]) for name in cluster.mentions)


def _unreasoned_marks(before: Gold, filled: Annotation, text: str) -> Iterator[Issue]:
    """Marks that are gone; and those put in, moved, given another label or taken out, where no reason is given."""
    on_sheet = {mark.id: mark for mark in filled.marks()}
    known = {mark.id: mark for mark in before.marks()}
    for name, old in known.items():
        if name not in on_sheet:
            message = f'{old.label} {_words(old, text)} is gone; put it back, with verdict=reject reason="…"'
            yield Issue(name, "review-gone", message)
    for mark in filled.marks():
        is_out = mark.attributes.get(adjudicate.VERDICT) == adjudicate.REJECT
        if adjudicate.REASON in mark.attributes or (is_out and mark.id not in known):
            continue
        if mark.id not in known:
            what = "is new"
        elif is_out:
            what = "is rejected"
        elif align.mark_key(mark) != align.mark_key(known[mark.id]):
            what = f"was {known[mark.id].label} {_words(known[mark.id], text)}"
        else:
            continue
        message = (
            f'{mark.label} {_words(mark, text)} {what}, without a reason; add reason="…" to it'
        )
        yield Issue(mark.id, "review-reason", message)


def _unreasoned_details(reasons: _Reasons, text: str) -> Iterator[Issue]:
    """Answers and links that were put in or taken out, where no reason is given."""
    for unit, mark in reasons.without():
        if unit.other is None:
            what = f"{unit.label}={unit.rest[1]}"
        else:
            what = f"{unit.label} → “{text[unit.other.start : unit.other.end]}”"
        message = (
            f"{what} of {mark.label} {_words(mark, text)} was put in or taken out without a reason;"
            ' add reason="…" to the mark'
        )
        yield Issue(mark.id, "review-reason", message)


def _unknown_answers(reasons: _Reasons, before: Gold, schema: Schema) -> Iterator[Issue]:
    """Answers to no lint, on marks that stay as they are: nothing would come of them.

    A reason that also stands for a change, or that gold has already, is no answer.
    """
    of_changes = {reasons.of(unit) for unit in reasons.changed}
    recorded = {decision.reason for decision in before.decisions}
    for _unit, mark, said in reasons.answers():
        codes = () if said in of_changes | recorded else lints.unknown(said, schema)
        for code in codes:
            message = (
                f"there is no lint {code}, and nothing of {mark.label} was changed; give one of"
                f" {', '.join(lints.known(schema))}, or take the reason out"
            )
            yield Issue(mark.id, "lint-unknown", message)


def _words(mark: Mark, text: str) -> str:
    return f"“{mark.slice(text)}”"


# how much was wrong


def counted(before: Annotation, after: Annotation, schema: Schema) -> dict[Layer, UnitCounts]:
    """By layer of `COUNTED`, the units before and what became of them.

    A mark is the same by its id, an answer or link by those of its marks: where a mark is moved, its links are not
    counted as changed. What came or went with its mark is not counted beside it.
    """
    was, now = ({mark.id: mark for mark in each.marks()} for each in (before, after))
    counts: dict[Layer, Counter[str]] = {layer: Counter() for layer in COUNTED}

    def layer_of(mark: Mark) -> Layer:
        layer = schema.layer(mark.label)
        assert layer is not None
        return layer

    for name, mark in was.items():
        counts[layer_of(mark)]["read"] += 1
        if name not in now:
            counts[layer_of(mark)]["removed"] += 1
        elif align.mark_key(now[name]) != align.mark_key(mark):
            counts[layer_of(mark)]["changed"] += 1
    for name, mark in now.items():
        counts[layer_of(mark)]["added"] += name not in was
    both = was.keys() & now.keys()
    old, new = _details(before), _details(after)
    for layer in (Layer.ATTRIBUTE, Layer.ARGUMENT, Layer.ATTRIBUTION_LINK, Layer.COREFERENCE):
        counts[layer]["read"] += len(old[layer])
        gone = {link for link in old[layer] - new[layer] if _is_among(link, both, layer)}
        come = {link for link in new[layer] - old[layer] if _is_among(link, both, layer)}
        counts[layer]["changed"] += _exchanged(gone, come, layer)
        counts[layer]["removed"] += len(gone)
        counts[layer]["added"] += len(come)
    return {layer: UnitCounts(**count) for layer, count in counts.items()}


def _details(annotation: Annotation) -> dict[Layer, set[Link]]:
    """By layer the links, by ids; an answer as a link to its value, and those of one thing pair by pair."""
    details: dict[Layer, set[Link]] = {layer: set() for layer in COUNTED}
    for mark in annotation.marks():
        for name, value in mark.attributes.items():
            details[Layer.ATTRIBUTE].add(Link(mark.id, name, str(value)))
        layer = Layer.ARGUMENT if align.layer(mark) is Layer.EVENT else Layer.ATTRIBUTION_LINK
        details[layer] |= {Link(mark.id, label, head) for label, head in align.links(mark)}
    for cluster in (*annotation.entities, *annotation.events):
        pairs = combinations(sorted(cluster.mentions), 2)
        details[Layer.COREFERENCE] |= {Link(one, SAME_AS, other) for one, other in pairs}
    return details


def _is_among(link: Link, ids: Iterable[str], layer: Layer) -> bool:
    return link.tail in ids and (layer is Layer.ATTRIBUTE or link.head in ids)


def _exchanged(gone: set[Link], come: set[Link], layer: Layer) -> int:
    """How many gave way to another: of the same name, or for an argument in another role; both are taken out.

    Pairs of one thing are never exchanged, only joined or parted.
    """
    if layer is Layer.COREFERENCE:
        return 0
    keys: list[Callable[[Link], tuple[str, str]]] = [lambda link: (link.tail, link.label)]
    if layer is Layer.ARGUMENT:
        keys.append(lambda link: (link.tail, link.head))
    exchanged = 0
    for key in keys:
        for link in sorted(gone):
            other = next((other for other in sorted(come) if key(other) == key(link)), None)
            if other is not None:
                gone.discard(link)
                come.discard(other)
                exchanged += 1
    return exchanged


def total(counts: Iterable[Mapping[Layer, UnitCounts]]) -> dict[Layer, UnitCounts]:
    """The sums by layer, in the order of `COUNTED`."""
    sums: dict[Layer, UnitCounts] = {}
    for of_layers in counts:
        for layer, count in of_layers.items():
            sums[layer] = sums.get(layer, UnitCounts()) + count
    return {layer: sums[layer] for layer in COUNTED if layer in sums}
