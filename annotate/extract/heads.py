"""spaCy components that join marks and answer what is asked of them, over the token vectors that all components share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from thinc.api import Model, Ragged, get_current_ops

from annotate.extract.docs import ANSWERS, LINKS, MARKS, Joined
from annotate.extract.regions import REGIONS, Batch, Floats, logistic, region_model
from annotate.model import schema as schema_
from annotate.model.schema import ATTRIBUTION_SPANS, Kind, Schema

NONE = ""
"""The class of a pair that nothing joins."""
_ASKED = ("realis", "stance", "source_status")
"""Attributes that are learned; the others are told by rule."""
_DISTANCES = np.array([0, 1, 2, 3, 5, 8, 12, 20, 30])
_TOO_MANY = 400
"""Marks of one zone: an untrained pipeline marks everything."""
_AROUND = 6
"""Tokens on each side of a trigger that its answers are read from."""


@registry.misc("acre.suggester.v1")
def suggester(longest: int, longest_content: int) -> Callable[..., Ragged]:
    """Spans to be considered: every run of up to `longest` tokens, and longer ones that start and end where clauses do."""

    def suggest(docs: Iterable[Doc], *, ops: Any = None) -> Ragged:
        ops = ops or get_current_ops()
        found, lengths = [], []
        for doc in docs:
            own = sorted({*_runs(len(doc), longest), *_clauses(doc, longest_content)})
            found += own
            lengths.append(len(own))
        spans = np.array(found, dtype="int32").reshape(-1, 2)
        return Ragged(ops.asarray2i(spans), ops.asarray1i(lengths))

    return suggest


def _runs(length: int, longest: int) -> Iterator[tuple[int, int]]:
    return (
        (start, end)
        for start in range(length)
        for end in range(start + 1, min(start + longest, length) + 1)
    )


def _clauses(doc: Doc, longest: int) -> Iterator[tuple[int, int]]:
    """What may be a content: it starts behind punctuation, a verb of saying or a conjunction, and ends before punctuation."""
    opens = {
        "that",
        "to",
        "of",
        "if",
        "whether",
        "for",
        "by",
        "said",
        "says",
        "say",
        "as",
        "and",
        "but",
        "who",
    }
    starts, ends = [], []
    for token in doc:
        before = doc[token.i - 1] if token.i else None
        if (
            before is None
            or before.is_punct
            or before.is_space
            or before.lower_ in opens
            or token.text in "“‘"
        ):
            starts.append(token.i)
        if token.is_punct:
            ends.append(token.i)
            if token.text in ("”", "’", '"', ".", "?", "!"):
                ends.append(token.i + 1)
    ends.append(len(doc))
    for start in starts:
        for end in ends:
            if start < end <= start + longest:
                yield start, end


@dataclass(frozen=True)
class Asked:
    """One thing to be chosen of a doc."""

    key: tuple[Any, ...]
    """What it is about: two marks, or a mark and an attribute; by number."""
    regions: tuple[tuple[int, int], ...]
    kinds: tuple[str, ...]
    """Labels at its ends, which the network is told."""
    distance: int
    classes: tuple[str, ...]
    """Those that may be chosen."""


class Chooser(TrainablePipe):
    """A component that chooses, for each thing asked of a doc, one class of those that the schema permits."""

    def __init__(self, vocab: Any, model: Model[Any, Any], name: str, reach: int = 40) -> None:
        self.vocab, self.model, self.name = vocab, model, name
        self.cfg: dict[str, Any] = {"labels": [], "kinds": [], "reach": reach, "permitted": {}}

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the network's outputs."""
        return tuple(self.cfg["labels"])

    def asked(self, doc: Doc, marks: Sequence[Any]) -> Iterator[Asked]:
        """What is asked of the doc, given its marks."""
        raise NotImplementedError

    def told(self, doc: Doc) -> dict[tuple[Any, ...], str]:
        """Of an annotated doc, the class of each key; what is not there has none."""
        raise NotImplementedError

    def learn_labels(self, schema: Schema) -> tuple[list[str], dict[str, list[str]]]:
        """Classes, and which of them are permitted for which kinds."""
        raise NotImplementedError

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        schema_path: str = "",
    ) -> None:
        """Take the classes from the schema, whose path is given, and give the network its shape."""
        known = schema_.load(Path(schema_path))
        labels, permitted = self.learn_labels(known)
        self.cfg |= {"labels": labels, "permitted": permitted, "kinds": sorted(known.labels)}
        hidden, last = self.model.get_ref("output").layers
        _first_maxout(hidden).set_dim(
            "nI", REGIONS * self.model.get_ref("tok2vec").get_dim("nO") + self._width()
        )
        last.set_dim("nO", len(labels))
        sample = [example.predicted for example, _ in zip(get_examples(), range(5), strict=False)]
        self.model.initialize(X=Batch(sample, [], []))

    def _width(self) -> int:
        return 2 * len(self.cfg["kinds"]) + 2 * (len(_DISTANCES) + 1)

    def _batch(self, docs: Sequence[Doc], asked: Sequence[Sequence[Asked]]) -> Batch:
        number = {kind: n for n, kind in enumerate(self.cfg["kinds"])}
        regions, features = [], []
        for own in asked:
            regions.append(np.array([one.regions for one in own], np.int64).reshape(-1, REGIONS, 2))
            told = np.zeros((len(own), self._width()), np.float32)
            for row, one in enumerate(own):
                for place, kind in enumerate(one.kinds):
                    told[row, place * len(number) + number[kind]] = 1
                bucket = int(np.searchsorted(_DISTANCES, abs(one.distance)))
                told[row, 2 * len(number) + bucket + (len(_DISTANCES) + 1) * (one.distance < 0)] = 1
            features.append(told)
        return Batch(docs, regions, features)

    def _mask(self, asked: Sequence[Sequence[Asked]]) -> Any:
        number = {label: n for n, label in enumerate(self.labels)}
        flat = [one for own in asked for one in own]
        mask = np.full((len(flat), len(number)), -1e9, np.float32)
        for row, one in enumerate(flat):
            mask[row, [number[label] for label in one.classes]] = 0
        return mask

    def predict(self, docs: Iterable[Doc]) -> Any:
        """By doc, what is asked of it with the class chosen and its probability."""
        docs = list(docs)
        asked = [
            list(self.asked(doc, doc.spans[MARKS])) if MARKS in doc.spans else [] for doc in docs
        ]
        if not any(asked):
            return [[] for _ in docs]
        chances = _softmax(self.model.predict(self._batch(docs, asked)) + self._mask(asked))
        best, place, found = chances.argmax(1), 0, []
        for own in asked:
            found.append(
                [
                    (one, self.labels[best[place + n]], float(chances[place + n].max()))
                    for n, one in enumerate(own)
                ]
            )
            place += len(own)
        return found

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Any = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from annotated docs: their own marks, and what was chosen of them.

        Also where nothing is asked the gradient is given back: the last listener sets off the shared vectors' own.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        docs = [example.predicted for example in examples]
        asked = [
            list(self.asked(example.reference, example.reference.spans[MARKS]))
            for example in examples
        ]
        number = {label: n for n, label in enumerate(self.labels)}
        right = []
        for example, own in zip(examples, asked, strict=True):
            told = self.told(example.reference)
            right += [number[told.get(one.key, one.classes[0])] for one in own]
        logits, backprop = self.model.begin_update(self._batch(docs, asked))
        chances = _softmax(logits + self._mask(asked))
        losses[self.name] -= float(np.log(chances[np.arange(len(right)), right] + 1e-9).sum())
        chances[np.arange(len(right)), right] -= 1
        backprop((chances / len(docs)).astype(np.float32))
        if sgd is not None:
            self.finish_update(sgd)
        return losses


