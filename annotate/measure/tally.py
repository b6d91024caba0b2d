"""Counts of what is right, in gold and predicted, by label and document; and precision, recall and F1 of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from annotate.measure import coefficients
from annotate.measure.coefficients import Array, Sparse

_TOGETHER = 40
"""Shuffles held at once, as many whatever the documents."""


@dataclass
class LabelCounts:
    """Of one layer by one measure: by label and document, what is right, what gold has, what was predicted."""

    labels: dict[str, int] = field(default_factory=dict)
    """The labels that occur, numbered."""
    counts: Sparse = field(default_factory=Sparse)
    """Three columns for each label."""

    def add(
        self, document: int, right: Counter[str], gold: Counter[str], predicted: Counter[str]
    ) -> None:
        """A document's counts by label; `right` may hold halves, doubled."""
        for label in gold.keys() | predicted.keys():
            column = 3 * self.labels.setdefault(label, len(self.labels))
            for place, number in enumerate((right[label] / 2, gold[label], predicted[label])):
                self.counts.add(document, column + place, number)

    def pooled(self, weights: Array, labels: Sequence[str]) -> Array:
        """Of shape (samples, labels, 3): each document counts with its weight; 0 of a label that does not occur."""
        number = len(self.labels)
        sums = np.zeros((len(weights), number + 1, 3))
        sums[:, :number] = self.counts.sums(weights, 3 * number).reshape(-1, number, 3)
        pooled: Array = sums[:, [self.labels.get(label, number) for label in labels]]
        return pooled


@dataclass
class Tally:
    """The counts of one system's predictions, by layer and measure."""

    of: dict[tuple[str, str], LabelCounts] = field(default_factory=lambda: defaultdict(LabelCounts))

    def add(
        self,
        layer: str,
        measure: str,
        document: int,
        right: Counter[str],
        gold: Counter[str],
        predicted: Counter[str],
    ) -> None:
        """Add a document's counts by label; `right` may hold halves, doubled. Documents come in order."""
        self.of[layer, measure].add(document, right, gold, predicted)


def scores(pooled: Array) -> Array:
    """Precision, recall and F1 of counts of shape (samples, labels, 3): micro, and of several labels macro and each.

    Of shape (samples, 1, 3) or (samples, 2 + labels, 3). Macro is the mean over the labels for which a score is
    defined.
    """
    micro = _scores(pooled.sum(axis=1, keepdims=True))
    if pooled.shape[1] == 1:
        return micro
    by_label = _scores(pooled)
    return np.concatenate([micro, _macro(by_label), by_label], axis=1)


def _scores(counts: Array) -> Array:
    right, gold, predicted = counts[..., 0], counts[..., 1], counts[..., 2]
    precision, recall = coefficients.ratio(right, predicted), coefficients.ratio(right, gold)
    f1 = coefficients.ratio(2 * right, gold + predicted)
    return np.stack([precision, recall, f1], axis=-1)


def _macro(by_label: Array) -> Array:
    is_defined = ~np.isnan(by_label)
    total = np.where(is_defined, by_label, 0).sum(axis=1, keepdims=True)
    return coefficients.ratio(total, is_defined.sum(axis=1, keepdims=True).astype(float))


Pair = tuple[LabelCounts, LabelCounts, Sequence[str]]
"""What two systems have of one layer by one measure, and the labels that either has."""


def differences(
    pairs: Sequence[Pair], documents: int, seed: int, shuffles: int
) -> list[tuple[Array, Array]]:
    """Of each pair, how much F1 the second system has more, micro and, of several labels, macro; and its p.

    The two systems are swapped in each document with a chance of one half, again and again: p is how often the
    difference is as large. `nan` where it is not defined.
    """
    totals = [_totals(pair, documents) for pair in pairs]
    real = [_f1(other) - _f1(one) for one, other in totals]
    as_large = [np.zeros(len(difference)) for (difference,) in real]
    for swaps in _swaps(documents, seed, shuffles):
        for number, (one, other) in enumerate(totals):
            ours, theirs, labels = pairs[number]
            moved = ours.pooled(swaps, labels) - theirs.pooled(swaps, labels)
            difference = _f1(other + moved) - _f1(one - moved)
            as_large[number] += (np.abs(difference) >= np.abs(real[number]) - 1e-12).sum(axis=0)
    ps = ((count + 1) / (shuffles + 1) for count in as_large)
    return [(difference[0], p) for difference, p in zip(real, ps, strict=True)]


def _totals(pair: Pair, documents: int) -> tuple[Array, Array]:
    ours, theirs, labels = pair
    everything = np.ones((1, documents))
    return ours.pooled(everything, labels), theirs.pooled(everything, labels)


def _f1(pooled: Array) -> Array:
    """Of shape (samples, 1 or 2): micro, and of several labels macro."""
    return scores(pooled)[:, :2, 2]


def _swaps(documents: int, seed: int, shuffles: int) -> Iterator[Array]:
    """Ones where the systems are swapped, of shape (shuffles, documents); one generator draws them in order."""
    generator = np.random.default_rng(seed)
    for start in range(0, shuffles, _TOGETHER):
        size = min(_TOGETHER, shuffles - start), documents
        yield generator.integers(0, 2, size=size).astype(float, order="F")
