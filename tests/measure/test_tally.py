"""Counts of several systems are pooled and compared a part at a time, as if all were held at once."""

from __future__ import annotations

from collections import Counter

import numpy as np

from annotate.measure import tally
from annotate.measure.tally import LabelCounts


def _counts(rows: list[dict[str, tuple[int, int, int]]]) -> LabelCounts:
    counts = LabelCounts()
    for document, by_label in enumerate(rows):
        right, gold, predicted = (
            Counter({label: numbers[place] for label, numbers in by_label.items()})
            for place in range(3)
        )
        counts.add(document, right, gold, predicted)
    return counts


ONE = [{"a": (2, 2, 1), "b": (0, 1, 0)}, {"a": (1, 1, 1)}, {"b": (4, 3, 2)}]
OTHER = [{"a": (4, 2, 2), "b": (2, 1, 2)}, {"a": (0, 1, 0)}, {"b": (2, 3, 2)}]


def test_documents_count_with_their_weights_and_a_label_that_does_not_occur_with_nothing() -> None:
    weights = np.array([[1, 1, 1], [0, 0, 2]], float)
    pooled = _counts(ONE).pooled(weights, ["b", "c", "a"])
    assert pooled.tolist() == [
        [[2, 4, 2], [0, 0, 0], [1.5, 3, 2]],
        [[4, 6, 4], [0, 0, 0], [0, 0, 0]],
    ]


def test_scores_are_micro_then_macro_then_of_each_label() -> None:
    pooled = np.array([[[1, 2, 1], [0, 0, 0], [1, 1, 4]]], float)
    micro, macro, *labels = tally.scores(pooled)[0]
    assert np.allclose(micro, (2 / 5, 2 / 3, 4 / 8))
    assert np.allclose(labels[0], (1, 1 / 2, 2 / 3))
    assert np.isnan(labels[1]).all()
    assert np.allclose(
        macro, [(one + other) / 2 for one, other in zip(labels[0], labels[2], strict=True)]
    )
    assert tally.scores(pooled[:, :1]).shape == (1, 1, 3)


def test_shuffles_in_parts_are_those_of_one_draw() -> None:
    shuffles = 2 * tally._TOGETHER + 7
    drawn = np.concatenate(list(tally._swaps(3, 5, shuffles)))
    assert (drawn == np.random.default_rng(5).integers(0, 2, size=(shuffles, 3))).all()
    ((difference, p),) = tally.differences(
        [(_counts(ONE), _counts(OTHER), ["a", "b"])], 3, 5, shuffles
    )
    counts = [_counts(rows).pooled(np.eye(3), ["a", "b"]) for rows in (ONE, OTHER)]

    def f1(swaps: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        mixed = np.where(swaps[:, :, None, None] == 1, other, one).sum(axis=1)
        return tally.scores(mixed)[:, :2, 2]

    none = np.zeros((1, 3))
    assert np.allclose(difference, f1(none, counts[1], counts[0]) - f1(none, *counts))
    by_chance = f1(drawn, counts[1], counts[0]) - f1(drawn, *counts)
    as_large = (np.abs(by_chance) >= np.abs(difference) - 1e-12).sum(axis=0)
    assert np.allclose(p, (as_large + 1) / (shuffles + 1))


def test_no_more_shuffles_are_held_for_more_documents() -> None:
    assert {swaps.shape for swaps in tally._swaps(1000, 0, 80)} == {(tally._TOGETHER, 1000)}
