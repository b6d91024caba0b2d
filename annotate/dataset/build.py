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
from annotate.corpus.entry import Entry
from annotate.corpus.store import Collection, Corpus, StoreError
from annotate.dataset import card, croissant, rows
from annotate.dataset.features import CONFIGS, encoded, features
from annotate.dataset.rows import ROWS, Document
from annotate.measure.agreement import Comparison
from annotate.model import tokens
from annotate.model.issues import Issue, errors
from annotate.model.records import Annotation, Gold, Sentence
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

    def lines(self, target: Path) -> Iterator[str]:
        """What the build put into that folder and left out, for a person to read."""
        layers = ", ".join(f"{count} {layer}" for layer, count in self.layers.items())
        splits = ", ".join(f"{name} {count}" for name, count in sorted(self.documents.items()))
        yield f"{target}: {self.documents.total()} documents ({splits or 'none'}): {layers}"
        yield "  rows: " + ", ".join(f"{config} {count}" for config, count in self.rows.items())
        for kind, marks in self.unaligned.items():
            yield f"  {len(marks)} marks {kind}, not whole in mentions and events, whole in documents:"
            yield from (f"    {mark}" for mark in marks)
        for name in self.unsegmented:
            yield (
                f"  {name} has no sentences here, and no rows in mentions and events; run acre"
                " rehydrate"
            )
        for name in self.undecided:
            yield f"  left out: {name} has several passes and no gold; adjudicate it"
        if self.unannotated:
            yield f"  left out: {self.unannotated} articles without annotation"


class BuiltArticle(NamedTuple):
    """What is built of an article."""

    article: str
    split: str
    document: Document | None
    """Of its gold or its only pass; none where that is undecided."""
    passes: tuple[Document, ...]

    def rows(self, config: str, schema: Schema) -> Iterator[dict[str, Any]]:
        """The config's rows of the article."""
        decided = () if self.document is None else (self.document,)
        for document in self.passes if config == "annotators" else decided:
            yield from ROWS[config](document, schema)


def build(
    corpus: Corpus,
    schema: Schema,
    on_article: Callable[[], None] = lambda: None,
    output: Path | None = None,
    texts: bool = False,
) -> BuildReport:
    """Write `data/<config>/<split>.parquet`, `README.md`, its `images/` and `croissant.json`.

    They go into the corpus, or into `output`. With `texts`, rows hold every text that is here, also those that may not
    be redistributed: for the user's own use, and only into a folder of its own. One document is held at a time, and
    each file is read once.
    """
    report = BuildReport()
    target = output or corpus.root
    figures, comparison = card.Figures(schema), Comparison(schema)

    def counted() -> Iterator[BuiltArticle]:
        for built in documents(corpus, schema, report, on_article, texts):
            if built.document is not None:
                figures.add(built.document, built.split, built.passes)
            if len(built.passes) > 1:
                passes = [document.annotation for document in built.passes]
                comparison.add(built.passes[0].article, passes)
            yield built

    files = _write(target, schema, counted(), report)
    figures.agreement = comparison.report()
    figures.unaligned = {kind: len(marks) for kind, marks in report.unaligned.items()}
    parts = card.render(figures, corpus, schema, files, _digests(target, files))
    for name, content in parts.items():
        store.write(target / name, content)
    about = croissant.About(card.TITLE, card.licences(figures, corpus), *corpus.release())
    store.write(target / "croissant.json", croissant.render(target, files, schema, about))
    return report