class Linker(Chooser):
    """Chooses what joins two marks: a role, a content's source or cue, or nothing."""

    def learn_labels(self, schema: Schema) -> tuple[list[str], dict[str, list[str]]]:
        """By the labels at both ends, the links that the schema permits there."""
        permitted: dict[str, list[str]] = {}
        for event, kind in schema.events.items():
            for role in kind.roles:
                for filler in sorted(schema.fillers(event, role)):
                    permitted.setdefault(f"{event} {filler}", [NONE]).append(role)
        for span in ATTRIBUTION_SPANS[:2]:
            permitted[f"{ATTRIBUTION_SPANS[2]} {span}"] = [NONE, span]
        return [NONE, *schema.roles, *ATTRIBUTION_SPANS[:2]], permitted

    def asked(self, doc: Doc, marks: Sequence[Any]) -> Iterator[Asked]:
        """Every pair within reach that something may join; none where the marks are too many to be true."""
        if len(marks) > _TOO_MANY:
            return
        for tail, one in enumerate(marks):
            for head, other in enumerate(marks):
                classes = self.cfg["permitted"].get(f"{one.label_} {other.label_}")
                distance = _apart(one, other)
                if classes and tail != head and abs(distance) <= self.cfg["reach"]:
                    between = (
                        (one.end, other.start) if one.end <= other.start else (other.end, one.start)
                    )
                    regions = (
                        (one.start, one.end),
                        (other.start, other.end),
                        between if between[0] < between[1] else (0, 0),
                    )
                    yield Asked(
                        (tail, head), regions, (one.label_, other.label_), distance, tuple(classes)
                    )

    def told(self, doc: Doc) -> dict[tuple[Any, ...], str]:
        """The links of an annotated doc."""
        return {(link.tail, link.head): link.label for link in doc.user_data[LINKS]}

    def set_annotations(self, docs: Iterable[Doc], found: Any) -> None:
        """Keep what was chosen, but for what can't be: the surest source and cue of a content stay, and that is outside of it."""
        for doc, own in zip(docs, found, strict=True):
            marks = list(doc.spans[MARKS]) if own else []
            taken: set[tuple[int, str]] = set()
            kept: list[Joined] = []
            heads: dict[int, set[int]] = {}
            # What is as sure goes by its place: the last bits of a chance depend on the processor.
            for one, label, chance in sorted(own, key=lambda entry: -round(entry[2], 6)):
                tail, head = one.key
                is_attribution = label in ATTRIBUTION_SPANS
                if label == NONE or (is_attribution and (tail, label) in taken):
                    continue
                if label == ATTRIBUTION_SPANS[0] and _within(marks[head], marks[tail]):
                    continue
                if tail in _reached(heads, head):
                    continue  # an event would be an argument of its own argument
                taken.add((tail, label))
                heads.setdefault(tail, set()).add(head)
                kept.append(Joined(tail, label, head, chance))
            doc.user_data[LINKS] = sorted(kept)


