"""The coefficients against published examples, other implementations, and the definitions spelt out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, permutations, product

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask
from scipy.stats import norm
from scipy.stats import t as student

from annotate.measure import coefficients
from annotate.measure.coefficients import F1, CohenKappa, NominalAlpha, Sparse, estimate
from annotate.measure.unitizing import Unitizing, unitized, unitizing_alpha

Spans = list[tuple[int, int]]


def _counts(rows: Sequence[Sequence[int | None]]) -> np.ndarray:
    """(units, values) counts of observers' rows."""
    domain = sorted({value for value in chain.from_iterable(rows) if value is not None})
    return np.array(
        [
            [sum(row[unit] == value for row in rows) for value in domain]
            for unit in range(len(rows[0]))
        ],
        float,
    )


def _nominal(documents: Sequence[np.ndarray], rest: int | None = None) -> NominalAlpha:
    """From (units, values) counts for each document."""
    totals = [sum(int(row.sum()) for row in counts if row.sum() > 1) for counts in documents]
    alpha = NominalAlpha(None if rest is None else lambda weights: weights @ np.array(totals))
    for document, counts in enumerate(documents):
        units = Counter(
            tuple(np.repeat(range(len(row)), row.astype(int)).tolist()) for row in counts
        )
        alpha.add(document, coefficients.nominal(units, rest))
    return alpha


def _alpha(*documents: np.ndarray) -> float | None:
    return estimate(_nominal(documents), len(documents)).value


def test_alpha_on_the_worked_examples_of_its_author() -> None:
    # Krippendorff 2011, "Computing Krippendorff's alpha-reliability", sections A and C.
    two = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
    assert _alpha(_counts(two)) == pytest.approx(0.095, abs=5e-4)
    none = None
    four = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, none, none, none],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, none, 3],
        [none, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, none],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, none],
    ]
    assert _alpha(_counts(four)) == pytest.approx(0.743, abs=5e-4)


@given(
    st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=4, max_size=30),
    st.integers(1, 3),
    st.sampled_from([None, 0, 3]),
)
def test_a_resamples_alpha_is_the_librarys_on_the_resample(
    units: list[list[int]], cut: int, rest: int | None
) -> None:
    counts = np.array([[row.count(value) for value in range(4)] for row in units], float)
    one, other = counts[:cut], counts[cut:]
    alpha = _nominal([one, other], rest)
    for weights, drawn in (
        ((1, 1), [one, other]),
        ((2, 1), [one, one, other]),
        ((0, 3), [other] * 3),
    ):
        (ours,) = alpha(np.array([weights], float))
        pairable = np.concatenate(drawn)[np.concatenate(drawn).sum(axis=1) > 1]
        if (pairable.sum(axis=0) > 0).sum() < 2:  # one value only: the library refuses
            assert np.isnan(ours)
        else:
            theirs = krippendorff.alpha(value_counts=pairable, level_of_measurement="nominal")
            assert ours == pytest.approx(theirs, abs=1e-9)


def _kappa(*tables: np.ndarray) -> CohenKappa:
    """Of one pair, from a contingency table for each document."""
    kappa = CohenKappa()
    for document, table in enumerate(tables):
        for (one, other), count in np.ndenumerate(table):
            kappa.add(document, "pair", one, other, int(count))
    return kappa


def _f1(matched: Sequence[float], counted: Sequence[float]) -> F1:
    f1 = F1()
    for document, both in enumerate(zip(matched, counted, strict=True)):
        f1.add(document, *both)
    return f1


def test_kappa_by_hand_and_as_nltk_has_it() -> None:
    table = np.array([[20.0, 5], [10, 15]])
    # 35 of 50 agree; by chance 25/50 · 30/50 + 25/50 · 20/50 = 0.5; (0.7 − 0.5) / 0.5 = 0.4
    assert estimate(_kappa(table, table), 2).value == pytest.approx(0.4)
    rng = np.random.default_rng(1)
    one, other = rng.integers(0, 3, 80), rng.integers(0, 3, 80)
    other[:50] = one[:50]
    ratings = [("a", unit, value) for unit, value in enumerate(one)]
    ratings += [("b", unit, value) for unit, value in enumerate(other)]
    task = AnnotationTask(ratings)
    table = np.zeros((3, 3))
    np.add.at(table, (one, other), 1)
    assert estimate(_kappa(table), 1).value == pytest.approx(task.kappa())


