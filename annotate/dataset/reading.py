"""Annotations back from rows of `documents`: from a built dataset, an older release's, or a system's predictions."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features
from pydantic import ValidationError

from annotate.corpus import store
from annotate.dataset.encoding import decoded
from annotate.dataset.features import CONFIGS, features
from annotate.model import graph
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Annotation, Mark
from annotate.model.schema import ATTRIBUTION_SPANS, SPAN_LAYERS, Layer, Schema

DocumentRow = dict[str, Any]
"""A row of `documents`."""
MarkRow = dict[str, Any]
_OF_MARKS = {"id", "start", "end", "text", "label", "entity", "event", "arguments", "source", "cue"}


def read(path: Path, schema: Schema) -> Iterator[Annotation]:
    """Every annotation of a folder of `.json` files, of a `.jsonl`, or of `.parquet` files with rows of `documents`.

    A line of a `.jsonl` is an annotation as the corpus keeps it, or a row of `documents` (labels as names or numbers).
    AcreError where one has labels that the schema does not have, or links to nothing.
    """
    if not path.exists():
        raise UsageError(
            f"{path}: no such file or folder; give annotations as .json, .jsonl or .parquet"
        )
    for annotation in _read(path, schema):
        article, sha256, provenance = annotation.article, annotation.sha256, annotation.provenance
        marks, links = graph.disassemble(annotation)
        _assembled, issues = graph.assemble(marks, links, schema, article, sha256, provenance)
        if issues:
            raise AcreError(f"{path}: {article}: {issues[0]}")
        yield annotation


def _read(path: Path, schema: Schema) -> Iterator[Annotation]:
    if path.is_dir() and not _files(path) and any(path.glob("*.json")):
        for file in sorted(path.glob("*.json")):
            yield store.read_gold(file)  # gold is an annotation with a record, and may have none
    elif path.suffix == ".jsonl":
        yield from _lines(path, schema)
    else:
        for row in rows(path):
            try:
                yield annotation(row, schema)
            except (ValidationError, KeyError) as error:
                raise AcreError(
                    f"{path}: {row.get('id')}: {' '.join(str(error).split())[:200]}"
                ) from None


def rows(path: Path) -> Iterator[DocumentRow]:
    """The rows of `documents`, labels as names; of a corpus folder, of its built data, or of one file."""
    files = _files(path)
    if not files:
        raise UsageError(
            f"{path}: no annotations there, and no built dataset; name one, or run acre build"
        )
    for file in files:
        try:
            opened = pq.ParquetFile(file)
            kinds = Features.from_arrow_schema(opened.schema_arrow)
        except (OSError, pa.ArrowInvalid, ValueError) as error:
            raise AcreError(f"{file}: {' '.join(str(error).split())}; build it again") from None
        if "event_mentions" not in kinds or "sha256" not in kinds:
            raise UsageError(f"{file}: no rows of the config documents; name data/documents")
        for batch in opened.iter_batches(batch_size=50):
            yield from (decoded(row, kinds) for row in batch.to_pylist())


def _files(path: Path) -> list[Path]:
    """The Parquet files that the path means: itself, those in it, or those of the built dataset in it."""
    if path.is_file():
        return [path]
    for folder in (path, path / "data" / "documents", path / "documents"):
        files = sorted(folder.glob("*.parquet"))
        if files:
            return files
    return []


def annotation(row: Mapping[str, Any], schema: Schema) -> Annotation:
    """The annotation that a row of `documents` holds, labels as names.

    Of a system's predictions, `id` and `sha256` must be there; layers that it leaves out are empty, marks without an id
    are numbered.
    """

    def marks(layer: Layer) -> list[MarkRow]:
        label = layer.value if layer in ATTRIBUTION_SPANS else None
        numbered = enumerate(row.get(layer.field) or (), 1)
        return [
            _mark({"id": f"{layer.field}-{number}"} | mark, label, schema)
            for number, mark in numbered
        ]

    def clusters(layer: Layer, column: str) -> list[dict[str, Any]]:
        members: dict[str, list[str]] = {}
        for mark in row.get(layer.field) or ():
            if mark.get(column) is not None:
                members.setdefault(mark[column], []).append(mark["id"])
        return [{"id": name, "mentions": ids} for name, ids in members.items()]

    unknown = {
        "annotator": "system",
        "kind": "machine",
        "tool": "unknown",
        "schema_version": schema.version,
    }
    no_time = dict.fromkeys(("created", "updated"), "1970-01-01T00:00:00Z")

    return Annotation.model_validate(
        {
            "article": row["id"],
            "sha256": row["sha256"],
            "provenance": row.get("provenance") or unknown | no_time,
            "entities": clusters(Layer.MENTION, "entity"),
            "events": clusters(Layer.EVENT, "event"),
            **{layer.field: marks(layer) for layer in SPAN_LAYERS},
        }
    )


def _mark(row: MarkRow, label: str | None, schema: Schema) -> dict[str, Any]:
    """The fields of a mark: its columns, those of its links, and all others as its attributes.

    A flag's column is a boolean, and its attribute the one value of the choice: with `distanced: true` in the row, the
    attributes have `distanced: "yes"`; with `distanced: false` they have nothing.
    """
    attributes: dict[str, Any] = {}
    for name, answer in row.items():
        # A minimum of 0 is an answer, and equals False: identity tells them apart.
        if name in _OF_MARKS or answer is None or answer is False:
            continue
        attributes[name] = _flag(name, schema) if answer is True else answer
    links = {name: row[name] for name in ("arguments", "source", "cue") if row.get(name)}
    bare = {name: row[name] for name in Mark.model_fields if name in row}
    return bare | links | {"label": label or row["label"], "attributes": attributes}


def _flag(name: str, schema: Schema) -> str:
    """The value of a choice that has one; `yes` where the schema does not know it, for a later check to refuse."""
    values = schema.attributes[name].values if name in schema.attributes else ()
    return next(iter(values), "yes")


def _lines(path: Path, schema: Schema) -> Iterator[Annotation]:
    kinds = features(CONFIGS[0], schema)
    for number, line in enumerate(store.read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            if "article" in fields:
                yield Annotation.model_validate(
                    {n: v for n, v in fields.items() if n not in ("decisions", "sheet")}
                )
            else:
                yield annotation(decoded(fields, kinds), schema)
        except (ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
            problem = (
                error.errors()[0]["msg"]
                if isinstance(error, ValidationError)
                else f"{type(error).__name__}: {error}"
            )
            raise AcreError(
                f"{path}:{number}: {problem}; give an annotation, or a row of documents, a line"
            ) from None


@contextmanager
def version(name: str, corpus: Path) -> Iterator[Path]:
    """Where the built dataset of that name is: a path, or a revision of the corpus's git repository."""
    if Path(name).exists():
        yield Path(name)
        return
    inside = f"./{corpus.name}/data/documents"

    def git(*arguments: str) -> bytes:
        command = ["git", "-C", str(corpus.resolve().parent), *arguments]
        try:
            return subprocess.run(command, capture_output=True, check=True).stdout
        except (subprocess.CalledProcessError, FileNotFoundError):
            raise UsageError(
                f"{name}: no such folder, and no revision with a built dataset; name one of either"
            ) from None

    listed = git("ls-tree", "--name-only", name, f"{inside}/").decode().split("\n")
    with tempfile.TemporaryDirectory() as folder:
        for path in filter(None, listed):
            (Path(folder) / Path(path).name).write_bytes(git("show", f"{name}:./{path}"))
        yield Path(folder)
