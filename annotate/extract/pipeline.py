"""The trained extractor: a spaCy pipeline, learned from the built dataset, and what it predicts of an article."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import spacy
from scipy.special import entr
from spacy.language import Language
from spacy.training import Example
from spacy.util import minibatch, registry

from annotate.dataset import reading
from annotate.dataset.encoding import decoded
from annotate.extract import (  # noqa: F401 - they register their names
    attributor,
    classifiers,
    encoder,
    span_filter,
    trigger_classifier,
)
from annotate.extract import docs as docs_
from annotate.extract import labels as labels_
from annotate.extract.names import augment_names
from annotate.extract.regions import Floats
from annotate.model import schema as schema_
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema

_BATCH = 32
"""Zones that are read at once: one by one a transformer takes twice as long, and a book's would fill the memory."""


def read(corpus: str, split: str, schema: Schema) -> Iterator[tuple[Article, Annotation]]:
    """The annotated articles of a split, through `load_dataset` alone; those whose text is not shipped are left out."""
    from datasets import disable_progress_bars, load_dataset

    disable_progress_bars()
    rows = load_dataset(corpus, "documents", split=split)
    for row in rows:
        if row["text"] is not None:
            record = decoded(row, rows.features)
            fields = {name: record[name] for name in Article.model_fields if name in record}
            yield Article.model_validate(fields), reading.annotation(record, schema)


@registry.readers("acre.dataset.v1")
def reader(
    corpus: str,
    split: str,
    schema: str,
    names: int = 0,
    only: list[str] | None = None,
    silver: str | None = None,
) -> Callable[[Language], Iterable[Example]]:
    """For a config: the zones of a split's documents, as examples to learn from.

    `names` says how many copies with other names there are of each. `only` has the ids of the documents to learn from,
    where it is not all of them. `silver` is a file of articles that another extractor has annotated, as
    `write_silver` writes it.
    """

    def examples(nlp: Language) -> Iterator[Example]:
        known = schema_.load(Path(schema))
        gold = _augmented(corpus, split, known, names, only)
        for article, annotation in chain(gold, _silver(silver)):
            for doc in docs_.gold(article, annotation, known, nlp):
                if len(doc):
                    predicted = nlp.make_doc(doc.text)
                    predicted.user_data[docs_.SURROUNDINGS] = docs_.surroundings(doc)
                    yield Example(predicted, doc)

    return examples


@registry.batchers("acre.batch_by_passage.v1")
def batch_by_passage(size: int) -> Callable[[Iterable[Example]], Iterable[list[Example]]]:
    """For a config: zones that are read together come together, `size` passages at once."""

    def batches(examples: Iterable[Example]) -> Iterator[list[Example]]:
        passages: dict[tuple[str, ...], list[Example]] = {}
        for example in examples:
            passages.setdefault(docs_.surroundings(example.predicted).words, []).append(example)
        for several in minibatch(passages.values(), size):
            yield [example for passage in several for example in passage]

    return batches


def _augmented(
    corpus: str, split: str, schema: Schema, names: int, only: Container[str] | None
) -> Iterator[tuple[Article, Annotation]]:
    """Each document as it is, then its copies with other names."""
    for article, annotation in read(corpus, split, schema):
        if only is None or article.id in only:
            yield article, annotation
            for seed in range(names):
                yield augment_names(article, annotation, seed, labels_.load(schema))


def write_silver(path: Path, articles: Iterable[Article], teacher: Language, schema: Schema) -> int:
    """Annotate articles whose texts are there with the teacher's predictions, in JSON lines; how many there were."""
    lines = []
    for article in articles:
        predicted, _scores = predict(teacher, article, schema)
        lines.append(
            json.dumps([article.model_dump(mode="json"), predicted.model_dump(mode="json")])
        )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


def _silver(path: str | None) -> Iterator[tuple[Article, Annotation]]:
    if path is not None:
        with Path(path).open(encoding="utf-8") as lines:
            for line in lines:
                article, annotation = json.loads(line)
                yield Article.model_validate(article), Annotation.model_validate(annotation)


def load(path: str, without: Collection[str] = ()) -> Language:
    """A trained pipeline from its folder or by its package's name, `without` some of its components."""
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


class Uncertainty(NamedTuple):
    """How unsure a pipeline is of a text before anybody has labelled it, and what the text is like."""

    entropy: float
    """In nats a token: the entropy of the decisions about all spans that may be marks, over the number of tokens."""
    vector: Floats
    """The mean of the text's token vectors."""


def uncertainty(nlp: Language, article: Article, schema: Schema) -> Uncertainty:
    """How much there is to learn from an article; the text must be there.

    Total entropy by length: Settles and Craven 2008, “An analysis of active learning strategies for sequence labeling
    tasks”, of the decisions of a span categoriser in the place of those of a tagger.
    """
    entropy, tokens, total = 0.0, 0, 0.0
    before = nlp.pipe_names[: nlp.pipe_names.index("spancat")]
    for zone in docs_.zones(article, schema, nlp):
        doc: Any = zone
        for name in before:
            doc = nlp.get_pipe(name)(doc)
        _spans, scores = nlp.get_pipe("spancat").predict([doc])
        chances = np.clip(scores, 1e-7, 1 - 1e-7)
        entropy += float((entr(chances) + entr(1 - chances)).sum())
        total += doc.tensor.sum(0)
        tokens += len(doc)
    return Uncertainty(entropy / max(tokens, 1), np.asarray(total / max(tokens, 1), np.float32))


def predict(nlp: Language, article: Article, schema: Schema) -> tuple[Annotation, dict[str, float]]:
    """Every layer of the article, and by mark's id how sure it is; the text must be there."""
    docs = list(nlp.pipe(docs_.zones(article, schema, nlp), batch_size=_BATCH))
    for doc in docs:
        doc.user_data.setdefault(docs_.RELATIONS, [])
        doc.user_data.setdefault(docs_.ATTRIBUTES, {})
    name, version = str(nlp.meta.get("name") or "acre"), str(nlp.meta.get("version") or "")
    return docs_.annotation(article, docs, schema, docs_.provenance(name, version, schema))