def test_what_can_not_be_measured_is_none_and_not_a_number() -> None:
    assert estimate(F1(), 2).value is None
    assert _alpha(np.array([[2.0, 0], [2, 0]])) is None  # one value only
    assert estimate(_kappa(np.array([[7.0]])), 1).value is None
    assert estimate(CohenKappa(), 1).value is None
    nothing = Unitizing()
    nothing.add(50, 2, {"place": unitized(50, [[], []])})
    assert estimate(unitizing_alpha(nothing, ["place"]), 1).value is None


def test_the_interval_holds_the_value_and_is_the_same_again() -> None:
    rng = np.random.default_rng(3)
    counted = rng.integers(20, 60, 40)
    matched = rng.binomial(counted, 0.7) / 2
    measure = _f1(list(matched), list(counted))
    interval = estimate(measure, 40)
    assert interval.low is not None
    assert interval.high is not None
    assert interval.value is not None
    assert interval.low < interval.value < interval.high
    # By the normal approximation: F1's documents vary like their ratios.
    ratios = 2 * matched / counted
    assert interval.high - interval.low == pytest.approx(
        2 * 1.96 * ratios.std(ddof=1) / 40**0.5, rel=0.25
    )
    assert estimate(measure, 40) == interval
    assert estimate(measure, 40, seed=1) != interval
    assert estimate(_f1([1], [2]), 1) == coefficients.Estimate(1.0)  # one document: no interval


def test_of_a_few_documents_most_intervals_hold_the_value() -> None:
    """Percentiles alone hold it 358 times of 400 here."""
    rng, held = np.random.default_rng(5), 0
    for draw in range(400):
        counted = rng.integers(20, 60, 8)
        matched = rng.binomial(counted, rng.beta(14, 6, 8)) / 2
        interval = estimate(_f1(list(matched), list(counted)), 8, seed=draw)
        assert interval.low is not None
        assert interval.high is not None
        held += interval.low <= 0.7 <= interval.high
    assert held > 366


def test_resamples_are_the_same_however_few_are_drawn_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = np.random.default_rng(4).multinomial(30, np.full(30, 1 / 30), size=100)
    measures = [_f1(list(range(30)), [60] * 30), _f1([1] * 30, list(range(2, 32)))]
    together = coefficients.estimates(measures, 30, 4, 100)
    monkeypatch.setattr(coefficients, "_TOGETHER", 7)
    parts = list(coefficients._resamples(30, 4, 100))
    assert [start for start, _ in parts] == list(range(0, 100, 7))
    assert (np.concatenate([weights for _, weights in parts]) == whole).all()
    assert coefficients.estimates(measures, 30, 4, 100) == together
    tail = 100 * norm.cdf(-((30 / 29) ** 0.5) * student.ppf(0.975, 29))
    assert 1.8 < tail < 1.9
    values = 2 * (whole @ np.arange(30)) / (whole @ np.full(30, 60))
    low, high = np.percentile(values, [tail, 100 - tail])
    assert (together[0].low, together[0].high) == pytest.approx((low, high), abs=1e-12)


def test_of_very_many_documents_fewer_resamples_are_held_and_they_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = np.concatenate([weights for _, weights in coefficients._resamples(30, 4, 100)])
    monkeypatch.setattr(coefficients, "_WEIGHTS", 30 * 25)
    parts = list(coefficients._resamples(30, 4, 100))
    assert [start for start, _ in parts] == [0, 25, 50, 75]
    assert (np.concatenate([weights for _, weights in parts]) == whole).all()


