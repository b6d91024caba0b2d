"""A component that decides by its context what each word is the trigger of, if of anything."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from thinc.api import Model

from annotate.extract import lexicon
from annotate.extract.candidates import CONTEXT, NONE, Candidate, CandidateClassifier, Choice
from annotate.extract.docs import MARKS, PHRASES, surroundings
from annotate.model.schema import Schema


class TriggerClassifier(CandidateClassifier):
    """Chooses the event type of words, and of phrases of the list, or none.

    What the list says of a word as a verb and as a noun is a feature beside its vector and those around it: *attack*
    may be of several types, and *advanced* of none.
    """

    def __init__(
        self,
        vocab: Any,
        model: Model[Any, Any],
        name: str,
        eager: float,
        listed: float,
        hidden: float,
    ) -> None:
        super().__init__(vocab, model, name)
        self.cfg |= {"eager": eager, "listed": listed, "hidden": hidden}

    def learn_labels(self, schema: Schema) -> tuple[list[str], dict[str, list[str]]]:
        """The event types, all of which any word may be of."""
        classes = [NONE, *sorted(schema.events)]
        return classes, {"": classes}

    def candidates(self, doc: Doc, marks: Sequence[Any]) -> Iterator[Candidate]:
        """Each word that is more than grammar, each phrase of the list, and, to learn from, each marked trigger."""
        listed, topic = self._listed(doc), self._topic(doc)
        words = {(token.i, token.i + 1) for token in doc if token.is_alpha and not token.is_stop}
        known = {(mark.start, mark.end) for mark in marks if mark.label_ in self.labels}
        for start, end in sorted(words | known | listed.keys()):
            around = (max(0, start - CONTEXT), min(len(doc), end + CONTEXT))
            regions = ((start, end), around, (0, len(doc)))
            types = listed.get((start, end), ())
            yield Candidate((start, end), regions, types, end - start - 1, self.labels, topic)

    def _listed(self, doc: Doc) -> dict[tuple[int, int], tuple[str, ...]]:
        """What the list says of the doc's words and phrases, as a verb and as a noun; "" for nothing."""
        words, first = surroundings(doc)
        listed: dict[tuple[int, int], tuple[str, ...]] = {}
        for (start, end), types in lexicon.readings(words).items():
            if first <= start and end <= first + len(doc):
                known = tuple(label if label in self.labels else NONE for label in types)
                listed[start - first, end - first] = known
        return listed

    def _signs(self) -> int:
        return len(self.labels)

    def _topic(self, doc: Doc) -> tuple[float, ...]:
        """Of each class log(1 + n), n the words of the doc's passage that the list has under it."""
        counts = Counter(
            label
            for types in lexicon.readings(surroundings(doc).words).values()
            for label in {*types} - {NONE}
        )
        return tuple(math.log1p(counts[label]) for label in self.labels)

    def gold_classes(self, doc: Doc) -> dict[tuple[Any, ...], str]:
        """The triggers of an annotated doc."""
        return {
            (mark.start, mark.end): mark.label_
            for mark in doc.spans[MARKS]
            if mark.label_ in self.labels
        }

    def _seen(self, candidate: Candidate) -> Candidate:
        """Without the word itself at times, so that the list and what is around are learned from too.

        It will meet words that it never saw.
        """
        if np.random.random() >= self.cfg["hidden"]:
            return candidate
        return dataclasses.replace(candidate, regions=((0, 0), *candidate.regions[1:]))

    def _bias(self, candidates: Sequence[Sequence[Candidate]]) -> Any:
        column = {label: number for number, label in enumerate(self.labels)}
        flat = [candidate for of_doc in candidates for candidate in of_doc]
        bias = np.zeros((len(flat), len(column)), np.float32)
        bias[:, column[NONE]] = -self.cfg["eager"]
        for row, candidate in zip(bias, flat, strict=True):
            for label in {*candidate.labels} - {NONE}:
                row[column[label]] = self.cfg["listed"]
        return bias

    def set_annotations(self, docs: Iterable[Doc], choices: Sequence[Sequence[Choice]]) -> None:
        """Make the doc's marks of its phrases and of the triggers that were chosen."""
        for doc, of_doc in zip(docs, choices, strict=True):
            phrases = doc.spans.get(PHRASES, SpanGroup(doc, attrs={"scores": []}))
            marks, scores = list(phrases), [float(score) for score in phrases.attrs["scores"]]
            for candidate, label, probability in of_doc:
                if label != NONE:
                    marks.append(Span(doc, *candidate.key, label))
                    scores.append(probability)
            doc.spans[MARKS] = SpanGroup(doc, name=MARKS, spans=marks)
            doc.spans[MARKS].attrs["scores"] = np.array(scores)


@Language.factory("acre_triggers")
def make_trigger_classifier(
    nlp: Language,
    name: str,
    model: Model[Any, Any],
    eager: float,
    listed: float,
    hidden: float,
) -> TriggerClassifier:
    """The component that finds triggers.

    `eager` is taken from the logit of none, and `listed` added to that of a type that the list gives a word: higher
    finds more. `hidden` is the share of words that it learns without seeing the word itself.
    """
    return TriggerClassifier(nlp.vocab, model, name, eager, listed, hidden)
