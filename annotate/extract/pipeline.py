"""The trained extractor: a spaCy pipeline, learned from the built dataset, and what it says of an article."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.util import registry

from annotate.dataset import reading
from annotate.dataset.features import decoded
from annotate.extract import docs as docs_
from annotate.extract import encoder, heads, sift, words  # noqa: F401 - registers their names
from annotate.extract.names import swap
from annotate.extract.regions import Floats
from annotate.model import schema as schema_
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema

_ZONES = 32
"""Zones of an article that are read at once: one by one a transformer takes twice as long, and a book's would fill the memory."""


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
    corpus: str, split: str, schema: str, names: int = 0, only: list[str] | None = None
) -> Callable[[Language], Iterable[Example]]:
    """For a config: the zones of a split's documents, as examples to learn from; and `names` times more with other names.

    `only` has the ids of the documents to learn from, where it is not all of them.
    """

    def examples(nlp: Language) -> Iterator[Example]:
        known = schema_.load(Path(schema))
        for original in read(corpus, split, known):
            if only is not None and original[0].id not in only:
                continue
            for article, annotation in (
                original,
                *(swap(*original, seed) for seed in range(names)),
            ):
                for doc in docs_.gold(article, annotation, known, nlp):
                    if len(doc):
                        yield Example(nlp.make_doc(doc.text), doc)

    return examples


def load(path: str, without: Collection[str] = ()) -> Language:
    """A trained pipeline from its folder, or by the name of the package that it was installed as; `without` some components."""
    try:
        nlp = spacy.load(path)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: {' '.join(str(error).split())[:200]}; train one with: python scripts/train.py"
        ) from None
    if "spancat" not in nlp.pipe_names:
        raise UsageError(
            f"{path}: a pipeline that marks nothing of the schema; train one with: python"
            " scripts/train.py"
        )
    for name in without:
        if name not in nlp.pipe_names:
            raise UsageError(f"{path}: no component {name}; it has {', '.join(nlp.pipe_names)}")
        nlp.remove_pipe(name)
    return nlp


class Gauge(NamedTuple):
    """What a pipeline makes of a text before anybody has labelled it."""

    unsure: float
    """How unsure it is, in nats a token: the entropy of all that it decides about what may be a mark, over the tokens."""
    vector: Floats
    """What the text is like: the mean of its token vectors."""


def gauge(nlp: Language, article: Article, schema: Schema) -> Gauge:
    """How much there is to learn from an article; the text must be there.

    Total entropy by length: Settles and Craven 2008, “An analysis of active learning strategies for sequence labeling
    tasks”, of the decisions of a span categoriser in the place of those of a tagger.
    """
    entropy, tokens, total = 0.0, 0, 0.0
    before = nlp.pipe_names[: nlp.pipe_names.index("spancat")]
    for doc in docs_.zones(article, schema, nlp):
        read: Any = doc
        for name in before:
            read = nlp.get_pipe(name)(read)
        _spans, scores = nlp.get_pipe("spancat").predict([read])
        chances = np.clip(scores, 1e-7, 1 - 1e-7)
        entropy -= float((chances * np.log(chances) + (1 - chances) * np.log(1 - chances)).sum())
        total += read.tensor.sum(0)
        tokens += len(read)
    return Gauge(entropy / max(tokens, 1), np.asarray(total / max(tokens, 1), np.float32))


def predict(nlp: Language, article: Article, schema: Schema) -> tuple[Annotation, dict[str, float]]:
    """Every layer of the article, and by mark's id how sure it is; the text must be there."""
    found = list(nlp.pipe(docs_.zones(article, schema, nlp), batch_size=_ZONES))
    for doc in found:
        doc.user_data.setdefault(docs_.LINKS, [])
        doc.user_data.setdefault(docs_.ANSWERS, {})
    name, version = str(nlp.meta.get("name") or "acre"), str(nlp.meta.get("version") or "")
    return docs_.annotation(article, found, schema, docs_.provenance(name, version, schema))
