"""Desks as they are remembered: each annotator's address, account and secrets, in a folder that is the user's alone."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from annotate.corpus.store import write
from annotate.model import ids
from annotate.model.issues import AcreError, UsageError

_OWN_ACCOUNT = "1"
"""Number of the account that a desk begins with; an export tells no more of it."""
SQLITE = "label_studio.sqlite3"


class ServerError(AcreError):
    """A Label Studio that does not start, answer or let itself be reached."""


class DamagedDesk(ServerError):
    """A `desk.json` that can't be read: `acre serve` mends it where the desk's data are in a folder of its own."""


@dataclass(frozen=True)
class Desk:
    """Where an annotator works: address and account. The file that keeps it is private to the user."""

    name: str
    url: str
    token: str
    email: str | None = None
    password: str | None = None
    port: int | None = None
    pid: Annotated[int, Field(gt=0)] | None = None
    """Of the server's process, where it is one of ours."""
    started: float | None = None
    """When that process started, in seconds since 1970: after a restart of the machine its pid may be anybody's."""
    database: str | None = None
    """The address of the desk's PostgreSQL database; None: SQLite, in the desk's data folder."""

    def __repr__(self) -> str:
        return f"Desk({self.name!r}, {self.url!r})"  # never the secrets: a repr ends up in logs

    @property
    def accounts(self) -> dict[str, str]:
        """The pseudonym of the desk's own account, its name, by e-mail and by number; none of an attached desk."""
        return {self.email: self.name, _OWN_ACCOUNT: self.name} if self.email else {}


def new(name: str) -> Desk:
    """A desk that was never served, with secrets of its own."""
    return Desk(name, "", secrets.token_hex(20), f"{name}@acre.invalid", secrets.token_urlsafe(12))


def folder(state: Path, name: str) -> Path:
    """The desk's own folder under the state folder."""
    return state / "desks" / ids.check("desk", name)


def file(state: Path, name: str) -> Path:
    """Where the desk is remembered."""
    return folder(state, name) / "desk.json"


def data_folder(state: Path, name: str) -> Path:
    """The data folder of the desk's Label Studio."""
    return folder(state, name) / "data"


def read(state: Path, name: str) -> Desk:
    """A desk that has been served or attached before; UsageError names those there are, DamagedDesk what is wrong."""
    path = file(state, name)
    try:
        return TypeAdapter(Desk).validate_json(path.read_bytes())
    except FileNotFoundError:
        known = ", ".join(names(state)) or "none yet"
        raise UsageError(
            f"no desk {name!r} (there is: {known}); start it with: acre serve --desk {name}"
        ) from None
    except OSError as error:
        raise DamagedDesk(f"{path}: {error.strerror}; {_remedy(state, name)}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise DamagedDesk(f"{path}: {where}: {first['msg']}; {_remedy(state, name)}") from None


def _remedy(state: Path, name: str) -> str:
    serve = f"acre serve --desk {name}"
    if (data_folder(state, name) / SQLITE).exists():
        return f"mend it with: {serve}, which gives the desk a new password and loses nothing"
    return (
        f"give its address again: {serve} with the --url or the --database that it had, or restore a"
        " copy of the file"
    )


def set_damaged_aside(state: Path, name: str) -> Path:
    """Move a `desk.json` that can't be read out of the way; returns where it is now."""
    path = file(state, name)
    aside = path.with_name(f"{path.name}.damaged")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    return path.rename(aside)


def names(state: Path) -> list[str]:
    """Of the desks that have been served or attached before."""
    return sorted(path.parent.name for path in state.glob("desks/*/desk.json"))


def all_readable(state: Path) -> Iterator[Desk]:
    """The desks whose files can be read; a damaged one stops no other."""
    for name in names(state):
        with suppress(AcreError):
            yield read(state, name)


def keep(state: Path, desk: Desk) -> None:
    """Remember the desk."""
    with private():
        write(file(state, desk.name), (json.dumps(asdict(desk), indent=1) + "\n").encode())


@contextmanager
def private() -> Iterator[None]:
    """Files made meanwhile are the user's alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def locked(path: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock of that file, which is made if missing; waits while another process holds it.

    The lock goes with the process that holds it, however that ends.
    """
    with private():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a")
    with handle:
        while not _lock(handle.fileno()):
            on_wait()
            time.sleep(0.1)
        yield


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def server_lock(home: Path) -> Path:
    """The file that a desk's server holds locked while it lives, with its pid: two never have the same data."""
    return home / "server.lock"


def load_lock(state: Path, url: str) -> Path:
    """The file that `acre load` holds locked: two at once would each make the project, or every task twice."""
    return state / "locks" / f"load-{hashlib.sha256(url.encode()).hexdigest()[:12]}"


def holder(home: Path) -> int | None:
    """The pid of the server that has the desk's data, whoever started it; None where none has."""
    try:
        with server_lock(home).open() as handle:
            if _lock(handle.fileno()):
                return None
            return int(handle.read())
    except (FileNotFoundError, ValueError):  # none yet, or it is about to write its number
        return None
