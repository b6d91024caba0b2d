"""Coefficients of agreement, each a function of how often every document counts, so that a bootstrap is one product.

Documents are the units of resampling: marks in one article are not independent of each other. Each function takes
statistics by document, and gives a `Measure`: from weights of shape (samples, documents) to values of shape (samples,),
`nan` where the coefficient is not defined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Measure = Callable[[Array], Array]

SAMPLES = 1000


@dataclass(frozen=True)
class Estimate:
    """A coefficient over all documents, with a 95 % interval; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


def estimate(measure: Measure, documents: int, seed: int = 0, samples: int = SAMPLES) -> Estimate:
    """The value, and the percentile interval of a bootstrap over documents (Efron and Tibshirani 1993, chapter 13).

    There is no interval for fewer than two documents, nor where one resample in ten leaves the coefficient undefined.
    """
    value = _number(measure(np.ones((1, documents)))[0])
    if value is None or documents < 2:
        return Estimate(value)
    weights = np.random.default_rng(seed).multinomial(documents, np.full(documents, 1 / documents), size=samples)
    drawn = measure(weights.astype(float))
    defined = drawn[~np.isnan(drawn)]
    if len(defined) < 0.9 * samples:
        return Estimate(value)
    low, high = np.percentile(defined, [2.5, 97.5])
    return Estimate(value, float(low), float(high))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def ratio(above: Array, below: Array) -> Array:
    """above / below, and nan where that is not defined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below == 0, np.nan, above / np.where(below == 0, 1, below))


def f1(matched: Sequence[float], counted: Sequence[float]) -> Measure:
    """2 · matched / counted, by document; `counted` is both annotators' units together."""
    both, all_ = np.asarray(matched, float), np.asarray(counted, float)
    return lambda weights: ratio(2 * (weights @ both), weights @ all_)


def coincidences(counts: Array) -> Array:
    """Krippendorff's coincidence matrix of (units, values) counts: each unit's pairs, weighted by 1 / (its values − 1)."""
    several = counts[counts.sum(axis=1) > 1]
    weight = 1 / (several.sum(axis=1) - 1)
    return np.asarray((several * weight[:, None]).T @ several - np.diag(weight @ several))


def nominal_alpha(documents: Sequence[Array]) -> Measure:
    """Krippendorff's α for nominal values, from (units, values) counts for each document.

    The value over all documents is the library's. It takes units and no weights, so that a thousand resamples would
    be a thousand counts: those are taken from a coincidence matrix for each document, by
    α = 1 − (n − 1) Σ_c≠k o_ck / Σ_c≠k n_c n_k (Krippendorff 2011, "Computing Krippendorff's alpha-reliability").
    """
    stacked = np.stack([coincidences(counts) for counts in documents]) if documents else np.zeros((0, 1, 1))

    def measure(weights: Array) -> Array:
        if weights.shape[0] == 1 and (weights == 1).all():
            return np.array([_alpha(np.concatenate(documents))]) if documents else np.array([np.nan])
        pooled = np.tensordot(weights, stacked, 1)
        values = pooled.sum(axis=2)
        total = values.sum(axis=1)
        agreed = np.trace(pooled, axis1=1, axis2=2)
        return 1 - ratio((total - 1) * (total - agreed), total**2 - (values**2).sum(axis=1))

    return measure


def _alpha(counts: Array) -> float:
    import krippendorff

    pairable = counts[counts.sum(axis=1) > 1]
    if (pairable.sum(axis=0) > 0).sum() < 2:
        return float("nan")  # one value only: the library refuses
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


def cohen_kappa(tables: Sequence[Sequence[Array]]) -> Measure:
    """Cohen's κ (1960) from a contingency table for each pair of annotators and document; over pairs, their mean (Light 1971).

    A pair for whom it is not defined, since only one value occurs, is left out of the mean.
    """
    pairs = [np.stack(table) for table in tables]

    def one(stacked: Array, weights: Array) -> Array:
        pooled = np.tensordot(weights, stacked, 1)
        total = pooled.sum(axis=(1, 2))
        observed = ratio(np.trace(pooled, axis1=1, axis2=2), total)
        expected = ratio((pooled.sum(axis=1) * pooled.sum(axis=2)).sum(axis=1), total**2)
        return ratio(observed - expected, 1 - expected)

    def measure(weights: Array) -> Array:
        if not pairs:
            return np.full(len(weights), np.nan)
        found = np.stack([one(stacked, weights) for stacked in pairs])
        return ratio(np.nansum(found, axis=0), (~np.isnan(found)).sum(axis=0).astype(float))

    return measure


