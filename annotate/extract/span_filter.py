"""Which of the marks that a categoriser predicts can stand together: it scores each span by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from annotate.extract.docs import MARKS, PHRASES
from annotate.model.schema import Layer


class _Place(NamedTuple):
    """What of a span is compared; half-open, in tokens."""

    start: int
    end: int
    label_: str


class SpanFilter:
    """A component that keeps the marks with the highest scores, and drops what can't stand beside them."""

    def __init__(self, layers: Mapping[str, str]) -> None:
        self._layers = layers

    def __call__(self, doc: Doc) -> Doc:
        """Drop marks, and their scores with them; where nothing has looked for triggers, the marks are the phrases."""
        group = doc.spans[MARKS if MARKS in doc.spans else PHRASES]
        scores = group.attrs["scores"]
        # To ask spaCy for a span and its parts takes longer than to compare it with all others.
        spans = list(group)
        places = [_Place(span.start, span.end, span.label_) for span in spans]
        kept: list[int] = []
        # What is as sure goes by its place: the last bits of a score depend on the processor.
        for number in sorted(
            range(len(spans)), key=lambda number: -round(float(scores[number]), 6)
        ):
            if not any(self.excludes(places[number], places[other]) for other in kept):
                kept.append(number)
        kept.sort()
        filtered = SpanGroup(doc, name=MARKS, spans=[spans[number] for number in kept])
        filtered.attrs["scores"] = scores[kept]
        doc.spans[MARKS] = filtered
        return doc

    def excludes(self, one: Any, other: Any) -> bool:
        """Whether two marks can't both be there.

        Triggers do not overlap, nor do two sources or two cues. Mentions nest, and do not cross or share all words.

        Mentions *the town of Lisk* and *Lisk* stand together; *the town of* and *of Lisk* do not.
        """
        if one.end <= other.start or other.end <= one.start:
            return False
        layer = self._layers.get(one.label_)
        if layer != self._layers.get(other.label_):
            return False
        if layer != Layer.MENTION:
            return True
        # Above zero where each has words of its own.
        crossing = (one.start - other.start) * (one.end - other.end)
        return crossing > 0 or (one.start, one.end) == (other.start, other.end)


@Language.factory("acre_span_filter")
def make_span_filter(nlp: Language, name: str, layers: dict[str, str]) -> SpanFilter:
    """The component that keeps what can stand together; `layers` has the layer of each label."""
    return SpanFilter(layers)
