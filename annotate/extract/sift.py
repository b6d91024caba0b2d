"""Which of the marks that a categoriser finds can stand together: it knows nothing of its other answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from annotate.extract.docs import MARKS
from annotate.model.schema import Layer


class Sift:
    """A component that keeps the surest marks, and drops what can't stand beside them."""

    def __init__(self, layers: Mapping[str, str]) -> None:
        self._layers = layers

    def __call__(self, doc: Doc) -> Doc:
        """Drop marks; the scores of the group go along."""
        group = doc.spans[MARKS]
        scores = group.attrs["scores"]
        kept: list[int] = []
        # What is as sure goes by its place: the last bits of a score depend on the processor.
        for number in sorted(
            range(len(group)), key=lambda number: -round(float(scores[number]), 6)
        ):
            if not any(self.excludes(group[number], group[other]) for other in kept):
                kept.append(number)
        kept.sort()
        sifted = SpanGroup(doc, name=MARKS, spans=[group[number] for number in kept])
        sifted.attrs["scores"] = scores[kept]
        doc.spans[MARKS] = sifted
        return doc

    def excludes(self, one: Any, other: Any) -> bool:
        """Whether two marks can't both be there.

        Triggers do not overlap. Mentions nest, and do not cross or share all words. Sources, cues and contents of one
        label are apart, but for a content inside another; one that begins or ends with the other is mostly that one again.
        """
        layer = self._layers.get(one.label_)
        if (
            layer != self._layers.get(other.label_)
            or one.end <= other.start
            or other.end <= one.start
        ):
            return False
        if layer == Layer.EVENT:
            return True
        nested = (one.start - other.start) * (one.end - other.end) <= 0
        if layer == Layer.MENTION:
            return not nested or (one.start, one.end) == (other.start, other.end)
        inside = (one.start - other.start) * (one.end - other.end) < 0
        return not (layer == Layer.CONTENT and inside)


@Language.factory("acre_sift")
def make_sift(nlp: Language, name: str, layers: dict[str, str]) -> Sift:
    """The component that keeps what can stand together; `layers` has the layer of each label."""
    return Sift(layers)
