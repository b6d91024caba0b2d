"""An article with its annotation becomes the inline notation and back, to annotate in an editor or read a `git diff`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from annotate import notation, store, validate
from annotate.issues import AcreError, Issue, errors
from annotate.model import Annotation, Article, Provenance, withhold
from annotate.schema import Schema
from annotate.store import Corpus
from annotate.text import difference

TOOL = "inline notation"


class ConvertError(AcreError):
    """A notation that is not of the article that it is said to be of."""


@dataclass(frozen=True)
class Converted:
    """What became of a notation."""

    annotation: Annotation
    issues: tuple[Issue, ...]
    changed: bool
    """Whether the annotator's file was written: not where there are errors, nor where nothing changed."""


def find(corpus: Corpus, name: str) -> Article:
    """The article of that id with its text; ConvertError where there is none."""
    article = next((found for found in corpus.articles() if found.id == name), None)
    if article is None or article.text is None:
        found = "is not in the corpus" if article is None else "has its text withheld, and it is not here"
        raise ConvertError(f"article {name} {found}; add it first")
    return article


def to_notation(corpus: Corpus, article: Article, annotator: str) -> str:
    """The article with the annotator's marks; bare where the annotator has none yet."""
    path = corpus.annotation_path(annotator, article.id)
    if path.exists():
        return notation.render(article.text or "", store.read_annotation(path))
    return notation.render(
        article.text or "",
        Annotation(article=article.id, sha256=article.sha256, provenance=_made(annotator, "human", "0.0.0")),
    )


def from_notation(
    corpus: Corpus, schema: Schema, article: Article, annotator: str, source: str, where: str
) -> Converted:
    """The annotation that the notation makes, written as the annotator's pass where it is valid.

    The text without its marks must be the article's to the letter. A pass that says the same keeps its file.
    """
    made = _made(annotator, corpus.kind(annotator), schema.version)
    text, annotation = notation.parse(source, schema, article.id, article.sha256, made, where)
    if text != article.text:
        raise ConvertError(f"{where}: {difference(text, article.text or '')}")
    issues = tuple(validate.check(annotation, article, schema))
    path = corpus.annotation_path(annotator, article.id)
    old = store.read_annotation(path) if path.exists() else None
    if errors(issues) or (old is not None and old.layers() == annotation.layers() and old.provenance.tool == TOOL):
        return Converted(annotation, issues, False)
    if old is not None and old.provenance.tool == TOOL:
        kept = annotation.provenance.model_copy(update={"created": old.provenance.created})
        annotation = annotation.model_copy(update={"provenance": kept})
    elif old is not None:
        raise ConvertError(f"{path}: made with {old.provenance.tool}; give the pass in the editor another --annotator")
    ships_text = corpus.collection(article.collection).ships_text
    store.write(path, store.dump(annotation if ships_text else withhold(annotation)))
    return Converted(annotation, issues, True)


def _made(annotator: str, kind: str, version: str) -> Provenance:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return Provenance(annotator=annotator, kind=kind, tool=TOOL, schema_version=version, created=now, updated=now)  # type: ignore[arg-type]
