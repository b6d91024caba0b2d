"""Copies of desks in one file, made while their servers run, and desks made of such a file again, mark by mark."""

from __future__ import annotations

import datetime as dt
import glob
import json
import os
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from annotate.corpus import files as files_
from annotate.corpus import processes
from annotate.corpus.store import Corpus
from annotate.labelstudio import contents, desks, postgres
from annotate.labelstudio.contents import Contents
from annotate.labelstudio.desks import Desk
from annotate.model.issues import AcreError, UsageError

MANIFEST = "manifest.json"
DUMP = "postgresql.dump"
KEPT = 7
"""Automatic copies of a desk that are kept, the newest ones."""
_WORKING = ".copying-"
"""How a folder that holds what is copied or restored begins in the state folder; then the process's number."""
_SECRETS = ("token", "password")
_LEFT_OUT = ("export", "server.log")
"""Of the data folder: copies that Label Studio itself left there."""
_TOKENS = "authtoken_token"


class BackupError(AcreError):
    """A copy that can't be made or read, or that does not hold what it says."""


class _Manifest(BaseModel):
    """What a copy says of itself."""

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    made: dt.datetime
    secrets: bool
    desks: dict[str, Contents]
    files: dict[str, str]
    """SHA-256 by path in the copy."""


@dataclass(frozen=True)
class Copied:
    """A desk that was copied or restored, and how much work is in it."""

    desk: str
    contents: Contents
    new_login: bool = False
    """Whether the annotator gets a new password with the next start."""
    replaced: Path | None = None
    """Where the desk's former folder is."""

    def __str__(self) -> str:
        count = contents.count(self.contents)
        return f"{count['task']} tasks, {count['annotation']} annotations, {count['draft']} drafts"


def back_up(
    state: Path, names: Collection[str], path: Path, corpus: Corpus, secrets: bool = True
) -> list[Copied]:
    """Copy the desks and what the corpus has set aside to one file, all or nothing, while their servers run.

    Without `secrets`, passwords, tokens and the key that signs sessions are left out: such a desk gets new ones when it
    is served; of a PostgreSQL database the password’s hash stays. BackupError where a database is damaged.
    """
    copied = []
    with desks.private(), _working_folder(state) as folder:
        for name in names:
            copied.append(Copied(name, _copy(state, name, folder / "desks" / name, secrets)))
        for aside in _set_aside(corpus):
            target = folder / aside.relative_to(corpus.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(aside, target)
        manifest = _Manifest(
            made=dt.datetime.now(dt.UTC),
            secrets=secrets,
            desks={copy.desk: copy.contents for copy in copied},
            files={str(file.relative_to(folder)): files_.digest(file) for file in _files(folder)},
        )
        (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        _pack(folder, path)
    return copied


@contextmanager
def _working_folder(state: Path) -> Iterator[Path]:
    """A folder in the state folder, the user's alone, which goes when this ends: it holds a login."""
    state.mkdir(parents=True, exist_ok=True)
    with processes.working_folder(state, _WORKING) as folder:
        yield folder


def clear(state: Path) -> None:
    """Remove what a killed copy or restoring left in the state folder."""
    processes.remove_left(state, _WORKING)


def _set_aside(corpus: Corpus) -> Iterator[Path]:
    """The corpus's set aside files; how far servers were pulled is no work, and asked anew."""
    for path in _files(corpus.root / "aside"):
        if path.suffix == ".json" and not path.name.startswith(("pulled-", ".")):
            yield path


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _copy(state: Path, name: str, target: Path, secrets: bool) -> Contents:
    """Copy the desk to the folder; returns what its database holds there."""
    desk, source = desks.read(state, name), desks.data_folder(state, name)
    if not source.is_dir():
        raise UsageError(
            f"desk {name!r} has no data here: it is attached to {desk.url}; whoever runs that copies it"
        )
    data = target / "data"
    data.mkdir(parents=True)
    for file in _files(source):
        inner = file.relative_to(source)
        is_database = file.name.startswith(desks.SQLITE)
        if is_database or inner.parts[0] in _LEFT_OUT or (not secrets and file.name == ".env"):
            continue
        (data / inner).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, data / inner)
    kept = asdict(replace(desk, pid=None, started=None))
    if not secrets:
        database = desk.database and postgres.without_password(desk.database)
        kept |= dict.fromkeys(_SECRETS, "") | {"database": database}
    (target / "desk.json").write_text(json.dumps(kept), encoding="utf-8")
    if desk.database is not None:
        left_out = [] if secrets else [_TOKENS]
        return postgres.dump(desk.database, target / DUMP, contents.of_postgres, left_out)
    _copy_sqlite(source / desks.SQLITE, data / desks.SQLITE)
    if not secrets:
        _forget_secrets(data / desks.SQLITE)
    return contents.of_sqlite(data / desks.SQLITE)


def _copy_sqlite(source: Path, target: Path) -> None:
    """One state of the database, whoever writes meanwhile: SQLite's own backup, in one step."""
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=60)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
    except sqlite3.Error as error:
        raise BackupError(
            f"{source}: {error}; nothing was copied: restore the desk from an earlier copy, with acre"
            " restore"
        ) from None


