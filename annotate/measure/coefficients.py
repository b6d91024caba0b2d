"""Coefficients of agreement, each a function of how often every document counts, so that a bootstrap is one product.

Documents are the units of resampling: marks in one article are not independent of each other. Each function takes
statistics by document, and gives a `Measure`: from weights of shape (samples, documents) to values of shape (samples,),
`nan` where the coefficient is not defined.
"""

from __future__ import annotations

import zlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Measure = Callable[[Array], Array]

SAMPLES = 1000
_TOGETHER = 200
"""Resamples held at once. For each such part the documents are gone through anew, which costs more than the sums."""
_WEIGHTS = 2_000_000
"""Of more documents than that allows, fewer are held, since a resample has a weight for each; but `_FEWEST`."""
_FEWEST = 20
_BLOCK = 2048


@dataclass(frozen=True)
class Estimate:
    """A coefficient over all documents, with a 95 % interval; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


def estimate(measure: Measure, documents: int, seed: int = 0, samples: int = SAMPLES) -> Estimate:
    """The value, and the expanded percentile interval of a bootstrap over documents.

    Percentiles alone (Efron and Tibshirani 1993, chapter 13) are too narrow where documents are few; these lie as much
    further out as Student's t lies beyond the normal distribution (Hesterberg 2015, "What teachers should know about
    the bootstrap", The American Statistician 69, 371–386). `scripts/coverage.py` measures how often they hold the
    value.

    There is no interval for fewer than two documents, nor where one resample in ten leaves the coefficient undefined.
    """
    return estimates([measure], documents, seed, samples)[0]


def estimates(
    measures: Sequence[Measure], documents: int, seed: int = 0, samples: int = SAMPLES
) -> list[Estimate]:
    """An `estimate` of each, all from the same resamples; these are drawn, and held, a part at a time."""
    values = [_number(measure(np.ones((1, documents)))[0]) for measure in measures]
    if documents < 2:
        return [Estimate(value) for value in values]
    drawn = np.empty((len(measures), samples))
    for start, weights in _resamples(documents, seed, samples):
        for row, measure in enumerate(measures):
            drawn[row, start : start + len(weights)] = (
                measure(weights) if values[row] is not None else np.nan
            )
    tail = _tail(documents)
    return [_interval(value, row, tail) for value, row in zip(values, drawn, strict=True)]


def estimates_together(
    measure: Measure, documents: int, seed: int = 0, samples: int = SAMPLES
) -> list[Estimate]:
    """An `estimate` of each column of a measure that gives values of shape (samples, columns)."""
    values = [_number(value) for value in measure(np.ones((1, documents)))[0]]
    if documents < 2:
        return [Estimate(value) for value in values]
    drawn = np.concatenate([measure(part) for _start, part in _resamples(documents, seed, samples)])
    tail = _tail(documents)
    return [_interval(value, column, tail) for value, column in zip(values, drawn.T, strict=True)]


def _resamples(documents: int, seed: int, samples: int) -> Iterator[tuple[int, Array]]:
    """The number of the first and the weights of each part of the resamples; one generator draws them in order."""
    generator = np.random.default_rng(seed)
    together = min(_TOGETHER, max(_WEIGHTS // documents, _FEWEST))
    chances = np.full(documents, 1 / documents)
    for start in range(0, samples, together):
        size = min(together, samples - start)
        weights = np.empty(
            (size, documents), order="F"
        )  # by document, as the sums over them read it
        for row in range(size):
            weights[row] = generator.multinomial(documents, chances)
        yield start, weights


def _tail(documents: int) -> float:
    """The percentage of resamples to leave out at each end, which is 2.5 for very many documents.

    Φ(−√(n / (n − 1)) · t), where t is that of 95 % with n − 1 degrees of freedom.
    """
    from scipy.special import ndtr, stdtrit  # a tenth of a second to import

    t = stdtrit(documents - 1, 0.975)
    return float(100 * ndtr(-np.sqrt(documents / (documents - 1)) * t))


def _interval(value: float | None, drawn: Array, tail: float) -> Estimate:
    defined = drawn[~np.isnan(drawn)]
    if value is None or len(defined) < 0.9 * len(drawn):
        return Estimate(value)
    low, high = np.percentile(defined, [tail, 100 - tail])
    return Estimate(value, float(low), float(high))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def ratio(above: Array, below: Array) -> Array:
    """above / below, and nan where that is not defined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below == 0, np.nan, above / np.where(below == 0, 1, below))


