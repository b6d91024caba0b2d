"""How well predictions match gold, layer by layer and label by label, and whether one system is better than another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from annotate.measure import align, coefficients
from annotate.measure import tally as tally_
from annotate.measure.align import MarkKey, Unit
from annotate.measure.coefficients import Array, Estimate
from annotate.measure.tally import LabelCounts, Tally
from annotate.model.claims import STANCE, Claim, claims
from annotate.model.records import Annotation, Mark, Span
from annotate.model.schema import ATTRIBUTION_SPANS, MARK_LAYERS, UNIT_LAYERS, Layer, Schema

TOKENS = "attribution tokens"
MICRO, MACRO = "micro", "macro"
ORDER = (
    Layer.MENTION,
    Layer.EVENT,
    Layer.ARGUMENT,
    Layer.ATTRIBUTION_SPAN,
    TOKENS,
    Layer.ATTRIBUTION_LINK,
    Layer.ATTRIBUTE,
    Layer.COREFERENCE,
    Layer.CLAIM,
)
"""The layers in the order of the report."""
_CHANCE = 10_000
"""Shuffles of a significance test."""


@dataclass(frozen=True)
class ScoreRow:
    """One line of the report: a layer by a measure, over all labels or for one.

    Where gold has nothing at all of the layer, nothing is defined: it may not have been annotated.
    """

    layer: str
    measure: str
    label: str | None
    """None over all labels."""
    averaging: str | None
    """Over all labels: `micro`, every unit counts alike, or `macro`, every label does; None for one label."""
    gold: int
    predicted: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    against: Difference | None = None


@dataclass(frozen=True)
class Difference:
    """What another system has more, and how likely so much is by chance."""

    f1: float
    """The other system's F1 less this one's."""
    p: float


@dataclass
class ScoreReport:
    """What was scored and what came of it."""

    documents: int
    missing: list[str]
    """Documents of gold without a prediction: all of their units count as missed."""
    untokenised: list[str]
    """Documents whose tokens are not known: they don't count in the measures over tokens."""
    rows: list[ScoreRow]


@dataclass(frozen=True)
class Case:
    """A document with its gold and what one system or two predict."""

    gold: Annotation
    predicted: tuple[Annotation | None, ...]
    """None where a system says nothing of the document."""
    tokens: tuple[Span, ...] | None
    """None where they are not known."""
    text: str | None = None
    """What clauses are looked for in, of gold and of predictions; None where it is not here."""
    language: str = "en"


def score(
    cases: Iterable[Case],
    schema: Schema,
    seed: int = 0,
    samples: int = coefficients.SAMPLES,
    on_document: Callable[[], None] = lambda: None,
) -> ScoreReport:
    """Score the first system against gold; where cases have two, compare the second with it as well.

    Intervals are from a bootstrap over documents. `p` is of an approximate randomisation test that swaps the systems'
    output in whole documents (Noreen 1989; Yeh 2000, "More accurate tests for the statistical significance of result
    differences", COLING).
    """
    tallies: list[Tally] = []
    report = ScoreReport(0, [], [], [])
    for case in cases:
        on_document()
        if not tallies:
            tallies = [Tally() for _system in case.predicted]
        report.missing += [case.gold.article] if case.predicted[0] is None else []
        report.untokenised += [case.gold.article] if case.tokens is None else []
        for tally, predicted in zip(tallies, case.predicted, strict=True):
            annotation = predicted or _nothing(case.gold)
            count(case, annotation, tally, report.documents)
        report.documents += 1
    if tallies:
        report.rows = list(_rows(tallies, report.documents, schema, seed, samples))
    return report


def _nothing(gold: Annotation) -> Annotation:
    return Annotation(article=gold.article, sha256=gold.sha256, provenance=gold.provenance)


def count(case: Case, predicted: Annotation, tally: Tally, document: int) -> None:
    """Count one document's prediction. Of marks with one label and span, one counts; so for every unit."""
    gold = case.gold
    gold_of, predicted_of = _by_layer(gold), _by_layer(predicted)
    gold_key_of = {
        align.mark_key(partner): align.mark_key(mark)
        for mark, partner in _pairs(_distinct(gold.marks()), _distinct(predicted.marks()))
    }
    for layer in UNIT_LAYERS:
        ours, theirs = gold_of[layer], predicted_of[layer]
        labels = (_labels(ours), _labels(theirs))
        strict = _twice(ours & theirs)
        tally.add(layer, _STRICT.get(layer, "strict"), document, strict, *labels)
        if layer in MARK_LAYERS:
            near = (unit for unit in theirs - ours if unit.mark in gold_key_of)
            tally.add(layer, "partial", document, strict + _labels(near), *labels)
        elif layer != Layer.ATTRIBUTE:
            overlapping = [unit for unit in theirs if align.moved(unit, gold_key_of) in ours]
            tally.add(layer, "overlap", document, _twice(overlapping), *labels)
        if layer in _IDENTIFIED:
            ours, theirs = _without_labels(ours), _without_labels(theirs)
            labels = (_labels(ours), _labels(theirs))
            tally.add(layer, "identified", document, _twice(ours & theirs), *labels)
    if case.tokens is not None:
        _count_tokens(gold, predicted, case.tokens, tally, document)
    _count_claims(case, predicted, gold_key_of, tally, document)


