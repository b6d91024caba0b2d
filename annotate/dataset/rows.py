"""Annotations become rows of the dataset's configs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from annotate.dataset.features import attribute_names, is_flag
from annotate.model import Annotation, Article, Cluster, Mark
from annotate.schema import Label, Schema
from annotate.store import Collection


def document(
    article: Article, annotation: Annotation, collection: Collection, adjudicated: bool, schema: Schema
) -> dict[str, Any]:
    """One row of `documents`. Where the collection's text may not be shipped, no word of it is in the row."""
    text = article.text if collection.ships_text else None
    entity_of, event_of = _cluster_of(annotation.entities), _cluster_of(annotation.events)
    made = annotation.provenance
    content = {"content": schema.attribution["content"]}

    def mark(of: Mark) -> dict[str, Any]:
        return {"id": of.id, "start": of.start, "end": of.end, "text": None if text is None else of.slice(text)}

    return {
        "id": article.id,
        "collection": article.collection,
        "title": article.title if collection.ships_text else None,
        "outlet": article.outlet,
        "url": article.url,
        "published": article.published.isoformat() if article.published else None,
        "language": article.language,
        "licence": collection.licence,
        "text": text,
        "length": article.length,
        "sha256": article.sha256,
        "zones": [{"kind": zone.kind, "start": zone.start, "end": zone.end} for zone in article.zones],
        "mentions": [
            mark(mention)
            | {"label": mention.label, "entity": entity_of.get(mention.id)}
            | _answers(mention, schema.mentions, schema)
            for mention in annotation.mentions
        ],
        "event_mentions": [
            mark(event)
            | {"label": event.label, "event": event_of.get(event.id)}
            | _answers(event, schema.events, schema)
            | {"arguments": [{"role": argument.role, "target": argument.target} for argument in event.arguments]}
            for event in annotation.event_mentions
        ],
        "sources": [mark(source) for source in annotation.sources],
        "cues": [mark(cue) for cue in annotation.cues],
        "attributions": [
            mark(attribution)
            | {"source": attribution.source, "cue": attribution.cue}
            | _answers(attribution, content, schema)
            for attribution in annotation.attributions
        ],
        "adjudicated": adjudicated,
        "provenance": made.model_dump(mode="json"),
    }


def _cluster_of(clusters: Iterable[Cluster]) -> dict[str, str]:
    return {name: cluster.id for cluster in clusters for name in cluster.mentions}


def _answers(mark: Mark, labels: dict[str, Any], schema: Schema) -> dict[str, Any]:
    bearer: Label = labels[mark.label]
    answers: dict[str, Any] = {}
    for name in attribute_names(labels):
        given = mark.attributes.get(name)
        # False is an answer only where the question was put.
        answers[name] = given is not None if is_flag(schema.attributes[name]) and name in bearer.attributes else given
    return answers
