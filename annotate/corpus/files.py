"""How files of the corpus are read and written: all or nothing, in one form, with errors that name the file."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from annotate.model import ids, plain_yaml
from annotate.model.issues import AcreError, Issue, UsageError
from annotate.model.records import Record

R = TypeVar("R", bound=Record)
UNREADABLE = (
    yaml.YAMLError, ValueError, TypeError, AttributeError, KeyError, RecursionError, OSError, OverflowError,
)  # fmt: skip
"""What reading YAML or JSON raises: no file to be read, no UTF-8, no YAML, a month 13, not what is to stand there."""
_SHOWN = 200
# `json.dumps` makes one anew for each value: as long as most values take.
_ONE_LINE = json.JSONEncoder(ensure_ascii=False)


class StoreError(AcreError):
    """A file of the corpus that can't be read as what it should be; `issue` is the finding."""

    def __init__(self, where: object, message: str, code: str = "file-unreadable") -> None:
        self.issue = Issue(str(where), code, message)
        super().__init__(f"{where}: {message}")


def write(path: Path, content: bytes) -> None:
    """Write all or nothing: a reader, or a run after a crash, sees the old file or the new one.

    A process that is killed outright may leave a hidden `*.part` beside the file; nothing here reads it, and git
    ignores it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = None
    try:
        # The name of a long one would be too long with something before and after it.
        handle, temporary = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name[:64]}.", suffix=".part"
        )
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        # mkstemp makes it private; the corpus is to be shared.
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def read_text(path: Path) -> str:
    """A UTF-8 file that a user named; UsageError where it can't be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(f"{path}: {fault}; give a file that can be read") from None


def table(path: Path, heading: list[str], open_end: bool = False) -> Iterator[list[str]]:
    """The rows of a table of names, without its heading; none where there is no such file.

    The last name may be left out where the end is open.
    """
    if not path.exists():
        return
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    except (csv.Error, ValueError, OSError) as error:
        raise StoreError(path, f"{one_line(error)}; correct the file") from None
    yield from _checked_rows(path, rows, heading, open_end)


def _checked_rows(
    path: Path, rows: list[list[str]], heading: list[str], open_end: bool
) -> Iterator[list[str]]:
    for number, row in enumerate(rows, 1):
        if number == 1 and row == heading:
            continue
        names = row[:-1] if open_end and row and not row[-1] else row
        if (
            number == 1
            or len(row) != len(heading)
            or not all(ids.ID.fullmatch(name) for name in names)
        ):
            raise StoreError(
                f"{path}:{number}",
                f"expected {','.join(heading)}, found {','.join(row)[:_SHOWN]!r}; correct it",
            )
        yield row


def write_table(path: Path, heading: list[str], rows: Iterable[tuple[str, ...]]) -> None:
    """A table of names, its rows sorted below its heading."""
    lines = [",".join(row) for row in (heading, *sorted(rows))]
    write(path, "".join(f"{line}\n" for line in lines).encode())


def entries(path: Path, record: type[R]) -> dict[str, R]:
    """By name, the records of a YAML file; StoreError where it does not hold such records."""
    try:
        fields = plain_yaml.load(path.read_text(encoding="utf-8")) or {}
        return {name: record.model_validate(entry) for name, entry in fields.items()}
    except UNREADABLE as error:
        raise StoreError(path, f"{one_line(error)}; correct the file") from None


def names_below(folder: Path, suffix: str) -> Iterator[tuple[str, str]]:
    """(file's name without suffix, folder's name) of each file one folder down.

    Names and not paths, which cost ten times as much.
    """
    if not folder.is_dir():
        return
    for inner in os.scandir(folder):
        if inner.is_dir():
            yield from (
                (name.removesuffix(suffix), inner.name)
                for name in file_names(Path(inner.path), suffix)
            )


def file_names(folder: Path, suffix: str) -> Iterator[str]:
    """Names of the folder's files with the suffix; not those that are still being written."""
    if folder.is_dir():
        for file in os.scandir(folder):
            if file.name.endswith(suffix) and not file.name.startswith("."):
                yield file.name


def compact(value: Any) -> str:
    """The value as JSON on one line."""
    return _ONE_LINE.encode(value)


def one_line(error: Exception) -> str:
    """What is wrong, and of several things the first, on one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return " ".join(str(error).split())


def digest(path: Path) -> str:
    """The SHA-256 of a file of any size, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