class Answerer(Chooser):
    """Chooses the realis of events, and the stance and the status of the source of contents."""

    def learn_labels(self, schema: Schema) -> tuple[list[str], dict[str, list[str]]]:
        """By label and attribute, its values."""
        permitted = {
            f"{label} {name}": [f"{name}={value}" for value in schema.attributes[name].values]
            for label, kind in schema.labels.items()
            for name in kind.attributes
            if name in _ASKED and schema.attributes[name].kind is Kind.CHOICE
        }
        return sorted({value for values in permitted.values() for value in values}), permitted

    def asked(self, doc: Doc, marks: Sequence[Any]) -> Iterator[Asked]:
        """What the schema asks of each mark; a content is read with its source and cue where they are known."""
        joined = {(link.tail, link.label): link.head for link in doc.user_data.get(LINKS, ())}
        for number, mark in enumerate(marks):
            left, right = (
                (max(0, mark.start - _AROUND), mark.start),
                (mark.end, min(len(doc), mark.end + _AROUND)),
            )
            cue, source = (joined.get((number, name)) for name in ("cue", "source"))
            if cue is not None:
                left = (marks[cue].start, marks[cue].end)
            if source is not None:
                right = (marks[source].start, marks[source].end)
            for name in _ASKED:
                classes = self.cfg["permitted"].get(f"{mark.label_} {name}")
                if classes:
                    regions = ((mark.start, mark.end), left, right)
                    yield Asked(
                        (number, name), regions, (mark.label_,), int(source is None), tuple(classes)
                    )

    def told(self, doc: Doc) -> dict[tuple[Any, ...], str]:
        """The answers of an annotated doc."""
        return {
            (number, name): f"{name}={value}"
            for number, answers in doc.user_data[ANSWERS].items()
            for name, value in answers.items()
            if name in _ASKED
        }

    def set_annotations(self, docs: Iterable[Doc], found: Any) -> None:
        """Keep what was chosen of each mark."""
        for doc, own in zip(docs, found, strict=True):
            answers: dict[int, dict[str, Any]] = {}
            for one, label, _chance in own:
                answers.setdefault(one.key[0], {})[one.key[1]] = label.partition("=")[2]
            doc.user_data[ANSWERS] = answers


def _reached(heads: Mapping[int, set[int]], start: int) -> set[int]:
    """The marks that a mark leads to, itself among them, given those that each is joined to."""
    reached, open_ = {start}, [start]
    while open_:
        further = heads.get(open_.pop(), set()) - reached
        reached |= further
        open_ += further
    return reached


def _within(one: Any, other: Any) -> bool:
    return bool(other.start <= one.start and one.end <= other.end)


def _apart(one: Any, other: Any) -> int:
    """Tokens between two spans; below zero where the other stands first."""
    return (
        other.start - one.end
        if one.end <= other.start
        else -(one.start - other.end)
        if other.end <= one.start
        else 0
    )


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True), np.float32)


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
def make_linker(nlp: Language, name: str, model: Model[Any, Any], reach: int) -> Linker:
    """The component that joins marks."""
    return Linker(nlp.vocab, model, name, reach)


@Language.factory("acre_answers")
def make_answerer(nlp: Language, name: str, model: Model[Any, Any]) -> Answerer:
    """The component that answers what is asked of marks."""
    return Answerer(nlp.vocab, model, name)
