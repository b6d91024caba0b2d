"""How well predictions match gold, layer by layer and label by label, and whether one system is better than another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from annotate.measure import align, coefficients
from annotate.measure.align import Unit
from annotate.measure.coefficients import Array, Estimate, Measure
from annotate.model.claims import Claim, claims
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
"""The layers as the report tells them."""
_CHANCE = 10_000
"""Shuffles of a significance test."""


@dataclass(frozen=True)
class Row:
    """One line of the report: a layer by a measure, over all labels or for one."""

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
class Report:
    """What was scored and what came of it."""

    documents: int
    missing: list[str]
    """Documents of gold without a prediction: all of their units count as missed."""
    untokenised: list[str]
    """Documents whose tokens are not known: they don't count in the measures over tokens."""
    rows: list[Row]


Key = tuple[str, str, str]
"""Layer, measure, label."""


@dataclass
class Tally:
    """By key and document, what is right, what gold has, and what was predicted."""

    counts: dict[Key, dict[int, list[float]]] = field(default_factory=lambda: defaultdict(dict))

    def add(
        self,
        layer: str,
        measure: str,
        document: int,
        right: Counter[str],
        gold: Counter[str],
        told: Counter[str],
    ) -> None:
        """Add a document's counts by label; `right` may hold halves, doubled."""
        for label in gold.keys() | told.keys():
            found = [right[label] / 2, gold[label], told[label]]
            self.counts[layer, measure, label][document] = found

    def stacked(self, keys: Iterable[Key], documents: int) -> Array:
        """Of shape (keys, documents, 3)."""
        return np.array(
            [
                [self.counts.get(key, {}).get(n, [0, 0, 0]) for n in range(documents)]
                for key in keys
            ],
            float,
        )


@dataclass(frozen=True)
class Case:
    """A document with its gold and what one system or two predict."""

    gold: Annotation
    predicted: tuple[Annotation | None, ...]
    """None where a system says nothing of the document."""
    tokens: tuple[Span, ...] | None
    """None where they are not known."""


def score(
    cases: Iterable[Case],
    schema: Schema,
    seed: int = 0,
    samples: int = coefficients.SAMPLES,
    on_document: Callable[[], None] = lambda: None,
) -> Report:
    """Score the first system against gold; where cases have two, compare the second with it as well.

    Intervals are from a bootstrap over documents. `p` is of an approximate randomisation test that swaps the systems'
    output in whole documents (Noreen 1989; Yeh 2000, "More accurate tests for the statistical significance of result
    differences", COLING).
    """
    tallies: list[Tally] = []
    report = Report(0, [], [], [])
    for case in cases:
        on_document()
        if not tallies:
            tallies = [Tally() for _system in case.predicted]
        report.missing += [case.gold.article] if case.predicted[0] is None else []
        report.untokenised += [case.gold.article] if case.tokens is None else []
        for tally, found in zip(tallies, case.predicted, strict=True):
            count(case.gold, found or _nothing(case.gold), case.tokens, tally, report.documents)
        report.documents += 1
    if tallies:
        report.rows = list(_rows(tallies, report.documents, schema, seed, samples))
    return report


def _nothing(gold: Annotation) -> Annotation:
    return Annotation(article=gold.article, sha256=gold.sha256, provenance=gold.provenance)


def count(
    gold: Annotation, told: Annotation, tokens: Sequence[Span] | None, tally: Tally, document: int
) -> None:
    """Count one document. Of marks with one label and span, one counts; so for every unit."""
    ours, theirs = align.units(gold), align.units(told)
    paired = {
        align.place(mark): align.place(found)
        for mark, found in _pairs(_distinct(gold.marks()), _distinct(told.marks()))
    }
    back = {there: here for here, there in paired.items()}
    for layer in UNIT_LAYERS:
        wanted, given = ({unit for unit in own if unit.layer == layer} for own in (ours, theirs))
        both = (_labels(wanted), _labels(given))
        tally.add(layer, _STRICT.get(layer, "strict"), document, _twice(wanted & given), *both)
        if layer in MARK_LAYERS:
            near = Counter({label: 2 * n for label, n in _labels(wanted & given).items()})
            near.update(unit.label for unit in wanted - given if unit.mark in paired)
            tally.add(layer, "partial", document, near, *both)
        elif layer != Layer.ATTRIBUTE:
            met = {unit for unit in given if align.moved(unit, back) in wanted}
            tally.add(layer, "overlap", document, _twice(met), *both)
        for measure, bare in _LOOSER.get(layer, ()):
            one, other = ({bare(unit) for unit in units} for units in (wanted, given))
            tally.add(layer, measure, document, _twice(one & other), _labels(one), _labels(other))
    if tokens is not None:
        _count_tokens(gold, told, tokens, tally, document)
    _count_claims(gold, told, back, tally, document)


