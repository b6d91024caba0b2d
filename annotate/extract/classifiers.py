"""spaCy components that join triggers with arguments and choose attributes of marks, and the layers of models."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from thinc.api import Model

from annotate.extract import labels as labels_
from annotate.extract.candidates import CONTEXT, NONE, Candidate, CandidateClassifier, Choice
from annotate.extract.docs import ATTRIBUTES, RELATIONS, Relation
from annotate.extract.positions import SIGNS, Positions
from annotate.extract.regions import Floats, logistic, region_model
from annotate.model.schema import Kind, Layer, Schema

_TOO_MANY = 400
"""Marks of one zone: an untrained pipeline marks everything."""
_LEAST = 1e-6
"""A probability below it is taken for it: of none the logarithm is not finite."""
_NEVER = -1e3
"""What a class gains, in nats, that the schema does not permit."""


class RelationClassifier(CandidateClassifier):
    """Chooses which mentions and events fill which roles of each trigger."""

    def __init__(self, vocab: Any, model: Model[Any, Any], name: str, reach: int) -> None:
        super().__init__(vocab, model, name)
        self.cfg |= {"reach": reach, "another": {}}

    def learn_labels(self, schema: Schema) -> tuple[list[str], dict[str, list[str]]]:
        """By the labels of a trigger and of what may fill its roles, those roles."""
        permitted: dict[str, list[str]] = {}
        for event, event_type in schema.events.items():
            for role in event_type.roles:
                for filler in sorted(schema.fillers(event, role)):
                    permitted.setdefault(f"{event} {filler}", [NONE]).append(role)
        return [NONE, *schema.roles], permitted

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        schema_path: str = "",
    ) -> None:
        """Beside classes and shape, learn how seldom a role of one trigger is filled twice."""
        super().initialize(get_examples, nlp=nlp, schema_path=schema_path)
        roles: Counter[str] = Counter()
        again: Counter[str] = Counter()
        for example in get_examples():
            filled = Counter(
                (link.tail, link.label) for link in example.reference.user_data[RELATIONS]
            )
            for (_trigger, role), times in filled.items():
                roles[role] += 1
                again[role] += times > 1
        self.cfg["another"] = {
            role: -math.log((again[role] + 0.5) / (roles[role] + 1)) for role in self.labels
        }

    def candidates(self, doc: Doc, marks: Sequence[Any]) -> Iterator[Candidate]:
        """Every pair within reach that something may join; none where the marks are too many to be true."""
        if len(marks) > _TOO_MANY:
            return
        permitted = self.cfg["permitted"]
        types = {key.partition(" ")[0] for key in permitted}
        positions = Positions(doc, marks, types)
        for tail, one in enumerate(marks):
            if one.label_ not in types:
                continue
            for head, other in enumerate(marks):
                classes = permitted.get(f"{one.label_} {other.label_}")
                if not classes or tail == head:
                    continue
                distance = _distance(one, other)
                if abs(distance) <= self.cfg["reach"]:
                    regions = ((one.start, one.end), (other.start, other.end), _between(one, other))
                    signs = positions.signs(tail, head)
                    names = (one.label_, other.label_)
                    yield Candidate((tail, head), regions, names, distance, tuple(classes), signs)

    def _signs(self) -> int:
        return len(SIGNS)

    def gold_classes(self, doc: Doc) -> dict[tuple[Any, ...], str]:
        """The arguments of an annotated doc."""
        return {(link.tail, link.head): link.label for link in doc.user_data[RELATIONS]}

    def _choose(self, candidates: Sequence[Candidate], chances: Floats) -> Iterator[Choice]:
        """For each trigger the assignment of roles that is likeliest as a whole."""
        of_trigger: dict[int, list[int]] = defaultdict(list)
        for number, candidate in enumerate(candidates):
            of_trigger[candidate.key[0]].append(number)
        for numbers in of_trigger.values():
            roles = assign(
                chances[numbers], [self.cfg["another"].get(label, 0.0) for label in self.labels]
            )
            for number, role in zip(numbers, roles, strict=True):
                yield Choice(candidates[number], self.labels[role], float(chances[number, role]))

    def set_annotations(self, docs: Iterable[Doc], choices: Sequence[Sequence[Choice]]) -> None:
        """Set the links of each doc."""
        for doc, of_doc in zip(docs, choices, strict=True):
            doc.user_data[RELATIONS] = sorted(_acyclic(of_doc))


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


def assign(chances: Floats, another: Sequence[float]) -> list[int]:
    """The classes of a trigger's possible fillers that are likeliest as a whole; the first class is none.

    `chances` is of shape (fillers, classes). `another` is what it costs, in nats, that one more filler has a class.

    *Dropped barrel bombs on the market*: bombs and market may both be the target, the market is it more surely, and a
    second target is rare; so the bombs are what they are almost as likely, the instrument.
    """
    logs = np.log(np.maximum(chances, _LEAST))
    # What each filler gains in each class over none.
    gains = np.where(chances[:, 1:] > 0, logs[:, 1:] - logs[:, :1], _NEVER)
    rows = np.flatnonzero((gains > 0).any(axis=1))
    if not len(rows):
        return [0] * len(chances)
    # As many places in each role as there are fillers, all but the first at a price, and a place in none for each.
    price = np.tile(np.asarray(another[1:]), len(rows))
    price[: gains.shape[1]] = 0.0
    table = np.hstack([np.tile(gains[rows], len(rows)) - price, np.zeros((len(rows), len(rows)))])
    # The last bits of a probability depend on the processor.
    chosen_rows, columns = linear_sum_assignment(-table.round(6))
    classes = np.zeros(len(chances), int)
    taken = columns < gains.shape[1] * len(rows)
    classes[rows[chosen_rows[taken]]] = columns[taken] % gains.shape[1] + 1
    return [int(number) for number in classes]


def _acyclic(choices: Sequence[Choice]) -> Iterator[Relation]:
    """The links that can stand together, the most probable first: no event is an argument of its own argument."""
    heads: dict[int, set[int]] = {}
    # What is as sure goes by its place: the last bits of a probability depend on the processor.
    for candidate, label, probability in sorted(
        choices, key=lambda choice: (-round(choice.probability, 6), choice.candidate.key)
    ):
        tail, head = candidate.key
        if label != NONE and tail not in _reachable(heads, head):
            heads.setdefault(tail, set()).add(head)
            yield Relation(tail, label, head, probability)


def _reachable(heads: Mapping[int, set[int]], start: int) -> set[int]:
    """The marks that links lead to from a mark, itself among them; `heads` are the marks that each is linked to."""
    reached, pending = {start}, [start]
    while pending:
        further = heads.get(pending.pop(), set()) - reached
        reached |= further
        pending += further
    return reached


def _between(one: Any, other: Any) -> tuple[int, int]:
    """The tokens between two spans; (0, 0) where there are none."""
    start, end = (one.end, other.start) if one.end <= other.start else (other.end, one.start)
    return (start, end) if start < end else (0, 0)


def _distance(one: Any, other: Any) -> int:
    """Tokens between two spans; below zero where the other stands first."""
    if one.end <= other.start:
        return int(other.start - one.end)
    return -int(one.start - other.end) if other.end <= one.start else 0


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
    """The component that joins triggers and arguments no farther from one another than `reach` tokens."""
    return RelationClassifier(nlp.vocab, model, name, reach)


@Language.factory("acre_answers")
def make_attribute_classifier(
    nlp: Language, name: str, model: Model[Any, Any]
) -> AttributeClassifier:
    """The component that chooses attributes of marks."""
    return AttributeClassifier(nlp.vocab, model, name)