def _by_layer(annotation: Annotation) -> dict[Layer, set[Unit]]:
    units: dict[Layer, set[Unit]] = defaultdict(set)
    for unit in align.units(annotation):
        units[unit.layer].add(unit)
    return units


def error_types(gold: Annotation, predicted: Annotation) -> Counter[tuple[str, str]]:
    """By (layer, kind), how often marks are right and how they are wrong, each mark of either side once.

    `right`: same words, same label; `boundary`: same label, other words that overlap; `label`: same words, other label;
    `both`: other label and other words that overlap; `missing`: only gold has it; `spurious`: only the prediction has.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for layer in MARK_LAYERS:
        ours, theirs = _marks_by_key(gold, layer), _marks_by_key(predicted, layer)
        right = ours.keys() & theirs.keys()
        counts[layer, "right"] = len(right)
        wrong = [mark for key, mark in ours.items() if key not in right]
        wrong_predicted = [mark for key, mark in theirs.items() if key not in right]
        pairs = align.match(wrong, wrong_predicted, labels=False)
        for mark, partner in pairs:
            counts[layer, _error_type(mark, partner)] += 1
        counts[layer, "missing"] = len(wrong) - len(pairs)
        counts[layer, "spurious"] = len(wrong_predicted) - len(pairs)
    return counts


def _marks_by_key(annotation: Annotation, layer: Layer) -> dict[MarkKey, Mark]:
    marks = (mark for mark in annotation.marks() if align.layer(mark) == layer)
    return {align.mark_key(mark): mark for mark in marks}


def _error_type(mark: Mark, partner: Mark) -> str:
    """Of two marks that overlap and are not equal."""
    if mark.label == partner.label:
        return "boundary"
    return "label" if (mark.start, mark.end) == (partner.start, partner.end) else "both"


def fields(report: ScoreReport) -> dict[str, Any]:
    """The report as `acre score --json` prints it."""
    return {
        "documents": report.documents,
        "missing": report.missing,
        "untokenised": report.untokenised,
        "rows": [
            vars(row)
            | {name: vars(getattr(row, name)) for name in ("precision", "recall", "f1")}
            | {"against": vars(row.against) if row.against else None}
            for row in report.rows
        ],
    }


_STRICT = {Layer.EVENT: "classified", Layer.ARGUMENT: "classified"}
_IDENTIFIED = (Layer.MENTION, Layer.EVENT, Layer.ARGUMENT)
"""Layers that are also measured without labels: the mark whatever its label, the argument whatever its role."""


def _without_labels(units: Iterable[Unit]) -> set[Unit]:
    return {unit._replace(label="any") for unit in units}


def _labels(units: Iterable[Unit]) -> Counter[str]:
    return Counter(unit.label for unit in units)


def _twice(units: Iterable[Unit]) -> Counter[str]:
    return Counter({label: 2 * n for label, n in _labels(units).items()})


def _distinct(marks: Iterable[Mark]) -> list[Mark]:
    return list({align.mark_key(mark): mark for mark in marks}.values())


def _pairs(ours: Sequence[Mark], theirs: Sequence[Mark]) -> Iterator[tuple[Mark, Mark]]:
    """Equal marks first, and of the others those of one label that overlap, each once."""
    partner_of = {align.mark_key(mark): mark for mark in theirs}
    equal = {align.mark_key(mark) for mark in ours} & partner_of.keys()
    for mark in ours:
        if align.mark_key(mark) in equal:
            yield mark, partner_of[align.mark_key(mark)]
    left = [mark for mark in ours if align.mark_key(mark) not in equal]
    right = [mark for mark in theirs if align.mark_key(mark) not in equal]
    for label in {mark.label for mark in left}:
        yield from align.match(
            [mark for mark in left if mark.label == label],
            [mark for mark in right if mark.label == label],
        )


def _count_tokens(
    gold: Annotation, predicted: Annotation, tokens: Sequence[Span], tally: Tally, document: int
) -> None:
    """Tokens of sources, cues and contents that both have, as in PolNeAR (Newell, Margolin and Ruths 2018)."""
    right, in_gold, in_predicted = Counter[str](), Counter[str](), Counter[str]()
    for label in ATTRIBUTION_SPANS:
        ours, theirs = _covered(gold, label, tokens), _covered(predicted, label, tokens)
        right[label] = 2 * len(ours & theirs)
        if ours:
            in_gold[label] = len(ours)
        if theirs:
            in_predicted[label] = len(theirs)
    tally.add(TOKENS, "overlap", document, right, in_gold, in_predicted)


def _covered(annotation: Annotation, label: str, tokens: Sequence[Span]) -> set[int]:
    """The numbers of the tokens that a mark of the label touches."""
    marks = [mark for mark in annotation.marks() if mark.label == label]
    return {
        number
        for number, token in enumerate(tokens)
        if any(mark.start < token.end and token.start < mark.end for mark in marks)
    }


def _count_claims(
    case: Case,
    predicted: Annotation,
    gold_key_of: Mapping[MarkKey, MarkKey],
    tally: Tally,
    document: int,
) -> None:
    """Strict: event, realis, every argument, and every source of the chain with its stance, all exact. Core: the event
    and who tells it first-hand overlap, and the stance is the same."""
    gold = case.gold
    in_gold = list(claims(gold, case.text, case.language))
    in_predicted = list(claims(predicted, case.text, case.language))
    ours = {_whole(claim, gold) for claim in in_gold}
    theirs = {_whole(claim, predicted) for claim in in_predicted}
    labels = (_labels(ours), _labels(theirs))
    tally.add(Layer.CLAIM, "strict", document, _twice(ours & theirs), *labels)
    ours = {align.claim_unit(claim, gold) for claim in in_gold}
    theirs = {align.claim_unit(claim, predicted) for claim in in_predicted}
    labels = (_labels(ours), _labels(theirs))
    overlapping = [unit for unit in theirs if align.moved_claim(unit, gold_key_of) in ours]
    tally.add(Layer.CLAIM, "core", document, _twice(overlapping), *labels)


def _whole(claim: Claim, annotation: Annotation) -> Unit:
    """The claim with its event's realis and arguments, and the stance and source of every attribution of its chain."""
    event = claim.event
    marks = {mark.id: mark for mark in annotation.marks()}
    arguments = sorted(
        (argument.role, *align.mark_key(marks[argument.target])) for argument in event.arguments
    )
    sources = {span.id: (span.start, span.end) for span in annotation.sources}
    attributions = [
        (str(attribution.attributes.get(STANCE, "")), *sources.get(attribution.source or "", ()))
        for attribution in claim.chain
    ]
    if claim.is_mentioned:
        attributions[0] = (align.MENTIONED, *attributions[0][1:])
    rest = (str(event.attributes.get("realis", "")), str(arguments), str(attributions))
    return Unit(Layer.CLAIM, event.label, event.start, event.end, rest)


