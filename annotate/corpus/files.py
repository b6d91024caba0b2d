"""How files of the corpus are read and written: all or nothing, in one form, with errors that name the file."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
_AT_ONCE = 16
"""Files that are waited for at the same time."""
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
    write_all({path: content})


def write_all(contents: Mapping[Path, bytes]) -> None:
    """`write` each of the files; they are put in place, in this order, once the disk has all of them.

    To wait for each by itself takes ten times as long. OSError, and none is put in place, where one can't be written.
    """
    parts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            with _named(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                # The name of a long one would be too long with something before and after it.
                handle, part = tempfile.mkstemp(
                    dir=path.parent, prefix=f".{path.name[:64]}.", suffix=".part"
                )
                parts[path] = Path(part)
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
        _flush(parts)
        umask = os.umask(0)
        os.umask(umask)
        for path, written in parts.items():
            with _named(path):
                # mkstemp makes it private; the corpus is to be shared.
                written.chmod(0o666 & ~umask)
                written.replace(path)
    except BaseException:
        for written in parts.values():
            written.unlink(missing_ok=True)
        raise


def _flush(parts: Mapping[Path, Path]) -> None:
    """Wait until the disk has the parts of these files: of many, at the same time."""
    if len(parts) == 1:
        for path, part in parts.items():
            _flush_one(path, part)
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(_flush_one, parts.keys(), parts.values()))


def _flush_one(path: Path, part: Path) -> None:
    with _named(path), part.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """An OSError within tells of this file, and not of one that the user does not know."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


class Batch:
    """Files that are written and removed together: the disk has nothing of it before `commit`."""

    def __init__(self) -> None:
        self._contents: dict[Path, bytes | None] = {}

    def __len__(self) -> int:
        return len(self._contents)

    def write(self, path: Path, content: bytes) -> None:
        """As the function does; of several contents for one file the last counts."""
        self._contents.pop(path, None)
        self._contents[path] = content

    def remove(self, path: Path) -> None:
        """The file goes, if there is one, after all others are written."""
        self._contents[path] = None

    def settled(self, path: Path) -> Path:
        """The path of a file that is to be read: what was written into it before is on the disk."""
        if path in self._contents:
            self.commit()
        return path

    def commit(self) -> None:
        """Have all of it on the disk; see `write_all`."""
        contents = self._contents
        write_all({path: content for path, content in contents.items() if content is not None})
        for path, content in contents.items():
            if content is None:
                path.unlink(missing_ok=True)
        contents.clear()


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
