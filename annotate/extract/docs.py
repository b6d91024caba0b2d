"""An article as spaCy docs, one for each zone that is annotated, and predictions on them as an annotation again.

A doc's marks are the spans of its group `marks`, all layers together, so that they nest and cross as they do in the
article. Links and answers are in the doc's `user_data`, by the numbers of the marks.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from annotate.extract import values
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article, AttributeValue, Mark, Provenance
from annotate.model.schema import Layer, Schema

MARKS, LINKS, ANSWERS, OFFSET = "marks", "acre_links", "acre_answers", "acre_offset"
_DISTANCED = re.compile(r"^(?:the |a |an )?(?:“|so-called|self-styled|self-proclaimed)", re.I)


class Joined(NamedTuple):
    """A link between two marks of a doc, by their numbers, and how sure it is."""

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
    for zone in article.zones:
        if zone.kind not in schema.silent_zones:
            doc = nlp.make_doc(zone.slice(article.text))
            doc.user_data[OFFSET] = zone.start
            yield doc


def gold(article: Article, annotation: Annotation, schema: Schema, nlp: Language) -> Iterator[Doc]:
    """The docs with what was annotated; a mark that cuts a token is left out, and what hangs on it."""
    marks, links = graph.disassemble(annotation)
    for doc in zones(article, schema, nlp):
        offset = doc.user_data[OFFSET]
        spans: list[Span] = []
        number: dict[str, int] = {}
        answers: dict[int, dict[str, AttributeValue]] = {}
        for mark in marks:
            if offset <= mark.start and mark.end <= offset + len(doc.text):
                span = doc.char_span(mark.start - offset, mark.end - offset, label=mark.label)
                if span is not None:
                    number[mark.id] = len(spans)
                    answers[len(spans)] = dict(mark.attributes)
                    spans.append(span)
        doc.spans[MARKS] = SpanGroup(doc, name=MARKS, spans=spans)
        doc.user_data[ANSWERS] = answers
        doc.user_data[LINKS] = [
            Joined(number[link.tail], link.label, number[link.head])
            for link in links
            if link.tail in number and link.head in number and link.label != "same_as"
        ]
        yield doc


def annotation(
    article: Article, docs: Sequence[Doc], schema: Schema, provenance: Provenance
) -> tuple[Annotation, dict[str, float]]:
    """What was predicted, and by mark's id how sure it is. Values, styles and coreference are by rule."""
    marks: list[Mark] = []
    links: list[Link] = []
    scores: dict[str, float] = {}
    for doc in docs:
        offset, before = doc.user_data[OFFSET], len(marks)
        sure = doc.spans[MARKS].attrs.get("scores")
        unverified = values.is_unverified(doc.text)
        for number, span in enumerate(doc.spans[MARKS]):
            name = f"m{before + number + 1}"
            answers = doc.user_data[ANSWERS].get(number, {}) | _by_rule(
                span, doc, article.published, schema, unverified
            )
            marks.append(
                Mark(
                    id=name, label=span.label_, start=offset + span.start_char, end=offset + span.end_char,
                    text=span.text, attributes=answers,
                )
            )  # fmt: skip
            scores[name] = float(sure[number]) if sure is not None else 1.0
        for link in doc.user_data[LINKS]:
            links.append(
                Link(f"m{before + link.tail + 1}", link.label, f"m{before + link.head + 1}")
            )
    links += values.same(marks, schema)
    found, issues = graph.assemble(marks, links, schema, article.id, article.sha256, provenance)
    assert not issues, issues
    return found, scores


def _by_rule(
    span: Any, doc: Doc, published: dt.date | None, schema: Schema, unverified: bool
) -> dict[str, AttributeValue]:
    """Answers that the words give by themselves."""
    words = span.text
    match span.label_:
        case "quantity":
            inner = {
                other.label_
                for other in doc.spans[MARKS]
                if other.end == span.end and other.start > span.start
            }
            return values.quantity(words, bool(inner & values.PEOPLE))
        case "time":
            value = values.time(words, published)
            return {"value": value} if value else {}
        case "content":
            found: dict[str, AttributeValue] = {"style": values.style(words)}
            return found | ({"unverified": "yes"} if unverified else {})
        case label if (
            schema.layer(label) is Layer.MENTION and "distanced" in schema.labels[label].attributes
        ):
            return {"distanced": "yes"} if _DISTANCED.search(words) else {}
        case _:
            return {}


def provenance(name: str, version: str, schema: Schema) -> Provenance:
    """Of an extractor's annotation: the same input gives the same bytes, so that it has no hour."""
    never = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return Provenance(
        annotator=name, kind="machine", tool=f"acre extract {name} {version}".strip(), schema_version=schema.version,
        created=never, updated=never,
    )  # fmt: skip
