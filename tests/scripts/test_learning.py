"""The experiment of what to label next: who is chosen, how much is labelled, and what its table says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from annotate.annotators import assign
from annotate.dataset import plots
from scripts import learning

WORDS = {"a": 100, "b": 200, "c": 300, "d": 50}


def test_as_much_is_labelled_as_the_share_allows_and_at_least_one() -> None:
    assert learning._within(["c", "a", "d", "b"], WORDS, 450) == ["c", "a", "d"]
    assert learning._within(["c", "a"], WORDS, 10) == ["c"]
    assert learning._within(list(WORDS), WORDS, sum(WORDS.values())) == list(WORDS)


def test_each_strategy_takes_what_is_left_in_its_own_order(monkeypatch: pytest.MonkeyPatch) -> None:
    uncertainties = {
        "a": SimpleNamespace(entropy=0.1, vector=np.array([1.0, 0.0])),
        "b": SimpleNamespace(entropy=0.9, vector=np.array([0.9, 0.1])),
        "c": SimpleNamespace(entropy=0.2, vector=np.array([0.0, 1.0])),
        "d": SimpleNamespace(entropy=0.5, vector=np.array([0.7, 0.7])),
    }
    monkeypatch.setattr(
        learning.pipeline, "uncertainty", lambda model, article, schema: uncertainties[article]
    )
    articles = {name: name for name in uncertainties}
    orders = {
        strategy: learning._order(strategy, None, articles, ["a"], ["d", "c", "b", "a"], None)
        for strategy in assign.ORDERS
    }
    assert orders == {
        "random": ["d", "c", "b"],
        "uncertainty": ["b", "d", "c"],
        "diversity": ["c", "d", "b"],
    }


def test_the_table_tells_means_and_what_was_won_over_random(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "160")

    trial = learning.Trial(tmp_path, tmp_path, "real", learning.SHARES, assign.ORDERS, 12)

    def run(win: float) -> learning.Steps:
        f1 = {"random": (0.2, 0.3, 0.4, 0.5), "uncertainty": (0.2, 0.3 + win, 0.4 + win, 0.5)}
        f1["diversity"] = f1["random"]
        return {
            name: [
                learning.Step(2 * place, 100 * place, dict.fromkeys(learning.LAYERS, value))
                for place, value in enumerate(values, 1)
            ]
            for name, values in f1.items()
        }

    learning._show([run(0.02), run(-0.01)], trial)
    printed = capsys.readouterr().out
    row = next(
        line.split()
        for line in printed.splitlines()
        if "triggers" in line and "uncertainty" in line
    )
    assert row[2:6] == ["0.200", "0.305", "0.405", "0.500"]
    assert " ".join(row[6:]) == "+0.005 (-0.010 to +0.020)"
    assert "F1 on real, mean of 2 seeds" in printed
    assert "words labelled, mean: 100 200 300 400" in printed
    assert "documents labelled, mean: 2 4 6 8" in printed


def test_curves_are_drawn_the_same_each_time() -> None:
    lines = {
        "random": [(100.0, [0.2, 0.4]), (200.0, [0.5, 0.5])],
        "diversity": [(100.0, [0.2]), (200.0, [0.6])],
    }
    drawn = plots.curves("F1", lines)
    assert drawn == plots.curves("F1", lines)
    assert drawn.startswith(b"<?xml")
    assert drawn != plots.curves("F1", {**lines, "diversity": [(100.0, [0.1]), (200.0, [0.6])]})
