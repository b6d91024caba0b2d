"""An extractor over articles by the million: a datatrove pipeline whose tasks write whole shards or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import cache, partial
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.readers import (
    HuggingFaceDatasetReader,
    JsonlReader,
    ParquetReader,
    WarcReader,
)

from annotate.corpus.articles import reading
from annotate.corpus.articles.reading import About, Reading
from annotate.dataset import parts, rows
from annotate.dataset.features import arrow_schema
from annotate.extract import extractors
from annotate.extract.extractors import Extractor
from annotate.model import schema as schema_
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Article
from annotate.model.schema import Schema

KINDS = ("jsonl", "parquet", "hub", "warc")
CONFIGS = ("documents", "claims")
"""What is written of each article: rows as in the dataset's configs of these names."""
_ROWS_AT_ONCE = 500
_TRIES = 3


def _row(reader: Any, fields: dict[str, Any], path: str, number: int | str) -> dict[str, Any]:
    """The whole row as the document's text: what is wrong with a row is told by whoever reads articles."""
    return {"text": json.dumps(fields, default=str), "id": f"{path}:{number}"}


class Lines(JsonlReader):
    """JSON lines, each passed on as it is: datatrove's own reader leaves out those that are broken."""

    def read_file(self, filepath: str) -> Iterator[Document]:
        """Each line with its file and number, from 1; those with nothing on them are no rows."""
        options = {"compression": self.compression, "errors": "surrogateescape"}
        with self.data_folder.open(filepath, "r", **options) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield Document(text=line, id=f"{filepath}:{number}")


def reader(source: str, kind: str, split: str = "train") -> PipelineStep:
    """What reads a folder of `.jsonl`, `.parquet` or `.warc.gz` files, or a dataset of the Hub by its name.

    Each task reads files of its own; of a Hub dataset that has fewer files than there are tasks, rows of its own.
    """
    match kind:
        case "jsonl":
            return Lines(source, glob_pattern="**/*.jsonl*")
        case "parquet":
            return ParquetReader(source, glob_pattern="**/*.parquet", adapter=_row)
        case "hub":
            return HuggingFaceDatasetReader(source, {"split": split}, adapter=_row)
        case "warc":
            return WarcReader(source, glob_pattern="**/*.warc*")
    raise UsageError(f"--from {kind!r}: give one of {', '.join(KINDS)}")


