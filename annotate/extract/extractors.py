"""Any extractor by its path: a trained pipeline, a stored lookup, or one learned from the corpus at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from annotate.corpus import store
from annotate.dataset import claim_rows
from annotate.dataset.document import Document
from annotate.extract import lookup
from annotate.model import tokens
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema


@dataclass(frozen=True)
class Extractor:
    """What predicts the annotation of an article, and how sure it is."""

    name: str
    version: str
    predict: Callable[[Article], tuple[Annotation, dict[str, float]]]
    """The article's text must be there; scores are by mark's id."""
    uncertainty: Callable[[Article], tuple[float, Any]] | None = None
    """How unsure it is of an article, and a vector of what that is like; None where it has no probabilities."""

    @property
    def title(self) -> str:
        """Name and version, as suggestions and passes that began with them carry it."""
        return f"{self.name} {self.version}"


def load(model: str, corpus: Path, schema: Schema, without: Collection[str] = ()) -> Extractor:
    """The extractor that a path or name stands for.

    A folder or an installed package is a trained pipeline, a `.json` file a lookup; `lookup` learns one from the
    training split. A pipeline is read `without` some of its components, and its name says so.
    """
    path = Path(model)
    if without and (model == lookup.NAME or path.suffix == ".json"):
        raise UsageError(
            f"{model}: a lookup has no components to do without; name a trained pipeline"
        )
    if model == lookup.NAME:
        return _lookup(_learned(corpus, schema), schema)
    if path.suffix == ".json":
        try:
            return _lookup(lookup.Lookup.model_validate_json(store.read_text(path)), schema)
        except ValidationError as error:
            raise AcreError(
                f"{path}: no lookup: {' '.join(str(error).split())[:150]}; train one anew"
            ) from None
    from annotate.extract import pipeline  # spaCy and its components take seconds to import

    nlp = pipeline.load(model, without)
    return Extractor(
        " without ".join((str(nlp.meta["name"]), *without)),
        str(nlp.meta["version"]),
        lambda article: pipeline.predict(nlp, article, schema),
        lambda article: pipeline.uncertainty(nlp, article, schema),
    )


def _learned(corpus: Path, schema: Schema) -> lookup.Lookup:
    from annotate.extract import pipeline

    if not (corpus / "data" / "documents").is_dir():
        raise UsageError(
            f"{corpus}: nothing is built there to learn from; run acre build, or name a --model"
        )
    return lookup.fit(pipeline.read(str(corpus), "train", schema), schema)


def _lookup(learned: lookup.Lookup, schema: Schema) -> Extractor:
    if learned.schema_version != schema.version:
        raise UsageError(
            f"the lookup is of schema {learned.schema_version}, this is {schema.version}; train one"
            " anew"
        )

    def predict(article: Article) -> tuple[Annotation, dict[str, float]]:
        annotation = lookup.predict(learned, article, schema)
        return annotation, {mark.id: 1.0 for mark in annotation.marks()}

    return Extractor(lookup.NAME, learned.schema_version, predict)


def claims(article: Article, annotation: Annotation, schema: Schema) -> Iterator[dict[str, Any]]:
    """The claims of the annotation, as rows of the dataset's config `claims`."""
    return claim_rows.claims(document(article, annotation), schema)


def document(article: Article, annotation: Annotation) -> Document:
    """What rows are made from, of an article of no corpus."""
    collection = store.Collection(
        title=article.collection,
        origin="",
        text_kind="news",
        written_by="human",
        licence="other",
        ships_text=True,
    )
    sentences = tokens.sentences(article)
    return Document(article, annotation, collection, sentences, False, article.text)
