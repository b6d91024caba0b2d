"""Builds `corpus/data/` and the card: a pure function of the corpus and the schema, the same bytes on every run."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Features, List

from annotate import store, validate
from annotate.dataset import card, features, rows
from annotate.issues import Issue, errors
from annotate.model import Annotation, Article
from annotate.schema import Schema
from annotate.store import Corpus

SPLIT = "train"
_ROWS_AT_ONCE = 500


@dataclass
class BuildReport:
    """What a build put in, and by name what it left out."""

    documents: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    unannotated: int = 0
    """Articles without any annotation."""
    undecided: list[str] = field(default_factory=list)
    """Several passes and no gold: which one to take is not for a build to decide."""
    issues: list[Issue] = field(default_factory=list)
    """Errors of annotations that stay out."""


def build(corpus: Corpus, schema: Schema, on_article: Callable[[], None] = lambda: None) -> BuildReport:
    """Write `data/documents/train.parquet` and `README.md`. One document is held at a time.

    A document is an article's gold; where there is none, its only pass. Annotations with errors stay out, named.
    """
    report = BuildReport()
    figures = card.Figures(schema)

    def found() -> Iterator[dict[str, Any]]:
        for row, article, annotation in documents(corpus, schema, report, on_article):
            figures.add(article, annotation)
            yield row

    _write_parquet(path(corpus), features.documents(schema), found())
    store.write(corpus.card, card.render(figures, corpus.collections(), corpus.annotators(), schema).encode())
    return report


def path(corpus: Corpus) -> Path:
    """Where the documents go."""
    return corpus.data / "documents" / f"{SPLIT}.parquet"


def documents(
    corpus: Corpus, schema: Schema, report: BuildReport, on_article: Callable[[], None] = lambda: None
) -> Iterator[tuple[dict[str, Any], Article, Annotation]]:
    """The rows in the order of their ids, one at a time; what stays out is told in the report."""
    passes, collections = corpus.passes(), corpus.collections()
    for article in corpus.articles():
        on_article()
        if not collections[article.collection].in_dataset:
            continue
        annotators = passes.get(article.id, [])
        gold = corpus.gold(article.id)
        if gold is None and len(annotators) != 1:
            if annotators:
                report.undecided.append(article.id)
            else:
                report.unannotated += 1
            continue
        annotation = gold or store.read_annotation(corpus.annotation_path(annotators[0], article.id))
        where = f"{annotation.provenance.annotator}/{article.id}"
        found = errors(validate.check(annotation, article, schema))
        if found:
            report.issues += [Issue(f"{where}: {issue.where}", issue.code, issue.message) for issue in found]
            continue
        report.documents += 1
        report.counts.update({layer: len(units) for layer, units in annotation.layers().items()})
        yield (
            rows.document(article, annotation, collections[article.collection], gold is not None, schema),
            article,
            annotation,
        )


def _write_parquet(target: Path, columns: Features, found: Iterator[dict[str, Any]]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Into a file beside it first: a build that is killed leaves the old data whole.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".building-") as folder:
        made = Path(folder) / target.name
        with pq.ParquetWriter(made, columns.arrow_schema, compression="zstd") as writer:
            batch: list[dict[str, Any]] = []
            for row in found:
                batch.append(encoded(row, columns))
                if len(batch) == _ROWS_AT_ONCE:
                    writer.write_table(pa.Table.from_pylist(batch, schema=columns.arrow_schema))
                    batch = []
            writer.write_table(pa.Table.from_pylist(batch, schema=columns.arrow_schema))
        made.replace(target)


def encoded(value: Any, feature: Any) -> Any:
    """The value with each label as its number; a missing one stays missing."""
    if value is None:
        return None
    if isinstance(feature, ClassLabel):
        return feature.str2int(value)
    if isinstance(feature, List):
        return [encoded(element, feature.feature) for element in value]
    if isinstance(feature, dict):
        return {name: encoded(value[name], inner) for name, inner in feature.items()}
    return value
