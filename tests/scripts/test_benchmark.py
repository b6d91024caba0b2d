"""`scripts/benchmark.py` times an extractor beside plain tagging, and over HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from annotate.corpus.store import Corpus
from annotate.extract import lookup
from annotate.model.schema import Schema
from tests.conftest import ROOT, SENTENCE


def test_it_tells_words_per_second_beside_plain_tagging_and_the_time_of_a_page(
    corpus: Corpus, write: Callable[..., Any], schema: Schema, tmp_path: Path
) -> None:
    documents = [write(SENTENCE.replace("Tak", place)) for place in ("Lisk", "Brel and Orum")]
    longest, _ = documents[1]
    model = tmp_path / "lookup.json"
    model.write_text(lookup.fit(documents, schema).model_dump_json())
    command = [
        sys.executable,
        ROOT / "scripts" / "benchmark.py",
        model,
        "--processes",
        "1",
        "--corpus",
        corpus.root,
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"COLUMNS": "250"}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = re.findall(r"^ *(\S+) +1 +(1|32) +([\d,]+) +(\d+\.\d\d) +[\d,]+ MB", done.stdout, re.M)
    assert [(Path(what).name, batch) for what, batch, *_ in rows] == [
        ("en_core_web_sm", "1"), ("en_core_web_sm", "32"), ("lookup.json", "1"),
    ]  # fmt: skip
    assert max(float(ratio) for *_, ratio in rows[:2]) == 1.0
    assert f"{longest.id}, {len(longest.text.split())} words" in done.stdout
    assert re.search(r"lookup\.json: [\d,]+, [\d,]+$", done.stdout, re.M)