def _forget_secrets(path: Path) -> None:
    """Without tokens and the passwords' hashes, also where they stood; a server gives its account new ones."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"DELETE FROM {_TOKENS}")
        connection.execute("UPDATE htx_user SET password = '!'")
        connection.commit()
        connection.execute("VACUUM")


def _pack(folder: Path, path: Path) -> None:
    # Its own, as another run may write to the same file; what a killed one left goes.
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
            writer = left.name.split(".")[-2]
            if writer.isdecimal() and not processes.is_at_work(writer):
                left.unlink(missing_ok=True)
        with part.open("wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=5) as archive:
                archive.add(folder / MANIFEST, MANIFEST)
                for inner in sorted(folder.iterdir()):
                    if inner.name != MANIFEST:
                        archive.add(inner, inner.name)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise BackupError(
            f"{path}: {error.strerror}; give another file or make room: nothing was kept"
        ) from None
    finally:
        part.unlink(missing_ok=True)


def restore(
    path: Path, state: Path, corpus: Corpus, replacing: bool = False, database: str | None = None
) -> list[Copied]:
    """Make the desks of a copy again, and compare each task, annotation and draft with what the copy says it had.

    Nothing is changed before all of it was read and compared. A desk that is there is refused or, with `replacing`,
    moved aside; so are servers that are up. `database` is the PostgreSQL server for desks that had their data on one,
    by default the same. What the corpus has set aside since stays.
    """
    with desks.private(), _unpacked(path, state) as (folder, manifest):
        for name in manifest.desks:
            _check_free(state, name, replacing)
        restored = []
        for name, expected in manifest.desks.items():
            restored.append(_restore(folder / "desks" / name, state, name, expected, database))
        for file in _files(folder / "aside"):
            target = corpus.root / file.relative_to(folder)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
    return restored


@contextmanager
def _unpacked(path: Path, state: Path) -> Iterator[tuple[Path, _Manifest]]:
    """A folder beside the desks with the copy's files, each compared with its hash."""
    with _working_folder(state) as folder:
        try:
            with tarfile.open(path, "r:gz") as archive:
                archive.extractall(folder, filter="data")
            manifest = _Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        except FileNotFoundError as error:
            raise UsageError(
                f"{error.filename}: no such file; give a copy of acre backup"
            ) from None
        except (tarfile.TarError, ValidationError, EOFError, OSError, zlib.error) as error:
            raise BackupError(
                f"{path}: no copy of acre backup, or a broken one ({_reason(error)}); give another"
            ) from None
        files = {str(file.relative_to(folder)): files_.digest(file) for file in _files(folder)}
        del files[MANIFEST]
        if files != manifest.files:
            names = {name for name, _hash in files.items() ^ manifest.files.items()}
            raise BackupError(f"{path}: damaged: {', '.join(sorted(names)[:5])}; give another copy")
        yield folder, manifest


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _check_free(state: Path, name: str, replacing: bool) -> None:
    home = desks.folder(state, name)
    if not home.exists():
        return
    if not replacing:
        raise UsageError(
            f"desk {name!r} is there, in {home}; with --replace it is moved aside and the copy takes"
            " its place"
        )
    if desks.holder(home) is not None:
        raise UsageError(f"desk {name!r} is up; stop it first: acre serve --desk {name} --stop")


