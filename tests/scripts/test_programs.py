"""The programs of the page for ML engineers run, learn, and print the numbers that an independent count gives."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest

from annotate.corpus.store import Corpus
from annotate.dataset import build
from annotate.dataset.features import CONFIGS, features
from annotate.model import schema as schema_
from annotate.model.schema import Schema
from tests.conftest import ROOT

_RUN = """
import json, runpy, sys
del sys.argv[0]  # now it is the program
end = runpy.run_path(sys.argv[0], run_name="__main__")
kept = {name: end[name] for name in ("gold", "predicted") if name in end}
print(json.dumps(kept, default=lambda array: array.tolist()))
"""


class _Run(NamedTuple):
    printed: str
    kept: dict[str, Any]
    """What the program held at its end: gold and predictions of the last split."""

    def f1(self, split: str) -> str:
        """As it was printed."""
        (number,) = re.findall(rf"^{split}: F1 ([\d.]+)$", self.printed, re.MULTILINE)
        return str(number)


def _run(name: str, *arguments: object) -> _Run:
    program = ROOT / "docs" / "programs" / f"{name}.py"
    # -I: nothing of the project is on the path of imports.
    command = [sys.executable, "-I", "-c", _RUN]
    environment = os.environ | {
        "HF_DATASETS_CACHE": str(ROOT / ".pytest_cache" / "programs"),
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(
        [*command, str(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    printed, _, kept = done.stdout.rstrip("\n").rpartition("\n")
    return _Run(printed, json.loads(kept))


def _f1(gold: Sequence[Collection[Any]], predicted: Sequence[Collection[Any]]) -> str:
    """Twice the common ones by all, of sentences in the same order; as the programs print it."""
    common = sum(len(set(one) & set(other)) for one, other in zip(gold, predicted, strict=True))
    return f"{2 * common / (sum(map(len, gold)) + sum(map(len, predicted))):.2f}"


@pytest.fixture(scope="module")
def schema() -> Schema:
    return schema_.load(ROOT / "guidelines" / "schema.yaml")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, schema: Schema) -> Path:
    """A dataset of the sample alone whose validation split is its training split.

    What is tested is that the programs learn what they are shown, and count right; not how well they carry over.
    """
    root = tmp_path_factory.mktemp("sample") / "corpus"
    root.mkdir()
    for name in ("collections.yaml", "annotators.yaml", "splits.csv"):
        shutil.copy(ROOT / "corpus" / name, root)
    shutil.copytree(ROOT / "corpus" / "articles" / "sample", root / "articles" / "sample")
    shutil.copytree(ROOT / "corpus" / "annotations" / "sample", root / "annotations" / "sample")
    build.build(Corpus(root), schema)
    for config in ("mentions", "events"):
        shutil.copy(
            root / build.data_path(config, "train"), root / build.data_path(config, "validation")
        )
    return root


def _rows(root: Path, config: str, split: str) -> list[dict[str, Any]]:
    """Those with a text, as the file has them."""
    rows = pq.read_table(root / build.data_path(config, split)).to_pylist()
    return [row for row in rows if row["tokens"] is not None]


def _names(config: str, schema: Schema) -> Any:
    (named,) = (each for each in CONFIGS if each.name == config)
    return features(named, schema)


def test_look_prints_who_says_what() -> None:
    printed = _run("look", ROOT / "corpus").printed
    assert (
        "The Harun Valley Front denies: withdrawal “withdrawn” {'agent': ['its fighters']}"
        in printed
    )
    count, denials = re.findall(r"(\d+) claims, (\d+) of them denials", printed)[0]
    assert 0 < int(denials) < int(count)


def test_the_span_categoriser_learns_and_its_f1_is_that_of_a_count(
    sample: Path, schema: Schema
) -> None:
    ran = _run("span_categoriser", sample, 60)
    losses = [float(loss) for loss in re.findall(r"epoch \d+ of 60: loss (\d+)", ran.printed)]
    assert len(losses) == 60
    assert losses[-1] < losses[0] / 10
    label = _names("mentions", schema)["mentions"].feature["label"].int2str
    gold = [
        {
            (mention["token_start"], mention["token_end"], label(mention["label"]))
            for mention in row["mentions"]
            if mention["token_start"] is not None
        }
        for row in _rows(sample, "mentions", "validation")
    ]
    predicted = [
        [(span["start"], span["end"] + 1, span["label"]) for span in spans]
        for spans in ran.kept["predicted"]
    ]
    assert ran.f1("validation") == ran.f1("train") == _f1(gold, predicted)
    assert float(ran.f1("validation")) > 0.5


def test_the_token_classifier_learns_and_its_f1_is_that_of_a_count(
    tmp_path: Path, sample: Path, schema: Schema
) -> None:
    """With a small encoder that has learnt nothing yet: what is tested is the alignment and the loop, not a model."""
    pytest.importorskip("torch", reason="torch is not installed (extra: train)")
    _write_encoder(tmp_path / "encoder")
    ran = _run("token_classifier", sample, tmp_path / "encoder", 40, 3e-3)
    losses = re.findall(r"epoch \d+ of 40: loss ([\d.]+)", ran.printed)
    assert float(losses[-1]) < float(losses[0]) / 2
    tag = _names("mentions", schema)["bio"].feature.int2str
    rows = _rows(sample, "mentions", "validation")
    gold = [list(_chunks([tag(number) for number in row["bio"]])) for row in rows]
    predicted = [list(_chunks(tags)) for tags in ran.kept["predicted"]]
    assert [len(tags) for tags in ran.kept["predicted"]] == [len(row["tokens"]) for row in rows]
    assert ran.f1("validation") == _f1(gold, predicted)
    assert float(ran.f1("validation")) > 0.3


def _chunks(tags: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Those of IOB2, whose every chunk begins with B: (first token, beyond its last, label)."""
    for start, tag in enumerate(tags):
        if tag.startswith("B-"):
            end = start + 1
            while end < len(tags) and tags[end] == f"I-{tag[2:]}":
                end += 1
            yield start, end, tag[2:]


def test_relations_are_learnt_and_their_f1_is_that_of_a_count(schema: Schema) -> None:
    corpus = ROOT / "corpus"
    ran = _run("relations", corpus)
    role = _names("events", schema)["event_mentions"].feature["arguments"].feature["role"].int2str
    gold: list[str] = []
    for row in _rows(corpus, "events", "test"):
        for trigger in row["event_mentions"]:
            roles = {argument["id"]: role(argument["role"]) for argument in trigger["arguments"]}
            gold += [roles.get(mention["id"], "none") for mention in row["mentions"]]
    assert ran.kept["gold"] == gold
    found = [
        [(number, name) for number, name in enumerate(names) if name != "none"]
        for names in (gold, ran.kept["predicted"])
    ]
    assert ran.f1("test") == _f1(found[:1], found[1:])
    assert float(ran.f1("test")) > 0.5
    assert float(ran.f1("validation")) > 0.5
    table = dict(re.findall(r"^ +(\w+) .* (\d+)$", ran.printed, re.MULTILINE))
    assert {name: int(table[name]) for name in schema.roles} == {
        name: gold.count(name) for name in schema.roles
    }, "the table of the last split has every role"


def _write_encoder(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]"]
    texts = [
        path.read_text() for path in sorted((ROOT / "corpus" / "articles" / "sample").glob("*.txt"))
    ]
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=600, special_tokens=special)
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]"
    ).save_pretrained(folder)
    size = {
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 128,
    }
    BertModel(
        BertConfig(vocab_size=tokenizer.get_vocab_size(), pad_token_id=1, **size)
    ).save_pretrained(folder)
