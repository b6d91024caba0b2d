"""Builds `corpus/data/`, the card, its pictures and `croissant.json`: a pure function of the corpus and the schema."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.corpus import splits, store, validate
from annotate.corpus.store import Collection, Corpus, StoreError
from annotate.dataset import card, croissant, rows
from annotate.dataset.features import CONFIGS, encoded, features
from annotate.dataset.rows import ROWS, Document
from annotate.model import tokens
from annotate.model.issues import Issue, errors
from annotate.model.records import Annotation, Article, Gold
from annotate.model.schema import Schema

_ROWS_AT_ONCE = 500


@dataclass
class BuildReport:
    """What a build put in, and by name what it left out."""

    documents: Counter[str] = field(default_factory=Counter)
    """By split."""
    rows: Counter[str] = field(default_factory=Counter)
    """By config."""
    layers: Counter[str] = field(default_factory=Counter)
    unannotated: int = 0
    """Articles without any annotation."""
    undecided: list[str] = field(default_factory=list)
    """Several passes and no gold: which one to take is not for a build to decide. They are in `annotators` alone."""
    unaligned: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Marks that `mentions` and `events` can't hold whole, by what is wrong; `documents` has them."""
    unsegmented: list[str] = field(default_factory=list)
    """Documents without text here whose sentences were never kept: they have no rows in `mentions` and `events`."""
    issues: list[Issue] = field(default_factory=list)
    """What is wrong with files and annotations that stay out."""


class Found(NamedTuple):
    """What is built of an article."""

    article: str
    split: str
    document: Document | None
    """Of its gold or its only pass; none where that is undecided."""
    passes: tuple[Document, ...]

    def rows(self, config: str, schema: Schema) -> Iterator[dict[str, Any]]:
        """The config's rows of the article."""
        for of in self.passes if config == "annotators" else filter(None, [self.document]):
            yield from ROWS[config](of, schema)


def build(
    corpus: Corpus,
    schema: Schema,
    on_article: Callable[[], None] = lambda: None,
    output: Path | None = None,
    texts: bool = False,
) -> BuildReport:
    """Write `data/<config>/<split>.parquet`, `README.md`, its `images/` and `croissant.json` into the corpus, or into `output`.

    With `texts`, rows hold every text that is here, also those that may not be given on: for the user's own use, and
    only into a folder of its own. One document is held at a time.
    """
    report = BuildReport()
    target = output or corpus.root
    figures = card.Figures(schema)

    def counted() -> Iterator[Found]:
        for found in documents(corpus, schema, report, on_article, texts):
            if found.document is not None:
                figures.add(found.document, found.split, found.passes)
            yield found

    files = _write(target, schema, counted(), report)
    figures.unaligned = {kind: len(marks) for kind, marks in report.unaligned.items()}
    parts = card.render(figures, corpus, schema, files, _digests(target, files))
    for name, content in parts.items():
        store.write(target / name, content)
    version, date = corpus.release()
    store.write(target / "croissant.json", croissant.render(target, files, schema, version, date))
    return report


def documents(
    corpus: Corpus,
    schema: Schema,
    report: BuildReport,
    on_article: Callable[[], None] = lambda: None,
    texts: bool = False,
) -> Iterator[Found]:
    """What is built of each article, in the order of ids, one at a time; what stays out is told in the report.

    A document is an article's gold; where there is none, its only pass. Annotations with errors stay out, named.
    """
    collections, places = corpus.collections(), corpus.splits()
    for walked in corpus.walk():
        if isinstance(walked, StoreError):
            report.issues.append(walked.issue)
            continue
        article, annotations = walked
        collection = collections[article.collection]
        on_article()
        if not collection.in_dataset:
            continue
        valid = {
            where: found
            for where, found in annotations.items()
            if _is_valid(found, where, article, schema, report)
        }
        passes = [found for found in valid.values() if not isinstance(found, Gold)]
        chosen: Annotation | None = next(
            (found for found in valid.values() if isinstance(found, Gold)), None
        )
        if chosen is None and len(annotations) == 1:
            chosen = next(iter(passes), None)
        elif (
            chosen is None
            and len(passes) > 1
            and not any(isinstance(found, Gold) for found in annotations.values())
        ):
            report.undecided.append(article.id)
        report.unannotated += not annotations
        if not valid:
            continue
        sentences = _sentences(corpus, article, collection, report)

        def document(
            of: Annotation,
            article: Article = article,
            collection: Collection = collection,
            sentences: Any = sentences,
        ) -> Document:
            text = article.text if collection.ships_text or texts else None
            return Document(article, of, collection, sentences, isinstance(of, Gold), text)

        split = splits.of(article.id, collection.text_kind == "news", places)
        found = Found(
            article.id, split, document(chosen) if chosen else None, tuple(map(document, passes))
        )
        if found.document is not None:
            _count(found.document, split, report)
        yield found


