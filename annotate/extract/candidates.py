"""spaCy components that choose a class for what stands in a doc, over the token vectors that all components share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Model

from annotate.extract.docs import MARKS
from annotate.extract.regions import REGIONS, Batch, Floats
from annotate.model import schema as schema_
from annotate.model.schema import Schema

NONE = ""
"""The class of a pair of marks that nothing joins."""
_DISTANCES = np.array([0, 1, 2, 3, 5, 8, 12, 20, 30])
"""Upper bounds of the buckets of distances, in tokens; one bucket more is for what is farther."""
CONTEXT = 6
"""Tokens on each side of a mark that its attributes are read from."""


@dataclass(frozen=True)
class Candidate:
    """Something of a doc that one class is to be chosen for."""

    key: tuple[Any, ...]
    """Two marks by number, or a mark by number and the name of an attribute."""
    regions: tuple[tuple[int, int], ...]
    labels: tuple[str, ...]
    """Of the marks, or "": features of the network."""
    distance: int
    classes: tuple[str, ...]
    """Those that may be chosen."""
    signs: tuple[float, ...] = ()
    """Further features, as many for every candidate of a component."""


class Choice(NamedTuple):
    """The class that was chosen for a candidate, and its probability."""

    candidate: Candidate
    label: str
    probability: float


class CandidateClassifier(TrainablePipe):
    """A component that chooses, for each candidate of a doc, one of the classes that the schema permits."""

    def __init__(self, vocab: Any, model: Model[Any, Any], name: str) -> None:
        self.vocab, self.model, self.name = vocab, model, name
        self.cfg: dict[str, Any] = {"labels": [], "kinds": [], "permitted": {}}

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the network's outputs."""
        return tuple(self.cfg["labels"])

    def candidates(self, doc: Doc, marks: Sequence[Any]) -> Iterator[Candidate]:
        """What is to be classified in the doc, given its marks."""
        raise NotImplementedError

    def gold_classes(self, doc: Doc) -> dict[tuple[Any, ...], str]:
        """Of an annotated doc, the class of each candidate's key; a key that is missing has no class."""
        raise NotImplementedError

    def learn_labels(self, schema: Schema) -> tuple[list[str], dict[str, list[str]]]:
        """Classes, and which of them are permitted for which labels of marks."""
        raise NotImplementedError

    def _seen(self, candidate: Candidate) -> Candidate:
        """What of a candidate is learned from."""
        return candidate

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        schema_path: str = "",
    ) -> None:
        """Take the classes from the schema at the path, and give the network its shape."""
        schema = schema_.load(Path(schema_path))
        classes, permitted = self.learn_labels(schema)
        self.cfg |= {"labels": classes, "permitted": permitted, "kinds": sorted(schema.labels)}
        hidden, last = self.model.get_ref("output").layers
        _first_maxout(hidden).set_dim(
            "nI", REGIONS * self.model.get_ref("tok2vec").get_dim("nO") + self._width()
        )
        last.set_dim("nO", len(classes))
        sample = [example.predicted for example, _ in zip(get_examples(), range(5), strict=False)]
        self.model.initialize(X=Batch(sample, [], []))

    def _width(self) -> int:
        """Features of a candidate: the labels of up to two marks, the bucket of a distance with its sign, and signs."""
        return 2 * len(self.cfg["kinds"]) + 2 * (len(_DISTANCES) + 1) + self._signs()

    def _signs(self) -> int:
        """How many further features each candidate has."""
        return 0

    def _batch(self, docs: Sequence[Doc], candidates: Sequence[Sequence[Candidate]]) -> Batch:
        column = {label: number for number, label in enumerate(self.cfg["kinds"])}
        regions, features = [], []
        for of_doc in candidates:
            spans = [candidate.regions for candidate in of_doc]
            regions.append(np.array(spans, np.int64).reshape(-1, REGIONS, 2))
            rows = np.zeros((len(of_doc), self._width()), np.float32)
            for row, candidate in zip(rows, of_doc, strict=True):
                for end, label in enumerate(candidate.labels):
                    if label:
                        row[end * len(column) + column[label]] = 1
                bucket = int(np.searchsorted(_DISTANCES, abs(candidate.distance)))
                backwards = (len(_DISTANCES) + 1) * (candidate.distance < 0)
                row[2 * len(column) + bucket + backwards] = 1
                row[self._width() - len(candidate.signs) :] = candidate.signs
            features.append(rows)
        return Batch(docs, regions, features)

    def _mask(self, candidates: Sequence[Sequence[Candidate]]) -> Any:
        """Of shape (candidates, classes): what is added to logits, so that only permitted classes are chosen."""
        column = {label: number for number, label in enumerate(self.labels)}
        flat = list(chain.from_iterable(candidates))
        mask = np.full((len(flat), len(column)), -1e9, np.float32)
        for row, candidate in enumerate(flat):
            mask[row, [column[label] for label in candidate.classes]] = 0
        return mask

    def _bias(self, candidates: Sequence[Sequence[Candidate]]) -> Any:
        """What is added to the logits of predictions: nothing, or of shape (candidates, classes)."""
        return 0.0

    def predict(self, docs: Iterable[Doc]) -> list[list[Choice]]:
        """By doc, its candidates with the class chosen for each."""
        docs = list(docs)
        candidates = [list(self.candidates(doc, doc.spans.get(MARKS, ()))) for doc in docs]
        if not any(candidates):
            return [[] for _ in docs]
        logits = self.model.predict(self._batch(docs, candidates)) + self._mask(candidates)
        logits += self._bias(candidates)
        ends = np.cumsum([len(of_doc) for of_doc in candidates])
        chances = np.split(softmax(logits, axis=1), ends[:-1])
        return [list(self._choose(*of_doc)) for of_doc in zip(candidates, chances, strict=True)]

    def _choose(self, candidates: Sequence[Candidate], chances: Floats) -> Iterator[Choice]:
        """The likeliest class of each candidate; `chances` is of shape (candidates, classes)."""
        for candidate, row in zip(candidates, chances, strict=True):
            yield Choice(candidate, self.labels[row.argmax()], float(row.max()))

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Any = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from annotated docs: from their gold marks, and the gold classes of those.

        Also where there is no candidate the gradient is given back: the last listener sets off the shared vectors' own.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        docs = [example.predicted for example in examples]
        references = [example.reference for example in examples]
        candidates = [list(self.candidates(doc, doc.spans[MARKS])) for doc in references]
        right = self._right(references, candidates)
        seen = [list(map(self._seen, of_doc)) for of_doc in candidates]
        logits, backprop = self.model.begin_update(self._batch(docs, seen))
        chances = softmax(logits + self._mask(candidates), axis=1)
        losses[self.name] -= float(np.log(chances[np.arange(len(right)), right] + 1e-9).sum())
        chances[np.arange(len(right)), right] -= 1
        backprop((chances / len(docs)).astype(np.float32))
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _right(
        self, references: Sequence[Doc], candidates: Sequence[Sequence[Candidate]]
    ) -> list[int]:
        """The number of each candidate's gold class, over all docs."""
        column = {label: number for number, label in enumerate(self.labels)}
        right: list[int] = []
        for doc, of_doc in zip(references, candidates, strict=True):
            gold = self.gold_classes(doc)
            for candidate in of_doc:
                right.append(column[gold.get(candidate.key, candidate.classes[0])])
        return right


def _first_maxout(layer: Model[Any, Any]) -> Model[Any, Any]:
    return next(node for node in layer.walk() if node.name == "maxout")
