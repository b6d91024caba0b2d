"""An article becomes a Label Studio task, an annotation the result list of one. `results` reads both back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from annotate.labelstudio import config
from annotate.model import graph
from annotate.model.issues import AcreError
from annotate.model.records import Annotation, Article, Mark
from annotate.model.schema import Kind, Schema

BEHIND = ("article", "collection", "sha256", "schema_version", "about", config.ZONES, config.TEXT)
"""What a task carries besides what its article is chosen by in the list: title, outlet and date."""
SET_ASIDE = "set_aside"
"""The field of a task that says why its annotation was set aside, and when: `pull` writes it, the page shows it."""


def data(article: Article, schema: Schema) -> dict[str, Any]:
    """The task's data: the text, what is shown beside it, and what `load` and `pull` recognise the article by."""
    text = _text(article)
    lines: dict[int, list[str]] = {}
    for zone in article.zones:
        lines.setdefault(text.count("\n", 0, zone.start), []).append(zone.kind)
    margin = (
        (line, kinds[0] if len(kinds) == 1 else f"{kinds[0]} ×{len(kinds)}")
        for line, kinds in lines.items()
    )
    published = (
        article.published.strftime("%A %d %B %Y")
        if article.published
        else "date of publication unknown"
    )
    return {
        "article": article.id,
        "collection": article.collection,
        "sha256": article.sha256,
        "schema_version": schema.version,
        "title": article.title or article.id,
        "outlet": article.outlet or "",
        "date": article.published.isoformat() if article.published else "",
        "about": f"{article.outlet or 'outlet unknown'} · {published}",
        config.ZONES: config.zone_style(margin),
        config.TEXT: text,
    }


def result(
    annotation: Annotation,
    article: Article,
    schema: Schema,
    scores: Mapping[str, float] | None = None,
) -> list[dict[str, Any]]:
    """The annotation as Label Studio's result list: a region for each mark, an answer for each attribute, relations.

    `scores`, by mark's id, go with the regions.
    """
    text = _text(article)
    marks, links = graph.disassemble(annotation)
    entries: list[dict[str, Any]] = []
    for mark in marks:
        score = {"score": scores[mark.id]} if scores and mark.id in scores else {}
        entries += [entry | score for entry in _region(mark, text, schema)]
    # One relation for each ordered pair survives an edit in the browser: several links of a pair go on one.
    ends = attrgetter("tail", "head")
    for (tail, head), pair in groupby(sorted(links, key=ends), ends):
        relation = {"type": "relation", "from_id": tail, "to_id": head, "direction": "right"}
        entries.append(relation | {"labels": [link.label for link in pair]})
    return entries


def _region(mark: Mark, text: str, schema: Schema) -> Iterator[dict[str, Any]]:
    span = {"start": mark.start, "end": mark.end, "text": mark.slice(text)}
    region = {"id": mark.id, "to_name": config.TEXT}
    yield region | {
        "from_name": config.LABELS,
        "type": "labels",
        "value": span | {"labels": [mark.label]},
    }
    for name, answer in mark.attributes.items():
        kind = schema.attributes[name].kind
        if kind is Kind.CHOICE:
            yield region | {
                "from_name": name,
                "type": "choices",
                "value": span | {"choices": [answer]},
            }
        elif kind is Kind.NUMBER:
            yield region | {"from_name": name, "type": "number", "value": span | {"number": answer}}
        else:
            yield region | {
                "from_name": name,
                "type": "textarea",
                "value": span | {"text": [answer]},
            }


def _text(article: Article) -> str:
    if article.text is None:
        raise AcreError(
            f"{article.id}: its text is withheld; put your own copy in place with: acre rehydrate"
        )
    return article.text