def _restore(
    folder: Path, state: Path, name: str, expected: Contents, database: str | None
) -> Copied:
    desk, new_login = _login(folder / "desk.json", state, name)
    if (folder / DUMP).exists():
        address = database or desk.database or ""
        desk = replace(desk, database=postgres.own_database(_server_of(address), name))
        actual = postgres.restore(desk, folder / DUMP, contents.of_postgres)
        (folder / DUMP).unlink()
    else:
        actual = contents.of_sqlite(folder / "data" / desks.SQLITE)
    unequal = contents.difference(expected, actual)
    if unequal:
        raise BackupError(f"desk {name!r}: the copy does not hold what it had: {unequal}")
    (folder / "desk.json").write_text(json.dumps(asdict(desk), indent=1) + "\n", encoding="utf-8")
    home, replaced = desks.folder(state, name), None
    if home.exists():
        moment = dt.datetime.now(dt.UTC)
        replaced = state / "replaced" / f"{name}-{moment:%Y%m%dT%H%M%S%f}"
        replaced.parent.mkdir(exist_ok=True)
        home.rename(replaced)
    home.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(home)
    return Copied(name, actual, new_login, replaced)


def _server_of(address: str) -> str:
    """The server, where the database gets a new name: the former one stays as it is."""
    return postgres.without_database(address)


def _login(path: Path, state: Path, name: str) -> tuple[Desk, bool]:
    """The desk as the copy has it; of one without secrets those that the desk has here or, in the end, new ones."""
    try:
        desk = replace(TypeAdapter(Desk).validate_json(path.read_bytes()), name=name)
    except (ValidationError, OSError):
        raise BackupError(
            f"desk {name!r}: the copy has no login that can be read; give another"
        ) from None
    if desk.token:
        return desk, False
    try:
        present = desks.read(state, name)
    except AcreError:
        present = desks.new(name)
    secrets: dict[str, Any] = {"token": present.token, "password": present.password}
    return replace(desk, **secrets), present.port is None


def automatic(
    state: Path, name: str, corpus: Corpus, kept: int = KEPT, notify: Callable[[str], None] = print
) -> Path | None:
    """Copy the desk, with its secrets, into `backups` of the state folder; the newest `kept` copies stay.

    None where nothing changed since the newest copy, where there is nothing to copy yet, and where it failed, of which
    `notify` is told: annotators go on working.
    """
    clear(state)
    folder = state / "backups" / name
    if kept < 1 or not desks.data_folder(state, name).is_dir():
        return None
    moment = dt.datetime.now(dt.UTC)
    path = folder / f"{name}-{moment:%Y%m%dT%H%M%S%fZ}.tar.gz"
    try:
        with desks.private():
            (copied,) = back_up(state, [name], path, corpus)
        earlier = sorted(folder.glob(f"{name}-*.tar.gz"))[:-1]
        if earlier and _holds(earlier[-1], copied):
            path.unlink()
            return None
        for old in earlier[: max(0, len(earlier) + 1 - kept)]:
            old.unlink()
    except (AcreError, OSError) as error:
        notify(f"desk {name}: no copy was made: {error}")
        return None
    return path


def _holds(path: Path, copied: Copied) -> bool:
    """Whether the copy has just these contents; False where it can't be read."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            head = archive.extractfile(MANIFEST)
            manifest = _Manifest.model_validate_json(head.read() if head else b"")
    except (tarfile.TarError, ValidationError, EOFError, OSError, zlib.error, KeyError):
        return False
    return manifest.desks == {copied.desk: copied.contents}
