"""Compares the built dataset with what the corpus builds now: with a valid corpus, an equal dataset is valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.corpus.entry import Entry
from annotate.corpus.store import Corpus
from annotate.dataset import build, parts
from annotate.dataset.builder import Builder, BuildReport
from annotate.dataset.features import CONFIGS, arrow_schema
from annotate.model.issues import Issue
from annotate.model.schema import Schema

DatasetRows = list[dict[str, Any]]
OnRows = Callable[[str, int], None]
"""Is given `rows`, and how many were compared."""


class DatasetCheck:
    """An issue for each document with rows that are not what the corpus builds, that are missing, or that are too many.

    Is shown each article once, in the order of ids (`entry.Check`), and streams the built files beside: of each,
    one document's rows are held.
    """

    def __init__(
        self, corpus: Corpus, schema: Schema, on_rows: OnRows = lambda what, number: None
    ) -> None:
        self._schema, self._on_rows = schema, on_rows
        self._builder = Builder(corpus)
        self._columns = {config.name: arrow_schema(config.name, schema) for config in CONFIGS}
        self._files: dict[Path, _File] = {}
        self._missing: set[Path] = set()
        self._unread: dict[Path, Issue] = {}
        for path in sorted(
            path.relative_to(corpus.root) for path in corpus.data.rglob("*.parquet")
        ):
            file = _open(corpus.root, path, self._columns.get(path.parent.name))
            if isinstance(file, Issue):
                self._unread[path] = file
            else:
                self._files[path] = file

    def article(self, entry: Entry) -> Iterator[Issue]:
        """What is wrong with the article's rows."""
        built = self._builder.build(entry, BuildReport())
        if built is None:
            return
        for config in self._columns:
            path = build.data_path(config, built.split)
            rows = list(built.rows(config, self._schema))
            if path in self._files:
                wanted = parts.batch(config, rows, self._schema) if rows else None
                yield from self._files[path].compare(built.article, wanted, self._on_rows)
            elif rows and path not in self._unread and path not in self._missing:
                self._missing.add(path)
                message = "the corpus builds this file, and it is missing; run acre build"
                yield Issue(str(path), "dataset-behind", message)

    def rest(self) -> Iterator[Issue]:
        """Files that can't be compared, and rows after the last article's."""
        yield from self._unread.values()
        for file in self._files.values():
            yield from file.compare(None, None, self._on_rows)


def _open(root: Path, path: Path, columns: Any) -> _File | Issue:
    """The file, or why it can't be compared; `columns` are those of its config, None where there is no such config."""
    try:
        file = pq.ParquetFile(root / path)
    except (OSError, pa.ArrowInvalid) as error:
        message = f"{' '.join(str(error).split())}; run acre build"
        return Issue(str(path), "file-unreadable", message)
    wanted = columns.remove_metadata() if columns is not None else None
    if file.schema_arrow.remove_metadata() != wanted:
        message = "its columns are not those of the schema; run acre build"
        return Issue(str(path), "dataset-behind", message)
    return _File(path, file)


class _File:
    """A file's rows, one document's after another's."""

    def __init__(self, path: Path, file: pq.ParquetFile) -> None:
        self._where = str(path)
        self._documents = _by_document(file)
        self._next = next(self._documents, None)

    def compare(
        self, document: str | None, wanted: pa.RecordBatch | None, on_rows: OnRows
    ) -> Iterator[Issue]:
        """What is wrong with the rows up to and with the document's; with None, all that is left is too many."""
        while self._next is not None and (document is None or self._next[0] < document):
            on_rows("rows", len(self._next[1]))
            message = "the corpus builds no such rows; run acre build"
            yield Issue(f"{self._where}: {self._next[0]}", "dataset-behind", message)
            self._next = next(self._documents, None)
        rows = None
        if self._next is not None and self._next[0] == document:
            rows = self._next[1]
            on_rows("rows", len(rows))
            self._next = next(self._documents, None)
        if rows is not None and wanted is not None and rows.equals(pa.Table.from_batches([wanted])):
            return
        difference = _difference(_listed(rows), _listed(wanted))
        if difference:
            message = f"{difference}; run acre build"
            yield Issue(f"{self._where}: {document}", "dataset-behind", message)


def _by_document(file: pq.ParquetFile) -> Iterator[tuple[str, pa.Table]]:
    column = "document" if "document" in file.schema_arrow.names else "id"
    document, rows = "", list[pa.RecordBatch]()
    for batch in file.iter_batches(batch_size=500):
        start = 0
        for name, run in groupby(batch.column(column).to_pylist()):
            if rows and name != document:
                yield document, pa.Table.from_batches(rows)
                rows = []
            document, number = str(name), len(list(run))
            rows.append(batch.slice(start, number))
            start += number
    if rows:
        yield document, pa.Table.from_batches(rows)


def _listed(rows: pa.Table | pa.RecordBatch | None) -> DatasetRows:
    return [] if rows is None else rows.to_pylist()


def _difference(rows: DatasetRows, wanted: DatasetRows) -> str:
    """In words, what is wrong with a document's rows; empty where nothing is."""
    if rows == wanted:
        return ""
    if not rows:
        return "the corpus builds rows that are missing"
    if not wanted:
        return "the corpus builds no such rows"
    if len(rows) != len(wanted):
        return f"it has {len(rows)} rows, the corpus builds {len(wanted)}"
    pairs = list(zip(rows, wanted, strict=True))
    names = [name for name in rows[0] if any(one[name] != other[name] for one, other in pairs)]
    return f"{', '.join(names)} differ from what the corpus builds"
