"""Events with their arguments, and attributions with their sources, from the words and the parse of a zone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from annotate.extract import lexicon, quotation, rules
from annotate.extract.labels import Labels
from annotate.model.graph import Link
from annotate.model.records import AttributeValue, Mark
from annotate.model.schema import Layer, Schema

_HYPOTHETICAL = frozenset(
    ["will", "would", "may", "might", "could", "should", "shall", "can", "to", "if", "unless"]
)
_NEGATING = frozenset(["no", "not", "n't", "never", "nobody", "none", "neither", "nor", "without"])
_ANONYMOUS = re.compile(
    r"\b(?:asked not to be|condition of anonymity|not (?:be )?named"
    r"|sources?|officials?|witness(?:es)?|resident)",
    re.I,
)
Filler = tuple[Mark, tuple[str, ...]]
"""A mention, and the roles that it may fill, the likeliest first."""


def phrase_edges(span: Any) -> tuple[int, int]:
    """The phrase without a possessive ’s, punctuation or brackets at its edges; code points of the doc."""
    doc, first, last = span.doc, span.start, span.end
    while last - first > 1 and (doc[last - 1].is_punct or doc[last - 1].tag_ == "POS"):
        last -= 1
    while last - first > 1 and doc[first].is_punct:
        first += 1
    return doc[first].idx, doc[last - 1].idx + len(doc[last - 1])


class ZoneMarks:
    """Marks and links of one zone, as far as they are predicted."""

    def __init__(self, doc: Any, offset: int, before: int) -> None:
        """`offset` is where the zone starts in the article, `before` how many marks the zones before it have."""
        self.doc = doc
        self.marks: dict[tuple[str, int, int], Mark] = {}
        self.links: list[Link] = []
        self.roots: dict[int, list[Mark]] = defaultdict(list)
        """Mentions by the number of the token that they hang on."""
        self._offset, self._before = offset, before

    def add(
        self,
        label: str,
        start: int,
        end: int,
        root: Any = None,
        attributes: Mapping[str, AttributeValue] | None = None,
    ) -> Mark:
        """A mark over code points of the doc; the same one twice is one."""
        key = (label, start, end)
        if key not in self.marks:
            mark = Mark(
                id=f"m{self._before + len(self.marks) + 1}",
                label=label,
                start=self._offset + start,
                end=self._offset + end,
                text=self.doc.text[start:end],
                attributes=dict(attributes or {}),
            )
            self.marks[key] = mark
            if root is not None:
                self.roots[root.i].append(mark)
        return self.marks[key]


def add_events(zone: ZoneMarks, triggers: lexicon.Lexicon, schema: Schema, labels: Labels) -> None:
    """Mark triggers, and link each to the mentions that hang on it in the parse."""
    with_realis = schema.bearers(labels.realis.attribute)
    for match in lexicon.find(triggers, zone.doc):
        span = zone.doc[match.start : match.end]
        attributes: dict[str, AttributeValue] = {}
        if match.type in with_realis:
            attributes[labels.realis.attribute] = _realis(span.root, labels)
        trigger = zone.add(match.type, span.start_char, span.end_char, attributes=attributes)
        filled: set[str] = set()
        for filler, roles in _fillers(zone, span.root, labels):
            if filler.id == trigger.id:
                continue
            allowed = (
                role
                for role in roles
                if filler.label in schema.fillers(match.type, role)
                and (role not in filled or role in labels.roles.repeatable)
            )
            role = next(allowed, None)
            if role is not None:
                filled.add(role)
                zone.links.append(Link(trigger.id, role, filler.id))


def _fillers(zone: ZoneMarks, trigger: Any, labels: Labels) -> Iterator[Filler]:
    """Mentions that hang on the trigger, each once, with the roles that the way they hang allows."""
    seen: set[str] = set()
    for token, roles in _dependents(trigger, labels):
        for conjunct in (token, *token.conjuncts):
            for mark in zone.roots.get(conjunct.i, ()):
                if mark.id not in seen:
                    seen.add(mark.id)
                    yield mark, roles


def _dependents(trigger: Any, labels: Labels) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Tokens around the trigger, with the roles that each may fill.

    Beside what hangs on the trigger these are the subject of the verb before it (*rebels* in *rebels came and seized
    it*), and the noun that it describes (*town* in *the seized town*).
    """
    roles = labels.roles
    for child in trigger.children:
        if child.dep_ in roles.by_dependency:
            yield child, roles.by_dependency[child.dep_]
        if child.dep_ in ("prep", "agent"):
            for object_ in child.children:
                if object_.dep_ == "pobj":
                    yield object_, roles.by_preposition.get(child.lower_, ())
    has_subject = any(child.dep_ == "nsubj" for child in trigger.children)
    if trigger.dep_ in ("conj", "xcomp", "advcl") and not has_subject:
        for child in trigger.head.children:
            if child.dep_ == "nsubj":
                yield child, roles.subject
            elif child.dep_ == "nsubjpass":
                yield child, roles.object
    if trigger.dep_ in ("acl", "relcl", "amod"):
        is_passive = trigger.tag_ == "VBN"
        yield trigger.head, roles.object if is_passive else roles.subject


def _realis(token: Any, labels: Labels) -> str:
    words = {child.lower_ for child in token.children} | {word.lower_ for word in token.lefts}
    if words & _NEGATING:
        return labels.realis.negated
    around: set[str] = set()
    if token.dep_ in ("xcomp", "conj", "dobj", "pobj"):
        around = {child.lower_ for child in token.head.children} - {"to"}
    is_hypothetical = (words | around) & _HYPOTHETICAL
    return labels.realis.hypothetical if is_hypothetical else labels.realis.actual