def error_types(gold: Annotation, predicted: Annotation) -> Counter[tuple[str, str]]:
    """By (layer, kind), how often marks are right and how they are wrong, each mark of either side once.

    `right`: same words, same label; `boundary`: same label, other words that overlap; `label`: same words, other label; `both`: other
    label and other words that overlap; `missing`: only gold has it; `spurious`: only the prediction has it.
    """
    found: Counter[tuple[str, str]] = Counter()
    for layer in MARK_LAYERS:
        ours, theirs = (
            [mark for mark in _distinct(one.marks()) if align.layer(mark) == layer]
            for one in (gold, predicted)
        )
        places = {align.place(mark) for mark in ours} & {align.place(mark) for mark in theirs}
        found[layer, "right"] = len(places)
        ours, theirs = (
            [mark for mark in side if align.place(mark) not in places] for side in (ours, theirs)
        )
        pairs = align.match(ours, theirs, labels=False)
        for one, other in pairs:
            same = (one.label == other.label, (one.start, one.end) == (other.start, other.end))
            found[layer, {(True, False): "boundary", (False, True): "label"}.get(same, "both")] += 1
        found[layer, "missing"] = len(ours) - len(pairs)
        found[layer, "spurious"] = len(theirs) - len(pairs)
    return found


def fields(report: Report) -> dict[str, Any]:
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


def _identified(unit: Unit) -> Unit:
    """The mark without its label, or the argument without its role."""
    return unit._replace(label="any")


_STRICT = {Layer.EVENT: "classified", Layer.ARGUMENT: "classified"}
_LOOSER: dict[str, tuple[tuple[str, Callable[[Unit], Unit]], ...]] = {
    Layer.MENTION: (("identified", _identified),),
    Layer.EVENT: (("identified", _identified),),
    Layer.ARGUMENT: (("identified", _identified),),
}


def _labels(units: Iterable[Unit]) -> Counter[str]:
    return Counter(unit.label for unit in units)


def _twice(units: Iterable[Unit]) -> Counter[str]:
    return Counter({label: 2 * n for label, n in _labels(units).items()})


def _distinct(marks: Iterable[Mark]) -> list[Mark]:
    return list({align.place(mark): mark for mark in marks}.values())


def _pairs(ours: Sequence[Mark], theirs: Sequence[Mark]) -> Iterator[tuple[Mark, Mark]]:
    """Equal marks first, and of the others those of one label that overlap, each once."""
    there = {align.place(mark): mark for mark in theirs}
    equal = {align.place(mark) for mark in ours} & there.keys()
    yield from ((mark, there[align.place(mark)]) for mark in ours if align.place(mark) in equal)
    left, right = (
        [mark for mark in marks if align.place(mark) not in equal] for marks in (ours, theirs)
    )
    for label in {mark.label for mark in left}:
        yield from align.match(
            [m for m in left if m.label == label], [m for m in right if m.label == label]
        )


def _count_tokens(
    gold: Annotation, told: Annotation, tokens: Sequence[Span], tally: Tally, document: int
) -> None:
    """Tokens of sources, cues and contents that both have, as in PolNeAR (Newell, Margolin and Ruths 2018)."""
    here, there = (
        {label: _covered(found, label, tokens) for label in ATTRIBUTION_SPANS}
        for found in (gold, told)
    )
    right = Counter({label: 2 * len(here[label] & there[label]) for label in here})
    sizes = (
        Counter({label: len(found) for label, found in side.items() if found})
        for side in (here, there)
    )
    tally.add(TOKENS, "overlap", document, right, *sizes)


def _covered(annotation: Annotation, label: str, tokens: Sequence[Span]) -> set[int]:
    marks = [mark for mark in annotation.marks() if mark.label == label]
    return {
        n
        for n, token in enumerate(tokens)
        if any(m.start < token.end and token.start < m.end for m in marks)
    }


def _count_claims(
    gold: Annotation,
    told: Annotation,
    back: dict[tuple[str, int, int], tuple[str, int, int]],
    tally: Tally,
    document: int,
) -> None:
    """Strict: event, realis, every argument, and every source of the chain with its stance, all exact. Core: the event
    and who tells it first-hand overlap, and the stance is the same."""
    for measure, read in (("strict", _whole), ("core", align.claim_unit)):
        wanted, given = ({read(claim, own) for claim in claims(own)} for own in (gold, told))
        met = {
            unit
            for unit in given
            if (align.moved_claim(unit, back) if measure == "core" else unit) in wanted
        }
        tally.add(Layer.CLAIM, measure, document, _twice(met), _labels(wanted), _labels(given))


