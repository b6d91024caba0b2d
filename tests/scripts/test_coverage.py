"""How often intervals hold the true value, where it is known how often they must."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from scripts import coverage, terminal
from tests.conftest import ROOT, here


def test_where_all_documents_are_alike_each_interval_holds_the_value() -> None:
    alike = np.tile([30.0, 50.0, 40.0], (20, 1))
    assert coverage.held([alike, alike], 4, 10, 100) == [1.0, 1.0]


def test_more_documents_hold_it_more_often() -> None:
    rng = np.random.default_rng(0)
    gold = rng.integers(20, 60, 100)
    right = rng.binomial(gold, rng.beta(6, 4, 100))
    counts = np.stack([right, gold, gold], axis=1).astype(float)
    (few,), (many,) = (coverage.held([counts], size, 200, 400) for size in (3, 20))
    assert few is not None
    assert many is not None
    assert few < 0.85 < 0.9 < many


def test_what_gives_no_interval_is_not_counted() -> None:
    counts = np.zeros((10, 3))
    assert coverage.held([counts], 3, 5, 100) == [None]


def test_the_corpus_is_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "SIZES", (5,))
    command = ("coverage.py", "--draws", "2", "--samples", "100", "--corpus", ROOT / "corpus")
    done = here(partial(terminal.run, coverage.coverage), *command)
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert int(first.split()[0]) > 100
    assert [line.split(",")[0] for line in rest] == ["layers", "frequent labels", "rare labels"]
    assert rest[0].startswith("layers, 5 documents: mean ")
