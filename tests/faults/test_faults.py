"""Some of the faults that `make faults` injects by the thousand: no mark lost, moved or doubled, no traceback."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from annotate.corpus import store
from tests.conftest import Prepare
from tests.faults import injection, world
from tests.faults.injection import Bench

pytestmark = pytest.mark.server
RUNS = (
    ("pull", "kill"), ("pull", "cut connection"), ("pull", "other answers"), ("pull", "clock"), ("pull", "disk full"),
    ("pull", "damaged"), ("pull", "two at once"), ("load", "kill"), ("load", "two at once"), ("backup", "disk full"),
    ("split", "kill"), ("adjudicate", "disk full"),
)  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, prepare: Prepare) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("faults")
    with injection.bench(folder, prepare(folder / "state", "ana"), seed=0) as made:
        yield made


@pytest.mark.parametrize(("command", "fault"), RUNS, ids=[" ".join(run) for run in RUNS])
def test_a_fault_costs_nothing(bench: Bench, command: str, fault: str) -> None:
    bench.random = random.Random(f"{command} {fault}")
    assert injection.inject(bench, command, fault) == []


def test_what_is_lost_moved_or_doubled_is_noticed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The harness itself: a fault that does harm is told."""

    def harm(bench: Bench, command: tuple[str, ...]) -> list[world.Ended]:
        (path, *_others) = sorted(bench.corpus.glob("annotations/ben/*.json"))
        store.write(path, path.read_bytes().replace(b'"start": 0', b'"start": 1', 1))
        return [world.Ended(1, "Traceback (most recent call last)", killed=False)]

    monkeypatch.setitem(injection.LOCAL, "kill", harm)
    monkeypatch.setitem(injection.REMOTE, "kill", harm)
    bench.random = random.Random(0)
    told = " ".join(injection.inject(bench, "status", "kill"))
    assert "a traceback" in told
    assert "lost: " in told
    assert "not there before: " in told
    told = " ".join(injection.inject(bench, "pull", "kill"))
    assert "not on the server" in told
    assert "after the next pull, lost" in told
