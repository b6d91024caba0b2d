"""A component that attributes by rule: to each cue its content and its source.

A content is a clause or a quotation of any length; where it begins and ends, and whose it is, words and tags tell
better than a classifier of spans. The cues and sources that such a one has found are where the rules begin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from annotate.extract import attribution, labels, stances
from annotate.extract.docs import ATTRIBUTES, MARKS, RELATIONS, Relation
from annotate.extract.labels import Labels
from annotate.extract.passages import Passage, Tokens
from annotate.extract.speakers import Evidence
from annotate.model.schema import ATTRIBUTION_SPANS, Layer

NAME = "acre_attributions"
_BY_RULE = 0.5
"""The score of a mark that no classifier has predicted."""
_SURE = 0.9
"""What a cue that the list lacks must score to attribute something: *prompted* and *continued* are none."""


class _Marks:
    """A doc's marks with their scores and links, as they are changed."""

    def __init__(self, doc: Doc) -> None:
        group = doc.spans[MARKS]
        scores = group.attrs.get("scores", np.ones(len(group)))
        self._doc = doc
        self._scores = {_key(mark): float(score) for mark, score in zip(group, scores, strict=True)}
        kept = [number for number, mark in enumerate(group) if mark.label_ not in ATTRIBUTION_SPANS]
        renumbered = {old: new for new, old in enumerate(kept)}
        self.keys = [_key(group[number]) for number in kept]
        self.links = [
            link._replace(tail=renumbered[link.tail], head=renumbered[link.head])
            for link in doc.user_data.get(RELATIONS, ())
        ]

    def number(self, label: Layer, tokens: Tokens) -> int:
        """The number of the mark, which is added where it is not there."""
        key = (label.value, *tokens)
        if key not in self.keys:
            self.keys.append(key)
        return self.keys.index(key)

    def write(self) -> None:
        """Put the marks, their scores and the links into the doc."""
        spans = [Span(self._doc, first, last, label) for label, first, last in self.keys]
        self._doc.spans[MARKS] = SpanGroup(self._doc, name=MARKS, spans=spans)
        scores = [self._scores.get(key, _BY_RULE) for key in self.keys]
        self._doc.spans[MARKS].attrs["scores"] = np.array(scores)
        self._doc.user_data[RELATIONS] = sorted(self.links)


def _key(mark: Any) -> tuple[str, int, int]:
    return mark.label_, mark.start, mark.end


def attribute(doc: Doc) -> Doc:
    """Attribute what is told in a doc that has marks and tags; set the stances that words show beyond doubt.

    Of its cues and sources those are kept that attribute something.
    """
    names = labels.names()
    passage = Passage(doc)
    told = attribution.attributions(passage, _evidence(doc.spans[MARKS], names))
    marks = _Marks(doc)
    attributes: dict[int, dict[str, Any]] = doc.user_data.setdefault(ATTRIBUTES, {})
    contents: set[int] = set()
    for one in told:
        content = marks.number(Layer.CONTENT, one.content)
        # Two cues may claim the same words.
        if content in contents:
            continue
        contents.add(content)
        cue = marks.number(Layer.CUE, one.cue)
        marks.links.append(Relation(content, Layer.CUE.value, cue, _BY_RULE))
        if one.source is not None:
            source = marks.number(Layer.SOURCE, one.source)
            marks.links.append(Relation(content, Layer.SOURCE.value, source, _BY_RULE))
        stance = stances.stance(passage, one, names.stance)
        if stance is not None:
            attributes[content] = {names.stance.attribute: stance}
    marks.write()
    return doc


def _evidence(marks: SpanGroup, names: Labels) -> Evidence:
    speaking = {*names.bodies, *names.people, *names.named_after_persons, *names.places}
    spans: dict[str, list[Tokens]] = {Layer.CUE: [], Layer.SOURCE: [], "speaker": [], "phrase": []}
    scores = marks.attrs.get("scores", np.ones(len(marks)))
    for mark, score in zip(marks, scores, strict=True):
        tokens = (mark.start, mark.end)
        if mark.label_ in ATTRIBUTION_SPANS:
            if mark.label_ != Layer.CUE or score >= _SURE:
                spans[mark.label_].append(tokens)
        else:
            spans["phrase"].append(tokens)
            if mark.label_ in speaking:
                spans["speaker"].append(tokens)
    return Evidence(spans[Layer.CUE], spans[Layer.SOURCE], spans["speaker"], spans["phrase"])


@Language.factory(NAME)
def make_attributor(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """The component that attributes by rule."""
    return attribute
