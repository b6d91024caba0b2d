"""A component that marks triggers by their words, and of those that a categoriser found leaves the surest."""

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


class Words(Pipe):
    """Marks what its lexicon knows; a mark's score is how often the word was seen to tell of that type.

    A categoriser has seen a type's words a handful of times, and is mostly wrong about others: a trigger that it alone finds
    stays where it is at least `alone` sure.
    """

    def __init__(self, name: str, tagged_by: list[str], alone: float) -> None:
        self.name, self._tagged_by, self._alone = name, tagged_by, alone
        self.events: list[str] = []
        self.lexicon: lexicon.Lexicon = {}

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language, schema_path: str = ""
    ) -> None:
        """Learn the lexicon from annotated docs, and from the parts of speech that components before this one tell."""
        self.events = sorted(schema_.load(Path(schema_path)).events)

        def seen() -> Iterator[tuple[Doc, Mapping[int, str]]]:
            for example in get_examples():
                doc = example.predicted.copy()
                for name in self._tagged_by:
                    doc = nlp.get_pipe(name)(doc)
                marks = example.reference.spans[MARKS]
                yield (
                    doc,
                    {
                        mark.start: mark.label_
                        for mark in marks
                        if mark.label_ in self.events and len(mark) == 1
                    },
                )

        self.lexicon = lexicon.learn(seen())

    def __call__(self, doc: Doc) -> Doc:
        """Put what is known in the place of what the categoriser found there."""
        known = lexicon.find(self.lexicon, doc)
        marks = [Span(doc, start, end, label) for start, end, label, _share in known]
        scores = [share for *_, share in known]
        for mark, score in zip(doc.spans[MARKS], doc.spans[MARKS].attrs["scores"], strict=True):
            apart = all(mark.end <= start or end <= mark.start for start, end, *_ in known)
            if mark.label_ not in self.events or (apart and score >= self._alone):
                marks.append(mark)
                scores.append(float(score))
        doc.spans[MARKS] = SpanGroup(doc, name=MARKS, spans=marks)
        doc.spans[MARKS].attrs["scores"] = np.array(scores)
        return doc

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """What it knows."""
        return bytes(srsly.json_dumps({"events": self.events, "lexicon": self.lexicon}).encode())

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Words:
        """As `to_bytes` gave it."""
        read = srsly.json_loads(data)
        self.events, self.lexicon = read["events"], read["lexicon"]
        return self

    def to_disk(self, path: Any, *, exclude: Iterable[str] = ()) -> None:
        """What it knows, in a file."""
        Path(path).write_bytes(self.to_bytes())

    def from_disk(self, path: Any, *, exclude: Iterable[str] = ()) -> Words:
        """From the file."""
        return self.from_bytes(Path(path).read_bytes())


@Language.factory("acre_words")
def make_words(nlp: Language, name: str, tagged_by: list[str], alone: float) -> Words:
    """The component that knows words; `tagged_by` are the components that give parts of speech."""
    return Words(name, tagged_by, alone)
