"""Triggers are chosen by their context: what is considered, what is seen of it, and what takes whose place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import spacy
from spacy.tokens import Span, SpanGroup
from spacy.training import Example
from thinc.api import Adam

from annotate.extract import docs, pipeline
from annotate.extract.candidates import NONE, Choice
from annotate.extract.docs import MARKS, PHRASES
from tests.conftest import ROOT

SCHEMA = str(ROOT / "guidelines" / "schema.yaml")
MODEL = {
    "@architectures": "acre.regions.v1",
    "hidden": 32,
    "tok2vec": {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "width": 32,
        "depth": 2,
        "embed_size": 500,
        "window_size": 1,
        "maxout_pieces": 2,
        "subword_features": True,
        "pretrained_vectors": None,
    },
}


def _marked(nlp: Any, words: str, *marks: tuple[int, int, str, float]) -> Any:
    doc = nlp.make_doc(words)
    spans = [Span(doc, start, end, label) for start, end, label, _ in marks]
    for group in (MARKS, PHRASES):
        doc.spans[group] = SpanGroup(doc, name=group, spans=spans)
        doc.spans[group].attrs["scores"] = np.array([score for *_, score in marks])
    return doc


@pytest.fixture
def triggers() -> Any:
    """The component, in a pipeline of its own, that has seen two sentences."""
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("en")
    config = {"model": MODEL, "eager": 0.0, "listed": 0.0, "hidden": 0.2}
    component = nlp.add_pipe("acre_triggers", config=config)
    component.initialize(lambda: _examples(nlp), nlp=nlp, schema_path=SCHEMA)
    return component


def _examples(nlp: Any) -> list[Example]:
    return [
        Example(reference.copy(), reference)
        for reference in (
            _marked(nlp, "Jets began an attack on Lisk", (3, 4, "air_strike", 1.0)),
            _marked(nlp, "Rebels began an attack on Lisk", (3, 4, "armed_clash", 1.0)),
            _marked(nlp, "It showed an advanced type of munition"),
        )
    ]


def test_words_phrases_and_what_is_marked_are_considered(triggers: Any) -> None:
    nlp = spacy.blank("en")
    doc = _marked(
        nlp, "Troops pulled out and made use of it", (4, 6, "advance", 0.5), (0, 1, "place", 0.9)
    )
    candidates = {each.key: each.labels for each in triggers.candidates(doc, doc.spans[MARKS])}
    assert set(candidates) == {(0, 1), (1, 2), (1, 3), (4, 6), (5, 6)}, (
        "no grammar, but for phrases"
    )
    assert candidates[1, 3] == ("withdrawal", NONE)
    assert candidates[0, 1] == ()


def test_the_context_decides_and_nothing_may_be_chosen(triggers: Any) -> None:
    nlp = spacy.blank("en")
    examples, optimizer = _examples(nlp), Adam(0.01)
    for _ in range(150):
        triggers.update(examples, sgd=optimizer, drop=0.1)

    def found(words: str) -> list[tuple[str, str]]:
        doc = triggers(_marked(nlp, words))
        assert len(doc.spans[MARKS]) == len(doc.spans[MARKS].attrs["scores"])
        return [(mark.text, mark.label_) for mark in doc.spans[MARKS]]

    assert found("Jets began an attack on Brel") == [("attack", "air_strike")]
    assert found("Rebels began an attack on Brel") == [("attack", "armed_clash")]
    assert found("An advanced type of munition") == []
    triggers.cfg["eager"] = 50.0
    assert len(found("An advanced type of munition")) == 3, "of none the logit is lower"
    triggers.cfg |= {"eager": 0.0, "listed": 50.0}
    assert found("Nothing of a kidnapping") == [("kidnapping", "abduction")]


def test_some_words_are_hidden_when_it_learns(triggers: Any) -> None:
    nlp = spacy.blank("en")
    (candidate, *_) = triggers.candidates(nlp.make_doc("Rebels attacked"), [])
    for hidden, expected in ((0.0, (0, 1)), (1.0, (0, 0))):
        triggers.cfg["hidden"] = hidden
        assert triggers._seen(candidate).regions == (expected, *candidate.regions[1:])


def test_what_is_chosen_is_marked_beside_the_phrases(triggers: Any) -> None:
    nlp = spacy.blank("en")
    doc = _marked(nlp, "Rebels attacked Lisk", (2, 3, "place", 0.9))
    _first, second, *_ = triggers.candidates(doc, doc.spans[MARKS])
    triggers.set_annotations([doc], [[Choice(second, "assault", 0.7)]])
    marks = [(mark.text, mark.label_) for mark in doc.spans[MARKS]]
    assert marks == [("Lisk", "place"), ("attacked", "assault")]
    assert doc.spans[MARKS].attrs["scores"].tolist() == [0.9, 0.7]
    bare = nlp.make_doc("Rebels attacked Lisk")
    triggers.set_annotations([bare], [[Choice(second, "assault", 0.7)]])
    assert [mark.label_ for mark in bare.spans[MARKS]] == ["assault"], "nothing else was found"


def test_what_a_passage_tells_of_is_known_in_each_of_its_zones(triggers: Any) -> None:
    nlp = spacy.blank("en")
    zones = [_marked(nlp, "A kidnapping, and another kidnapping"), _marked(nlp, "Two fled")]
    first, second = docs._together(zones)
    assert triggers._topic(first) == triggers._topic(second)
    column = triggers.labels.index("abduction")
    assert triggers._topic(second)[column] == pytest.approx(np.log(3))
    assert triggers._topic(_marked(nlp, "Two fled"))[column] == 0


def test_zones_that_are_read_together_come_in_one_batch() -> None:
    nlp = spacy.blank("en")
    passages = [
        list(docs._together([nlp.make_doc(f"{word} one"), nlp.make_doc(f"{word} two")]))
        for word in ("first", "second", "third")
    ]
    examples = [Example(doc, doc) for doc in (*passages[0], *passages[1], *passages[2])]
    mixed = [examples[number] for number in (0, 2, 4, 1, 5, 3)]
    batches = list(pipeline.batch_by_passage(2)(mixed))
    assert [[example.text for example in batch] for batch in batches] == [
        ["first one", "first two", "second one", "second two"],
        ["third one", "third two"],
    ]
