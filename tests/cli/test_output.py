"""What is printed is what `--output` writes: the same bytes, whatever is in the text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.store import Corpus
from annotate.extract import lookup
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre

TEXT = (
    "Toll\tby [town]\n\nTroops seized Tak;\tat least 12 died, a medic :smile: said.\u2028“Žal”  \n"
)


@pytest.fixture
def model(write: Callable[..., Any], schema: Schema, tmp_path: Path) -> Path:
    """A lookup of one sentence."""
    path = tmp_path / "lookup.json"
    path.write_text(lookup.fit([write(SENTENCE)], schema).model_dump_json())
    return path


@pytest.mark.parametrize("format_", ["acre", "jsonl", "html"])
def test_extract_prints_what_it_writes(
    acre: Acre, model: Path, tmp_path: Path, format_: str
) -> None:
    (tmp_path / "toll.txt").write_text(TEXT, encoding="utf-8")
    arguments = ("extract", "toll.txt", "--model", model, "--format", format_)
    printed, written = acre(*arguments), acre(*arguments, "--output", "out")
    assert (printed.returncode, written.returncode) == (0, 0), printed.stderr + written.stderr
    assert "seized" in printed.stdout
    assert (tmp_path / "out").read_bytes() == printed.stdout.encode()


def test_a_table_is_not_written_to_a_file(acre: Acre, model: Path, tmp_path: Path) -> None:
    (tmp_path / "toll.txt").write_text(TEXT, encoding="utf-8")
    refused = acre("extract", "toll.txt", "--model", model, "--output", "out")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--output out: a table is only printed; give --format" in refused.stderr
    assert not (tmp_path / "out").exists()


def test_convert_prints_what_it_writes(
    acre: Acre, corpus: Corpus, write: Callable[..., Any], tmp_path: Path
) -> None:
    article, _ = write(SENTENCE.replace("Tak]; ", "Tak];\t"))
    printed, written = acre("convert", article.id), acre("convert", article.id, "-o", "out.acre")
    assert (printed.returncode, written.returncode) == (0, 0), printed.stderr + written.stderr
    assert "\t" in printed.stdout
    assert (tmp_path / "out.acre").read_bytes() == printed.stdout.encode()


def test_a_message_is_printed_as_it_is(acre: Acre, corpus: Corpus, tmp_path: Path) -> None:
    """Brackets are no markup and `:100:` no picture, in a path as well."""
    path = tmp_path / "a [red]:100:\tb.txt"
    path.write_text("Convoy reaches harbour\n\nThe convoy reached the harbour on Friday.")
    added = acre("add", path, "--collection", "sample")
    assert (added.returncode, f"characters, from {path}" in added.stdout) == (0, True), added
