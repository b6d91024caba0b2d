"""Krippendorff's α for units on a continuum, as a function of how often every document counts: see `coefficients`."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from itertools import chain, islice, permutations
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from annotate.measure import coefficients
from annotate.measure.coefficients import Array, Measure, Remembered, Sparse


class Unitized(NamedTuple):
    """What α_u needs of one label in one document."""

    observed: float
    """Σ δ² over ordered pairs of observers, divided by (observers − 1)."""
    lengths: dict[int, int]
    """How many units of each length all observers have together; lengths in code points."""
    gaps: dict[int, int]
    """How many gaps of each length."""


def unitized(length: int, spans: Sequence[Sequence[tuple[int, int]]]) -> Unitized:
    """From the document's length and, for each of two observers or more, disjoint (start, end) spans in order."""
    gaps = [_gaps(observed, length) for observed in spans]
    total = sum(
        _difference(spans[one], spans[other], gaps[other])
        for one, other in permutations(range(len(spans)), 2)
    )
    return Unitized(total / (len(spans) - 1), _lengths(spans), _lengths(gaps))


def _lengths(sections: Sequence[Sequence[tuple[int, int]]]) -> dict[int, int]:
    return dict(Counter(end - start for start, end in chain.from_iterable(sections)))


class Units:
    """What α_u needs of one label: numbers of those documents where somebody uses it."""

    def __init__(self) -> None:
        self.observed = Sparse()
        self.lengths = Sparse()
        """A length is a column."""
        self.gaps = Sparse()

    def add(self, document: int, units: Unitized) -> None:
        """Documents come in order."""
        self.observed.add(document, 0, units.observed)
        self.lengths.add_all(document, list(units.lengths), list(units.lengths.values()))
        self.gaps.add_all(document, list(units.gaps), list(units.gaps.values()))


class Unitizing:
    """What α_u needs of every label, by document; lengths in code points."""

    def __init__(self) -> None:
        self.length, self.observers = array("i"), array("i")
        self.labels: dict[Any, Units] = {}
        self._disagreements: dict[Any, Remembered] = {}

    def add(self, length: int, observers: int, labels: Mapping[Any, Unitized]) -> None:
        """The next document, with its labels; of one that nobody uses nothing is kept."""
        document = len(self.length)
        self.length.append(length)
        self.observers.append(observers)
        for label, units in labels.items():
            if units.lengths:
                if label not in self.labels:
                    self.labels[label] = Units()
                self.labels[label].add(document, units)

    def disagreements(self, label: Hashable) -> Callable[[Array], tuple[Array, Array]]:
        """From weights, what is observed of a label and what is expected by chance."""
        if label not in self._disagreements:
            of_label = partial(_disagreements, self, self.labels[label])
            self._disagreements[label] = Remembered(of_label)
        return self._disagreements[label]


def unitizing_alpha(unitizing: Unitizing, labels: Sequence[Hashable]) -> Measure:
    """Krippendorff's α_u for units on a continuum, over one label or several.

    Observed and expected disagreement as in Krippendorff (1995), "On the reliability of unitizing continuous data",
    Sociological Methodology 25, 47–76, with δ² = (difference of starts)² + (difference of ends)² for two units that
    overlap, and the squared length of a unit that lies in the other's gap. A section never runs over the border of a
    document, and a document counts with as many observers as it has.
    """
    used = [unitizing.disagreements(label) for label in labels if label in unitizing.labels]

    def measure(weights: Array) -> Array:
        both = np.zeros((2, len(weights)))
        for of_label in used:
            both += of_label(weights)
        observed, expected = both
        return 1 - coefficients.ratio(observed, expected)

    return measure


def _disagreements(unitizing: Unitizing, units: Units, weights: Array) -> tuple[Array, Array]:
    length = np.asarray(unitizing.length, float)
    continuum = weights @ length
    positions = weights @ (length * np.asarray(unitizing.observers))
    observed = units.observed.sums(weights, 1)[:, 0]
    return (
        coefficients.ratio(observed, continuum * positions),
        coefficients.ratio(_by_chance(unitizing, units, weights, positions), continuum),
    )


def _by_chance(unitizing: Unitizing, units: Units, weights: Array, positions: Array) -> Array:
    """Twice the mean δ² of two sections taken anywhere, from histograms of lengths.

    Every unit is compared with every unit and gap.
    """
    lengths = np.unique(
        np.concatenate(
            [np.unique(columns) for _documents, columns, _numbers in units.lengths.blocks()]
        )
    )
    occurring = np.zeros((len(weights), len(lengths)))
    for documents, columns, numbers in units.lengths.blocks():
        occurring += coefficients.weighted_sums(
            weights, documents, np.searchsorted(lengths, columns), numbers, len(lengths)
        )
    number = occurring.sum(axis=1)
    # Σ δ² over all ways in which two units of lengths l and k can overlap is (2l³ − 3l² + l + 2k³ − 3k² + k) / 3.
    cubes = occurring @ (2.0 * lengths**3 - 3.0 * lengths**2 + lengths)
    # A unit of length l has (gap − l + 1) places in a gap, each of them l² apart.
    holding, room = _room(unitizing, units, weights, lengths)
    contained = (occurring * lengths**2.0 * (room - (lengths - 1) * holding)).sum(axis=1)
    among = (number - 1) / 3 * cubes + contained
    pairs = positions * (positions - 1) - occurring @ (lengths * (lengths - 1.0))
    return np.asarray(2 * coefficients.ratio(np.where(number > 0, among, 0), pairs))


def _room(
    unitizing: Unitizing, units: Units, weights: Array, lengths: Array
) -> tuple[Array, Array]:
    """For each sample and length, the number of gaps that hold a unit of it, and those gaps' lengths together.

    A document without a unit is one gap for each of its observers.
    """
    whole = np.ones(len(unitizing.length), bool)
    for documents, *_ in units.lengths.blocks():
        whole[documents] = False
    alone = (
        np.flatnonzero(whole),
        np.asarray(unitizing.length)[whole],
        np.asarray(unitizing.observers)[whole],
    )
    fitting = np.zeros((2, len(weights), len(lengths) + 1))
    """By how many of the lengths fit into a gap."""
    for documents, gaps, numbers in (*units.gaps.blocks(), alone):
        fits = np.searchsorted(lengths, gaps, "right")
        fitting[0] += coefficients.weighted_sums(
            weights, documents, fits, numbers, len(lengths) + 1
        )
        fitting[1] += coefficients.weighted_sums(
            weights, documents, fits, numbers * gaps, len(lengths) + 1
        )
    holding, room = np.cumsum(fitting[:, :, :0:-1], axis=2)[:, :, ::-1]
    return holding, room


def _gaps(spans: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    edges = [0, *chain.from_iterable(spans), length]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]


def _difference(
    one: Sequence[tuple[int, int]],
    other: Sequence[tuple[int, int]],
    gaps: Sequence[tuple[int, int]],
) -> int:
    """Σ δ² over the one's units against the other's units and gaps, and half of it for what is counted from both sides.

    An ordered pair of observers compares sections of the one with sections of the other: unit with unit, unit with gap
    and gap with unit. The last comes when the roles are changed, so that a unit in a gap is counted here for both.
    """
    total = 0
    for start, end in one:
        for begin, stop in islice(other, bisect_right(other, start, key=itemgetter(1)), None):
            if begin >= end:
                break
            total += (start - begin) ** 2 + (end - stop) ** 2
        gap = bisect_right(gaps, start, key=itemgetter(0)) - 1
        if gap >= 0 and end <= gaps[gap][1]:
            total += 2 * (end - start) ** 2
    return total
