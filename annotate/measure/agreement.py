"""How far independent passes over the same articles agree, layer by layer and label by label, before anyone decides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations
from typing import NamedTuple

import numpy as np

from annotate.measure import align, coefficients, disagreements
from annotate.measure.align import MarkKey, Unit
from annotate.measure.coefficients import (
    F1,
    CohenKappa,
    Estimate,
    Measure,
    NominalAlpha,
    Sparse,
    Unitizing,
)
from annotate.measure.disagreements import (
    NONE,
    Disagreement,
    DisagreementType,
    TypeAt,
    WorstDisagreements,
    ordered_pair,
)
from annotate.model.claims import claims
from annotate.model.records import Annotation, Article, Mark, Span
from annotate.model.schema import LINK_LAYERS, MARK_LAYERS, Kind, Layer, Schema
from annotate.model.tokens import tokens


@dataclass(frozen=True)
class AgreementRow:
    """One line of the report: a layer, or a label in it."""

    layer: str
    label: str | None
    """None for the whole layer."""
    counts: dict[str, int]
    """Units by annotator; of attributes, the matched marks that ask for them."""
    measures: dict[str, Estimate]


@dataclass
class AgreementReport:
    """What was compared and what came of it."""

    annotators: tuple[str, ...]
    documents: int
    untokenised: int
    """Documents whose text is not here: without it, nothing is said of their tokens."""
    nested: int
    """Marks inside a mark of the same label by the same annotator: α_u takes the outer one."""
    rows: list[AgreementRow]
    confusions: dict[str, Counter[tuple[str, str]]]
    """By layer or attribute, how often one annotator has the one label or value where the other has the other."""
    disagreement_types: Counter[DisagreementType]
    """How often each type of disagreement occurs, over pairs of passes."""
    examples: dict[DisagreementType, tuple[str, int, int]]
    """Article and place of the first of each type."""
    disagreements: list[Disagreement]


Key = tuple[str, str | None]
"""Layer, and label or None for all of them."""
Answer = tuple[str, str]
"""Annotator and value."""


@dataclass
class Answers:
    """How far the answers to one attribute are the same, of marks that several annotators have."""

    same: F1 = field(default_factory=F1)
    alpha: NominalAlpha = field(default_factory=NominalAlpha)
    kappa: CohenKappa = field(default_factory=CohenKappa)

    def add(self, document: int, by_mark: Counter[tuple[Answer, ...]]) -> None:
        """One document: how often a mark has exactly these answers."""
        values: Counter[tuple[str, ...]] = Counter()
        for answers, count in by_mark.items():
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
    disagreement_types: Counter[DisagreementType] = field(default_factory=Counter)
    examples: dict[DisagreementType, tuple[str, int, int]] = field(default_factory=dict)
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
) -> AgreementReport:
    """Compare valid passes, two or more for each article. F1 and κ are taken over pairs of annotators, α over all.

    Intervals are from a bootstrap over documents; `worst` disagreements are kept. Without `labels`, layers and
    attributes alone are measured.
    """
    comparison = Comparison(schema, worst)
    for article, passes in documents:
        on_document()
        comparison.add(article, passes)
    return comparison.report(seed, samples, labels)


class Comparison:
    """Compares the passes of one document after another; nothing of a document is held but counts."""

    def __init__(self, schema: Schema, worst: int = 0) -> None:
        self._schema, self._worst = schema, WorstDisagreements(worst)
        self._tally, self._annotators = _Tally(), set[str]()

    def add(self, article: Article, passes: Sequence[Annotation]) -> None:
        """Compare two valid passes or more over the article."""
        ordered = sorted(passes, key=lambda annotation: annotation.provenance.annotator)
        self._annotators |= {annotation.provenance.annotator for annotation in ordered}
        _count(article, ordered, self._schema, self._tally)
        self._tally.documents += 1
        self._worst.add(article, ordered)

    def report(
        self, seed: int = 0, samples: int = coefficients.SAMPLES, labels: bool = True
    ) -> AgreementReport:
        """What was compared so far; see `agreement`."""
        tally = self._tally
        return AgreementReport(
            annotators=tuple(sorted(self._annotators)),
            documents=tally.documents,
            untokenised=tally.untokenised,
            nested=tally.nested,
            rows=list(_rows(tally, self._schema, seed, samples, labels)),
            confusions=dict(tally.confusions),
            disagreement_types=tally.disagreement_types,
            examples=tally.examples,
            disagreements=self._worst.disagreements(),
        )


class _Pass(NamedTuple):
    annotation: Annotation
    units: Mapping[Unit, Mark]

    @property
    def annotator(self) -> str:
        return self.annotation.provenance.annotator

    def of_layer(self, layer: Layer) -> list[Unit]:
        return [unit for unit in self.units if unit.layer == layer]


def _count(
    article: Article, annotations: Sequence[Annotation], schema: Schema, tally: _Tally
) -> None:
    passes = [_Pass(annotation, align.units(annotation)) for annotation in annotations]
    for one in passes:
        _count_units(one, tally)
    for one, other in combinations(passes, 2):
        for disagreement_type, start, end in _count_pair(one, other, schema, tally):
            _count_type(disagreement_type, (article.id, start, end), tally)
    _count_answers(annotations, schema, tally)
    _count_spans(article, annotations, tally)
    if article.text is None:
        tally.untokenised += 1
    else:
        _count_tokens(tokens(article.text, article.language), annotations, tally)


def _count_units(one: _Pass, tally: _Tally) -> None:
    keys = [(unit.layer, unit.label) for unit in one.units if unit.layer != Layer.ATTRIBUTE]
    keys += [(Layer.CLAIM, claim.event.label) for claim in claims(one.annotation)]
    for layer, label in keys:
        tally.counts[layer, None][one.annotator] += 1
        tally.counts[layer, label][one.annotator] += 1


def _count_type(
    disagreement_type: DisagreementType, example: tuple[str, int, int], tally: _Tally
) -> None:
    layer, what, label, other = disagreement_type
    tally.disagreement_types[disagreement_type] += 1
    tally.examples.setdefault(disagreement_type, example)
    if layer in MARK_LAYERS and what == "label":
        tally.confusions[layer][label, other] += 1
    elif layer in MARK_LAYERS and what == "missing":
        tally.confusions[layer][label, NONE] += 1


def _count_pair(one: _Pass, other: _Pass, schema: Schema, tally: _Tally) -> Iterator[TypeAt]:
    """Counts what the pair shares, and yields each type of disagreement with its place.

    F1 takes a unit as shared where the other has the same one; F1 overlap, where marks of one label that overlap are
    one mark; F1 matched ends looks only at links between marks that both have exactly. Say that both link `agent` from
    “seized” to the rebels, the one to “rebels” and the other to “the rebels”: F1 counts two links that nobody shares,
    F1 overlap two that are shared, F1 matched ends none.
    """
    pairs = align.match(list(one.annotation.marks()), list(other.annotation.marks()))
    paired = {align.mark_key(mark): align.mark_key(partner) for mark, partner in pairs}
    shared = one.units.keys() & other.units.keys()
    exact = {unit.mark for unit in shared if unit.layer in MARK_LAYERS}
    for layer in (*MARK_LAYERS, *LINK_LAYERS):
        ours, theirs = one.of_layer(layer), other.of_layer(layer)
        _add_f1(tally, layer, "F1", ours, theirs, shared.intersection(ours))
        overlapping = {unit for unit in ours if align.moved(unit, paired) in other.units}
        _add_f1(tally, layer, "F1 overlap", ours, theirs, overlapping)
        if layer in LINK_LAYERS:
            ours, theirs = _between(ours, exact), _between(theirs, exact)
            _add_f1(tally, layer, "F1 matched ends", ours, theirs, shared.intersection(ours))
    _count_claims(one.annotation, other.annotation, paired, exact, tally)
    yield from disagreements.of_marks(one.annotation, other.annotation, pairs, schema)
    yield from disagreements.of_links(one.units, other.units, paired)


def _between(links: Iterable[Unit], marks: Collection[MarkKey]) -> list[Unit]:
    """The links with both ends among the marks."""
    from_them = (unit for unit in links if unit.mark in marks)
    return [unit for unit in from_them if unit.other in marks]


def _add_f1(
    tally: _Tally,
    layer: str,
    measure: str,
    ours: Sequence[Unit],
    theirs: Sequence[Unit],
    shared: Collection[Unit],
) -> None:
    """Count a document's units of a layer, all of them and by label; `shared` are those of ours that the other has."""
    counted = Counter(unit.label for unit in (*ours, *theirs))
    agreed = Counter(unit.label for unit in shared)
    if counted:
        pairs = tally.pairs[layer, None][measure]
        pairs.add(tally.documents, agreed.total(), counted.total())
    for label, count in counted.items():
        tally.pairs[layer, label][measure].add(tally.documents, agreed[label], count)