class Extract(PipelineStep):
    """Writes what an extractor finds: `documents/`, `claims/` and `failures/`, a file of each for every task."""

    name = "extract"
    type = "ACRE"

    def __init__(self, model: str, corpus: Path, schema: Path, output: Path, kind: str) -> None:
        super().__init__()
        self.model, self.corpus, self.schema = model, corpus, schema
        self.output, self.kind = output, kind

    def run(
        self, data: Iterable[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        """One task: an article that can't be read, or at which the extractor fails, goes to the failures."""
        schema = _schema(self.schema)
        extractor = _extractor(self.model, self.corpus, self.schema)
        read = read_page if self.kind == "warc" else read_row
        with Shard(self.output, rank, schema) as shard:
            for document in data:
                with self.track_time():
                    try:
                        shard.add(_article(read(document)), extractor)
                    # Whatever it is: one article in a million must not end the others.
                    except Exception as error:
                        shard.fail(document.id, error)
                yield document


def _article(read: Reading) -> Article:
    if read.article is None:
        raise AcreError(read.error or read.where)
    return read.article


_ABOUT = About("local")


def read_row(document: Document) -> Reading:
    """The article of a row, whose columns are named as in `acre add`."""
    try:
        fields = json.loads(document.text)
    except ValueError as error:
        return Reading(document.id, error=f"{document.id}: broken JSON: {error}")
    if not isinstance(fields, dict):
        return Reading(document.id, error=f"{document.id}: no JSON object")
    return reading.of_fields(fields, document.id, _ABOUT, mends=True)


def read_page(document: Document) -> Reading:
    """The article of a web page."""
    url = document.metadata.get("url")
    return reading.of_page(document.id, document.text, About("local", url=url))


# One for each process, however many tasks it does.
@cache
def _schema(path: Path) -> Schema:
    return schema_.load(path)


@cache
def _extractor(model: str, corpus: Path, schema: Path) -> Extractor:
    return extractors.load(model, corpus, _schema(schema))


class Shard:
    """The files of one task; they get their names when all of them are whole."""

    def __init__(self, output: Path, rank: int, schema: Schema) -> None:
        self._schema, self._output, self._rank = schema, output, rank
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in CONFIGS}
        self._files: dict[str, pq.ParquetWriter] = {}
        self._failures: list[str] = []

    def __enter__(self) -> Shard:
        for name in CONFIGS:
            path = self._part(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files[name] = pq.ParquetWriter(
                path, arrow_schema(name, self._schema), compression="zstd"
            )
        return self

    def _part(self, name: str) -> Path:
        return self._output / name / f".{self._rank:05}.parquet.part"

    def add(self, article: Article, extractor: Extractor) -> None:
        """The rows of what the extractor finds in the article."""
        annotation = extractor.predict(article)[0]
        document = extractors.document(article, annotation)
        # All first: of an article at which one fails, nothing is written.
        made = {name: list(rows.ROWS[name](document, self._schema)) for name in CONFIGS}
        for name, of_config in made.items():
            self._rows[name] += of_config
            if len(self._rows[name]) >= _ROWS_AT_ONCE:
                self._flush(name)

    def fail(self, where: str, error: Exception) -> None:
        """Note the article and why there is nothing of it."""
        reason = str(error) if isinstance(error, AcreError) else f"{type(error).__name__}: {error}"
        self._failures.append(json.dumps({"where": where, "reason": " ".join(reason.split())}))

    def _flush(self, name: str) -> None:
        batch = parts.batch(name, self._rows[name], self._schema)
        self._files[name].write_table(pa.Table.from_batches([batch]))
        self._rows[name] = []

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        for name, file in self._files.items():
            if kind is None and self._rows[name]:
                self._flush(name)
            file.close()
        if kind is not None:
            for name in CONFIGS:
                self._part(name).unlink(missing_ok=True)
            return
        failures = self._output / "failures" / f"{self._rank:05}.jsonl"
        failures.parent.mkdir(parents=True, exist_ok=True)
        failures.write_text("".join(f"{line}\n" for line in self._failures), encoding="utf-8")
        for name in CONFIGS:
            self._part(name).replace(self._output / name / f"{self._rank:05}.parquet")


class Local(LocalPipelineExecutor):
    """Tasks on this machine; one whose worker is ended from outside is done again, where datatrove's own would wait."""

    def __init__(self, on_task: Callable[[int, int], None], **options: Any) -> None:
        super().__init__(**options)
        self._on_task = on_task

    def run(self) -> None:
        """All tasks that are not complete; AcreError where one ends its worker again and again."""
        self.save_executor_as_json()
        for _try in range(_TRIES):
            left = self.get_incomplete_ranks()
            if not left:
                return
            for _ended in self._ends(left):
                left = self.get_incomplete_ranks()
                self._on_task(self.tasks - len(left), self.tasks)
        left = self.get_incomplete_ranks()
        if left:
            raise AcreError(
                f"{len(left)} of {self.tasks} shards are not complete: their workers were ended, {_TRIES} times,"
                " perhaps for want of memory; give fewer --workers, and run it again"
            )

    def _ends(self, ranks: Sequence[int]) -> Iterator[None]:
        """Run the tasks, and yield as each ends, until a worker is ended from outside. Raises what a task raises."""
        run = partial(_task, self.pipeline, self.logging_dir.path, self.tasks)
        method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
        with (
            suppress(BrokenProcessPool),
            ProcessPoolExecutor(self.workers, get_context(method)) as pool,
        ):
            for done in as_completed([pool.submit(run, rank) for rank in ranks]):
                done.result()
                yield


class Ray(Local):
    """Tasks on a Ray cluster: the one of RAY_ADDRESS, or of this machine, or else one that is started here.

    Each takes one CPU and `memory` GB. datatrove's own executor starts a process in each worker, and waits for ever
    where that is ended.
    """

    def __init__(self, on_task: Callable[[int, int], None], memory: int, **options: Any) -> None:
        super().__init__(on_task, **options)
        self._memory = memory

    def _ends(self, ranks: Sequence[int]) -> Iterator[None]:
        """Run the tasks, and yield as each ends, its worker ended from outside or not. Raises what a task raises."""
        ray = _ray()
        ray.init(ignore_reinit_error=True)
        # Tried again by `run`, as tasks of this machine are.
        task = ray.remote(num_cpus=1, memory=self._memory * 2**30, max_retries=0)(_task)
        pipeline = ray.put(self.pipeline)
        waiting, running = list(ranks), list[Any]()
        while waiting or running:
            while waiting and len(running) < self.workers:
                rank = waiting.pop(0)
                running.append(task.remote(pipeline, self.logging_dir.path, self.tasks, rank))
            (ended,), running = ray.wait(running)
            try:
                ray.get(ended)
            except ray.exceptions.RayTaskError:
                raise
            except ray.exceptions.RayError:  # the worker, or its machine, was ended
                pass
            yield


def _ray() -> Any:
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise UsageError(
            "--executor ray needs Ray, of the cluster's version; install it, for example with: pip install"
            " 'acre-corpus[extract,scale,ray]'"
        ) from None
    return ray


def _task(pipeline: list[Any], logs: str, tasks: int, rank: int) -> None:
    """One task, in a worker."""
    executor = LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=logs)
    executor._run_for_rank(rank, local_rank=1)  # a local rank of 0 would log to the terminal
