"""The trained extractor: a spaCy pipeline, learned from the built dataset, and what it says of an article."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.util import registry

from annotate import schema as schema_
from annotate.dataset import reading
from annotate.dataset.features import decoded
from annotate.extract import docs as docs_
from annotate.extract import encoder, heads  # noqa: F401 - their names are in the registry from here on
from annotate.extract.names import swap
from annotate.issues import UsageError
from annotate.model import Annotation, Article
from annotate.schema import Schema


def read(corpus: str, split: str, schema: Schema) -> Iterator[tuple[Article, Annotation]]:
    """The annotated articles of a split, through `load_dataset` alone; those whose text is not shipped are left out."""
    from datasets import disable_progress_bars, load_dataset

    disable_progress_bars()
    rows = load_dataset(corpus, "documents", split=split)
    for row in rows:
        if row["text"] is not None:
            known = decoded(row, rows.features)
            fields = {name: known[name] for name in Article.model_fields if name in known}
            yield Article.model_validate(fields), reading.annotation(known, schema)


@registry.readers("acre.dataset.v1")
def reader(
    corpus: str, split: str, schema: str, names: int = 0, documents: int = 0
) -> Callable[[Language], Iterable[Example]]:
    """For a config: the zones of a split's documents, as examples to learn from; and `names` times more with other names.

    Of so many `documents` only, the same for the same number and more of them for a greater one; 0 for all.
    """

    def examples(nlp: Language) -> Iterator[Example]:
        known = schema_.load(Path(schema))
        for original in some(read(corpus, split, known), documents):
            for article, annotation in (original, *(swap(*original, seed) for seed in range(names))):
                for doc in docs_.gold(article, annotation, known, nlp):
                    if len(doc):
                        yield Example(nlp.make_doc(doc.text), doc)

    return examples


def some(found: Iterable[tuple[Article, Annotation]], documents: int) -> Iterator[tuple[Article, Annotation]]:
    """As many of the articles, drawn by the hash of their text: a learning curve's steps hold one another. All, where it is 0."""
    drawn = sorted(found, key=lambda pair: pair[0].sha256)[: documents or None]
    return iter(sorted(drawn, key=lambda pair: pair[0].id))


def load(path: Path) -> Language:
    """A trained pipeline from its folder."""
    try:
        return spacy.load(path)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: {' '.join(str(error).split())[:200]}; train one with: python scripts/train.py"
        ) from None


def predict(nlp: Language, article: Article, schema: Schema) -> tuple[Annotation, dict[str, float]]:
    """Every layer of the article, and by mark's id how sure it is; the text must be there."""
    found = []
    for doc in docs_.zones(article, schema, nlp):
        told: Any = nlp(doc)
        told.user_data.setdefault(docs_.LINKS, [])
        told.user_data.setdefault(docs_.ANSWERS, {})
        found.append(told)
    name, version = str(nlp.meta.get("name") or "acre"), str(nlp.meta.get("version") or "")
    return docs_.annotation(article, found, schema, docs_.provenance(name, version, schema))
