"""Desks: each a Label Studio of its own, with its own data, port, account and secrets, started and stopped here."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import psutil
from pydantic import Field, TypeAdapter, ValidationError

from annotate.corpus.store import write
from annotate.model import ids
from annotate.model.issues import AcreError, UsageError

HOST = "127.0.0.1"
FIRST_PORT = 8080
_START_SECONDS = 240
_FIRST_ANSWER_SECONDS = 60
_STOP_SECONDS = 15
_OWN_ACCOUNT = "1"
"""Number of the account that a desk begins with; an export tells no more of it."""
_MODULE = "annotate.labelstudio.server_app"


class ServerError(AcreError):
    """A Label Studio that does not start, answer or let itself be reached."""


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

    def __repr__(self) -> str:
        return f"Desk({self.name!r}, {self.url!r})"  # never the secrets: a repr ends up in logs

    @property
    def accounts(self) -> dict[str, str]:
        """The pseudonym of the desk's own account, its name, by e-mail and by number; none of an attached desk."""
        return {self.email: self.name, _OWN_ACCOUNT: self.name} if self.email else {}


def folder(state: Path, name: str) -> Path:
    """The desk's own folder under the state folder."""
    return state / "desks" / ids.check("desk", name)


def read(state: Path, name: str) -> Desk:
    """A desk that has been served or attached before; UsageError names those there are."""
    path = folder(state, name) / "desk.json"
    try:
        return TypeAdapter(Desk).validate_json(path.read_bytes())
    except FileNotFoundError:
        known = ", ".join(names(state)) or "none yet"
        raise UsageError(
            f"no desk {name!r} (there is: {known}); start it with: acre serve --desk {name}"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise ServerError(
            f"{path}: {where}: {first['msg']}; stop the server, remove the file and run acre serve"
            " again"
        ) from None


def names(state: Path) -> list[str]:
    """Of the desks that have been served or attached before."""
    return sorted(path.parent.name for path in state.glob("desks/*/desk.json"))


def _keep(state: Path, desk: Desk) -> None:
    path = folder(state, desk.name) / "desk.json"
    with private():
        write(path, (json.dumps(asdict(desk), indent=1) + "\n").encode())


@contextmanager
def private() -> Iterator[None]:
    """Files made meanwhile are the user's alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def attach(state: Path, name: str, url: str, token: str) -> Desk:
    """Remember a Label Studio that someone else runs; waits until it is healthy."""
    desk = Desk(name, url.rstrip("/"), token)
    wait(desk.url, seconds=60)
    _keep(state, desk)
    return desk


def start(
    state: Path,
    name: str,
    port: int | None = None,
    on_wait: Callable[[], None] = lambda: None,
    guidelines: Path | None = None,
) -> Desk:
    """Start the desk's Label Studio and wait until it is healthy; one that is up already is taken over.

    The data directory outlives every kill: the next start finds all that was saved. `guidelines` is the folder of the
    built site, which the desk serves under /guidelines/. ServerError where `port` is given and another program has it;
    where none is given, the next free one is taken.
    """
    home = folder(state, name)
    with private():
        home.mkdir(parents=True, exist_ok=True)
    desk = _known(state, name)
    if is_ours(desk):
        return desk
    # Another program, or a desk under another state folder, may take the port after it was seen free: it listens there
    # then, and the next turn takes another port.
    while True:
        desk = _with_port(state, desk, port)
        running = _launch(state, desk, on_wait, guidelines)
        if running is not None:
            return running


def _known(state: Path, name: str) -> Desk:
    """The desk as it was served last; a new one, with secrets of its own, where it never was."""
    if not (folder(state, name) / "desk.json").exists():
        return Desk(
            name, "", secrets.token_hex(20), f"{name}@acre.invalid", secrets.token_urlsafe(12)
        )
    desk = read(state, name)
    if desk.port is None:
        raise UsageError(
            f"desk {name!r} is attached to {desk.url}, which someone else runs; choose another"
            " --desk name"
        )
    return desk


def _with_port(state: Path, desk: Desk, port: int | None) -> Desk:
    """The desk at that port, or at a free one, its own from last time where it can be."""
    with _one_at_a_time(state):
        port = port or _free_port(desk.port or FIRST_PORT, _ports(state, but=desk.name))
        if not _is_free(port):
            raise ServerError(
                f"port {port} is in use by another program; give another with --port, or none to"
                " take a free one"
            )
        desk = replace(desk, url=f"http://{HOST}:{port}", port=port, pid=None, started=None)
        # Kept before the start: the account is made with these secrets, so they must survive a kill from here on.
        _keep(state, desk)
    return desk


def _launch(
    state: Path, desk: Desk, on_wait: Callable[[], None], guidelines: Path | None
) -> Desk | None:
    """The desk with its server healthy at its port; None, with the server stopped, where another program has the port.

    Where its port is taken, Label Studio goes on to the next one without a word: an answer at the address need not be
    the desk's.
    """
    home = folder(state, desk.name)
    log = home / "server.log"
    with private(), log.open("ab") as output:
        process = subprocess.Popen(
            [*_program(), "start", "--no-browser", "--internal-host", HOST, "--port", str(desk.port)],
            cwd=home, env=_environment(desk, home, guidelines), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, umask=0o077,
        )  # fmt: skip
    desk = replace(desk, pid=process.pid, started=_start_time(process.pid))
    try:
        _keep(state, desk)
        wait(desk.url, _START_SECONDS, on_wait, lambda: _exited(process, log))
        if not _answers(desk, _FIRST_ANSWER_SECONDS):
            raise ServerError(f"{desk.url}: the server does not know the desk's token; see {log}")
    except ServerError:
        stop(desk)
        if desk.port is None or _is_free(desk.port):
            raise
        return None
    except BaseException:
        stop(desk)
        raise
    return desk


def stop(desk: Desk) -> bool:
    """Stop the desk's server: asked first, then made to. False, and nothing is done, where it is not ours or not up."""
    process = _process(desk)
    if process is None:
        return False
    for sent, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, sent)
            process.wait(seconds)
        except (ProcessLookupError, PermissionError):
            break
        except psutil.TimeoutExpired:
            continue
        break
    return True