def _count_claims(
    one: Annotation,
    other: Annotation,
    paired: Mapping[MarkKey, MarkKey],
    exact: Collection[MarkKey],
    tally: _Tally,
) -> None:
    """A claim agrees where its event, its innermost source (or none, or the article itself) and the stance do."""
    ours, theirs = _claim_units(one), _claim_units(other)
    their_set = set(theirs)
    overlapping = {unit for unit in ours if align.moved_claim(unit, paired) in their_set}
    _add_f1(tally, Layer.CLAIM, "F1", ours, theirs, set(ours) & their_set)
    _add_f1(tally, Layer.CLAIM, "F1 overlap", ours, theirs, overlapping)
    ours = [unit for unit in ours if (unit.label, unit.start, unit.end) in exact]
    theirs = [unit for unit in theirs if (unit.label, unit.start, unit.end) in exact]
    _add_f1(tally, Layer.CLAIM, "F1 matched ends", ours, theirs, set(ours) & set(theirs))


def _claim_units(annotation: Annotation) -> list[Unit]:
    return [align.claim_unit(claim, annotation) for claim in claims(annotation)]


def _count_answers(passes: Sequence[Annotation], schema: Schema, tally: _Tally) -> None:
    """On marks that two annotators or more have with the same label and words, what each answered."""
    holders: dict[MarkKey, list[tuple[str, Mark]]] = defaultdict(list)
    answers: dict[str, Counter[tuple[Answer, ...]]] = defaultdict(Counter)
    for annotation in passes:
        for key, mark in {align.mark_key(mark): mark for mark in annotation.marks()}.items():
            holders[key].append((annotation.provenance.annotator, mark))
    for key, marks in holders.items():
        if len(marks) < 2:
            continue
        for name in schema.labels[key.label].attributes:
            values = [
                (annotator, str(mark.attributes.get(name, NONE))) for annotator, mark in marks
            ]
            answers[name][tuple(values)] += 1
            tally.counts[Layer.ATTRIBUTE, name].update(annotator for annotator, _value in values)
            if schema.attributes[name].kind is Kind.CHOICE:
                for pair in _unequal_pairs(value for _annotator, value in values):
                    tally.confusions[name][pair] += 1
    for name, by_mark in answers.items():
        tally.answers[name].add(tally.documents, by_mark)


