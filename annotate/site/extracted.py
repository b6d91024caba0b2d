"""What an extractor reads in articles of no corpus: one page that needs nothing else, or columns of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from annotate.extract import extractors
from annotate.extract import labels as labels_
from annotate.extract.extractors import Extractor
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from annotate.site import documents, joining, pages, sayings, stories, text
from annotate.site.documents import DrawnZone
from annotate.site.sayings import Saying
from annotate.site.stories import Matrix, Told


class _Read(NamedTuple):
    """An article as the page shows it."""

    article: Article
    zones: Sequence[DrawnZone]
    sayings: Sequence[Saying]
    matrix: Matrix | None
    """What several sources in it say of one event."""


def render(
    read: Sequence[tuple[Article, Annotation]],
    extractor: Extractor,
    schema: Schema,
    as_story: bool = False,
) -> str:
    """The page as HTML; `as_story`, with the events that the articles seem to share, and what each source says of them.

    Which events are the same across articles is guessed (`joining.guess`), and the page says so.
    """
    shown: list[_Read] = []
    details: dict[str, Any] = {}
    told: dict[str, Told] = {}
    for article, annotation in read:
        of = extractors.document(article, annotation)
        said = sayings.sayings(of, schema)
        prefix = f"{article.id}-"
        events = stories.told_by_several(annotation, said)
        matrix = stories.matrix(events, {article.id: said}) if events else None
        shown.append(_Read(article, documents.zones(of, prefix), said, matrix))
        details |= text.details(annotation, of.words, prefix)
        published = article.published.isoformat() if article.published else None
        told[article.id] = Told(article.title, article.outlet, published, said)
    joins = joining.guess({name: each.sayings for name, each in told.items()}) if as_story else []
    story = stories.story("story", told, [join.event for join in joins], schema)
    return pages.render_alone(
        "extracted.html.jinja",
        schema,
        ("marks.js",),
        read=shown,
        extractor=extractor,
        details=details,
        story=story if as_story else None,
        joins=joins,
        link=pages.on_one_page,
    )


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
