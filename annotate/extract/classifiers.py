"""spaCy components that join marks and choose their attributes, over the token vectors that all components share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from spacy.util import registry
from thinc.api import Model

from annotate.extract import labels as labels_
from annotate.extract.docs import ATTRIBUTES, MARKS, RELATIONS, Relation
from annotate.extract.regions import REGIONS, Batch, logistic, region_model
from annotate.model import schema as schema_
from annotate.model.schema import Kind, Layer, Schema

NONE = ""
"""The class of a pair of marks that nothing joins."""
_DISTANCES = np.array([0, 1, 2, 3, 5, 8, 12, 20, 30])
"""Upper bounds of the buckets of distances, in tokens; one bucket more is for what is farther."""
_TOO_MANY = 400
"""Marks of one zone: an untrained pipeline marks everything."""
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

    def __init__(self, vocab: Any, model: Model[Any, Any], name: str, reach: int = 40) -> None:
        self.vocab, self.model, self.name = vocab, model, name
        self.cfg: dict[str, Any] = {"labels": [], "kinds": [], "reach": reach, "permitted": {}}

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
        candidates = [
            list(self.candidates(doc, doc.spans[MARKS])) if MARKS in doc.spans else []
            for doc in docs
        ]
        if not any(candidates):
            return [[] for _ in docs]
        logits = self.model.predict(self._batch(docs, candidates)) + self._mask(candidates)
        logits += self._bias(candidates)
        rows = iter(softmax(logits, axis=1))
        choices: list[list[Choice]] = []
        for of_doc in candidates:
            choices.append([])
            for candidate, row in zip(of_doc, rows, strict=False):
                choices[-1].append(Choice(candidate, self.labels[row.argmax()], float(row.max())))
        return choices

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


class RelationClassifier(CandidateClassifier):
    """Chooses what joins two marks: a role, a content's source or cue, or nothing."""

    def learn_labels(self, schema: Schema) -> tuple[list[str], dict[str, list[str]]]:
        """By the labels at both ends, the links that the schema permits there."""
        permitted: dict[str, list[str]] = {}
        for event, event_type in schema.events.items():
            for role in event_type.roles:
                for filler in sorted(schema.fillers(event, role)):
                    permitted.setdefault(f"{event} {filler}", [NONE]).append(role)
        attribution = [Layer.SOURCE.value, Layer.CUE.value]
        for span in attribution:
            permitted[f"{Layer.CONTENT} {span}"] = [NONE, span]
        return [NONE, *schema.roles, *attribution], permitted

    def candidates(self, doc: Doc, marks: Sequence[Any]) -> Iterator[Candidate]:
        """Every pair within reach that something may join; none where the marks are too many to be true."""
        if len(marks) > _TOO_MANY:
            return
        for tail, one in enumerate(marks):
            for head, other in enumerate(marks):
                classes = self.cfg["permitted"].get(f"{one.label_} {other.label_}")
                if not classes or tail == head:
                    continue
                distance = _distance(one, other)
                if abs(distance) <= self.cfg["reach"]:
                    regions = ((one.start, one.end), (other.start, other.end), _between(one, other))
                    labels = (one.label_, other.label_)
                    yield Candidate((tail, head), regions, labels, distance, tuple(classes))

    def gold_classes(self, doc: Doc) -> dict[tuple[Any, ...], str]:
        """The links of an annotated doc."""
        return {(link.tail, link.head): link.label for link in doc.user_data[RELATIONS]}

    def set_annotations(self, docs: Iterable[Doc], choices: Sequence[Sequence[Choice]]) -> None:
        """Set the links of each doc."""
        for doc, of_doc in zip(docs, choices, strict=True):
            marks = list(doc.spans[MARKS]) if of_doc else []
            doc.user_data[RELATIONS] = sorted(_consistent(of_doc, marks))


def _consistent(choices: Sequence[Choice], marks: Sequence[Any]) -> Iterator[Relation]:
    """The links that can stand together, the most probable first.

    A content has one source and one cue, and its source is outside of it; no event is an argument of its own argument.
    """
    attributed: set[tuple[int, str]] = set()
    heads: dict[int, set[int]] = {}
    # What is as sure goes by its place: the last bits of a probability depend on the processor.
    for candidate, label, probability in sorted(
        choices, key=lambda choice: -round(choice.probability, 6)
    ):
        tail, head = candidate.key
        is_attribution = label in (Layer.SOURCE, Layer.CUE)
        if label == NONE or (is_attribution and (tail, label) in attributed):
            continue
        if label == Layer.SOURCE and _within(marks[head], marks[tail]):
            continue
        if tail in _reachable(heads, head):
            continue
        attributed.add((tail, label))
        heads.setdefault(tail, set()).add(head)
        yield Relation(tail, label, head, probability)


