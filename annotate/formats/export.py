"""The corpus's articles in a format: which annotation of each is written, and why that of another is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from annotate.corpus.store import Corpus
from annotate.formats import Export
from annotate.formats.convert import annotation_of, find, to_format
from annotate.model.issues import AcreError, UsageError
from annotate.model.schema import Schema


@dataclass(frozen=True)
class ArticleExport:
    """One article in a format, or why it is not."""

    article: str
    export: Export | None = None
    missing: Literal["annotation", "text"] | None = None
    """What an article that nobody named does not have."""
    error: AcreError | None = None
    """Why it can't be written."""


def to_files(
    corpus: Corpus, schema: Schema, names: Sequence[str], format_name: str, annotator: str | None
) -> Iterator[ArticleExport]:
    """Each named article, or else all of the corpus; what can't be written is reported in its place, and the
    rest goes on.

    UsageError where a named article has no annotation: neither gold nor an only pass, or none of the annotator.
    """
    for name in names or sorted(corpus.article_ids()):
        try:
            yield _exported(corpus, schema, name, format_name, annotator, is_named=bool(names))
        except UsageError:
            raise
        except AcreError as error:
            yield ArticleExport(name, error=error)


def _exported(
    corpus: Corpus,
    schema: Schema,
    name: str,
    format_name: str,
    annotator: str | None,
    is_named: bool,
) -> ArticleExport:
    article = find(corpus, name) if is_named else corpus.find(name)
    annotation = None if article is None else annotation_of(corpus, article, annotator)
    if annotation is None and is_named:
        raise UsageError(
            f"{name}: no gold and no only pass, or none of the annotator; adjudicate it, or name"
            " --annotator"
        )
    if article is None or annotation is None:
        return ArticleExport(name, missing="annotation")
    if article.text is None:
        return ArticleExport(name, missing="text")
    return ArticleExport(article.id, to_format(article, annotation, schema, format_name))
