"""The document that rows are made of, and what several configs tell of it.

Where a text may not be shipped, no word of it is in a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from annotate.corpus.store import Collection
from annotate.dataset import entities
from annotate.dataset.columns import attribute_names, is_flag
from annotate.dataset.entities import cluster_of
from annotate.model.records import Annotation, Article, Attribution, Mark, Sentence, Span
from annotate.model.schema import Schema

DatasetRow = dict[str, Any]


once = lru_cache(maxsize=8)
"""Keeps what several configs need of the document at hand; nobody may change it."""


@dataclass(frozen=True, eq=False)
class Document:
    """An article with one annotation, and what is needed to make rows of it. A document equals only itself."""

    article: Article
    annotation: Annotation
    collection: Collection
    sentences: tuple[Sentence, ...]
    """Empty where the text is withheld and they were never kept."""
    adjudicated: bool
    text: str | None
    """The text, where the rows may hold it."""
    story: str | None = None
    """What the article shares with other reports of one happening."""
    story_events: Mapping[str, str] = field(default_factory=dict)
    """By id of an event mention, the name of the event that the articles of the story have in common."""

    def words(self, span: Span) -> str | None:
        """The words of the span, where they may be shown."""
        return None if self.text is None else span.slice(self.text)


def date(article: Article) -> str | None:
    """When the article was published, as an ISO 8601 date."""
    return article.published.isoformat() if article.published else None


def mark_row(of: Document, mark: Mark) -> DatasetRow:
    """The mark's id, words and offsets."""
    return {"id": mark.id, "start": mark.start, "end": mark.end, "text": of.words(mark)}


@once
def mention_rows(of: Document, schema: Schema) -> list[DatasetRow]:
    """Each mention, with its label, entity and answers."""
    entity_of = entities_of(of)
    return [
        mark_row(of, mention)
        | {"label": mention.label, "entity": entity_of.get(mention.id)}
        | answers(mention, schema)
        for mention in of.annotation.mentions
    ]


@once
def event_rows(of: Document, schema: Schema) -> list[tuple[DatasetRow, list[DatasetRow]]]:
    """Each event mention, and its arguments with the marks that fill them."""
    events = []
    event_of = cluster_of(of.annotation.events)
    marks = {mark.id: mark for mark in (*of.annotation.mentions, *of.annotation.event_mentions)}
    for event in of.annotation.event_mentions:
        arguments = [
            {
                "role": argument.role,
                **mark_row(of, marks[argument.target]),
                "label": marks[argument.target].label,
            }
            for argument in event.arguments
        ]
        arguments.sort(key=lambda argument: (argument["role"], argument["start"], -argument["end"]))
        row = mark_row(of, event) | {"label": event.label, "event": event_of.get(event.id)}
        events.append((row | answers(event, schema), arguments))
    return events


def source_of(of: Document, said: Attribution, schema: Schema) -> DatasetRow:
    """The source's words and offsets, its label, see `_speaker`, and its entity and name, see `_entity`."""
    return _sources(of, schema)[said.source]


@once
def _sources(of: Document, schema: Schema) -> dict[str | None, DatasetRow]:
    """By id, what a row tells of each source of the document; of none, with None."""
    return {
        source.id if source is not None else None: _source_row(of, source, schema)
        for source in (None, *of.annotation.sources)
    }


def _source_row(of: Document, source: Mark | None, schema: Schema) -> DatasetRow:
    speaker = _speaker(of, source, schema)
    entity = _entity(of, source)
    words = of.words(source) if source is not None else None
    return words_and_offsets(of, "source", source) | {
        "source_label": speaker.label if speaker is not None else None,
        "source_entity": entity,
        "source_name": _names(of).get(entity, words) if entity is not None else words,
    }


def _entity(of: Document, source: Mark | None) -> str | None:
    """The entity of the mention that the source is, or that it begins with before a comma; null where it has no other
    mention.

    So is *he* one, and *Colonel Tirima, his commander*; *Orsenia and Sulvane* is not, nor *the Union’s envoy*.
    """
    if source is None:
        return None
    for mention in of.annotation.mentions:
        if mention.start == source.start and mention.end <= source.end:
            is_apposed = of.text is not None and of.text[mention.end : mention.end + 1] == ","
            if (mention.end == source.end or is_apposed) and mention.id in entities_of(of):
                return entities_of(of)[mention.id]
    return None


def _speaker(of: Document, source: Mark | None, schema: Schema) -> Mark | None:
    """The first mention in the source; one that holds a value only if there is no other.

    *Three nurses*: the count holds a value, and the civilians *nurses* in it are who speaks.
    """
    if source is None:
        return None
    mentions = of.annotation.mentions
    inside = [mark for mark in mentions if source.start <= mark.start <= mark.end <= source.end]
    inside.sort(key=lambda mark: (mark.label in schema.value_labels, mark.order))
    return inside[0] if inside else None


@once
def entities_of(of: Document) -> dict[str, str]:
    """By mention, the entity that it shares with others."""
    return cluster_of(of.annotation.entities)


@once
def _names(of: Document) -> dict[str, str | None]:
    """What each entity with several mentions is called, where its words may be shown."""
    if of.text is None:
        return {}
    marks = {mention.id: mention for mention in of.annotation.mentions}
    return {
        entity.id: entities.name([marks[mark] for mark in entity.mentions], of.text, of.sentences)
        for entity in of.annotation.entities
    }


def words_and_offsets(of: Document, name: str, mark: Mark | None) -> DatasetRow:
    """The mark's words and offsets, in columns of that name; null where there is none."""
    return {
        name: of.words(mark) if mark else None,
        f"{name}_start": mark.start if mark else None,
        f"{name}_end": mark.end if mark else None,
    }


def by_id(marks: Iterable[Mark], name: str | None) -> Mark | None:
    """The mark of that id; None where there is none."""
    return next((mark for mark in marks if mark.id == name), None)


def answers(mark: Mark, schema: Schema) -> DatasetRow:
    """The mark's answers, in a column for each question that its layer has."""
    given = mark.attributes
    return {
        name: name in given if is_yes_or_no else given.get(name)
        for name, is_yes_or_no in questions(schema)[mark.label]
    }


@cache
def questions(schema: Schema) -> dict[str, list[tuple[str, bool]]]:
    """By label, the columns of answers that its marks have, each with whether the answer is yes or no."""
    questions = {}
    for labels in (schema.mentions, schema.events, {"content": schema.attribution["content"]}):
        names = attribute_names(labels.values())
        for label, bearer in labels.items():
            # False is an answer only where the question was put.
            put = {name for name in bearer.attributes if is_flag(schema.attributes[name])}
            questions[label] = [(name, name in put) for name in names]
    return questions
