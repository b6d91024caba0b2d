"""Articles with their marks drawn in the text, and their claims in a table: one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from annotate.extract.extractors import Extractor, claims
from annotate.model import tokens
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema


def render(
    found: Sequence[tuple[Article, Annotation]], extractor: Extractor, schema: Schema
) -> str:
    """The page as HTML."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True
    )
    template = (
        resources.files("annotate.extract").joinpath("page.html.jinja").read_text(encoding="utf-8")
    )
    articles = []
    for article, annotation in found:
        drawn = [(zone.kind, *_drawn(article, annotation, zone, schema)) for zone in article.zones]
        shown = {mark for _kind, _html, marks in drawn for mark in marks}
        articles.append(
            {
                "article": article,
                "zones": [(kind, html) for kind, html, _marks in drawn],
                "undrawn": [
                    f"{mark.label} “{mark.text}”"
                    for mark in annotation.marks()
                    if mark.id not in shown
                ],
                "claims": [told(row, schema) for row in claims(article, annotation, schema)],
            }
        )
    return environment.from_string(template).render(articles=articles, extractor=extractor)


def told(row: dict[str, Any], schema: Schema) -> dict[str, str]:
    """A claim in words, column by column: who says it how, what happened, and what fills its roles."""
    return {
        "source": row["source"] or ("somebody" if row["voice"] == "source" else "the article"),
        "stance": row["stance"] or "",
        "event": (
            f"{row['label']} “{row['text']}”"
            + ("" if row["realis"] == "actual" else f" ({row['realis']})")
        ),
        "who and what": "; ".join(
            f"{role}: {', '.join(filler['text'] for filler in row[role])}"
            for role in schema.roles
            if row.get(role)
        ),
    }


def _drawn(
    article: Article, annotation: Annotation, zone: Any, schema: Schema
) -> tuple[Markup, list[str]]:
    """The zone with its marks as coloured lines under the words, nested ones under each other; and which marks those are."""
    from spacy import displacy

    words = tokens.tokens(zone.slice(article.text or ""), article.language)
    starts = {zone.start + span.start: number for number, span in enumerate(words)}
    ends = {zone.start + span.end: number + 1 for number, span in enumerate(words)}
    own = [
        mark
        for mark in sorted(annotation.marks(), key=lambda mark: mark.order)
        if mark.start in starts and mark.end in ends
    ]
    spans = [
        {"start_token": starts[mark.start], "end_token": ends[mark.end], "label": mark.label}
        for mark in own
    ]
    shown = {
        "text": zone.slice(article.text or ""), "spans": spans, "tokens": [span.slice(zone.slice(article.text or "")) for span in words],
    }  # fmt: skip
    colours = {label: kind.colour for label, kind in schema.labels.items()}
    drawn = displacy.render(shown, style="span", manual=True, options={"colors": colours})
    return Markup(drawn), [mark.id for mark in own]