@dataclass
class Unitizing:
    """What α_u needs of one label, by document; lengths in code points."""

    observed: list[float] = field(default_factory=list)
    """Σ δ² over ordered pairs of observers, divided by (observers − 1)."""
    length: list[float] = field(default_factory=list)
    observers: list[int] = field(default_factory=list)
    units: list[list[int]] = field(default_factory=list)
    """Lengths of all observers' units."""
    gaps: list[list[int]] = field(default_factory=list)

    def add(self, length: int, spans: Sequence[Sequence[tuple[int, int]]]) -> None:
        """One document: for each observer, disjoint (start, end) spans in order."""
        gaps = [_gaps(own, length) for own in spans]
        total = sum(
            _difference(own, other, gaps[j])
            for i, own in enumerate(spans)
            for j, other in enumerate(spans)
            if i != j
        )  # fmt: skip
        self.observed.append(total / (len(spans) - 1))
        self.length.append(length)
        self.observers.append(len(spans))
        self.units.append([end - start for own in spans for start, end in own])
        self.gaps.append([end - start for own in gaps for start, end in own])


def unitizing_alpha(labels: Sequence[Unitizing]) -> Measure:
    """Krippendorff's α_u for units on a continuum, over one label or several.

    Observed and expected disagreement as in Krippendorff (1995), "On the reliability of unitizing continuous data",
    Sociological Methodology 25, 47–76, with δ² = (difference of starts)² + (difference of ends)² for two units that
    overlap, and the squared length of a unit that lies in the other's gap. A section never runs over the border of a
    document, and a document counts with as many observers as it has.
    """
    parts = [_unitizing_parts(label) for label in labels]

    def measure(weights: Array) -> Array:
        observed = np.zeros(len(weights))
        expected = np.zeros(len(weights))
        for one, two in parts:
            observed += one(weights)
            expected += two(weights)
        return 1 - ratio(observed, expected)

    return measure


def _unitizing_parts(label: Unitizing) -> tuple[Measure, Measure]:
    observed, length = np.asarray(label.observed), np.asarray(label.length)
    positions = length * np.asarray(label.observers)
    lengths = [np.asarray(found, float) for found in label.units]
    gaps = [np.sort(np.asarray(found, float)) for found in label.gaps]
    number = np.array([len(found) for found in lengths], float)
    # Σ δ² over all ways in which two units of lengths l and k can overlap is (2l³ − 3l² + l + 2k³ − 3k² + k) / 3.
    cubes = np.array([(2 * own**3 - 3 * own**2 + own).sum() for own in lengths])
    inside = np.array([(own * (own - 1)).sum() for own in lengths])
    contained = np.array([[_contained(own, other) for other in gaps] for own in lengths])

    def of_observers(weights: Array) -> Array:
        return ratio(weights @ observed, (weights @ length) * (weights @ positions))

    def of_chance(weights: Array) -> Array:
        total = weights @ positions
        among = (weights @ number - 1) / 3 * (weights @ cubes) + np.einsum("sd,de,se->s", weights, contained, weights)
        pairs = total * (total - 1) - weights @ inside
        return np.asarray(2 * ratio(np.where(weights @ number > 0, among, 0), pairs) / (weights @ length))

    return of_observers, of_chance


def _contained(units: Array, gaps: Array) -> float:
    """Σ over units and gaps that can hold them: l² for each of the (gap − l + 1) places; `gaps` is sorted."""
    if not len(units) or not len(gaps):
        return 0.0
    first = np.searchsorted(gaps, units)
    above = np.append(np.cumsum(gaps[::-1])[::-1], 0.0)[first]
    return float((units**2 * (above - (units - 1) * (len(gaps) - first))).sum())


def _gaps(spans: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    edges = [0, *(edge for span in spans for edge in span), length]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]


def _difference(
    own: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]], gaps: Sequence[tuple[int, int]]
) -> int:
    """Σ δ² over own units against the other's units and gaps, and half of it for what is counted from both sides.

    An ordered pair of observers compares sections of the one with sections of the other: unit with unit, unit with gap
    and gap with unit. The last comes when the roles are changed, so that a unit in a gap is counted here for both.
    """
    total = 0
    for start, end in own:
        for begin, stop in other:
            if start < stop and begin < end:
                total += (start - begin) ** 2 + (end - stop) ** 2
        if any(begin <= start and end <= stop for begin, stop in gaps):
            total += 2 * (end - start) ** 2
    return total
