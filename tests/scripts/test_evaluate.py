"""Scores of an extractor, as `make train` prints them and the card keeps them."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from annotate.corpus.store import Corpus
from scripts import evaluate, terminal
from tests.conftest import ROOT, here


@pytest.fixture(scope="module")
def cloned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus as a clone has it: without the texts that are not the project's to give on."""
    root = tmp_path_factory.mktemp("clone") / "corpus"
    aside = shutil.ignore_patterns("images", "baselines", "aside")
    shutil.copytree(ROOT / "corpus", root, ignore=aside)
    shutil.copytree(ROOT / "guidelines", root.parent / "guidelines")
    for collection in ("centcom", "state-department", "uk-government", "reference"):
        for text in (root / "articles" / collection).glob("*.txt"):
            text.unlink()
    return root


def _evaluate(corpus: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = ("evaluate.py", *arguments, "--corpus", corpus)
    return here(partial(terminal.run, evaluate.evaluate), *command)


def test_scores_have_intervals_and_a_ceiling_and_what_is_not_here_is_told(
    cloned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate.out, "width", 160)
    done = _evaluate(cloned, "lookup", "--keep")
    assert done.returncode == 0, done.stderr[-2000:]
    assert (
        "real: not scored, none of its texts is here; put them in place with: acre rehydrate"
        in done.stdout
    )
    kept = {path.name: json.loads(path.read_text()) for path in (cloned / "baselines").iterdir()}
    assert set(kept) == {"lookup.test.json", "passes.test.json"}
    f1 = {}
    for baseline in kept.values():
        (row,) = [
            row
            for row in baseline["rows"]
            if (row["layer"], row["measure"], row["label"], row["averaging"])
            == ("mention", "strict", None, "micro")
        ]
        assert row["f1"]["low"] < row["f1"]["value"] < row["f1"]["high"]
        f1[baseline["system"]] = row["f1"]["value"]
        kinds = {kind["kind"] for kind in baseline["kinds"] if kind["layer"] == "mention"}
        assert {"right", "boundary", "label", "missing", "spurious"} <= kinds
    assert 0.3 < f1["lookup"] < f1["passes"]
    cells = next(
        line.split()
        for line in done.stdout.split("lookup on test")[1].splitlines()
        if "strict" in line
    )
    assert cells[:2] == ["mention", "strict"]
    assert cells[4] == f"{f1['lookup']:.2f}"
    assert "–" in cells[5]


def test_a_split_that_is_asked_for_must_be_there(cloned: Path) -> None:
    done = _evaluate(cloned, "lookup", "--split", "real")
    assert done.returncode == 2
    assert done.stderr.startswith("evaluate: ")
    assert "no gold with its text in the split real" in done.stderr


def test_what_is_kept_is_of_whole_pipelines(cloned: Path) -> None:
    done = _evaluate(cloned, "lookup", "--without", "acre_links", "--keep")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("evaluate: --keep is for whole pipelines")
    of_some = _evaluate(cloned, "lookup", "--collection", "pilot", "--keep")
    assert (of_some.returncode, of_some.stdout) == (2, "")


def test_a_collection_is_scored_alone(cloned: Path) -> None:
    def documents(collection: str) -> str:
        done = _evaluate(cloned, "lookup", "--split", "test", "--collection", collection)
        assert done.returncode == 0, done.stderr
        return done.stdout.partition("lookup on test: ")[2].partition(" documents")[0]

    corpus = Corpus(cloned)
    for collection in ("pilot", "pilot-second"):
        held = [
            name
            for name, row in corpus.splits().items()
            if row.split == "test" and (cloned / "articles" / collection / f"{name}.yaml").exists()
        ]
        assert documents(collection) == str(len(held))
    unknown = _evaluate(cloned, "lookup", "--collection", "other")
    assert unknown.returncode == 2
    assert "no collection 'other'" in unknown.stderr


def test_a_lookup_has_no_components(cloned: Path) -> None:
    done = _evaluate(cloned, "lookup", "--without", "acre_links")
    assert done.returncode == 2
    assert "a lookup has no components to do without" in done.stderr