def _whole(claim: Claim, annotation: Annotation) -> Unit:
    event, chain = claim
    marks = {mark.id: mark for mark in annotation.marks()}
    filled = sorted(
        (argument.role, *align.place(marks[argument.target])) for argument in event.arguments
    )
    told = [
        (str(said.attributes.get("stance", "")), *(_source(annotation, said.source) or ()))
        for said in chain
    ]
    return Unit(
        Layer.CLAIM,
        event.label,
        event.start,
        event.end,
        (str(event.attributes.get("realis", "")), str(filled), str(told)),
    )


def _source(annotation: Annotation, name: str | None) -> tuple[int, int] | None:
    return next(
        ((found.start, found.end) for found in annotation.sources if found.id == name), None
    )


def _rows(
    tallies: Sequence[Tally], documents: int, schema: Schema, seed: int, samples: int
) -> Iterator[Row]:
    keys = {key for tally in tallies for key in tally.counts}
    order = {
        label: n
        for n, label in enumerate(
            (*schema.labels, *schema.roles, *schema.attributes, *schema.links)
        )
    }
    measures = sorted(
        {key[:2] for key in keys}, key=lambda pair: (ORDER.index(pair[0]), _MEASURES.index(pair[1]))
    )
    for layer, measure in measures:
        own = sorted(
            (key for key in keys if key[:2] == (layer, measure)),
            key=lambda key: order.get(key[2], -1),
        )
        found = [tally.stacked(own, documents) for tally in tallies]
        for averaging in (MICRO, MACRO) if len(own) > 1 else (MICRO,):
            against = _against(found, averaging, seed) if len(found) > 1 else None
            yield _row(layer, measure, None, averaging, found[0], seed, samples, against)
        for number, key in enumerate(own) if len(own) > 1 else ():
            yield _row(
                layer, measure, key[2], None, found[0][number : number + 1], seed, samples, None
            )


_MEASURES = ("identified", "classified", "strict", "partial", "overlap", "core")


def _row(
    layer: str, measure: str, label: str | None, averaging: str | None, counts: Array, seed: int, samples: int, against: Difference | None
) -> Row:  # fmt: skip
    documents = counts.shape[1]

    def estimate(which: Callable[[Array], Array]) -> Estimate:
        return coefficients.estimate(
            _measure(counts, which, averaging == MACRO), documents, seed, samples
        )

    gold, told = (int(counts[:, :, side].sum()) for side in (1, 2))
    return Row(
        layer,
        measure,
        label,
        averaging,
        gold,
        told,
        estimate(_precision),
        estimate(_recall),
        estimate(_f1),
        against,
    )


def _measure(counts: Array, which: Callable[[Array], Array], is_macro: bool) -> Measure:
    """From weights of shape (samples, documents) to values of shape (samples,)."""

    def measure(weights: Array) -> Array:
        pooled = np.einsum("sd,kdc->skc", weights, counts)
        if not is_macro:
            return which(pooled.sum(axis=1))
        values = which(pooled)
        there = ~np.isnan(values)
        return coefficients.ratio(
            np.where(there, values, 0).sum(axis=1), there.sum(axis=1).astype(float)
        )

    return measure


def _precision(counts: Array) -> Array:
    return coefficients.ratio(counts[..., 0], counts[..., 2])


def _recall(counts: Array) -> Array:
    return coefficients.ratio(counts[..., 0], counts[..., 1])


def _f1(counts: Array) -> Array:
    return coefficients.ratio(2 * counts[..., 0], counts[..., 1] + counts[..., 2])


def _against(found: Sequence[Array], averaging: str, seed: int) -> Difference | None:
    """Swap the two systems in each document with a chance of one half, and see how often the difference is as large."""
    one, other = found[0], found[1]
    documents = one.shape[1]

    def difference(swap: Array) -> Array:
        """For each row of `swap`, of zeros and ones by document."""
        values = []
        for mine, yours in ((one, other), (other, one)):
            pooled = np.einsum("sd,kdc->skc", 1 - swap, mine) + np.einsum(
                "sd,kdc->skc", swap, yours
            )
            values.append(
                np.nanmean(_f1(pooled), axis=1) if averaging == MACRO else _f1(pooled.sum(axis=1))
            )
        return np.asarray(values[1] - values[0])

    real = float(difference(np.zeros((1, documents)))[0])
    if np.isnan(real):
        return None
    swaps = np.random.default_rng(seed).integers(0, 2, size=(_CHANCE, documents)).astype(float)
    as_large = int((np.abs(difference(swaps)) >= abs(real) - 1e-12).sum())
    return Difference(real, (as_large + 1) / (_CHANCE + 1))