def _is_valid(
    annotation: Annotation, where: str, article: Article, schema: Schema, report: BuildReport
) -> bool:
    found = errors(validate.check(annotation, article, schema))
    report.issues += [
        Issue(f"{where}: {issue.where}", issue.code, issue.message) for issue in found
    ]
    return not found


def _sentences(
    corpus: Corpus, article: Article, collection: Collection, report: BuildReport
) -> Any:
    """Those of the text; of one that may not be shipped the kept ones, so that a build is the same with and without it."""
    if collection.ships_text and article.text is not None:
        return tokens.sentences(article)
    kept = corpus.sentences(article)
    if kept is None:
        report.unsegmented.append(article.id)
    return kept or ()


def _count(document: Document, split: str, report: BuildReport) -> None:
    report.documents[split] += 1
    report.layers.update(
        {layer: len(units) for layer, units in document.annotation.layers().items()}
    )
    for kind, mark in rows.unaligned(document) if document.sentences else ():
        report.unaligned[kind].append(mark)


def _write(target: Path, schema: Schema, found: Iterable[Found], report: BuildReport) -> list[Path]:
    """Write the Parquet files, and remove those of a split that is no more; returns their paths in the target."""
    target.mkdir(parents=True, exist_ok=True)
    # Into a folder beside it first: a build that is killed leaves the old data whole.
    with tempfile.TemporaryDirectory(dir=target, prefix=".building-") as folder:
        writers = _Writers(Path(folder), schema)
        for own in found:
            for config in CONFIGS:
                report.rows[config.name] += writers.write(
                    config.name, own.split, own.rows(config.name, schema)
                )
        files = sorted(writers.close())
        for path in files:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).replace(target / path)
    for stray in set((target / "data").rglob("*.parquet")) - {target / path for path in files}:
        stray.unlink()
    for emptied in (target / "data").glob("*/"):
        if not any(emptied.iterdir()):
            shutil.rmtree(emptied)
    return files


def _digests(target: Path, files: Iterable[Path]) -> dict[str, str]:
    """By config, the SHA-256 of its files, one after another."""
    found = {config.name: hashlib.sha256() for config in CONFIGS}
    for path in sorted(files):
        found[path.parent.name].update((target / path).read_bytes())
    return {name: digest.hexdigest() for name, digest in found.items()}


class _Writers:
    """An open Parquet file for each config and split."""

    def __init__(self, folder: Path, schema: Schema) -> None:
        self._folder = folder
        self._features = {config.name: features(config, schema) for config in CONFIGS}
        self._open: dict[tuple[str, str], tuple[pq.ParquetWriter, list[dict[str, Any]]]] = {}

    def write(self, config: str, split: str, found: Iterator[dict[str, Any]]) -> int:
        written = 0
        for row in found:
            written += 1
            # Opened at the first row: a split without rows `datasets` can't load, and so it gets no file.
            if (config, split) not in self._open:
                self._open[config, split] = (self._writer(config, split), [])
            batch = self._open[config, split][1]
            batch.append(encoded(row, self._features[config]))
            if len(batch) == _ROWS_AT_ONCE:
                self._flush(config, split)
        return written

    def _writer(self, config: str, split: str) -> pq.ParquetWriter:
        path = self._folder / data_path(config, split)
        path.parent.mkdir(parents=True, exist_ok=True)
        return pq.ParquetWriter(path, self._features[config].arrow_schema, compression="zstd")

    def _flush(self, config: str, split: str) -> None:
        writer, batch = self._open[config, split]
        writer.write_table(pa.Table.from_pylist(batch, schema=self._features[config].arrow_schema))
        batch.clear()

    def close(self) -> list[Path]:
        """Write what is left; returns the paths."""
        for (config, split), (writer, batch) in self._open.items():
            if batch:
                self._flush(config, split)
            writer.close()
        return [data_path(config, split) for config, split in self._open]


def data_path(config: str, split: str) -> Path:
    """Where a config's split goes, in the corpus."""
    return Path("data") / config / f"{split}.parquet"
