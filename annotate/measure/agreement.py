"""How far independent passes over the same articles agree, layer by layer and label by label, before anyone decides."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np

from annotate.measure import align, coefficients
from annotate.measure.align import Unit
from annotate.measure.coefficients import (
    F1,
    CohenKappa,
    Estimate,
    Measure,
    NominalAlpha,
    Sparse,
    Unitizing,
)
from annotate.model import graph, notation
from annotate.model.claims import claims
from annotate.model.records import Annotation, Article, Mark, Span
from annotate.model.schema import LINK_LAYERS, MARK_LAYERS, Kind, Layer, Schema
from annotate.model.tokens import tokens

NONE = "–"
"""Stands for a mark or an answer that is not there."""


@dataclass(frozen=True)
class Row:
    """One line of the report: a layer, or a label in it."""

    layer: str
    label: str | None
    """None for the whole layer."""
    counts: dict[str, int]
    """Units by annotator; of attributes, the matched marks that ask for them."""
    measures: dict[str, Estimate]


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


class Sort(NamedTuple):
    """A sort of disagreement between two passes: what differs, on which label, and what the other has in its place."""

    layer: str
    what: str
    """`label`, `boundary`, `missing` of marks; `value` of attributes; `label` or `missing` of links whose ends are marked by both."""
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


@dataclass
class Report:
    """What was compared and what came of it."""

    annotators: tuple[str, ...]
    documents: int
    untokenised: int
    """Documents whose text is not here: without it, nothing is said of their tokens."""
    nested: int
    """Marks inside a mark of the same label by the same annotator: α_u takes the outer one."""
    rows: list[Row]
    confusions: dict[str, Counter[tuple[str, str]]]
    """By layer or attribute, how often one annotator's label or value met another's on the same or overlapping words."""
    sorts: Counter[Sort]
    """How often each sort of disagreement came, over pairs of passes."""
    examples: dict[Sort, tuple[str, int, int]]
    """Article and place of the first of each sort."""
    disagreements: list[Disagreement]


Key = tuple[str, str | None]


@dataclass
class Answers:
    """How far the answers to one attribute are the same, of marks that several annotators have."""

    same: F1 = field(default_factory=F1)
    alpha: NominalAlpha = field(default_factory=NominalAlpha)
    kappa: CohenKappa = field(default_factory=CohenKappa)

    def add(self, document: int, given: Counter[tuple[tuple[str, str], ...]]) -> None:
        """One document: how often each tuple of (annotator, value) was given to one mark."""
        values: Counter[tuple[str, ...]] = Counter()
        for answers, count in given.items():
            values[tuple(value for _annotator, value in answers)] += count
            for (one, value), (other, another) in combinations(answers, 2):
                self.same.add(document, count * (value == another), 2 * count)
                self.kappa.add(document, (one, other), value, another, count)
        self.alpha.add(document, values)


@dataclass
class _Tally:
    """Statistics by document, filled one document at a time; nothing of a document is kept but these."""

    documents: int = 0
    counts: dict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    pairs: dict[Key, dict[str, F1]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(F1))
    )
    tokens: dict[Key, NominalAlpha] = field(default_factory=dict)
    """Of the labels on each token; of one label, whether it is there."""
    token_values: Sparse = field(default_factory=Sparse)
    """How many values all passes give to a document's tokens, the same for every layer and label."""
    unitizing: Unitizing = field(default_factory=Unitizing)
    answers: dict[str, Answers] = field(default_factory=lambda: defaultdict(Answers))
    confusions: dict[str, Counter[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    sorts: Counter[Sort] = field(default_factory=Counter)
    examples: dict[Sort, tuple[str, int, int]] = field(default_factory=dict)
    untokenised: int = 0
    nested: int = 0


def agreement(
    documents: Iterable[tuple[Article, Sequence[Annotation]]],
    schema: Schema,
    seed: int = 0,
    samples: int = coefficients.SAMPLES,
    worst: int = 20,
    labels: bool = True,
    on_document: Callable[[], None] = lambda: None,
) -> Report:
    """Compare valid passes, two or more for each article. F1 and κ are taken over pairs of annotators, α over all.

    Intervals are from a bootstrap over documents; `worst` disagreements are kept. Without `labels`, layers and attributes alone are measured.
    """
    comparison = Comparison(schema, worst)
    for article, passes in documents:
        on_document()
        comparison.add(article, passes)
    return comparison.report(seed, samples, labels)


class Comparison:
    """Compares the passes of one document after another; nothing of a document is held but counts."""

    def __init__(self, schema: Schema, worst: int = 0) -> None:
        self._schema, self._worst = schema, worst
        self._tally, self._annotators = _Tally(), set[str]()
        self._worst_places: list[tuple[int, str, int, Disagreement]] = []

    def add(self, article: Article, passes: Sequence[Annotation]) -> None:
        """Compare two valid passes or more over the article."""
        ordered = sorted(passes, key=lambda annotation: annotation.provenance.annotator)
        self._annotators |= {annotation.provenance.annotator for annotation in ordered}
        _count(article, ordered, self._schema, self._tally)
        self._tally.documents += 1
        if self._worst:
            self._keep_worst(article, ordered)

    def _keep_worst(self, article: Article, passes: Sequence[Annotation]) -> None:
        worst, places = self._worst, self._worst_places
        most_units = heapq.nlargest(worst, _places(passes), key=lambda place: (place[0], -place[1]))
        for units, start, end in most_units:
            order = (units, article.id, -start)
            # To show a place takes its time: only those that are kept are shown.
            if len(places) < worst or order > places[-1][:3]:
                places.append((*order, _disagreement(article, passes, start, end, units)))
                places = heapq.nlargest(worst, places, key=lambda entry: entry[:3])
        self._worst_places = places

    def report(
        self, seed: int = 0, samples: int = coefficients.SAMPLES, labels: bool = True
    ) -> Report:
        """What was compared so far; see `agreement`."""
        tally = self._tally
        return Report(
            annotators=tuple(sorted(self._annotators)),
            documents=tally.documents,
            untokenised=tally.untokenised,
            nested=tally.nested,
            rows=list(_rows(tally, self._schema, seed, samples, labels)),
            confusions=dict(tally.confusions),
            sorts=tally.sorts,
            examples=tally.examples,
            disagreements=[disagreement for *_order, disagreement in self._worst_places],
        )


def most(sorts: Counter[Sort]) -> list[tuple[Sort, int]]:
    """Each sort with how often it came, the most frequent first; of equals, in the order of their names."""
    return sorted(sorts.items(), key=lambda entry: (-entry[1], entry[0]))


def _count(article: Article, passes: Sequence[Annotation], schema: Schema, tally: _Tally) -> None:
    units = [align.units(found) for found in passes]
    for found, own in zip(passes, units, strict=True):
        for unit in (unit for unit in own if unit.layer != Layer.ATTRIBUTE):
            for key in ((unit.layer, None), (unit.layer, unit.label)):
                tally.counts[key][found.provenance.annotator] += 1
        for claim in claims(found):
            for key in ((Layer.CLAIM, None), (Layer.CLAIM, claim.event.label)):
                tally.counts[key][found.provenance.annotator] += 1
    for one, other in combinations(range(len(passes)), 2):
        for sort, start, end in _count_pair(
            passes[one], passes[other], units[one], units[other], schema, tally
        ):
            tally.sorts[sort] += 1
            tally.examples.setdefault(sort, (article.id, start, end))
    _count_answers(passes, schema, tally)
    _count_units(article, passes, tally)
    if article.text is None:
        tally.untokenised += 1
    else:
        _count_tokens(tokens(article.text, article.language), passes, tally)


def _count_pair(
    one: Annotation,
    other: Annotation,
    ours: dict[Unit, Mark],
    theirs: dict[Unit, Mark],
    schema: Schema,
    tally: _Tally,
) -> Iterator[tuple[Sort, int, int]]:
    """Counts what the pair shares, and yields each sort of disagreement with its place."""
    met = align.match(list(one.marks()), list(other.marks()))
    paired = {align.place(mark): align.place(found) for mark, found in met}
    exact = {unit.mark for unit in ours.keys() & theirs.keys() if unit.layer in MARK_LAYERS}
    for layer in (*MARK_LAYERS, *LINK_LAYERS):
        mine, yours = ([unit for unit in own if unit.layer == layer] for own in (ours, theirs))
        _add(tally, layer, "F1", mine, yours, {unit for unit in mine if unit in theirs})
        _add(
            tally,
            layer,
            "F1 overlap",
            mine,
            yours,
            {unit for unit in mine if align.moved(unit, paired) in theirs},
        )
        if layer in LINK_LAYERS:
            mine, yours = (
                [unit for unit in own if unit.mark in exact and unit.other in exact]
                for own in (mine, yours)
            )
            _add(
                tally,
                layer,
                "F1 matched ends",
                mine,
                yours,
                {unit for unit in mine if unit in theirs},
            )
    _count_claims(one, other, paired, exact, tally)
    yield from _mark_sorts(one, other, met, schema, tally)
    yield from _link_sorts(ours, theirs, paired)


def _mark_sorts(
    one: Annotation,
    other: Annotation,
    met: Sequence[tuple[Mark, Mark]],
    schema: Schema,
    tally: _Tally,
) -> Iterator[tuple[Sort, int, int]]:
    """What has no partner of its label is told with the label that the other gave to the words, or with none."""
    for mark, found in met:
        if align.place(mark) != align.place(found):
            yield Sort(align.layer(mark), "boundary", mark.label, ""), mark.start, mark.end
        for name in sorted(mark.attributes.keys() | found.attributes.keys()):
            values = [str(own.attributes.get(name, NONE)) for own in (mark, found)]
            if values[0] != values[1]:
                told = (
                    " or ".join(_pair(*values))
                    if schema.attributes[name].kind is Kind.CHOICE
                    else "another value"
                )
                yield Sort(Layer.ATTRIBUTE, "value", name, told), mark.start, mark.end
    matched = {id(mark) for pair in met for mark in pair}
    for layer in MARK_LAYERS:
        left, right = (
            [
                mark
                for mark in found.marks()
                if align.layer(mark) == layer and id(mark) not in matched
            ]
            for found in (one, other)
        )
        pairs = align.match(left, right, labels=False)
        for mark, found in pairs:
            label, another = _pair(mark.label, found.label)
            tally.confusions[layer][label, another] += 1
            yield Sort(layer, "label", label, another), mark.start, mark.end
        together = {id(mark) for pair in pairs for mark in pair}
        for mark in (*left, *right):
            if id(mark) not in together:
                tally.confusions[layer][mark.label, NONE] += 1
                yield Sort(layer, "missing", mark.label, ""), mark.start, mark.end


def _link_sorts(
    ours: dict[Unit, Mark],
    theirs: dict[Unit, Mark],
    paired: dict[tuple[str, int, int], tuple[str, int, int]],
) -> Iterator[tuple[Sort, int, int]]:
    """Of links whose marks both annotators have: those that only one has, or that have another label."""
    back = {found: place for place, found in paired.items()}
    for own, there, ends, first in ((ours, theirs, paired, True), (theirs, ours, back, False)):
        labels = {(unit.layer, unit.mark, unit.other): unit.label for unit in there if unit.other}
        for unit in own:
            if (
                unit.layer in LINK_LAYERS
                and (found := align.moved(unit, ends)) is not None
                and found not in there
            ):
                another = (
                    labels.get((found.layer, found.mark, found.other)) if found.other else None
                )
                if another is None:
                    of = "" if unit.layer == Layer.COREFERENCE else unit.mark[0]
                    yield Sort(unit.layer, "missing", unit.label, of), unit.start, unit.end
                elif first:
                    yield (
                        Sort(unit.layer, "label", *_pair(unit.label, another)),
                        unit.start,
                        unit.end,
                    )


def _pair(one: str, other: str) -> tuple[str, str]:
    first, second = sorted((one, other), key=lambda value: (value == NONE, value))
    return first, second


def _add(
    tally: _Tally, layer: str, name: str, mine: list[Unit], yours: list[Unit], matched: set[Unit]
) -> None:
    counted = Counter(unit.label for unit in (*mine, *yours))
    agreed = Counter(unit.label for unit in matched)
    for label, count in [(None, counted.total()), *counted.items()]:
        if count:
            both = agreed.total() if label is None else agreed[label]
            tally.pairs[layer, label][name].add(tally.documents, both, count)


def _count_claims(
    one: Annotation,
    other: Annotation,
    paired: dict[tuple[str, int, int], tuple[str, int, int]],
    exact: set[tuple[str, int, int]],
    tally: _Tally,
) -> None:
    """A claim agrees where its event, its innermost source (or none, or the article itself) and the stance do."""
    mine, yours = (
        [align.claim_unit(claim, annotation) for claim in claims(annotation)]
        for annotation in (one, other)
    )
    there = set(yours)
    exactly = {unit for unit in mine if unit in there}
    overlapping = {unit for unit in mine if align.moved_claim(unit, paired) in there}
    _add(tally, Layer.CLAIM, "F1", mine, yours, exactly)
    _add(tally, Layer.CLAIM, "F1 overlap", mine, yours, overlapping)
    mine, yours = (
        [unit for unit in own if (unit.label, unit.start, unit.end) in exact]
        for own in (mine, yours)
    )
    _add(
        tally, Layer.CLAIM, "F1 matched ends", mine, yours, {unit for unit in mine if unit in there}
    )


def _count_answers(passes: Sequence[Annotation], schema: Schema, tally: _Tally) -> None:
    """On marks that two annotators or more have with the same label and words, what each answered."""
    holders: dict[tuple[str, int, int], list[tuple[str, Mark]]] = defaultdict(list)
    answers: dict[str, Counter[tuple[tuple[str, str], ...]]] = defaultdict(Counter)
    for found in passes:
        for place, mark in {align.place(mark): mark for mark in found.marks()}.items():
            holders[place].append((found.provenance.annotator, mark))
    for (label, *_span), marks in holders.items():
        if len(marks) < 2:
            continue
        for name in schema.labels[label].attributes:
            values = tuple(
                (annotator, str(mark.attributes.get(name, NONE))) for annotator, mark in marks
            )
            answers[name][values] += 1
            tally.counts[Layer.ATTRIBUTE, name].update(annotator for annotator, _value in values)
            for (_one, value), (_other, another) in combinations(values, 2):
                if value != another and schema.attributes[name].kind is Kind.CHOICE:
                    tally.confusions[name][_pair(value, another)] += 1
    for name, given in answers.items():
        tally.answers[name].add(tally.documents, given)


def _count_units(article: Article, passes: Sequence[Annotation], tally: _Tally) -> None:
    marks = [list(found.marks()) for found in passes]
    labels: dict[Key, list[list[tuple[int, int]]]] = {}
    for key in {(align.layer(mark), mark.label) for own in marks for mark in own}:
        layers = [[(mark.start, mark.end) for mark in own if mark.label == key[1]] for own in marks]
        labels[key] = [_outermost(spans) for spans in layers]
        tally.nested += sum(map(len, layers)) - sum(map(len, labels[key]))
    tally.unitizing.add(article.length, len(passes), labels)


def _outermost(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Disjoint spans: of two that overlap, the one that starts first, and of those the longer."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _count_tokens(found: Sequence[Span], passes: Sequence[Annotation], tally: _Tally) -> None:
    """The labels on each token, by layer all of them together, by label whether it is there."""
    starts = np.array([token.start for token in found])
    ends = np.array([token.end for token in found])
    labels: dict[str, list[list[set[str]]]] = {
        layer: [[set() for _ in found] for _ in passes] for layer in MARK_LAYERS
    }
    for index, annotation in enumerate(passes):
        for mark in annotation.marks():
            for place in range(
                int(np.searchsorted(ends, mark.start, "right")),
                int(np.searchsorted(starts, mark.end)),
            ):
                labels[align.layer(mark)][index][place].add(mark.label)
    tally.token_values.add(tally.documents, 0, len(found) * len(passes))
    for layer, by_pass in labels.items():
        columns = list(zip(*by_pass, strict=True))
        together = Counter(
            tuple("+".join(sorted(values)) or NONE for values in column) for column in columns
        )
        _token_alpha(tally, layer, None).add_values(tally.documents, together)
        for label in {label for column in columns for values in column for label in values}:
            there = Counter(
                tuple(label if label in values else NONE for values in column) for column in columns
            )
            _token_alpha(tally, layer, label).add_values(tally.documents, there)


def _token_alpha(tally: _Tally, layer: str, label: str | None) -> NominalAlpha:
    """A document in which nobody uses the label has its tokens all the same."""
    return tally.tokens.setdefault(
        (layer, label), NominalAlpha(rest=NONE, total=tally.token_values)
    )


def _rows(tally: _Tally, schema: Schema, seed: int, samples: int, by_label: bool) -> Iterator[Row]:
    lines = [
        (layer, label, dict(_measures(tally, layer, label)))
        for layer, label in _lines(tally, schema, by_label)
    ]
    measures = [measure for *_line, own in lines for measure in own.values()]
    estimates = iter(coefficients.estimates(measures, tally.documents, seed, samples))
    for layer, label, own in lines:
        yield Row(
            layer, label, dict(tally.counts[layer, label]), {name: next(estimates) for name in own}
        )


def _lines(tally: _Tally, schema: Schema, by_label: bool) -> Iterator[Key]:
    """Each layer that somebody uses, and its labels where it has several."""
    orders: dict[str, Sequence[str]] = {
        Layer.MENTION: list(schema.mentions),
        Layer.EVENT: list(schema.events),
        Layer.ATTRIBUTION_SPAN: list(schema.attribution),
        Layer.ARGUMENT: list(schema.roles),
        Layer.ATTRIBUTION_LINK: list(schema.links),
        Layer.COREFERENCE: ["same"],
        Layer.CLAIM: list(schema.events),
    }
    for layer, labels in orders.items():
        there = [label for label in labels if tally.counts.get((layer, label))]
        for label in [None, *(there if len(labels) > 1 and by_label else ())] if there else ():
            yield layer, label
        if layer == Layer.ATTRIBUTION_SPAN:
            yield from (
                (Layer.ATTRIBUTE, name) for name in schema.attributes if name in tally.answers
            )


def _measures(tally: _Tally, layer: str, label: str | None) -> Iterator[tuple[str, Measure]]:
    if layer == Layer.ATTRIBUTE:
        answers = tally.answers[str(label)]
        yield from (("same", answers.same), ("α", answers.alpha), ("κ", answers.kappa))
        return
    for name in ("F1", "F1 overlap", "F1 matched ends"):
        by_document = tally.pairs[layer, label].get(name)
        if by_document is not None or (
            name == "F1 matched ends" and layer in (*LINK_LAYERS, Layer.CLAIM)
        ):
            yield name, by_document or F1()
    if layer in MARK_LAYERS:
        yield "α tokens", _token_alpha(tally, layer, label)
        units = [
            key for key in tally.unitizing.labels if key[0] == layer and label in (None, key[1])
        ]
        yield "α_u", coefficients.unitizing_alpha(tally.unitizing, units)


def _places(passes: Sequence[Annotation]) -> list[tuple[int, int, int]]:
    """(how many units differ, start, end) of each place with units that are not in every pass.

    What overlaps is one place, and a link belongs to its mark's.
    """
    holders: dict[Unit, int] = Counter(unit for found in passes for unit in align.units(found))
    differing = sorted(
        (unit for unit, count in holders.items() if count < len(passes)),
        key=lambda unit: (unit.start, -unit.end),
    )
    places: list[tuple[int, int, int]] = []
    for unit in differing:
        if places and unit.start < places[-1][2]:
            count, start, end = places[-1]
            places[-1] = (count + 1, start, max(end, unit.end))
        else:
            places.append((1, unit.start, unit.end))
    return places


def _disagreement(
    article: Article, passes: Sequence[Annotation], start: int, end: int, units: int
) -> Disagreement:
    shown = {} if article.text is None else {
        found.provenance.annotator: _shown(article, found, start, end) for found in passes
    }  # fmt: skip
    return Disagreement(article.id, start, end, units, shown)


def _shown(article: Article, annotation: Annotation, start: int, end: int) -> str:
    """The zones around the place, with the marks that touch it and those that these are linked to."""
    zones = [zone for zone in article.zones if zone.start < end and start < zone.end]
    around = Span(
        start=zones[0].start if zones else start, end=max(zones[-1].end, end) if zones else end
    )
    marks, links = graph.disassemble(annotation)
    touching = {mark.id for mark in marks if mark.start < end and start < mark.end}
    joining = [link for link in links if link.tail in touching]
    linked = touching | {link.head for link in joining}
    return notation.excerpt(
        article.text or "", around, (mark for mark in marks if mark.id in linked), joining
    )
