"""A model over stretches of a text: the mean token vector of each stretch, features, and a small network.

One shape serves links between two marks (tail, head, what is between) and attributes of one mark (itself, what is
around).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from spacy.tokens import Doc
from thinc.api import Linear, Maxout, Model, chain, zero_init

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Batch(NamedTuple):
    """Docs, and for each its n candidates: `REGIONS` stretches of tokens, and features."""

    docs: Sequence[Doc]
    regions: Sequence[Ints]
    """By doc, of shape (n, REGIONS, 2): half-open token offsets; an empty stretch is a vector of zeros."""
    features: Sequence[Floats]
    """By doc, of shape (n, features)."""


REGIONS = 3


def region_model(tok2vec: Model[Any, Any], hidden: int, dropout: float = 0.2) -> Model[Any, Any]:
    """Logits of shape (instances of all docs, classes), for a `Batch`; how many features and classes is set later."""
    output = chain(Maxout(nO=hidden, nP=3, normalize=True, dropout=dropout), Linear(nI=hidden))
    return Model(
        "regions",
        _forward,
        init=_init,
        layers=[tok2vec, output],
        refs={"tok2vec": tok2vec, "output": output},
    )


def _init(model: Model[Any, Any], X: Batch | None = None, Y: Any = None) -> None:
    model.get_ref("tok2vec").initialize(X.docs if X else None)
    model.get_ref("output").initialize()


def _forward(
    model: Model[Any, Any], X: Batch, is_train: bool
) -> tuple[Floats, Callable[[Floats], Any]]:
    vectors, finish_vectors = model.get_ref("tok2vec")(X.docs, is_train)
    if not any(len(regions) for regions in X.regions):  # thinc's layers take no batch of no rows
        nothing = np.zeros((0, model.get_ref("output").layers[-1].get_dim("nO")), np.float32)
        return nothing, lambda gradient: finish_vectors(list(map(np.zeros_like, vectors)))
    pooled = [
        np.hstack([_means(tokens, regions), features])
        for tokens, regions, features in zip(vectors, X.regions, X.features, strict=True)
    ]
    logits, finish_output = model.get_ref("output")(np.vstack(pooled).astype(np.float32), is_train)

    def backprop(gradient: Floats) -> Any:
        wide = finish_output(gradient)
        ends = np.cumsum([len(regions) for regions in X.regions])
        gradients = []
        for rows, regions, tokens in zip(
            np.split(wide, ends[:-1]), X.regions, vectors, strict=True
        ):
            gradients.append(_spread(rows[:, : REGIONS * tokens.shape[1]], regions, tokens))
        return finish_vectors(gradients)

    return logits, backprop


def _means(vectors: Floats, regions: Ints) -> Floats:
    """Of shape (n, REGIONS · width): the mean of each stretch, from running sums."""
    sums = np.vstack([np.zeros((1, vectors.shape[1]), np.float32), np.cumsum(vectors, axis=0)])
    starts, ends = regions[:, :, 0], regions[:, :, 1]
    lengths = np.maximum(ends - starts, 1)[:, :, None]
    means = (sums[ends] - sums[starts]) / lengths
    return np.asarray(means.reshape(len(regions), REGIONS * vectors.shape[1]), np.float32)


def _spread(gradient: Floats, regions: Ints, vectors: Floats) -> Floats:
    """The gradient of each mean given back to the tokens it was taken of."""
    width = vectors.shape[1]
    starts, ends = regions[:, :, 0], regions[:, :, 1]
    share = (
        gradient.reshape(len(regions), REGIONS, width) / np.maximum(ends - starts, 1)[:, :, None]
    )
    steps = np.zeros((len(vectors) + 1, width), np.float32)
    np.add.at(steps, starts.ravel(), share.reshape(-1, width))
    np.add.at(steps, ends.ravel(), -share.reshape(-1, width))
    return np.cumsum(steps, axis=0)[:-1].astype(np.float32)


def logistic(nO: int | None = None, nI: int | None = None, weight: float = 1.0) -> Model[Any, Any]:
    """A linear layer under a sigmoid, trained as logistic regression: spaCy's has the gradient of a squared error.

    That one vanishes where an output is sure and wrong, as most are where nearly every span is none. It starts from the
    belief that a span is none (Lin et al. 2017, “Focal loss for dense object detection”, 4.1). What is there and missed
    counts `weight` times what is predicted and not there: of rare labels a few are then predicted rather than none.
    """
    sigmoid: Model[Any, Any] = Model("sigmoid", _sigmoid, attrs={"weight": weight})
    return chain(Linear(nO=nO, nI=nI, init_W=zero_init, init_b=_seldom), sigmoid)


def _seldom(ops: Any, shape: tuple[int, ...]) -> Any:
    return ops.alloc(shape) - 4.0


def _sigmoid(
    model: Model[Any, Any], X: Floats, is_train: bool
) -> tuple[Floats, Callable[[Floats], Floats]]:
    chances = np.asarray(1 / (1 + np.exp(-np.clip(X, -30, 30))), np.float32)
    weight = model.attrs["weight"]
    # p − t is the gradient of the logit; below zero where the target is 1
    return chances, lambda gradient: np.where(gradient < 0, weight * gradient, gradient).astype(
        np.float32
    )