def _unequal_pairs(values: Iterable[str]) -> Iterator[tuple[str, str]]:
    for value, another in combinations(values, 2):
        if value != another:
            yield ordered_pair(value, another)


def _count_spans(article: Article, passes: Sequence[Annotation], tally: _Tally) -> None:
    """What α_u needs: the spans of each label in each pass."""
    labels: dict[Key, list[list[tuple[int, int]]]] = defaultdict(lambda: [[] for _ in passes])
    for number, annotation in enumerate(passes):
        for mark in annotation.marks():
            labels[align.layer(mark), mark.label][number].append((mark.start, mark.end))
    outermost: dict[Key, list[list[tuple[int, int]]]] = {}
    for key, by_pass in labels.items():
        outermost[key] = [_outermost(spans) for spans in by_pass]
        tally.nested += sum(map(len, by_pass)) - sum(map(len, outermost[key]))
    tally.unitizing.add(article.length, len(passes), outermost)


def _outermost(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Disjoint spans: of two that overlap, the one that starts first, and of those the longer."""
    disjoint: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not disjoint or start >= disjoint[-1][1]:
            disjoint.append((start, end))
    return disjoint


def _count_tokens(spans: Sequence[Span], passes: Sequence[Annotation], tally: _Tally) -> None:
    """The labels on each token, by layer all of them together, by label whether it is there."""
    starts = np.array([token.start for token in spans])
    ends = np.array([token.end for token in spans])
    labels: dict[str, list[list[set[str]]]] = {
        layer: [[set() for _ in spans] for _ in passes] for layer in MARK_LAYERS
    }
    for number, annotation in enumerate(passes):
        for mark in annotation.marks():
            first = int(np.searchsorted(ends, mark.start, "right"))
            beyond = int(np.searchsorted(starts, mark.end))
            for on_token in labels[align.layer(mark)][number][first:beyond]:
                on_token.add(mark.label)
    tally.token_values.add(tally.documents, 0, len(spans) * len(passes))
    for layer, by_pass in labels.items():
        by_token = list(zip(*by_pass, strict=True))
        together = Counter(
            tuple("+".join(sorted(values)) or NONE for values in on_token) for on_token in by_token
        )
        _token_alpha(tally, layer, None).add_values(tally.documents, together)
        for label in set[str]().union(*chain.from_iterable(by_pass)):
            alone = Counter(
                tuple(label if label in values else NONE for values in on_token)
                for on_token in by_token
            )
            _token_alpha(tally, layer, label).add_values(tally.documents, alone)


def _token_alpha(tally: _Tally, layer: str, label: str | None) -> NominalAlpha:
    """A document in which nobody uses the label has its tokens all the same."""
    return tally.tokens.setdefault(
        (layer, label), NominalAlpha(rest=NONE, total=tally.token_values)
    )


def _rows(
    tally: _Tally, schema: Schema, seed: int, samples: int, by_label: bool
) -> Iterator[AgreementRow]:
    keys = list(_keys(tally, schema, by_label))
    measures_of = {(layer, label): dict(_measures(tally, layer, label)) for layer, label in keys}
    measures = list(chain.from_iterable(named.values() for named in measures_of.values()))
    estimates = iter(coefficients.estimates(measures, tally.documents, seed, samples))
    for layer, label in keys:
        named = {name: next(estimates) for name in measures_of[layer, label]}
        yield AgreementRow(layer, label, dict(tally.counts[layer, label]), named)


def _keys(tally: _Tally, schema: Schema, by_label: bool) -> Iterator[Key]:
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
        used = [label for label in labels if tally.counts.get((layer, label))]
        if used:
            yield layer, None
        if by_label and len(labels) > 1:
            yield from ((layer, label) for label in used)
        if layer == Layer.ATTRIBUTION_SPAN:
            answered = (name for name in schema.attributes if name in tally.answers)
            yield from ((Layer.ATTRIBUTE, name) for name in answered)


def _measures(tally: _Tally, layer: str, label: str | None) -> Iterator[tuple[str, Measure]]:
    if layer == Layer.ATTRIBUTE:
        answers = tally.answers[str(label)]
        yield from (("same", answers.same), ("α", answers.alpha), ("κ", answers.kappa))
        return
    has_ends = layer in (*LINK_LAYERS, Layer.CLAIM)
    for name in ("F1", "F1 overlap", "F1 matched ends"):
        by_document = tally.pairs[layer, label].get(name)
        if by_document is not None:
            yield name, by_document
        elif name == "F1 matched ends" and has_ends:
            yield name, F1()
    if layer in MARK_LAYERS:
        yield "α tokens", _token_alpha(tally, layer, label)
        of_layer = (key for key in tally.unitizing.labels if key[0] == layer)
        units = [key for key in of_layer if label in (None, key[1])]
        yield "α_u", coefficients.unitizing_alpha(tally.unitizing, units)
