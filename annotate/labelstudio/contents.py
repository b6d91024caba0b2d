"""What a Label Studio's database holds of people's work: each task, annotation and draft by number, as a hash."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from annotate.labelstudio import postgres
from annotate.model.issues import AcreError

_SHOWN = 5
_TABLES = {
    "task": ("task", ("id", "project_id", "data")),
    "annotation": (
        "task_completion",
        ("id", "task_id", "completed_by_id", "was_cancelled", "lead_time", "result"),
    ),
    "draft": ("tasks_annotationdraft", ("id", "task_id", "annotation_id", "user_id", "result")),
}
"""By kind of row, its table and those of its columns that are somebody's work; `id` comes first."""
_JSON = ("data", "result")

Contents = dict[str, str]
"""Hashes by kind and number, as `annotation 17`."""


def of_sqlite(path: Path) -> Contents:
    """Of an SQLite file that no server has; AcreError where the file is damaged."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise AcreError(f"{path}: the SQLite file is damaged: {verdict}")
            return _read(connection)
    except sqlite3.Error as error:
        raise AcreError(f"{path}: the SQLite file is damaged: {error}") from None
    finally:
        if "connection" in locals():
            connection.close()


def of_postgres(address: str, connection: Any = None) -> Contents:
    """Of a PostgreSQL database; `connection` is one that is open, whose snapshot it is to be."""
    if connection is not None:
        return _read(connection)
    with postgres.connected(address) as own:
        return _read(own)


def _read(connection: Any) -> Contents:
    contents: Contents = {}
    for kind, (table, columns) in _TABLES.items():
        for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table}"):
            contents[f"{kind} {row[0]}"] = _hash(dict(zip(columns, row, strict=True)))
    return contents


def _hash(row: Mapping[str, Any]) -> str:
    """The same of both databases: SQLite gives JSON as a string and a truth as a number."""
    fields = dict(row)
    for name, value in row.items():
        if name in _JSON and isinstance(value, str):
            fields[name] = json.loads(value)
        elif name == "was_cancelled":
            fields[name] = bool(value)
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:32]


def count(contents: Iterable[str]) -> Counter[str]:
    """How many there are, by kind."""
    return Counter(name.partition(" ")[0] for name in contents)


def difference(expected: Contents, actual: Contents) -> str | None:
    """What is missing, too much or changed, by name; None where they are equal."""
    missing = sorted(set(expected) - set(actual))
    added = sorted(set(actual) - set(expected))
    both = set(expected) & set(actual)
    changed = sorted(name for name in both if expected[name] != actual[name])
    parts = []
    for what, names in (("missing", missing), ("too much", added), ("changed", changed)):
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            parts.append(f"{what}: {', '.join(names[:_SHOWN])}{more}")
    return "; ".join(parts) or None