@dataclass
class Sparse:
    """A matrix of documents by columns that grows by document, and holds a corpus of any size in little memory.

    Only what is not 0 is kept, and of that all but the last block compressed: a byte or two a number.
    """

    _packed: list[bytes] = field(default_factory=list)
    _documents: array[int] = field(default_factory=lambda: array("i"))
    _columns: array[int] = field(default_factory=lambda: array("i"))
    _numbers: array[float] = field(default_factory=lambda: array("d"))

    def add(self, document: int, column: int, number: float) -> None:
        """Numbers at one place are summed. Documents come in order."""
        if number:
            self._documents.append(document)
            self._columns.append(column)
            self._numbers.append(number)
            if len(self._columns) >= _BLOCK:
                self._pack()

    def add_all(self, document: int, columns: Sequence[int], numbers: Sequence[float]) -> None:
        """A document's numbers, none of them 0, with the column of each."""
        self._documents.extend([document] * len(columns))
        self._columns.extend(columns)
        self._numbers.extend(numbers)
        if len(self._columns) >= _BLOCK:
            self._pack()

    def _pack(self) -> None:
        documents, columns, numbers = self._open()
        steps = np.diff(documents, prepend=np.int32(0))  # small numbers pack best
        block = steps.tobytes() + columns.tobytes() + numbers.tobytes()
        self._packed.append(zlib.compress(block, 3))
        del self._documents[:], self._columns[:], self._numbers[:]

    def _open(self) -> tuple[Array, Array, Array]:
        """What is not compressed yet."""
        return (
            np.array(self._documents, np.int32),
            np.array(self._columns, np.int32),
            np.array(self._numbers, float),
        )

    def blocks(self) -> Iterator[tuple[Array, Array, Array]]:
        """The documents, columns and numbers of what was added, a block at a time."""
        for packed in self._packed:
            block = zlib.decompress(packed)
            count = len(block) // 16
            steps, columns = np.frombuffer(block, np.int32, 2 * count).reshape(2, count)
            yield np.cumsum(steps), columns, np.frombuffer(block, float, offset=8 * count)
        if self._columns:
            yield self._open()

    def sums(self, weights: Array, width: int) -> Array:
        """For each sample and column, the weighted sum over documents."""
        return sum(
            (weighted_sums(weights, *block, width) for block in self.blocks()),
            np.zeros((len(weights), width)),
        )


class Remembered:
    """A function of weights that keeps its last values, since several measures ask for them one after another."""

    def __init__(self, function: Callable[[Array], Any]) -> None:
        self._function = function
        self._last: tuple[Array, Any] | None = None

    def __call__(self, weights: Array) -> Any:
        """The values; the same array of weights is never computed twice in a row."""
        if self._last is None or self._last[0] is not weights:
            self._last = weights, self._function(weights)
        return self._last[1]


def weighted_sums(
    weights: Array, documents: Array, columns: Array, numbers: Array, width: int
) -> Array:
    """For each sample and column, the sum of its numbers, each times its document's weight."""
    from scipy.sparse import csr_array  # a tenth of a second to import

    matrix = csr_array((numbers, (columns, documents)), shape=(width, weights.shape[1]))
    return np.asarray((matrix @ weights.T).T)


@dataclass
class F1:
    """2 · matched / counted; `counted` is both annotators' units together."""

    units: Sparse = field(default_factory=Sparse)

    def add(self, document: int, matched: float, counted: float) -> None:
        """What one pair of annotators has in one document."""
        self.units.add(document, 0, matched)
        self.units.add(document, 1, counted)

    def __call__(self, weights: Array) -> Array:
        """The value of each sample."""
        matched, counted = self.units.sums(weights, 2).T
        return ratio(2 * matched, counted)


