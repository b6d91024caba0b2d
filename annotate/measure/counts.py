"""What independent passes over one article share, in numbers alone: `agreement` sums them over articles."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from annotate.measure import align, disagreements
from annotate.measure.align import MarkKey, Unit
from annotate.measure.coefficients import Nominal, nominal
from annotate.measure.disagreements import NONE, DisagreementType, TypeAt, ordered_pair
from annotate.measure.unitizing import Unitized, unitized
from annotate.model.claims import claims
from annotate.model.records import Annotation, Article, Mark, Span
from annotate.model.schema import LINK_LAYERS, MARK_LAYERS, Kind, Layer, Schema
from annotate.model.tokens import tokens

Key = tuple[str, str | None]
"""Layer, and label or None for all of them."""
Answer = tuple[str, str]
"""Annotator and value."""


@dataclass
class Counts:
    """What the passes over one article share. It holds no words, can be kept, and is small beside the passes."""

    article: str
    annotators: list[str]
    length: int
    """Code points of the article."""
    units: dict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By annotator; of attributes, the matched marks that ask for them."""
    pairs: list[tuple[str, str | None, str, int, int]] = field(default_factory=list)
    """Layer, label, measure, and of a pair of passes how many units both have, and how many they have together."""
    is_tokenised: bool = True
    """False without a text: nothing is then said of its tokens."""
    tokens: dict[Key, Nominal] = field(default_factory=dict)
    """The labels that the passes give to tokens; `NONE` is the rest of `token_values`."""
    token_values: int = 0
    """How many values all passes give to the tokens, the same for every layer and label."""
    unitized: dict[tuple[str, str], Unitized] = field(default_factory=dict)
    """By layer and label, how far the passes' outermost spans lie apart."""
    nested: int = 0
    """Marks inside a mark of the same label by the same annotator."""
    answers: dict[str, Counter[tuple[Answer, ...]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    """By attribute, how often a mark that several passes have is given exactly these answers."""
    confusions: dict[str, Counter[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    disagreement_types: Counter[DisagreementType] = field(default_factory=Counter)
    examples: dict[DisagreementType, tuple[int, int]] = field(default_factory=dict)
    """Where the first of each type is."""


class _Pass(NamedTuple):
    annotation: Annotation
    units: Mapping[Unit, Mark]
    layers: Mapping[Layer, Sequence[Unit]]
    """The units, by layer."""
    claims: Sequence[Unit]

    @property
    def annotator(self) -> str:
        return self.annotation.provenance.annotator


def _pass(annotation: Annotation, article: Article) -> _Pass:
    units = align.units(annotation)
    layers: dict[Layer, list[Unit]] = defaultdict(list)
    for unit in units:
        layers[unit.layer].append(unit)
    told = claims(annotation, article.text, article.language)
    of_claims = [align.claim_unit(claim, annotation) for claim in told]
    return _Pass(annotation, units, layers, of_claims)


def count(article: Article, annotations: Sequence[Annotation], schema: Schema) -> Counts:
    """Compare two valid passes or more over one article."""
    ordered = sorted(annotations, key=lambda annotation: annotation.provenance.annotator)
    passes = [_pass(annotation, article) for annotation in ordered]
    counts = Counts(article.id, [one.annotator for one in passes], article.length)
    for one in passes:
        _count_units(one, counts)
    for one, other in combinations(passes, 2):
        for disagreement_type, start, end in _count_pair(one, other, schema, counts):
            _count_type(disagreement_type, (start, end), counts)
    _count_answers(ordered, schema, counts)
    _count_spans(ordered, counts)
    counts.is_tokenised = article.text is not None
    if article.text is not None:
        _count_tokens(tokens(article.text, article.language), ordered, counts)
    return counts


def _count_units(one: _Pass, counts: Counts) -> None:
    keys = [(unit.layer, unit.label) for unit in one.units if unit.layer != Layer.ATTRIBUTE]
    keys += [(Layer.CLAIM, unit.label) for unit in one.claims]
    for layer, label in keys:
        counts.units[layer, None][one.annotator] += 1
        counts.units[layer, label][one.annotator] += 1


def _count_type(
    disagreement_type: DisagreementType, place: tuple[int, int], counts: Counts
) -> None:
    layer, what, label, other = disagreement_type
    counts.disagreement_types[disagreement_type] += 1
    counts.examples.setdefault(disagreement_type, place)
    if layer in MARK_LAYERS and what == "label":
        counts.confusions[layer][label, other] += 1
    elif layer in MARK_LAYERS and what == "missing":
        counts.confusions[layer][label, NONE] += 1


def _count_pair(one: _Pass, other: _Pass, schema: Schema, counts: Counts) -> Iterator[TypeAt]:
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
        ours, theirs = one.layers.get(layer, ()), other.layers.get(layer, ())
        _add_f1(counts, layer, "F1", ours, theirs, shared.intersection(ours))
        overlapping = [unit for unit in ours if align.moved(unit, paired) in other.units]
        _add_f1(counts, layer, "F1 overlap", ours, theirs, overlapping)
        if layer in LINK_LAYERS:
            ours, theirs = _between(ours, exact), _between(theirs, exact)
            _add_f1(counts, layer, "F1 matched ends", ours, theirs, shared.intersection(ours))
    _count_claims(one.claims, other.claims, paired, exact, counts)
    yield from disagreements.of_marks(one.annotation, other.annotation, pairs, schema)
    yield from disagreements.of_links(one.units, other.units, paired)


def _between(links: Iterable[Unit], marks: Collection[MarkKey]) -> list[Unit]:
    """The links with both ends among the marks."""
    from_them = (unit for unit in links if unit.mark in marks)
    return [unit for unit in from_them if unit.other in marks]


def _add_f1(
    counts: Counts,
    layer: str,
    measure: str,
    ours: Sequence[Unit],
    theirs: Sequence[Unit],
    shared: Collection[Unit],
) -> None:
    """Count a document's units of a layer, all of them and by label; `shared` are those of ours that the other has."""
    together = Counter(unit.label for unit in (*ours, *theirs))
    agreed = Counter(unit.label for unit in shared)
    if together:
        counts.pairs.append((layer, None, measure, agreed.total(), together.total()))
    for label, number in together.items():
        counts.pairs.append((layer, label, measure, agreed[label], number))


def _count_claims(
    ours: Sequence[Unit],
    theirs: Sequence[Unit],
    paired: Mapping[MarkKey, MarkKey],
    exact: Collection[MarkKey],
    counts: Counts,
) -> None:
    """A claim agrees where its event, its innermost source (or none, or the article itself) and the stance do.

    Where both only mention the event, that is their stance.
    """
    their_set = set(theirs)
    overlapping = {unit for unit in ours if align.moved_claim(unit, paired) in their_set}
    _add_f1(counts, Layer.CLAIM, "F1", ours, theirs, set(ours) & their_set)
    _add_f1(counts, Layer.CLAIM, "F1 overlap", ours, theirs, overlapping)
    ours = [unit for unit in ours if (unit.label, unit.start, unit.end) in exact]
    theirs = [unit for unit in theirs if (unit.label, unit.start, unit.end) in exact]
    _add_f1(counts, Layer.CLAIM, "F1 matched ends", ours, theirs, set(ours) & set(theirs))


def _count_answers(passes: Sequence[Annotation], schema: Schema, counts: Counts) -> None:
    """On marks that two annotators or more have with the same label and words, what each answered."""
    holders: dict[MarkKey, list[tuple[str, Mark]]] = defaultdict(list)
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
            counts.answers[name][tuple(values)] += 1
            counts.units[Layer.ATTRIBUTE, name].update(annotator for annotator, _value in values)
            if schema.attributes[name].kind is Kind.CHOICE:
                for pair in _unequal_pairs(value for _annotator, value in values):
                    counts.confusions[name][pair] += 1


def _unequal_pairs(values: Iterable[str]) -> Iterator[tuple[str, str]]:
    for value, another in combinations(values, 2):
        if value != another:
            yield ordered_pair(value, another)


def _count_spans(passes: Sequence[Annotation], counts: Counts) -> None:
    """What α_u needs: the spans of each label in each pass."""
    labels: dict[tuple[str, str], list[list[tuple[int, int]]]] = defaultdict(
        lambda: [[] for _ in passes]
    )
    for number, annotation in enumerate(passes):
        for mark in annotation.marks():
            labels[align.layer(mark), mark.label][number].append((mark.start, mark.end))
    for key, by_pass in labels.items():
        outermost = [_outermost(spans) for spans in by_pass]
        counts.unitized[key] = unitized(counts.length, outermost)
        counts.nested += sum(map(len, by_pass)) - sum(map(len, outermost))


def _outermost(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Disjoint spans: of two that overlap, the one that starts first, and of those the longer."""
    disjoint: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not disjoint or start >= disjoint[-1][1]:
            disjoint.append((start, end))
    return disjoint


def _count_tokens(spans: Sequence[Span], passes: Sequence[Annotation], counts: Counts) -> None:
    """The labels on each token, by layer all of them together, by label whether it is there."""
    starts = [token.start for token in spans]
    ends = [token.end for token in spans]
    counts.token_values = len(spans) * len(passes)
    labels: dict[tuple[str, int], list[set[str]]] = defaultdict(lambda: [set() for _ in passes])
    for number, annotation in enumerate(passes):
        for mark in annotation.marks():
            layer = align.layer(mark)
            for token in range(bisect_right(ends, mark.start), bisect_left(starts, mark.end)):
                labels[layer, token][number].add(mark.label)
    alike = Counter((layer, tuple(map(frozenset, sets))) for (layer, _), sets in labels.items())
    given: dict[Key, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for (of_layer, by_pass), number in alike.items():
        together = tuple("+".join(sorted(values)) or NONE for values in by_pass)
        given[of_layer, None][together] += number
        for label in frozenset[str]().union(*by_pass):
            alone = tuple(label if label in values else NONE for values in by_pass)
            given[of_layer, label][alone] += number
    counts.tokens = {key: nominal(units, rest=NONE) for key, units in given.items()}
