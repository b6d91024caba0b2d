"""A component that marks the triggers of its lexicon, and keeps the categoriser's others where their score is high."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import srsly
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from annotate.extract import lexicon
from annotate.extract.docs import MARKS
from annotate.model import schema as schema_


class LexiconMatcher(Pipe):
    """Marks the words of its lexicon; a mark's score is the share of the word's occurrences that were such triggers.

    A categoriser has seen a type's words a handful of times, and is mostly wrong about others: a trigger that it alone
    predicts stays where its score is at least `alone`.
    """

    def __init__(self, name: str, tagged_by: list[str], alone: float) -> None:
        self.name, self._tagged_by, self._alone = name, tagged_by, alone
        self.events: list[str] = []
        self.lexicon: lexicon.Lexicon = {}

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language, schema_path: str = ""
    ) -> None:
        """Learn the lexicon from annotated docs, and from the parts of speech that components before this one give."""
        self.events = sorted(schema_.load(Path(schema_path)).events)
        self.lexicon = lexicon.learn(self._tagged(get_examples(), nlp), self.events)

    def _tagged(
        self, examples: Iterable[Example], nlp: Language
    ) -> Iterator[tuple[Doc, Mapping[int, str]]]:
        """Docs with parts of speech, and the types of their triggers of one token."""
        for example in examples:
            doc = example.predicted.copy()
            for name in self._tagged_by:
                doc = nlp.get_pipe(name)(doc)
            triggers: dict[int, str] = {}
            for mark in example.reference.spans[MARKS]:
                if mark.label_ in self.events and len(mark) == 1:
                    triggers[mark.start] = mark.label_
            yield doc, triggers

    def __call__(self, doc: Doc) -> Doc:
        """Put the lexicon's triggers in the place of those that the categoriser predicted there."""
        matches = lexicon.find(self.lexicon, doc)
        marks = [Span(doc, match.start, match.end, match.type) for match in matches]
        scores = [match.share for match in matches]
        for mark, score in zip(doc.spans[MARKS], doc.spans[MARKS].attrs["scores"], strict=True):
            apart = all(mark.end <= match.start or match.end <= mark.start for match in matches)
            if mark.label_ not in self.events or (apart and score >= self._alone):
                marks.append(mark)
                scores.append(float(score))
        doc.spans[MARKS] = SpanGroup(doc, name=MARKS, spans=marks)
        doc.spans[MARKS].attrs["scores"] = np.array(scores)
        return doc

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The event types and the lexicon, as JSON."""
        return bytes(srsly.json_dumps({"events": self.events, "lexicon": self.lexicon}).encode())

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> LexiconMatcher:
        """As `to_bytes` gave it."""
        fields = srsly.json_loads(data)
        self.events, self.lexicon = fields["events"], fields["lexicon"]
        return self

    def to_disk(self, path: Any, *, exclude: Iterable[str] = ()) -> None:
        """The event types and the lexicon, in a file."""
        Path(path).write_bytes(self.to_bytes())

    def from_disk(self, path: Any, *, exclude: Iterable[str] = ()) -> LexiconMatcher:
        """From the file."""
        return self.from_bytes(Path(path).read_bytes())


@Language.factory("acre_words")
def make_lexicon_matcher(
    nlp: Language, name: str, tagged_by: list[str], alone: float
) -> LexiconMatcher:
    """The component that knows words; `tagged_by` are the components that give parts of speech."""
    return LexiconMatcher(name, tagged_by, alone)
