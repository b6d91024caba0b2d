"""How far independent passes over the same articles agree, layer by layer and label by label, before anyone decides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations

from annotate.measure import coefficients
from annotate.measure.coefficients import (
    F1,
    CohenKappa,
    Estimate,
    Measure,
    NominalAlpha,
    Remembered,
    Sparse,
)
from annotate.measure.counts import Answer, Counts, Key, count
from annotate.measure.disagreements import (
    Disagreement,
    DisagreementType,
    WorstDisagreements,
)
from annotate.measure.unitizing import Unitizing, unitizing_alpha
from annotate.model.records import Annotation, Article
from annotate.model.schema import LINK_LAYERS, MARK_LAYERS, Layer, Schema


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


@dataclass
class Answers:
    """How far the answers to one attribute are the same, of marks that several annotators have."""

    same: F1 = field(default_factory=F1)
    alpha: NominalAlpha = field(default_factory=NominalAlpha)
    kappa: CohenKappa = field(default_factory=CohenKappa)

    def add(self, document: int, by_mark: Counter[tuple[Answer, ...]]) -> None:
        """One document: how often a mark has exactly these answers."""
        values: Counter[tuple[str, ...]] = Counter()
        for answers, number in by_mark.items():
            values[tuple(value for _annotator, value in answers)] += number
            for (one, value), (other, another) in combinations(answers, 2):
                self.same.add(document, number * (value == another), 2 * number)
                self.kappa.add(document, (one, other), value, another, number)
        self.alpha.add(document, coefficients.nominal(values))


class _Total:
    """A number for each document, whose weighted sum several measures need."""

    def __init__(self) -> None:
        self._numbers = Sparse()
        self.total = Remembered(lambda weights: self._numbers.sums(weights, 1)[:, 0])

    def add(self, document: int, number: int) -> None:
        """Documents come in order."""
        self._numbers.add(document, 0, number)


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
    token_values: _Total = field(default_factory=_Total)
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

    def add(self, counts: Counts) -> None:
        """The next document."""
        document = self.documents
        self.documents += 1
        self.nested += counts.nested
        for key, by_annotator in counts.units.items():
            self.counts[key].update(by_annotator)
        for layer, label, measure, matched, counted in counts.pairs:
            self.pairs[layer, label][measure].add(document, matched, counted)
        for name, by_mark in counts.answers.items():
            self.answers[name].add(document, by_mark)
        for name, pairs in counts.confusions.items():
            self.confusions[name].update(pairs)
        self.disagreement_types.update(counts.disagreement_types)
        for disagreement_type, place in counts.examples.items():
            self.examples.setdefault(disagreement_type, (counts.article, *place))
        self.unitizing.add(counts.length, len(counts.annotators), counts.unitized)
        if not counts.is_tokenised:
            self.untokenised += 1
            return
        self.token_values.add(document, counts.token_values)
        for (layer, label), units in counts.tokens.items():
            self.alpha(layer, label).add(document, units)

    def alpha(self, layer: str, label: str | None) -> NominalAlpha:
        """Of tokens. A document in which nobody uses the label has its tokens all the same."""
        if (layer, label) not in self.tokens:
            self.tokens[layer, label] = NominalAlpha(self.token_values.total)
        return self.tokens[layer, label]


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
        self.add_counts(count(article, ordered, self._schema))
        self._worst.add(article, ordered)

    def add_counts(self, counts: Counts) -> None:
        """The next document, compared elsewhere."""
        self._annotators.update(counts.annotators)
        self._tally.add(counts)

    def report(
        self,
        seed: int = 0,
        samples: int = coefficients.SAMPLES,
        labels: bool = True,
        only: Collection[str] | None = None,
    ) -> AgreementReport:
        """What was compared so far; see `agreement`. Of the measures `only` those named are estimated, which is quick
        where it is F1.
        """
        tally = self._tally
        return AgreementReport(
            annotators=tuple(sorted(self._annotators)),
            documents=tally.documents,
            untokenised=tally.untokenised,
            nested=tally.nested,
            rows=list(_rows(tally, self._schema, seed, samples, labels, only)),
            confusions=dict(tally.confusions),
            disagreement_types=tally.disagreement_types,
            examples=tally.examples,
            disagreements=self._worst.disagreements(),
        )


def _rows(
    tally: _Tally,
    schema: Schema,
    seed: int,
    samples: int,
    by_label: bool,
    only: Collection[str] | None,
) -> Iterator[AgreementRow]:
    keys = list(_keys(tally, schema, by_label))
    measures_of = {(layer, label): dict(_measures(tally, layer, label)) for layer, label in keys}
    if only is not None:
        measures_of = {
            key: {name: measure for name, measure in named.items() if name in only}
            for key, named in measures_of.items()
        }
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
        yield "α tokens", tally.alpha(layer, label)
        of_layer = (key for key in tally.unitizing.labels if key[0] == layer)
        units = [key for key in of_layer if label in (None, key[1])]
        yield "α_u", unitizing_alpha(tally.unitizing, units)