@dataclass
class Nominal:
    """What `NominalAlpha` needs of one document's units."""

    apart: float
    """Σ_c≠k o_ck: the pairs of unequal values within a unit, each unit's weighted by 1 / (its values − 1)."""
    values: dict[str, int]
    """How often each value occurs, but for the one that is what is left of the total."""


def nominal(units: Mapping[tuple[Any, ...], int], rest: Hashable = None) -> Nominal:
    """From how often each tuple of values was given to a unit; `rest`, best the most frequent value, is not counted."""
    occurring: dict[Any, int] = defaultdict(int)
    apart = 0.0
    for values, count in units.items():
        if len(values) < 2:
            continue
        unequal = sum(one != other for one, other in combinations(values, 2))
        apart += count * 2 * unequal / (len(values) - 1)
        for value in values:
            occurring[value] += count
    occurring.pop(rest, None)
    return Nominal(apart, dict(occurring))


@dataclass
class NominalAlpha:
    """Krippendorff's α for nominal values, from how often each value and each disagreement occurs in a document.

    α = 1 − (n − 1) Σ_c≠k o_ck / Σ_c≠k n_c n_k (Krippendorff 2011, "Computing Krippendorff's alpha-reliability"),
    where n are the values of all units with two or more, n_c those that are c, and o_ck the pairs of c and k within a
    unit, each unit's weighted by 1 / (its values − 1). The library `krippendorff` gives the same (the tests compare
    them), but takes every unit anew for every resample.
    """

    total: Callable[[Array], Array] | None = None
    """From weights, how many values all units have together; None where every value is counted."""
    apart: Sparse = field(default_factory=Sparse)
    values: Sparse = field(default_factory=Sparse)
    domain: dict[Hashable, int] = field(default_factory=dict)

    def add(self, document: int, units: Nominal) -> None:
        """One document's units; what it has no value of is the rest of `total`."""
        self.apart.add(document, 0, units.apart)
        domain = self.domain
        columns = [domain.setdefault(value, len(domain)) for value in units.values]
        self.values.add_all(document, columns, list(units.values.values()))

    def __call__(self, weights: Array) -> Array:
        """The value of each sample."""
        (apart,) = self.apart.sums(weights, 1).T
        values = self.values.sums(weights, len(self.domain))
        total = values.sum(axis=1) if self.total is None else self.total(weights)
        same = (values**2).sum(axis=1) + (total - values.sum(axis=1)) ** 2
        return 1 - ratio((total - 1) * apart, total**2 - same)


@dataclass
class CohenKappa:
    """Cohen's κ (1960) for each pair of annotators; over pairs, their mean (Light 1971).

    A pair for whom it is not defined, since only one value occurs, is left out of the mean.
    """

    pairs: dict[Hashable, tuple[Sparse, Sparse, Sparse]] = field(
        default_factory=lambda: defaultdict(lambda: (Sparse(), Sparse(), Sparse()))
    )
    """By pair, the one's values, the other's, and in how many units they are the same."""
    domain: dict[Hashable, int] = field(default_factory=dict)

    def add(
        self, document: int, pair: Hashable, one: Hashable, other: Hashable, count: int = 1
    ) -> None:
        """So many units of a document to which the pair gave these values."""
        ones, others, same = self.pairs[pair]
        ones.add(document, self.domain.setdefault(one, len(self.domain)), count)
        others.add(document, self.domain.setdefault(other, len(self.domain)), count)
        same.add(document, 0, count * (one == other))

    def __call__(self, weights: Array) -> Array:
        """The value of each sample."""
        above, below = np.zeros(len(weights)), np.zeros(len(weights))
        for ones, others, same in self.pairs.values():
            one = ones.sums(weights, len(self.domain))
            other = others.sums(weights, len(self.domain))
            total = one.sum(axis=1)
            observed = ratio(same.sums(weights, 1)[:, 0], total)
            expected = ratio((one * other).sum(axis=1), total**2)
            kappa = ratio(observed - expected, 1 - expected)
            above += np.nan_to_num(kappa)
            below += ~np.isnan(kappa)
        return ratio(above, below)
