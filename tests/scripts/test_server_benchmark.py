"""The benchmark of loading and pulling does all of its work, on a real Label Studio, and tells of each command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.corpus.store import Corpus
from scripts import server_benchmark
from scripts.corpus_benchmark import Bench
from scripts.server_benchmark import CHANGED, DESK


@pytest.mark.server
def test_each_command_is_measured_with_its_server(
    tmp_path: Path, prepare: Callable[[Path, str], Path]
) -> None:
    bench = Bench(tmp_path, 12, lambda line: None)
    server_benchmark.measure(bench, prepare(tmp_path / "state", DESK))
    commands = (
        "acre load", "a bare POST of the same tasks", "acre pull, the first", f"acre pull, {CHANGED} changed",
        "the server's own JSON export",
    )  # fmt: skip
    assert [name for name in bench.usage if not name.endswith(": the server")] == [*commands]
    assert all(bench.usage[f"{name}: the server"].megabytes > 100 for name in commands)
    # The second pull brought what was changed.
    passes = [annotation for _, annotation, _ in Corpus(tmp_path / "one" / "corpus").annotated()]
    assert len(passes) == 12
    assert sum(annotation.provenance.seconds == 7 for annotation in passes) == CHANGED
