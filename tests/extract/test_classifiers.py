"""What is classified and how: the spans and pairs that are considered, gradients, and links that can stand together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import spacy
from spacy.tokens import Span, SpanGroup
from spacy.training import Example
from spacy.util import load_config
from thinc.api import Adam, Model

from annotate.corpus import validate
from annotate.extract import docs, regions
from annotate.extract.candidates import Candidate, Choice
from annotate.extract.classifiers import RelationClassifier
from annotate.measure import score
from annotate.model.schema import Schema
from tests.conftest import ROOT
from tests.extract.conftest import Document, arguments

SCHEMA = str(ROOT / "guidelines" / "schema.yaml")


def test_marks_and_links_come_back_from_docs_as_they_went_in(
    schema: Schema, annotated: list[Document], gold_docs: list[list[Any]]
) -> None:
    cases = []
    for (article, gold), zones in zip(annotated[:12], gold_docs, strict=False):
        back, scores = docs.annotation(article, zones, schema, docs.provenance("x", "1", schema))
        cases.append(score.Case(gold, (back,), None))
        wanted = {(mark.label, mark.start, mark.end) for mark in gold.marks()}
        assert {(mark.label, mark.start, mark.end) for mark in back.marks()} == wanted
        assert set(scores) == {mark.id for mark in back.marks()}
        realis = {(mark.start, mark.attributes["realis"]) for mark in gold.event_mentions}
        assert {(mark.start, mark.attributes["realis"]) for mark in back.event_mentions} == realis
        pairs = arguments(gold)
        assert arguments(back) <= pairs
        assert len(arguments(back)) >= 0.9 * len(pairs)  # a filler in another zone is lost
        issues = validate.check(back, article, schema)
        assert not [issue for issue in issues if issue.severity == "error"]
    assert score.score(cases, schema, samples=2).documents == len(cases) == 12


def test_the_categoriser_considers_nearly_every_phrase_of_the_corpus(
    gold_docs: list[list[Any]],
) -> None:
    longest = load_config(ROOT / "scripts" / "extractor.cfg")["components"]["spancat"]["suggester"]
    phrases = [span for zones in gold_docs for doc in zones for span in doc.spans[docs.PHRASES]]
    assert len(phrases) > 2000
    assert not {span.label_ for span in phrases} & {"content", "death"}
    offered = sum(len(span) <= longest["max_size"] for span in phrases)
    assert offered / len(phrases) > 0.98


def test_each_argument_of_the_corpus_can_be_chosen(
    schema: Schema, nlp: Any, gold_docs: list[list[Any]]
) -> None:
    """What the schema permits and what is within reach: hardly a gold argument is no candidate."""
    classifier = RelationClassifier(nlp.vocab, Model("none", lambda *_: (None, None)), "links", 40)
    labels, permitted = classifier.learn_labels(schema)
    classifier.cfg |= {"labels": labels, "permitted": permitted}
    possible = wanted = 0
    for zones in gold_docs:
        for doc in zones:
            candidates = classifier.candidates(doc, doc.spans[docs.MARKS])
            classes = {candidate.key: candidate.classes for candidate in candidates}
            for key, label in classifier.gold_classes(doc).items():
                if label in schema.roles:
                    wanted += 1
                    possible += label in classes.get(key, ())
    assert wanted > 1000
    assert possible / wanted > 0.97


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


def test_no_event_is_an_argument_of_its_own_argument(nlp: Any) -> None:
    """Of links that go round the least sure is left out; of equally sure ones the last."""
    doc = nlp.make_doc("They agreed to talks on a truce")
    labels = [(1, 2, "agreement"), (3, 4, "talks"), (6, 7, "agreement")]
    doc.spans[docs.MARKS] = SpanGroup(
        doc, name=docs.MARKS, spans=[Span(doc, *label) for label in labels]
    )
    model: Any = Model("none", lambda *_: ([], None))
    classifier = RelationClassifier(nlp.vocab, model, "acre_links", 40)

    def links(*chosen: tuple[int, str, int, float]) -> list[tuple[int, str, int, float]]:
        choices = [
            Choice(Candidate((tail, head), (), (), 0, ()), label, probability)
            for tail, label, head, probability in chosen
        ]
        classifier.set_annotations([doc], [choices])
        return [tuple(link) for link in doc.user_data[docs.RELATIONS]]

    first, second = (0, "object", 1, 0.9), (1, "object", 2, 0.8)
    assert links(second, first, (2, "object", 0, 0.7), (0, "object", 2, 0.6), (1, "", 0, 1.0)) == [
        first, (0, "object", 2, 0.6), second,
    ]  # fmt: skip
    assert links() == []
    nearly = 1.0 - 1e-7  # as sure but for the last bits: the first of both is kept
    for one, other in ((1.0, nearly), (nearly, 1.0)):
        assert links((0, "object", 1, one), (1, "object", 0, other)) == [(0, "object", 1, one)]


def test_a_batch_without_candidates_gives_its_gradient_back(schema: Schema) -> None:
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
    classifier.initialize(lambda: [example], nlp=nlp, schema_path=SCHEMA)
    inner, called = classifier.model.get_ref("tok2vec"), []
    forward = inner._func

    def watched(layer: Any, batch: Any, is_train: bool) -> Any:
        vectors, backprop = forward(layer, batch, is_train)
        return (
            vectors,
            lambda gradient: called.append([one.shape for one in gradient]) or backprop(gradient),
        )

    inner._func = watched
    assert classifier.update([example], sgd=Adam(0.001)) == {"acre_links": 0.0}
    assert called == [[(len(reference), 8)]]
