"""Events with their arguments, and attributions with their sources, from the words and the parse of a zone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from annotate.extract import attribution, cues, lexicon, quotation, rules, stances
from annotate.extract.attribution import Attribution
from annotate.extract.labels import Labels
from annotate.extract.passages import Passage, Tokens
from annotate.extract.speakers import Evidence
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

    def spans(self) -> Iterator[Any]:
        """The mentions so far, as spans of the doc."""
        for marks in self.roots.values():
            for mark in marks:
                span = self.doc.char_span(mark.start - self._offset, mark.end - self._offset)
                if span is not None:
                    yield span


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


def add_attributions(zone: ZoneMarks, stances_: Mapping[str, str], labels: Labels) -> None:
    """Mark contents with their cues and sources; `stances_` has the stance that a lemma mostly shows in training."""
    doc, passage = zone.doc, Passage(zone.doc)
    verbs = [token for token in doc if token.lemma_.lower() in stances_ and _has_clause(token)]
    known = [(token.i, token.i + 1) for token in verbs]
    heads = {token.i: token for token in verbs} | {
        cue[0]: doc[cue[0]] for cue in cues.find(passage)
    }
    sources = [_subject(head) for head in heads.values()]
    phrases = [(span.start, span.end) for span in zone.spans()]
    evidence = Evidence(known, [source for source in sources if source], phrases, phrases)
    unverified = quotation.is_unverified(doc.text)
    for told in attribution.attributions(passage, evidence):
        learned = stances_.get(doc[told.cue[0]].lemma_.lower(), labels.stance.asserted)
        stance = stances.stance(passage, told, labels.stance) or learned
        _add_attribution(zone, told, stance, unverified, labels)


def _has_clause(token: Any) -> bool:
    """Whether the verb has a subject, and a clause as its object."""
    children = {child.dep_ for child in token.children}
    return (
        token.pos_ in ("VERB", "AUX")
        and "nsubj" in children
        and bool(children & {"ccomp", "xcomp"})
    )


def _subject(verb: Any) -> Tokens | None:
    """The subject of the verb, without a relative clause or a participle behind it."""
    subject = next((child for child in verb.children if child.dep_ == "nsubj"), None)
    if subject is None:
        return None
    ends = [
        child.left_edge.i
        for child in subject.subtree
        if child.dep_ in ("relcl", "acl") and child.i > subject.i
    ]
    first, last = subject.left_edge.i, min([subject.right_edge.i + 1, *ends])
    while last - first > 1 and verb.doc[last - 1].is_punct:
        last -= 1
    return (first, last) if first < last else None


def _add_attribution(
    zone: ZoneMarks, told: Attribution, stance: str, unverified: bool, labels: Labels
) -> None:
    doc = zone.doc
    start, end = _characters(doc, *told.content)
    attributes: dict[str, AttributeValue] = {
        labels.stance.attribute: stance,
        labels.source_status.attribute: labels.source_status.unattributed,
        **rules.content(doc.text[start:end], unverified, labels),
    }
    links = [(Layer.CUE.value, zone.add(Layer.CUE.value, *_characters(doc, *told.cue)))]
    if told.source is not None:
        span = doc[slice(*told.source)]
        attributes[labels.source_status.attribute] = _source_status(zone, span, labels)
        links.append((Layer.SOURCE.value, zone.add(Layer.SOURCE.value, *phrase_edges(span))))
    content = zone.add(Layer.CONTENT.value, start, end, attributes=attributes)
    # Two cues may claim the same words.
    if not any(link.tail == content.id for link in zone.links):
        zone.links += [Link(content.id, label, mark.id) for label, mark in links]


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
