"""The card tells what was measured, as the commands print it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from huggingface_hub import DatasetCard

from annotate.corpus.store import Corpus
from annotate.dataset import build, card
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre


def test_agreement_and_baselines_are_the_commands_figures(
    corpus: Corpus, write: Any, schema: Schema, acre: Acre
) -> None:
    for number in range(4):
        own = SENTENCE.replace("Troops", f"Brigade {number}")
        write(own, annotator="ana")
        write(own if number % 2 else own.replace("m2:place", "m2:facility"), annotator="ben")
    report = json.loads(acre("agreement", "--json", "--no-labels").stdout)
    scored = acre(
        "score", corpus.root / "annotations" / "ana", corpus.root / "annotations" / "ben", "--json"
    )
    (corpus.root / "baselines").mkdir()
    (corpus.root / "baselines" / "ben-as-a-system.json").write_text(scored.stdout)
    build.build(corpus, schema)
    told = corpus.card.read_text(encoding="utf-8")
    (mention,) = (
        row for row in report["rows"] if (row["layer"], row["label"]) == ("mention", None)
    )
    f1, overlap = (mention["measures"][name] for name in ("F1", "F1 overlap"))
    assert f1["value"] == pytest.approx(10 / 12)
    cells = [
        f"{found['value']:.2f} ({found['low']:.2f}–{found['high']:.2f})" for found in (f1, overlap)
    ]
    assert f"| mention | 12/12 | {' | '.join(cells)} |" in told
    assert "Between passes of ana, ben on 4 documents" in told
    assert "![Agreement by layer](images/agreement.svg)" in told
    assert (corpus.root / "images" / "agreement.svg").read_bytes().startswith(b"<?xml")
    labelled = json.loads(acre("agreement", "--json").stdout)
    (place,) = (
        row for row in labelled["rows"] if (row["layer"], row["label"]) == ("mention", "place")
    )
    value = place["measures"]["F1"]
    assert (
        f"| mention | `place` | 4/2 | {value['value']:.2f}"
        f" ({value['low']:.2f}–{value['high']:.2f}) |" in told
    )
    most = labelled["sorts"][0]
    assert (most["what"], most["label"], most["other"], most["count"]) == (
        "label",
        "facility",
        "place",
        2,
    )
    article, start, end = most["example"]
    assert f"| 2 | mention: facility or place | `{article}` {start}–{end} |" in told
    (strict,) = (
        row
        for row in json.loads(scored.stdout)["rows"]
        if (row["layer"], row["measure"], row["averaging"]) == ("mention", "strict", "micro")
    )
    value = strict["f1"]
    line = (
        f"| ben-as-a-system | – | mention | strict | {value['value']:.2f}"
        f" ({value['low']:.2f}–{value['high']:.2f}) |"
    )
    assert line in told


def test_without_passes_or_systems_it_says_so(corpus: Corpus, write: Any, schema: Schema) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    told = corpus.card.read_text(encoding="utf-8")
    assert "No article has two passes yet: there is no measured agreement." in told
    assert "None has been measured yet." in told
    assert "agreement.svg" not in told


def test_it_is_honest_about_machines(corpus: Corpus, write: Any, schema: Schema) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    told = corpus.card.read_text(encoding="utf-8")
    assert "All texts were written by a machine." in told
    assert "no person has checked the labels" not in told  # ana is a person
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
    if config.name == "claims":
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
            digest.update(path.read_bytes())
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
