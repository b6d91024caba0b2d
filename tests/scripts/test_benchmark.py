"""`scripts/benchmark.py` times an extractor beside plain tagging, and over HTTP."""

from __future__ import annotations

import json
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


LEDE = (
    "A barge laden with grain sank below the lock at Ostrel on Sunday, and two of its crew are"
    " missing, the river police said."
)
LOST = (
    "The lock keeper said that a mine had gone off under the bow, and that he had heard two more"
    " before midnight."
)
LAST = (
    "The army said that it had laid no mines in the river since the truce, and offered its divers"
    " for the search."
)


def test_it_tells_how_much_of_a_page_comes_in_beside_bare_trafilatura(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.html").write_text(
        f"<html><head><title>Barge sinks</title></head><body><nav>Home</nav><p>{LEDE}</p><div"
        f" class='x'>{LOST}</div><p>{LAST}</p><p>Share on Facebook</p></body></html>"
    )
    expected = {
        "a.html": {
            "with": [LEDE, LOST.replace(" under", "\nunder")],
            "without": ["Home", "Share on"],
        },
        "b.html": {"with": [], "without": []},
    }
    (tmp_path / "expected.json").write_text(json.dumps(expected))
    command = [sys.executable, ROOT / "scripts" / "benchmark.py", "pages", tmp_path]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"COLUMNS": "200"}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "1 pages, 4 segments" in done.stdout
    rows = dict(
        re.findall(r"^ +(bare trafilatura|ACRE(?:, annotated zones)?) {2,}(.*)$", done.stdout, re.M)
    )
    assert rows["ACRE"].split() == ["1.000", "1.000", "1.000", "0", "0", "0"]
    assert rows["bare trafilatura"].split()[3] == "1"
    assert f"missing: {tmp_path / 'pages' / 'b.html'}" in done.stdout


def test_a_folder_without_expectations_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "scripts" / "benchmark.py", "pages", tmp_path]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"COLUMNS": "200"}
    )
    assert done.returncode == 2
    assert "expected.json: not a page's name with its `with` and `without`" in done.stderr
