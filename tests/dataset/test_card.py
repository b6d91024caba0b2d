"""The card tells what was measured, as the commands print it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from huggingface_hub import DatasetCard

from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.dataset import build, card
from annotate.measure import align
from annotate.model.records import Decision, Gold
from annotate.model.schema import Schema
from tests.conftest import ROOT, SENTENCE, Acre


@pytest.fixture
def two_passes(write: Any) -> None:
    """Four articles with a pass of ana's and one of ben's each, which differ on two places."""
    for number in range(4):
        source = SENTENCE.replace("Troops", f"Brigade {number}")
        write(source, annotator="ana")
        write(source if number % 2 else source.replace("m2:place", "m2:facility"), annotator="ben")


def _cell(estimate: Any) -> str:
    return f"{estimate['value']:.2f} ({estimate['low']:.2f}–{estimate['high']:.2f})"


def _row_of(rows: Any, **fields: Any) -> Any:
    (row,) = (row for row in rows if {name: row[name] for name in fields} == fields)
    return row


@pytest.mark.usefixtures("two_passes")
def test_agreement_is_the_command_s_figures(corpus: Corpus, schema: Schema, acre: Acre) -> None:
    report = json.loads(acre("agreement", "--json", "--no-labels").stdout)
    build.build(corpus, schema)
    text = corpus.card.read_text(encoding="utf-8")
    mention = _row_of(report["rows"], layer="mention", label=None)
    f1, overlap = (mention["measures"][name] for name in ("F1", "F1 overlap"))
    assert f1["value"] == pytest.approx(10 / 12)
    assert f"| mention | 12/12 | {_cell(f1)} | {_cell(overlap)} |" in text
    assert "Between passes of ana, ben on 4 documents" in text
    assert "![Agreement by layer](images/agreement.svg)" in text
    assert (corpus.root / "images" / "agreement.svg").read_bytes().startswith(b"<?xml")
    labelled = json.loads(acre("agreement", "--json").stdout)
    place = _row_of(labelled["rows"], layer="mention", label="place")
    assert f"| mention | `place` | 4/2 | {_cell(place['measures']['F1'])} |" in text
    most = labelled["sorts"][0]
    kind = (most["what"], most["label"], most["other"], most["count"])
    assert kind == ("label", "facility", "place", 2)
    article, start, end = most["example"]
    assert f"| 2 | mention: facility or place | `{article}` {start}–{end} |" in text


@pytest.mark.usefixtures("two_passes")
def test_baselines_are_the_command_s_figures(corpus: Corpus, schema: Schema, acre: Acre) -> None:
    passes = corpus.root / "annotations"
    scored = acre("score", passes / "ana", passes / "ben", "--json").stdout
    (corpus.root / "baselines").mkdir()
    (corpus.root / "baselines" / "ben-as-a-system.json").write_text(scored)
    build.build(corpus, schema)
    rows = json.loads(scored)["rows"]
    strict = _row_of(rows, layer="mention", measure="strict", averaging="micro")
    line = f"| ben-as-a-system | – | 4 | mention | strict | {_cell(strict['f1'])} |"
    assert line in corpus.card.read_text(encoding="utf-8")


def test_scores_are_of_all_documents_that_a_split_holds() -> None:
    """Who scores the rows of `test` or `real` scores what the baselines are of: gold, and nothing else."""
    corpus = Corpus(ROOT / "corpus")
    scored = [scores for scores in corpus.baselines().values() if "split" in scores]
    assert {scores["split"] for scores in scored} == {"test", "real"}
    for scores in scored:
        rows = pq.read_table(corpus.root / build.data_path("documents", scores["split"]))
        assert rows["adjudicated"].to_pylist() == [True] * scores["documents"]


def test_the_card_tells_how_many_of_a_split_have_gold(
    corpus: Corpus, write: Any, schema: Schema
) -> None:
    article, annotation = write(SENTENCE)
    write(SENTENCE.replace("Troops", "Soldiers"))
    decisions = tuple(
        Decision(**unit._asdict(), origin="agreed") for unit in align.units(annotation)
    )
    gold = Gold(**dict(annotation), decisions=decisions)
    store.write(corpus.gold_path(article.id), store.dump(gold))
    build.build(corpus, schema)
    assert "| train | 2 | 1 |" in corpus.card.read_text(encoding="utf-8")


def test_without_passes_or_systems_it_says_so(corpus: Corpus, write: Any, schema: Schema) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    text = corpus.card.read_text(encoding="utf-8")
    assert "No article has two passes yet: there is no measured agreement." in text
    assert "None has been measured yet." in text
    assert "agreement.svg" not in text


def test_it_is_honest_about_machines(corpus: Corpus, write: Any, schema: Schema) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    text = corpus.card.read_text(encoding="utf-8")
    assert "All texts were written by a machine." in text
    assert "no person has checked the labels" not in text  # ana is a person
    (corpus.root / "annotators.yaml").write_text("ana: {kind: machine, description: A test}\n")
    build.build(corpus, schema)
    assert (
        "All of them were made by a machine: no person has checked the labels."
        in corpus.card.read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("config", card.CONFIGS, ids=lambda config: config.name)
def test_a_role_that_is_called_like_a_column_is_refused(config: Any, schema: Schema) -> None:
    from annotate.model.issues import AcreError

    twice = schema.model_copy(update={"roles": schema.roles | {"sentence": schema.roles["time"]}})
    if config.name in ("claims", "tolls"):  # a toll has all columns of its claim
        with pytest.raises(AcreError, match="the config claims has two columns 'sentence'; rename"):
            config.columns(twice)
    else:
        assert config.columns(twice)


def test_the_head_is_what_the_hub_reads(corpus: Corpus, write: Any, schema: Schema) -> None:
    collections = corpus.root / "collections.yaml"
    collections.write_text(
        collections.read_text(encoding="utf-8").replace("licence: CC-BY-4.0", "licence: OGL-UK-3.0")
    )
    write(SENTENCE)
    write(
        SENTENCE.replace("Troops", "Rebels"), collection="local"
    )  # not shipped: no licence of the dataset
    build.build(corpus, schema)
    loaded = DatasetCard.load(corpus.card)
    head = loaded.data.to_dict()
    configs = head.pop("configs")
    assert head == {
        "pretty_name": "ACRE: Attributed Conflict REporting",
        "language": ["en"],
        "license": "ogl-uk-3.0",
        "task_categories": ["token-classification"],
        "tags": [
            "event-extraction", "attribution", "quotation", "conflict", "news", "named-entity-recognition",
            "coreference",
        ],
    }  # fmt: skip
    assert [config["config_name"] for config in configs] == [config.name for config in card.CONFIGS]
    splits = {"mentions": ["train"], "events": ["train"]}  # what is withheld has no sentences here
    for config in configs:
        name = config["config_name"]
        digest = hashlib.sha256()
        for path in sorted((corpus.data / name).glob("*.parquet")):
            digest.update(hashlib.sha256(path.read_bytes()).hexdigest().encode())
        assert config["description"] == f"rows {digest.hexdigest()[:16]}"
        assert config.get("default", False) is (name == "documents")
        assert config["data_files"] == [
            {"split": split, "path": f"data/{name}/{split}.parquet"}
            for split in splits.get(name, ["train", "real"])
        ]
    assert loaded.text.startswith("\n# ACRE: Attributed Conflict REporting\n")


def test_the_catalogue_has_the_card_s_title_and_licences(
    corpus: Corpus, write: Any, schema: Schema
) -> None:
    collections = corpus.root / "collections.yaml"
    declared = collections.read_text(encoding="utf-8")
    collections.write_text(declared.replace("licence: CC-BY-4.0", "licence: OGL-UK-3.0", 1))
    write(SENTENCE)
    build.build(corpus, schema)
    about = json.loads((corpus.root / "croissant.json").read_bytes())
    assert about["license"] == "https://spdx.org/licenses/OGL-UK-3.0.html"
    assert about["citeAs"] == DatasetCard.load(corpus.card).data.pretty_name
    write(SENTENCE.replace("Troops", "Guards"), collection="pilot")
    build.build(corpus, schema)
    about = json.loads((corpus.root / "croissant.json").read_bytes())
    assert about["license"] == [
        "https://creativecommons.org/licenses/by/4.0/",
        "https://spdx.org/licenses/OGL-UK-3.0.html",
    ]
