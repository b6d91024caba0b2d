"""Builds `corpus/data/`, the card, its pictures and `croissant.json`: a pure function of the corpus and the schema."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.corpus import files as files_
from annotate.corpus import processes, store
from annotate.corpus.store import Corpus
from annotate.dataset import card, croissant, making
from annotate.dataset.builder import BuildReport
from annotate.dataset.cache import Cache
from annotate.dataset.features import CONFIGS, arrow_schema
from annotate.dataset.parts import Part, Rows
from annotate.measure.agreement import Comparison
from annotate.model.schema import Schema

_TOGETHER = 5000
"""Rows of a row group: what is told of each group is held until its file is done."""
_DOCUMENTS_TOGETHER = 500
"""The same where a row is a whole document."""
_OF_DOCUMENTS = ("documents", "annotators")


def build(
    corpus: Corpus,
    schema: Schema,
    on_article: Callable[[int], None] = lambda count: None,
    output: Path | None = None,
    texts: bool = False,
    workers: int = 1,
    cached: bool = False,
) -> BuildReport:
    """Write `data/<config>/<split>.parquet`, `README.md`, its `images/` and `croissant.json`.

    They go into the corpus, or into `output`. With `texts`, rows hold every text that is here, also those that may not
    be redistributed: for the user's own use, and only into a folder of its own. The bytes are the same with any number
    of `workers`, which are processes, and the same where articles that have not changed since an earlier build are
    `cached`. A few articles are held at a time.
    """
    report = BuildReport()
    target = output or corpus.root
    figures, worked, comparison = card.Figures(), card.Examples(), Comparison(schema)

    def rows(parts: Iterable[Part]) -> Iterator[Rows]:
        for part in parts:
            on_article(part.articles)
            report.add(part.report)
            figures.merge(part.figures)
            for of_document in part.examples:
                worked.add(of_document)
            for counts in part.comparisons:
                comparison.add_counts(counts)
            yield from part.rows

    cache = Cache(corpus, schema) if cached and not texts else None
    files = _write(target, schema, rows(making.parts(corpus, schema, texts, workers, cache)))
    report.issues += [error.issue for error in corpus.strays()]
    figures.agreement = comparison.report()
    figures.unaligned = {kind: len(marks) for kind, marks in report.unaligned.items()}
    pages = card.render(figures, worked, corpus, schema, files, _digests(target, files))
    for name, content in pages.items():
        store.write(target / name, content)
    about = croissant.About(card.TITLE, card.licences(figures, corpus), *corpus.release())
    store.write(target / "croissant.json", croissant.render(target, files, schema, about))
    return report


def _write(target: Path, schema: Schema, rows: Iterable[Rows]) -> list[Path]:
    """Write the Parquet files, and remove those of a split that is no more; returns their paths in the target."""
    target.mkdir(parents=True, exist_ok=True)
    # Into a folder beside it first: a build that is killed leaves the old data whole.
    with processes.working_folder(target, _BUILDING) as folder:
        writers = _Writers(folder, schema)
        try:
            for of_articles in rows:
                writers.write(of_articles)
            files = sorted(writers.close())
        except BaseException:
            writers.abandon()
            raise
        for path in files:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).replace(target / path)
    for stray in set((target / "data").rglob("*.parquet")) - {target / path for path in files}:
        stray.unlink()
    for emptied in (target / "data").glob("*/"):
        if not any(emptied.iterdir()):
            shutil.rmtree(emptied)
    return files


_BUILDING = ".building-"
"""How the folder of a build that is not done begins; git ignores it."""


def _digests(target: Path, files: Iterable[Path]) -> dict[str, str]:
    """By config, a SHA-256 over those of its files."""
    digests = {config.name: hashlib.sha256() for config in CONFIGS}
    for path in sorted(files):
        digests[path.parent.name].update(files_.digest(target / path).encode())
    return {name: digest.hexdigest() for name, digest in digests.items()}


class _Writers:
    """An open Parquet file for each config and split."""

    def __init__(self, folder: Path, schema: Schema) -> None:
        self._folder, self._schema = folder, schema
        self._open: dict[tuple[str, str], _Writer] = {}

    def write(self, rows: Rows) -> None:
        """Add the rows to their file."""
        key = rows.config, rows.split
        # Opened at the first row: a split without rows `datasets` can't load, and so it gets no file.
        if key not in self._open:
            path = self._folder / data_path(*key)
            columns = arrow_schema(rows.config, self._schema)
            together = _DOCUMENTS_TOGETHER if rows.config in _OF_DOCUMENTS else _TOGETHER
            self._open[key] = _Writer(path, columns, together)
        self._open[key].write(rows)

    def close(self) -> list[Path]:
        """Write what is left; returns the paths."""
        for writer in self._open.values():
            writer.close()
        return [data_path(config, split) for config, split in self._open]

    def abandon(self) -> None:
        """Close what is open, whole or not: left open, each complains as the process ends."""
        for writer in self._open.values():
            writer.abandon()


class _Writer:
    """A Parquet file, whose row groups are of so many rows however many come at a time."""

    def __init__(self, path: Path, schema: pa.Schema, together: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._schema, self._together = schema, together
        self._file = pq.ParquetWriter(path, schema, compression="zstd")
        self._waiting: list[bytes] = []
        """As they came: read, each would be hundreds of small pieces of memory, which lie about when they are freed."""
        self._rows = 0

    def write(self, rows: Rows) -> None:
        self._waiting.append(rows.batch)
        self._rows += rows.number
        if self._rows >= self._together:
            self._flush(self._rows - self._rows % self._together)

    def _flush(self, number: int) -> None:
        batches = [
            pa.ipc.read_record_batch(pa.py_buffer(rows), self._schema) for rows in self._waiting
        ]
        table = pa.Table.from_batches(batches, schema=self._schema)
        for start in range(0, number, self._together):
            group = table.slice(start, min(self._together, number - start))
            self._file.write_table(group.combine_chunks())
        rest = table.slice(number).combine_chunks().to_batches()
        self._waiting = [bytes(batch.serialize()) for batch in rest]
        self._rows -= number

    def close(self) -> None:
        if self._rows:
            self._flush(self._rows)
        self._file.close()

    def abandon(self) -> None:
        with suppress(OSError):
            self._file.close()
        self._file.is_open = False


def data_path(config: str, split: str) -> Path:
    """Where a config's split goes, in the corpus."""
    return Path("data") / config / f"{split}.parquet"