class AttributeClassifier(CandidateClassifier):
    """Chooses the attributes that no rule gives: the realis of events, stances, the status of sources."""

    def learn_labels(self, schema: Schema) -> tuple[list[str], dict[str, list[str]]]:
        """By label and attribute, its values."""
        learned = labels_.load(schema).learned_attributes
        permitted: dict[str, list[str]] = {}
        for label, kind in schema.labels.items():
            for name in kind.attributes:
                if name in learned and schema.attributes[name].kind is Kind.CHOICE:
                    values = [f"{name}={value}" for value in schema.attributes[name].values]
                    permitted[f"{label} {name}"] = values
        return sorted(set().union(*permitted.values())), permitted

    def candidates(self, doc: Doc, marks: Sequence[Any]) -> Iterator[Candidate]:
        """Each attribute of each mark; a content's are read from its source and cue where they are known."""
        heads = {(link.tail, link.label): link.head for link in doc.user_data.get(RELATIONS, ())}
        attributes: dict[str, list[tuple[str, list[str]]]] = {}
        for key, classes in self.cfg["permitted"].items():
            label, _, name = key.partition(" ")
            attributes.setdefault(label, []).append((name, classes))
        for number, mark in enumerate(marks):
            left = (max(0, mark.start - CONTEXT), mark.start)
            right = (mark.end, min(len(doc), mark.end + CONTEXT))
            cue, source = heads.get((number, Layer.CUE)), heads.get((number, Layer.SOURCE))
            if cue is not None:
                left = (marks[cue].start, marks[cue].end)
            if source is not None:
                right = (marks[source].start, marks[source].end)
            regions = ((mark.start, mark.end), left, right)
            # The feature of a distance says here whether there is a source.
            for name, classes in attributes.get(mark.label_, ()):
                key = (number, name)
                yield Candidate(key, regions, (mark.label_,), int(source is None), tuple(classes))

    def gold_classes(self, doc: Doc) -> dict[tuple[Any, ...], str]:
        """The attributes of an annotated doc."""
        classes: dict[tuple[Any, ...], str] = {}
        for number, attributes in doc.user_data[ATTRIBUTES].items():
            for name, value in attributes.items():
                classes[number, name] = f"{name}={value}"
        return classes

    def set_annotations(self, docs: Iterable[Doc], choices: Sequence[Sequence[Choice]]) -> None:
        """Set the attributes of the marks of each doc; those that a rule has set before stay."""
        for doc, of_doc in zip(docs, choices, strict=True):
            attributes: dict[int, dict[str, Any]] = doc.user_data.setdefault(ATTRIBUTES, {})
            for candidate, label, _probability in of_doc:
                number, name = candidate.key
                attributes.setdefault(number, {}).setdefault(name, label.partition("=")[2])


def _reachable(heads: Mapping[int, set[int]], start: int) -> set[int]:
    """The marks that links lead to from a mark, itself among them; `heads` are the marks that each is linked to."""
    reached, pending = {start}, [start]
    while pending:
        further = heads.get(pending.pop(), set()) - reached
        reached |= further
        pending += further
    return reached


def _within(one: Any, other: Any) -> bool:
    return bool(other.start <= one.start and one.end <= other.end)


def _between(one: Any, other: Any) -> tuple[int, int]:
    """The tokens between two spans; (0, 0) where there are none."""
    start, end = (one.end, other.start) if one.end <= other.start else (other.end, one.start)
    return (start, end) if start < end else (0, 0)


def _distance(one: Any, other: Any) -> int:
    """Tokens between two spans; below zero where the other stands first."""
    if one.end <= other.start:
        return int(other.start - one.end)
    return -int(one.start - other.end) if other.end <= one.start else 0


def _first_maxout(layer: Model[Any, Any]) -> Model[Any, Any]:
    return next(node for node in layer.walk() if node.name == "maxout")


@registry.architectures("acre.regions.v1")
def regions_architecture(tok2vec: Model[Any, Any], hidden: int) -> Model[Any, Any]:
    """`region_model` with its sizes left to `initialize`."""
    return region_model(tok2vec, hidden)


@registry.layers("acre.logistic.v1")
def logistic_layer(
    nO: int | None = None, nI: int | None = None, weight: float = 1.0
) -> Model[Any, Any]:
    """`logistic`, under the name that a config gives it."""
    return logistic(nO, nI, weight)


@Language.factory("acre_links")
def make_relation_classifier(
    nlp: Language, name: str, model: Model[Any, Any], reach: int
) -> RelationClassifier:
    """The component that joins marks."""
    return RelationClassifier(nlp.vocab, model, name, reach)


@Language.factory("acre_answers")
def make_attribute_classifier(
    nlp: Language, name: str, model: Model[Any, Any]
) -> AttributeClassifier:
    """The component that chooses attributes of marks."""
    return AttributeClassifier(nlp.vocab, model, name)
