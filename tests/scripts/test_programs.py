"""The programs of the page for ML engineers run, and do what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from annotate.corpus.store import Corpus
from annotate.dataset import build
from annotate.model import schema as schema_
from tests.conftest import ROOT


def _run(name: str, *arguments: object) -> str:
    program = ROOT / "docs" / "programs" / f"{name}.py"
    # -I: nothing of the project is on the path of imports.
    command = [sys.executable, "-I", str(program), *map(str, arguments)]
    environment = os.environ | {
        "HF_DATASETS_CACHE": str(ROOT / ".pytest_cache" / "programs"),
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of the sample alone: what is tested is that the programs run and learn, not how well."""
    root = tmp_path_factory.mktemp("sample") / "corpus"
    root.mkdir()
    for name in ("collections.yaml", "annotators.yaml", "splits.csv"):
        shutil.copy(ROOT / "corpus" / name, root)
    shutil.copytree(ROOT / "corpus" / "articles" / "sample", root / "articles" / "sample")
    shutil.copytree(ROOT / "corpus" / "annotations" / "sample", root / "annotations" / "sample")
    build.build(Corpus(root), schema_.load(ROOT / "guidelines" / "schema.yaml"))
    return root


def test_look_prints_who_says_what() -> None:
    printed = _run("look", ROOT / "corpus")
    assert (
        "The Harun Valley Front denies: withdrawal “withdrawn” {'agent': ['its fighters']}"
        in printed
    )
    count, denials = re.findall(r"(\d+) claims, (\d+) of them denials", printed)[0]
    assert 0 < int(denials) < int(count)


def test_the_span_categoriser_learns_its_training_set(sample: Path) -> None:
    printed = _run("span_categoriser", sample, 60)
    losses = [float(loss) for loss in re.findall(r"loss ([\d.]+)", printed)]
    assert losses[-1] < losses[0] / 10
    assert float(re.findall(r"train: F1 ([\d.]+)", printed)[0]) > 0.3
    assert re.search(r"validation: F1 [\d.]+", printed)


def test_the_token_classifier_learns_its_training_set(tmp_path: Path, sample: Path) -> None:
    """With a small encoder that has learnt nothing yet: what is tested is the alignment and the loop, not a model."""
    pytest.importorskip("torch", reason="torch is not installed (extra: train)")
    _write_encoder(tmp_path / "encoder")
    printed = _run("token_classifier", sample, tmp_path / "encoder", 25, 2e-3)
    share, seen = re.findall(r"train: ([\d.]+) of (\d+) tokens right", printed)[0]
    from datasets import load_dataset

    rows = load_dataset(str(sample), "mentions", split="train", cache_dir=str(tmp_path / "cache"))
    tokens = [tag for row in rows for tag in row["bio"]]
    assert int(seen) == len(tokens), "every token has a tag, and one piece that bears it"
    outside = tokens.count(0) / len(tokens)
    assert float(share) > outside + 0.1, "it learnt more than to say O"


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