def hold(desk: Desk, on_up: Callable[[], None]) -> None:
    """Wait until Ctrl+C, then stop the desk's server; ServerError where it ended by itself.

    `on_up` is called first, when an interruption already stops the server.
    """
    try:
        on_up()
        while is_ours(desk):
            time.sleep(2)
    except KeyboardInterrupt:
        for sent in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sent, signal.SIG_IGN)  # it is stopping already
        stop(desk)
        return
    raise ServerError(
        f"desk {desk.name}: its server has ended; see server.log beside desk.json, and run acre"
        " serve again"
    )


def is_ours(desk: Desk) -> bool:
    """Whether the desk's server is up: its process lives, and whoever answers at its port knows its token."""
    return _process(desk) is not None and _answers(desk)


def _process(desk: Desk) -> psutil.Process | None:
    """The desk's own process; None where it has ended, whoever has its pid now.

    Its command must be that of a desk at the desk's port, and its start time the recorded one. Where that differs,
    because the clock was set since, or was not recorded, as in older files, the desk must answer with its token.
    """
    if desk.pid is None:
        return None
    try:
        process = psutil.Process(desk.pid)
        if not {_MODULE, str(desk.port)} <= set(process.cmdline()):
            return None
        # Two seconds: where the operating system counts from its start, and corrects when that was.
        same = desk.started is not None and abs(process.create_time() - desk.started) < 2
    except psutil.Error:
        return None
    return process if same or _answers(desk) else None


def _start_time(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:  # it has ended already
        return None


def _answers(desk: Desk, seconds: float = 10) -> bool:
    """Whether who answers at the desk's address knows its token."""
    request = urllib.request.Request(
        f"{desk.url}/api/current-user/whoami", headers={"Authorization": f"Token {desk.token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return bool(json.load(answer).get("email") == desk.email)
    except (OSError, ValueError):
        return False


def wait(
    url: str,
    seconds: float,
    on_wait: Callable[[], None] = lambda: None,
    failed: Callable[[], str | None] = lambda: None,
) -> None:
    """Wait until the server says that it is healthy; ServerError when it has not after `seconds`."""
    deadline = time.monotonic() + seconds
    last_answer = "no answer"
    while time.monotonic() < deadline:
        failure = failed()
        if failure:
            raise ServerError(failure)
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as error:
            last_answer = f"HTTP {error.code}"
        except (OSError, ValueError) as error:
            last_answer = str(getattr(error, "reason", error))
        on_wait()
        time.sleep(0.25)
    raise ServerError(
        f"{url}: not healthy after {seconds:.0f} s ({last_answer}); is it the address of a Label"
        " Studio?"
    )


def _program() -> list[str]:
    try:
        import label_studio  # noqa: F401  # only whether it is there: importing it costs little, its server much
    except ImportError:
        raise UsageError(
            "Label Studio is not installed here; install it with: pip install 'acre-corpus[server]'"
        ) from None
    # -P: the desk's folder, its working directory, must not shadow modules.
    return [sys.executable, "-P", "-m", _MODULE]


def _environment(desk: Desk, home: Path, guidelines: Path | None) -> dict[str, str]:
    settings = {
        "BASE_DATA_DIR": str((home / "data").resolve()),
        "USERNAME": desk.email or "",
        "PASSWORD": desk.password or "",
        "USER_TOKEN": desk.token,
        "ENABLE_LEGACY_API_TOKEN": "true",
        "DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "CORS_ALLOW_ALL_ORIGINS": "false",
        "ALLOWED_HOSTS": f"{HOST},localhost",
        "ENABLE_LOCAL_FILES_STORAGE": "false",
        "LOCAL_FILES_SERVING_ENABLED": "false",
        # The suggestion service is on this machine; the annotator's account can name none.
        "ML_BLOCK_LOCAL_IP": "false",
        "DJANGO_DB": "sqlite",
        # SQLite in WAL mode: twice the submit rate, and readers don't lock writers out.
        "AZURE_MOUNT_FIX": "1",
    }
    # Settings of the caller's shell must not reach a desk: they could open what is closed here.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LABEL_STUDIO_", "DJANGO_"))
    }
    label_studio = {f"LABEL_STUDIO_{name}": value for name, value in settings.items()}
    # Bad predictions are refused.
    flags = {"fflag_feat_utc_210_prediction_validation_15082025": "true"}
    site = {"ACRE_GUIDELINES": str(guidelines.resolve())} if guidelines else {}
    return inherited | label_studio | flags | site | {"ACRE_DESK": desk.name}


def _exited(process: subprocess.Popen[bytes], log: Path) -> str | None:
    if process.poll() is None:
        return None
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
    return (
        f"Label Studio ended with {process.returncode} while starting; its last words, from"
        f" {log}:\n" + "\n".join(tail)
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port(first: int, taken: set[int]) -> int:
    untaken = (port for port in range(first, 65536) if port not in taken)
    return next(filter(_is_free, untaken))


def _ports(state: Path, but: str) -> set[int]:
    """The ports of the other desks: one that is starting does not listen yet, one that is down keeps its address."""
    others = set(names(state)) - {but}
    ports = (read(state, name).port for name in others)
    return {port for port in ports if port is not None}


@contextmanager
def _one_at_a_time(state: Path) -> Iterator[None]:
    """Desks that are started together take their ports one after another."""
    with private(), (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
