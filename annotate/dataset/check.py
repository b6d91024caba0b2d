"""Compares the built dataset with what the corpus builds now: a valid corpus and an equal dataset make a valid dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.dataset import build, features
from annotate.issues import Issue
from annotate.schema import Schema
from annotate.store import Corpus


def check(corpus: Corpus, schema: Schema, on_row: Callable[[str], None] = lambda what: None) -> Iterator[Issue]:
    """An issue for each row that is not what the corpus builds, that is missing, or that is too many. Streams both."""
    path = build.path(corpus)
    where = str(path.relative_to(corpus.root))
    columns = features.documents(schema)
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        yield Issue(where, "file-unreadable", f"{' '.join(str(error).split())}; run acre build")
        return
    if file.schema_arrow.remove_metadata() != columns.arrow_schema.remove_metadata():
        yield Issue(where, "dataset-behind", "its columns are not those of the schema; run acre build")
        return
    there = (row for batch in file.iter_batches(batch_size=50) for row in batch.to_pylist())
    wanted = (row for row, _article, _annotation in build.documents(corpus, schema, build.BuildReport()))
    row, other = next(there, None), next(wanted, None)
    while row is not None or other is not None:
        on_row("rows")
        if other is None or (row is not None and row["id"] < other["id"]):
            assert row is not None
            yield Issue(f"{where}: {row['id']}", "dataset-behind", "the corpus builds no such row; run acre build")
            row = next(there, None)
        elif row is None or other["id"] < row["id"]:
            yield Issue(
                f"{where}: {other['id']}", "dataset-behind", "the corpus builds a row that is missing; run acre build"
            )
            other = next(wanted, None)
        else:
            different = [name for name, value in _stored(other, columns).items() if value != row[name]]
            if different:
                found = f"{', '.join(different)} differ from what the corpus builds; run acre build"
                yield Issue(f"{where}: {row['id']}", "dataset-behind", found)
            row, other = next(there, None), next(wanted, None)


def _stored(row: dict[str, Any], columns: Any) -> dict[str, Any]:
    """The row as a file gives it back."""
    table = pa.Table.from_pylist([build.encoded(row, columns)], schema=columns.arrow_schema)
    return dict(table.to_pylist()[0])