class _Attribution(NamedTuple):
    """The tokens of an attribution; spans are half-open numbers of tokens."""

    cue: tuple[int, int]
    source: Any
    """The token that the source hangs on, or None."""
    content: tuple[int, int]
    stance: str


def add_attributions(zone: ZoneMarks, cues: Mapping[str, str], labels: Labels) -> None:
    """Mark contents with their cues and sources; `cues` has the stance that a lemma shows."""
    unverified = quotation.is_unverified(zone.doc.text)
    for token in zone.doc:
        attribution = _attribution(token, cues, labels)
        if attribution is not None:
            _add_attribution(zone, attribution, unverified, labels)


def _attribution(token: Any, cues: Mapping[str, str], labels: Labels) -> _Attribution | None:
    """What the token is the cue of, if it is one: *according to*, *reportedly*, a verb that training knows."""
    asserted = labels.stance.asserted
    if token.lower_ == "according" and token.i + 1 < len(token.doc):
        source = _object_of_to(token)
        if source is None:
            return None
        content = _clause(token.sent, token, source)
        return _Attribution((token.i, token.i + 2), source, content, asserted)
    if token.lower_ == "reportedly":
        content = (token.head.left_edge.i, token.head.right_edge.i + 1)
        return _Attribution((token.i, token.i + 1), None, content, asserted)
    stance = cues.get(token.lemma_.lower())
    if not stance or token.pos_ not in ("VERB", "AUX"):
        return None
    source = _first_child(token, ("nsubj",))
    clause = _first_child(token, ("ccomp", "xcomp"))
    if clause is None and stance in labels.stance.of_noun_phrases:
        clause = _first_child(token, ("dobj",))
    if source is None or clause is None:
        return None
    content = (clause.left_edge.i, clause.right_edge.i + 1)
    return _Attribution((token.i, token.i + 1), source, content, stance)


def _first_child(token: Any, dependencies: Sequence[str]) -> Any:
    return next((child for child in token.children if child.dep_ in dependencies), None)


def _object_of_to(according: Any) -> Any:
    for child in according.children:
        source = _first_child(child, ("pobj",))
        if source is not None:
            return source
    return None


def _clause(sentence: Any, cue: Any, source: Any) -> tuple[int, int]:
    """The rest of the sentence: what stands before “according to”, or, where that opens it, behind the source."""
    first, last = sentence.start, sentence.end
    return (source.right_edge.i + 1, last) if cue.i - first < 2 else (first, cue.i)


def _add_attribution(
    zone: ZoneMarks, attribution: _Attribution, unverified: bool, labels: Labels
) -> None:
    doc, source = zone.doc, attribution.source
    first, last = _trimmed(doc, *attribution.content)
    cue_first, cue_last = attribution.cue
    if last <= first or (first <= cue_first < last and source is not None):
        return
    first, last = _with_quotation_marks(doc, first, last)
    start, end = _characters(doc, first, last)
    attributes: dict[str, AttributeValue] = {
        labels.stance.attribute: attribution.stance,
        labels.source_status.attribute: labels.source_status.unattributed,
        **rules.content(doc.text[start:end], unverified, labels),
    }
    cue = zone.add(Layer.CUE.value, *_characters(doc, cue_first, cue_last))
    links = [(Layer.CUE.value, cue)]
    if source is not None:
        span = doc[source.left_edge.i : source.right_edge.i + 1]
        attributes[labels.source_status.attribute] = _source_status(zone, span, labels)
        source_mark = zone.add(Layer.SOURCE.value, *phrase_edges(span))
        links.append((Layer.SOURCE.value, source_mark))
    content = zone.add(Layer.CONTENT.value, start, end, attributes=attributes)
    # With *according to* another cue may have attributed the same words already.
    if not any(link.tail == content.id for link in zone.links):
        zone.links += [Link(content.id, label, mark.id) for label, mark in links]


def _trimmed(doc: Any, first: int, last: int) -> tuple[int, int]:
    """The tokens of a content without its conjunction and punctuation at its edges."""
    while first < last and (doc[first].lower_ in ("that", ",", ":", ";") or doc[first].is_space):
        first += 1
    while last > first and doc[last - 1].text in (",", ".", ";", ":"):
        last -= 1
    return first, last


def _with_quotation_marks(doc: Any, first: int, last: int) -> tuple[int, int]:
    """The tokens of a content, with quotation marks at its edges and the comma before a closing one."""
    if first > 0 and doc[first - 1].text == "“":
        first -= 1
    closing = [token.text for token in doc[last : last + 2]]
    if closing[:1] == ["”"]:
        last += 1
    elif closing[1:] == ["”"] and closing[0] in ",.!?":
        last += 2
    return first, last


def _characters(doc: Any, first: int, last: int) -> tuple[int, int]:
    """The code points of the tokens from `first` to before `last`."""
    return doc[first].idx, doc[last - 1].idx + len(doc[last - 1])


def _source_status(zone: ZoneMarks, span: Any, labels: Labels) -> str:
    """Whether a reader can find out who the source is: by a name, or as a body like *the army*."""
    start, end = phrase_edges(span)
    has_name = any(token.pos_ == "PROPN" or token.ent_type_ for token in span)
    is_body = any((label, start, end) in zone.marks for label in labels.bodies)
    is_named = (has_name or is_body) and not _ANONYMOUS.search(span.text)
    return labels.source_status.named if is_named else labels.source_status.anonymous