class Builder:
    """Builds one article after another; what stays out is named in the report.

    A document is an article's gold; where there is none, its only pass. Annotations with errors stay out, and so does
    an article whose collection is not declared.
    """

    def __init__(self, corpus: Corpus, report: BuildReport, texts: bool = False) -> None:
        self._report, self._texts = report, texts
        self._collections, self._split_of = corpus.collections(), splits.lookup(corpus)

    def build(self, entry: Entry) -> BuiltArticle | None:
        """What is built of an article; None where it is not of the dataset, or none of its annotations is valid."""
        article, report = entry.article, self._report
        try:
            collection = self._collections.of(article)
        except StoreError as error:
            report.issues.append(error.issue)
            return None
        if not collection.in_dataset:
            return None
        report.unannotated += not entry.annotations
        gold, passes = self._valid(entry)
        chosen: Annotation | None = gold
        has_gold = any(isinstance(each, Gold) for each in entry.annotations.values())
        if gold is None and len(entry.annotations) == 1:
            chosen = passes[0] if passes else None
        elif len(passes) > 1 and not has_gold:
            report.undecided.append(article.id)
        if gold is None and not passes:
            return None
        sentences = _sentences(entry, collection, report)
        text = article.text if collection.ships_text or self._texts else None

        def document(annotation: Annotation) -> Document:
            is_gold = isinstance(annotation, Gold)
            return Document(article, annotation, collection, sentences, is_gold, text)

        built = BuiltArticle(
            article.id,
            self._split_of(article),
            document(chosen) if chosen else None,
            tuple(map(document, passes)),
        )
        if built.document is not None:
            _count(built.document, built.split, report)
        return built

    def _valid(self, entry: Entry) -> tuple[Gold | None, list[Annotation]]:
        """Gold and passes without errors; the errors of the others are reported."""
        gold: Gold | None = None
        passes: list[Annotation] = []
        for where, annotation in entry.annotations.items():
            issues = errors(entry.issues[where])
            self._report.issues += [
                Issue(f"{where}: {issue.where}", issue.code, issue.message) for issue in issues
            ]
            if issues:
                continue
            if isinstance(annotation, Gold):
                gold = annotation
            else:
                passes.append(annotation)
        return gold, passes


def documents(
    corpus: Corpus,
    schema: Schema,
    report: BuildReport,
    on_article: Callable[[], None] = lambda: None,
    texts: bool = False,
) -> Iterator[BuiltArticle]:
    """What is built of each article (see `Builder`), in the order of ids; one is held at a time."""
    builder = Builder(corpus, report, texts)
    for entry in validate.entries(corpus, schema):
        if isinstance(entry, StoreError):
            report.issues.append(entry.issue)
            continue
        on_article()
        built = builder.build(entry)
        if built is not None:
            yield built


def _sentences(entry: Entry, collection: Collection, report: BuildReport) -> tuple[Sentence, ...]:
    """Those of the text; of a withheld one the kept ones, so that a build is the same with and without the text."""
    article = entry.article
    if collection.ships_text and article.text is not None:
        return tokens.sentences(article)
    kept = None
    try:
        kept = entry.sentences
    except StoreError as error:
        report.issues.append(error.issue)
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


def _write(
    target: Path, schema: Schema, articles: Iterable[BuiltArticle], report: BuildReport
) -> list[Path]:
    """Write the Parquet files, and remove those of a split that is no more; returns their paths in the target."""
    target.mkdir(parents=True, exist_ok=True)
    # Into a folder beside it first: a build that is killed leaves the old data whole.
    with tempfile.TemporaryDirectory(dir=target, prefix=".building-") as folder:
        writers = _Writers(Path(folder), schema)
        for article in articles:
            for config in CONFIGS:
                report.rows[config.name] += writers.write(
                    config.name, article.split, article.rows(config.name, schema)
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
    digests = {config.name: hashlib.sha256() for config in CONFIGS}
    for path in sorted(files):
        digests[path.parent.name].update((target / path).read_bytes())
    return {name: digest.hexdigest() for name, digest in digests.items()}


class _Writers:
    """An open Parquet file for each config and split."""

    def __init__(self, folder: Path, schema: Schema) -> None:
        self._folder = folder
        self._features = {config.name: features(config, schema) for config in CONFIGS}
        self._open: dict[tuple[str, str], tuple[pq.ParquetWriter, list[dict[str, Any]]]] = {}

    def write(self, config: str, split: str, rows: Iterator[dict[str, Any]]) -> int:
        """Add the rows to the file of the config and split; returns how many they were."""
        written = 0
        for row in rows:
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