def test_many_documents_are_gone_through_as_often_as_few() -> None:
    few, many = (sum(1 for _ in coefficients._resamples(number, 0, 1000)) for number in (50, 5000))
    assert few == many


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), st.integers(0, 9)), max_size=60),
    st.integers(1, 4),
)
def test_a_sparse_matrix_sums_as_a_dense_one_does(
    entries: list[tuple[int, int, int]], block: int
) -> None:
    sparse, dense = Sparse(), np.zeros((41, 6))
    weights = np.random.default_rng(0).integers(0, 4, (3, 41)).astype(float)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coefficients, "_BLOCK", block)
        for document, column, number in sorted(entries):
            sparse.add(document, column, number / 2)
            dense[document, column] += number / 2
    assert sparse.sums(weights, 6) == pytest.approx(weights @ dense)


def test_a_number_takes_a_few_bytes() -> None:
    sparse, rng = Sparse(), np.random.default_rng(0)
    for document in range(20_000):
        sparse.add(document, int(rng.integers(0, 30)), int(rng.integers(1, 5)))
    assert sum(map(len, sparse._packed)) < 4 * 20_000
    assert len(sparse._columns) < coefficients._BLOCK


def _unitizing(*documents: tuple[int, list[Spans]]) -> float | None:
    unitizing = Unitizing()
    for length, spans in documents:
        unitizing.add(length, len(spans), {"place": unitized(length, spans)})
    return estimate(unitizing_alpha(unitizing, ["place"]), len(documents)).value


def _sections(spans: Spans, length: int) -> list[tuple[bool, int, int]]:
    """(is a unit, start, end) of every section, units and gaps."""
    sections, offset = [], 0
    for start, end in spans:
        sections += ([(False, offset, start)] if offset < start else []) + [(True, start, end)]
        offset = end
    return sections + ([(False, offset, length)] if offset < length else [])


def _delta(one: tuple[bool, int, int], other: tuple[bool, int, int]) -> int:
    (unit, start, end), (other_unit, begin, stop) = one, other
    if unit and other_unit and start < stop and begin < end:
        return (start - begin) ** 2 + (end - stop) ** 2
    if unit and not other_unit and begin <= start and end <= stop:
        return (end - start) ** 2
    if other_unit and not unit and start <= begin and stop <= end:
        return (stop - begin) ** 2
    return 0


def _apart(one: Sequence[tuple[bool, int, int]], other: Sequence[tuple[bool, int, int]]) -> int:
    return sum(_delta(section, another) for section, another in product(one, other))


def _all_sections(spans: Sequence[Spans], length: int) -> Iterator[tuple[bool, int, int]]:
    for layer in spans:
        yield from _sections(layer, length)


def _by_definition(documents: Sequence[tuple[int, list[Spans]]]) -> float | None:
    """α_u by trying every way in which any two sections can lie to each other; nothing is summed in closed form."""
    length = sum(size for size, _ in documents)
    positions = sum(size * len(spans) for size, spans in documents)
    observed = 0.0
    pot: list[tuple[bool, int]] = []
    for size, spans in documents:
        layers = [_sections(layer, size) for layer in spans]
        for one, other in permutations(layers, 2):
            observed += _apart(one, other) / (len(layers) - 1)
        pot += [(unit, end - start) for unit, start, end in chain.from_iterable(layers)]
    chance = 0
    for index, (unit, size) in enumerate(pot):
        for other_index, (other_unit, other_size) in enumerate(pot):
            if index != other_index and (unit or other_unit):
                fixed = (unit, 0, size)
                chance += sum(
                    _delta(fixed, (other_unit, at, at + other_size))
                    for at in range(-other_size, size + 1)
                )
    pairs = positions * (positions - 1) - sum(size * (size - 1) for unit, size in pot if unit)
    expected = chance / length / pairs
    return 1 - observed / (length * positions) / expected if expected else None


def _contained(units: np.ndarray, gaps: np.ndarray) -> float:
    return float(
        sum(size**2 * (gap - size + 1) for size, gap in product(units, gaps) if gap >= size)
    )


