"""Copies of the pilot are whole, and the benchmark's table tells of each command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from annotate.corpus import validate
from annotate.model.issues import UsageError, errors
from annotate.model.schema import Schema
from scripts import corpus_benchmark
from scripts.copies import copies
from scripts.corpus_benchmark import Bench, Usage


def test_copies_are_valid_and_no_two_have_a_paragraph_in_common(
    schema: Schema, tmp_path: Path
) -> None:
    # More than there are originals: some articles are there twice.
    corpus = copies(tmp_path, 50)
    assert errors(validate.corpus(corpus, schema)) == []
    texts = [article.text or "" for article in corpus.articles()]
    assert len(texts) == 50
    long = [line for text in texts for line in set(text.split("\n")) if len(line) > 80]
    assert len(long) == len(set(long))
    assert len(list(corpus.annotated())) == 100


def test_the_exponent_tells_how_cpu_time_grows() -> None:
    small, large = (
        Bench(Path(), documents, print, {"validate": Usage(2.0, cpu, 80.4), **more})
        for documents, cpu, more in ((100, 1.5, {}), (1000, 15.0, {"split": Usage(1.0, 1.0, 9.0)}))
    )
    assert list(corpus_benchmark.table([small, large]))[:4] == [
        "| | 100: time | CPU | memory | 1,000: time | CPU | memory | exponent |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        "| validate | 2.0 s | 1.5 s | 80 MB | 2.0 s | 15.0 s | 80 MB | 1.00 |",
        "| split | – | – | – | 1.0 s | 1.0 s | 9 MB | – |",
    ]


def test_a_command_is_measured_whole_and_one_that_fails_is_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 10, lambda line: None)
    program = "import sys, time; held = bytearray(150_000_000); time.sleep(2); sys.exit({})"
    bench.measure("sum", sys.executable, "-c", program.format(1))
    assert bench.usage["sum"].cpu > 0.01
    assert bench.usage["sum"].megabytes > 150
    with pytest.raises(UsageError, match="ended with 3"):
        bench.measure("sum", sys.executable, "-c", program.format(3))


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    corpus_benchmark.corpus([10], ["validate", "split"])
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[0] for row in rows[2:4]] == ["| validate", "| split"]
