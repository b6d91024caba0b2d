from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import ClassLabel, load_dataset

from annotate import align, store
from annotate.dataset import build, claims
from annotate.model import Annotation, Article, Decision, Gold
from annotate.schema import Schema
from annotate.store import Corpus
from tests.conftest import ROOT, SENTENCE

Write = Callable[..., tuple[Article, Annotation]]


def _load(corpus: Corpus, cache: Path) -> Any:
    return load_dataset(str(corpus.root), "documents", split="train", cache_dir=str(cache))


def _bytes(corpus: Corpus) -> dict[str, str]:
    files = [corpus.card, *sorted(corpus.data.rglob("*.parquet"))]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_rows_are_typed_and_slice_exactly(corpus: Corpus, write: Write, schema: Schema, tmp_path: Path) -> None:
    article, _ = write(SENTENCE, outlet="Meridian")
    report = build.build(corpus, schema)
    assert report.documents == 1
    rows = _load(corpus, tmp_path / "cache")
    (row,) = rows
    assert (row["id"], row["outlet"], row["text"]) == (article.id, "Meridian", article.text)
    assert rows.features["mentions"].feature["label"] == ClassLabel(names=list(schema.mentions))
    assert rows.features["event_mentions"].feature["label"] == ClassLabel(names=list(schema.events))
    assert rows.features["event_mentions"].feature["arguments"].feature["role"] == ClassLabel(names=list(schema.roles))
    assert rows.features["zones"].feature["kind"] == ClassLabel(names=list(schema.zones))
    assert rows.features["attributions"].feature["stance"] == ClassLabel(names=list(schema.attributes["stance"].values))
    for layer in ("mentions", "event_mentions", "sources", "cues", "attributions"):
        assert row[layer]
        for mark in row[layer]:
            assert row["text"][mark["start"] : mark["end"]] == mark["text"]
    (quantity,) = [mention for mention in row["mentions"] if mention["unit"]]
    assert (quantity["min"], quantity["max"], quantity["unit"], quantity["distanced"]) == (12, None, "people", False)
    assert row["provenance"]["annotator"] == "ana"
    assert row["adjudicated"] is False


def test_two_builds_give_the_same_bytes(corpus: Corpus, write: Write, schema: Schema) -> None:
    for n in range(120):  # more than one row group
        write(f"[m1:person|Number {n}] left the town of Brel.\n---\n")
    build.build(corpus, schema)
    first = _bytes(corpus)
    build.build(corpus, schema)
    assert _bytes(corpus) == first


def test_the_committed_dataset_is_what_the_committed_corpus_builds(schema: Schema, tmp_path: Path) -> None:
    committed = Corpus(ROOT / "corpus")
    copy = Corpus(tmp_path / "corpus")
    listed = subprocess.run(["git", "ls-files", "corpus"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.split("\n"):
        if name and "/data/" not in name:
            store.write(tmp_path / name, (ROOT / name).read_bytes())
    build.build(copy, schema)
    assert _bytes(copy) == _bytes(committed)


def test_it_loads_where_only_datasets_is_installed(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    program = (
        "import sys; from datasets import load_dataset; rows = load_dataset(sys.argv[1], cache_dir=sys.argv[2])['train'];"
        "assert 'annotate' not in sys.modules; print(rows.features['mentions'].feature['label'].int2str(rows[0]['mentions'][0]['label']))"
    )
    # -I and another working directory: nothing of the project is on the path of imports.
    command = [sys.executable, "-I", "-c", program, str(corpus.root), str(tmp_path / "cache")]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"}
    )
    assert done.stdout.split()[-1] == "state_force"


def test_no_word_of_a_withheld_text_is_in_the_dataset(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(SENTENCE, collection="local", title="Troops in a headline")
    build.build(corpus, schema)
    (row,) = _load(corpus, tmp_path / "cache")
    assert (row["text"], row["title"], row["length"], row["sha256"]) == (None, None, article.length, article.sha256)
    assert all(mention["text"] is None for mention in row["mentions"])
    assert row["mentions"][0]["end"] == 6
    for path in corpus.data.rglob("*.parquet"):
        assert b"Troops" not in path.read_bytes()
    assert "Troops" not in corpus.card.read_text(encoding="utf-8")


def test_what_is_left_out_is_named(corpus: Corpus, write: Write, schema: Schema) -> None:
    undecided, _ = write(SENTENCE, annotator="ana")
    write(SENTENCE, annotator="ben")
    unannotated, _ = write("[m1:person|Žofia] left.\n---\n")
    corpus.annotation_path("ana", unannotated.id).unlink()
    broken, _ = write("[e1:capture|Seized], said nobody.\n---\n")
    report = build.build(corpus, schema)
    assert report.documents == 0
    assert report.undecided == [undecided.id]
    assert report.unannotated == 1
    assert [(issue.where, issue.code) for issue in report.issues] == [(f"ana/{broken.id}: e1", "attribute-missing")]


def test_gold_goes_before_passes(corpus: Corpus, write: Write, schema: Schema, tmp_path: Path) -> None:
    article, annotation = write(SENTENCE, annotator="ana")
    write(SENTENCE, annotator="ben")
    told = tuple(Decision(**unit._asdict(), origin="agreed") for unit in align.units(annotation))
    store.write(corpus.gold_path(article.id), store.dump(Gold(**dict(annotation), decisions=told)))
    build.build(corpus, schema)
    (row,) = _load(corpus, tmp_path / "cache")
    assert row["adjudicated"] is True


def test_the_card_tells_who_annotated_and_counts_what_is_there(corpus: Corpus, write: Write, schema: Schema) -> None:
    article, _ = write(SENTENCE)
    store.write(corpus.root / "annotators.yaml", b"ana: {kind: machine, description: Made by a test}\n")
    build.build(corpus, schema)
    card = corpus.card.read_text(encoding="utf-8")
    assert "| `ana` | 1 | machine | Made by a test |" in card
    assert "| `capture` | 1 |" in card
    assert "| `abduction` | 0 |" in card
    assert f"1 documents, {article.length} characters" in card


def test_claims_read_as_the_article_tells_them(corpus: Corpus, write: Write, schema: Schema, tmp_path: Path) -> None:
    write(
        """[h1:source|[m1:civil_society|The Monitor]] [q1:cue|quoted] [c1:content|[h2:source|[m2:civilians|a nurse]] \
[q2:cue|as saying] that [c2:content|[m3:quantity|three] [e1:death|died]]]. Troops [e2:withdrawal|left].
---
e1 count:m3 realis=actual
e2 realis=negated
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=named
c2 source:h2 cue:q2 stance=doubts style=indirect source_status=anonymous
""",
        outlet="Meridian",
    )
    build.build(corpus, schema)
    rows = _load(corpus, tmp_path / "cache")
    death, left = claims.claims(rows[0], rows.features)
    assert (death.event, death.count, death.sources, death.stance) == (
        "death",
        ("three",),
        ("a nurse", "The Monitor"),
        "doubts",
    )
    assert (left.event, left.realis, left.sources, left.stance) == ("withdrawal", "negated", ("Meridian",), "asserts")


@pytest.mark.parametrize("kind", ["split", "config"])
def test_the_default_config_is_documents(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path, kind: str
) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    loaded: Any = load_dataset(str(corpus.root), cache_dir=str(tmp_path / "cache"))
    assert list(loaded) == ["train"] if kind == "split" else loaded["train"].info.config_name == "documents"
