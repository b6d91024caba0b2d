"""An article as spaCy docs, one for each zone that is annotated, and predictions on them as an annotation again.

A doc's marks are the spans of its group `marks`, all layers together, so that they nest and cross as they do in the
article. Links and attributes are in the doc's `user_data`, by the numbers of the marks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from annotate.extract import coreference, quotation, rules
from annotate.extract import labels as labels_
from annotate.extract.labels import Labels
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article, AttributeValue, Mark, Provenance
from annotate.model.schema import SAME_AS, Kind, Layer, Schema

# Keys that trained pipelines give their users.
MARKS, RELATIONS, ATTRIBUTES, OFFSET = "marks", "acre_links", "acre_answers", "acre_offset"
PHRASES = "phrases"
"""The group of those marks that a span categoriser finds: triggers are words, and contents are clauses."""
SURROUNDINGS = "acre_surroundings"
_NO_PHRASES = (Layer.EVENT, Layer.CONTENT)
_TOGETHER = 240
"""Zones that stand together are read together, up to so many tokens."""


class Surroundings(NamedTuple):
    """The tokens that a doc is read among, and where its own begin there."""

    words: tuple[str, ...]
    start: int


class Relation(NamedTuple):
    """A link between two marks of a doc, by their numbers, and its probability."""

    tail: int
    label: str
    head: int
    score: float = 1.0


def zones(article: Article, schema: Schema, nlp: Language) -> Iterator[Doc]:
    """A doc of tokens for each zone that is annotated; the text must be there."""
    if article.text is None:
        raise UsageError(
            f"{article.id}: its text is not here; put it in place with: acre rehydrate"
        )
    read: list[Doc] = []
    for zone in article.zones:
        if zone.kind not in schema.silent_zones:
            doc = nlp.make_doc(zone.slice(article.text))
            doc.user_data[OFFSET] = zone.start
            if sum(map(len, read)) + len(doc) > _TOGETHER:
                yield from _together(read)
                read = []
            read.append(doc)
    yield from _together(read)


def _together(docs: Sequence[Doc]) -> Iterator[Doc]:
    """The docs, each with the tokens of all."""
    words = tuple(token.text for doc in docs for token in doc)
    start = 0
    for doc in docs:
        doc.user_data[SURROUNDINGS] = Surroundings(words, start)
        start += len(doc)
        yield doc


def surroundings(doc: Doc) -> Surroundings:
    """What the doc is read among: itself, where nothing else is known."""
    known: Surroundings | None = doc.user_data.get(SURROUNDINGS)
    return known or Surroundings(tuple(token.text for token in doc), 0)


def gold(article: Article, annotation: Annotation, schema: Schema, nlp: Language) -> Iterator[Doc]:
    """The docs with what was annotated; a mark that cuts a token is left out, and what hangs on it."""
    marks, links = graph.disassemble(annotation)
    for doc in zones(article, schema, nlp):
        offset = doc.user_data[OFFSET]
        beyond = offset + len(doc.text)  # made anew each time that it is asked for
        spans: list[Span] = []
        number: dict[str, int] = {}
        attributes: dict[int, dict[str, AttributeValue]] = {}
        for mark in marks:
            if offset <= mark.start and mark.end <= beyond:
                span = doc.char_span(mark.start - offset, mark.end - offset, label=mark.label)
                if span is not None:
                    number[mark.id] = len(spans)
                    attributes[len(spans)] = dict(mark.attributes)
                    spans.append(span)
        doc.spans[MARKS] = SpanGroup(doc, name=MARKS, spans=spans)
        phrases = [span for span in spans if schema.layer(span.label_) not in _NO_PHRASES]
        doc.spans[PHRASES] = SpanGroup(doc, name=PHRASES, spans=phrases)
        doc.user_data[ATTRIBUTES] = attributes
        doc.user_data[RELATIONS] = [
            Relation(number[link.tail], link.label, number[link.head])
            for link in links
            if link.tail in number and link.head in number and link.label != SAME_AS
        ]
        yield doc


def annotation(
    article: Article, docs: Sequence[Doc], schema: Schema, provenance: Provenance
) -> tuple[Annotation, dict[str, float]]:
    """What was predicted, and the score of each mark by its id. Values, styles and coreference are by rule."""
    labels = labels_.load(schema)
    marks: list[Mark] = []
    links: list[Link] = []
    scores: dict[str, float] = {}
    for doc in docs:
        before = len(marks)
        ids = [f"m{before + number}" for number in range(1, len(doc.spans[MARKS]) + 1)]
        marks += _marks(doc, ids, article.published, schema, labels)
        scores |= _scores(doc, ids)
        for link in doc.user_data[RELATIONS]:
            links.append(Link(ids[link.tail], link.label, ids[link.head]))
    links += coreference.coreferent(marks, links, article, schema)
    return assembled(marks, links, schema, article, provenance), scores


def assembled(
    marks: Sequence[Mark],
    links: Iterable[Link],
    schema: Schema,
    article: Article,
    provenance: Provenance,
) -> Annotation:
    """The annotation of predicted marks and links; UsageError where the schema has none such."""
    predicted, issues = graph.assemble(marks, links, schema, article.id, article.sha256, provenance)
    # What an issue says to correct is in nobody's file here.
    misfits = [issue.message.rpartition(";")[0] for issue in issues] or list(
        _unknown_attributes(marks, schema)
    )
    if misfits:
        raise UsageError(
            f"{article.id}: {provenance.annotator} was trained with other labels than those of schema"
            f" {schema.version}: {misfits[0]}; train it anew with: python scripts/train.py"
        )
    return predicted


def _unknown_attributes(marks: Iterable[Mark], schema: Schema) -> Iterator[str]:
    for mark in marks:
        known = schema.labels[mark.label].attributes
        for name, value in mark.attributes.items():
            if name not in known:
                yield f"{mark.label!r} has no attribute {name!r}"
            elif (
                schema.attributes[name].kind is Kind.CHOICE
                and value not in schema.attributes[name].values
            ):
                yield f"{name!r} has no value {value!r}"


def _marks(
    doc: Doc, ids: Sequence[str], published: dt.date | None, schema: Schema, labels: Labels
) -> Iterator[Mark]:
    offset = doc.user_data[OFFSET]
    unverified = quotation.is_unverified(doc.text)
    for number, (name, span) in enumerate(zip(ids, doc.spans[MARKS], strict=True)):
        by_rule = _by_rule(span, doc, published, schema, labels, unverified)
        yield Mark(
            id=name,
            label=span.label_,
            start=offset + span.start_char,
            end=offset + span.end_char,
            text=span.text,
            attributes=doc.user_data[ATTRIBUTES].get(number, {}) | by_rule,
        )


def _scores(doc: Doc, ids: Sequence[str]) -> dict[str, float]:
    scores = doc.spans[MARKS].attrs.get("scores")
    if scores is None:
        return dict.fromkeys(ids, 1.0)
    return {name: float(score) for name, score in zip(ids, scores, strict=True)}


def _by_rule(
    span: Any,
    doc: Doc,
    published: dt.date | None,
    schema: Schema,
    labels: Labels,
    unverified: bool,
) -> rules.Attributes:
    """Attributes that the words give by themselves."""
    words, label = span.text, span.label_
    if label == labels.quantity.label:
        return rules.quantity(words, _counts_people(span, doc, labels), labels)
    if label == labels.time.label:
        return rules.time(words, published, labels)
    if label == Layer.CONTENT:
        return rules.content(words, unverified, labels)
    if label in schema.mentions and labels.distanced.attribute in schema.mentions[label].attributes:
        return rules.distanced(words, labels)
    return {}


def _counts_people(quantity: Any, doc: Doc, labels: Labels) -> bool:
    """Whether the counted noun, a mark at the end of the quantity, is of people."""
    return any(
        mark.label_ in labels.people
        for mark in doc.spans[MARKS]
        if mark.end == quantity.end and mark.start > quantity.start
    )


def provenance(name: str, version: str, schema: Schema) -> Provenance:
    """Of an extractor's annotation: the same input gives the same bytes, so that it has no hour."""
    never = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return Provenance(
        annotator=name,
        kind="machine",
        tool=f"acre extract {name} {version}".strip(),
        schema_version=schema.version,
        created=never,
        updated=never,
    )