def _of_resample(
    documents: Sequence[tuple[int, list[Spans]]], weights: Sequence[int]
) -> float | None:
    """α_u of a resample, with a matrix of every document's units by every other's gaps, and without a histogram."""
    units = [
        np.array([end - start for start, end in chain.from_iterable(spans)], float)
        for _, spans in documents
    ]
    gaps = [
        np.array(
            [end - start for is_unit, start, end in _all_sections(spans, size) if not is_unit],
            float,
        )
        for size, spans in documents
    ]
    weight, length = np.array(weights, float), np.array([size for size, _ in documents], float)
    observed = []
    for size, spans in documents:
        layers = [_sections(layer, size) for layer in spans]
        apart = sum(_apart(one, other) for one, other in permutations(layers, 2))
        observed.append(apart / (len(layers) - 1))
    positions = weight @ (length * [len(spans) for _, spans in documents])
    number = weight @ [len(lengths) for lengths in units]
    contained = np.array([[_contained(lengths, other) for other in gaps] for lengths in units])
    cubes = weight @ [(2 * lengths**3 - 3 * lengths**2 + lengths).sum() for lengths in units]
    among = (number - 1) / 3 * cubes + weight @ contained @ weight
    pairs = positions * (positions - 1) - weight @ [
        (lengths * (lengths - 1)).sum() for lengths in units
    ]
    if not number or not among or not pairs:
        return None
    return float(
        1
        - (weight @ observed)
        / (weight @ length * positions)
        / (2 * among / pairs / (weight @ length))
    )


@st.composite
def _continua(draw: st.DrawFn) -> list[tuple[int, list[Spans]]]:
    documents = []
    for _ in range(draw(st.integers(1, 3))):
        length = draw(st.integers(2, 14))
        observers = draw(st.integers(2, 3))
        spans = []
        for _ in range(observers):
            edges = sorted(draw(st.sets(st.integers(0, length), max_size=6)))
            spans.append(list(zip(edges[::2], edges[1::2], strict=False)))
        documents.append((length, spans))
    return documents


@settings(max_examples=200)
@given(_continua())
def test_unitizing_alpha_is_what_its_definition_gives(
    documents: list[tuple[int, list[Spans]]],
) -> None:
    ours, theirs = _unitizing(*documents), _by_definition(documents)
    if theirs is None:
        assert ours is None
    else:
        assert ours == pytest.approx(theirs)


@settings(max_examples=200)
@given(_continua(), st.data())
def test_a_resamples_unitizing_alpha_is_that_of_all_pairs_of_documents(
    documents: list[tuple[int, list[Spans]]], data: st.DataObject
) -> None:
    weights = data.draw(
        st.lists(st.integers(0, 3), min_size=len(documents), max_size=len(documents)).filter(any)
    )
    unitizing = Unitizing()
    for length, spans in documents:
        never = unitized(length, [[] for _ in spans])
        unitizing.add(length, len(spans), {"place": unitized(length, spans), "never": never})
    (ours,) = unitizing_alpha(unitizing, ["place", "never"])(np.array([weights], float))
    theirs = _of_resample(documents, weights)
    if theirs is None:
        assert np.isnan(ours)
    else:
        assert ours == pytest.approx(theirs, abs=1e-9)


def test_unitizing_alpha_by_hand() -> None:
    same: Spans = [(2, 5), (7, 9)]
    assert _unitizing((10, [same, same])) == 1.0
    # One unit of 2 in a continuum of 4, and nothing by the other. Observed: 2²·2 / (2·1·4²) = 0.25. Expected: the unit
    # finds 3 places in the gap of 4 and 1 in its own observer's gap of 2, (2/4) · 4·(3 + 1) / (8·7 − 2·1) = 8/54.
    assert _unitizing((4, [[(0, 2)], []])) == pytest.approx(1 - 0.25 / (8 / 54))


def test_unitizing_alpha_of_marks_thrown_at_random_is_near_zero() -> None:
    rng = np.random.default_rng(5)

    def thrown() -> Spans:
        edges = sorted(rng.choice(2000, 60, replace=False).tolist())
        return list(zip(edges[::2], edges[1::2], strict=True))

    alpha = _unitizing(*((2000, [thrown(), thrown()]) for _ in range(30)))
    assert alpha is not None
    assert abs(alpha) < 0.05