class _Measure(NamedTuple):
    """A layer by one measure: what each system has of it, and the labels that any has, in the order of the schema."""

    layer: str
    name: str
    labels: list[str]
    counts: list[LabelCounts]


def _rows(
    tallies: Sequence[Tally], documents: int, schema: Schema, seed: int, samples: int
) -> Iterator[ScoreRow]:
    measures = list(_measures(tallies, schema))
    if not measures:
        return

    def values(weights: Array) -> Array:
        """Of shape (samples, all scores of all measures): from the same resamples for each."""
        pooled = (measure.counts[0].pooled(weights, measure.labels) for measure in measures)
        return np.concatenate(
            [tally_.scores(counts).reshape(len(weights), -1) for counts in pooled], axis=1
        )

    estimates = iter(coefficients.estimates_together(values, documents, seed, samples))
    differences = iter(_differences(measures, documents, seed))
    for measure in measures:
        pooled = measure.counts[0].pooled(np.ones((1, documents)), measure.labels)[0]
        against = next(differences, [])
        names: list[tuple[str | None, str | None]] = [(None, MICRO)]
        if len(measure.labels) > 1:
            names += [(None, MACRO), *((label, None) for label in measure.labels)]
        for number, (label, averaging) in enumerate(names):
            of = pooled if label is None else pooled[measure.labels.index(label)][None]
            _right, gold, predicted = of.sum(axis=0)
            three = (next(estimates), next(estimates), next(estimates))
            difference = against[number] if number < len(against) else None
            if not pooled[:, 1].any():
                three, difference = (Estimate(None), Estimate(None), Estimate(None)), None
            yield ScoreRow(
                measure.layer,
                measure.name,
                label,
                averaging,
                int(gold),
                int(predicted),
                *three,
                difference,
            )


def _measures(tallies: Sequence[Tally], schema: Schema) -> Iterator[_Measure]:
    keys = set(chain.from_iterable(tally.of for tally in tallies))
    labels = [*schema.labels, *schema.roles, *schema.attributes, *schema.links]
    order = {label: number for number, label in enumerate(labels)}
    for layer, name in sorted(
        keys, key=lambda pair: (ORDER.index(pair[0]), _MEASURES.index(pair[1]))
    ):
        counts = [tally.of[layer, name] for tally in tallies]
        used = sorted(set(chain.from_iterable(each.labels for each in counts)))
        used.sort(key=lambda label: order.get(label, -1))
        if used:
            yield _Measure(layer, name, used, counts)


_MEASURES = ("identified", "classified", "strict", "partial", "overlap", "core")


def _differences(
    measures: Sequence[_Measure], documents: int, seed: int
) -> Iterator[list[Difference | None]]:
    """Of each measure the difference that the second system makes, if there is one: micro, then macro."""
    pairs = []
    for measure in measures:
        if len(measure.counts) == 2:
            one, other = measure.counts
            pairs.append((one, other, measure.labels))
    for values, ps in tally_.differences(pairs, documents, seed, _CHANCE):
        yield [
            None if np.isnan(value) else Difference(float(value), float(p))
            for value, p in zip(values, ps, strict=True)
        ]
