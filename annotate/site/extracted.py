"""Articles with their marks drawn in the text, and their claims in a table: one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from annotate.extract import labels as labels_
from annotate.extract.extractors import Extractor, claims
from annotate.model import tokens
from annotate.model.records import Annotation, Article, Mark, Zone
from annotate.model.schema import Schema


def render(
    documents: Sequence[tuple[Article, Annotation]], extractor: Extractor, schema: Schema
) -> str:
    """The page as HTML."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True
    )
    template = (
        resources.files("annotate.extract").joinpath("page.html.jinja").read_text(encoding="utf-8")
    )
    articles = [_article(article, annotation, schema) for article, annotation in documents]
    return environment.from_string(template).render(articles=articles, extractor=extractor)


def _article(article: Article, annotation: Annotation, schema: Schema) -> dict[str, Any]:
    """What the template shows of an article."""
    zones: list[tuple[str, Markup]] = []
    drawn: set[str] = set()
    for zone in article.zones:
        marks, html = _zone(article, annotation, zone, schema)
        zones.append((zone.kind, html))
        drawn |= {mark.id for mark in marks}
    return {
        "article": article,
        "zones": zones,
        "undrawn": [
            f"{mark.label} “{mark.text}”" for mark in annotation.marks() if mark.id not in drawn
        ],
        "claims": [claim_text(row, schema) for row in claims(article, annotation, schema)],
    }


def claim_text(row: dict[str, Any], schema: Schema) -> dict[str, str]:
    """A claim in words, column by column: who says it how, what happened, and what fills its roles."""
    labels = labels_.load(schema)
    realis = row[labels.realis.attribute]
    return {
        "source": row["source"] or ("somebody" if row["voice"] == "source" else "the article"),
        "stance": "only mentioned" if row["mentioned"] else row[labels.stance.attribute] or "",
        "event": (
            f"{row['label']} “{row['text']}”"
            + ("" if realis == labels.realis.actual else f" ({realis})")
        ),
        "who and what": "; ".join(
            f"{role}: {_words(row[role])}" for role in schema.roles if row.get(role)
        ),
    }


def _words(fillers: Sequence[dict[str, Any]]) -> str:
    return ", ".join(filler["text"] for filler in fillers)


def _zone(
    article: Article, annotation: Annotation, zone: Zone, schema: Schema
) -> tuple[list[Mark], Markup]:
    """The marks that can be drawn in the zone, and its text with them as coloured lines under the words."""
    from spacy import displacy

    text = zone.slice(article.text or "")
    words = tokens.tokens(text, article.language)
    starts = {zone.start + span.start: number for number, span in enumerate(words)}
    ends = {zone.start + span.end: number + 1 for number, span in enumerate(words)}
    marks = [
        mark
        for mark in sorted(annotation.marks(), key=lambda mark: mark.order)
        if mark.start in starts and mark.end in ends
    ]
    spans = [
        {"start_token": starts[mark.start], "end_token": ends[mark.end], "label": mark.label}
        for mark in marks
    ]
    fields = {"text": text, "spans": spans, "tokens": [span.slice(text) for span in words]}
    colours = {label: kind.colour for label, kind in schema.labels.items()}
    html = displacy.render(fields, style="span", manual=True, options={"colors": colours})
    return marks, Markup(html)
