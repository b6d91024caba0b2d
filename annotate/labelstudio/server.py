"""Desks: each a Label Studio of its own, with its own data, port, account and secrets, started and stopped here."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil

from annotate.corpus import processes
from annotate.labelstudio import desks, postgres
from annotate.labelstudio.desks import DamagedDesk, private
from annotate.labelstudio.desks import Desk as Desk
from annotate.labelstudio.desks import ServerError as ServerError
from annotate.labelstudio.desks import folder as folder
from annotate.labelstudio.desks import names as names
from annotate.labelstudio.desks import read as read
from annotate.labelstudio.environment import HOST as HOST
from annotate.labelstudio.environment import environment
from annotate.model.issues import UsageError

FIRST_PORT = 8080
_START_SECONDS = 240
_TABLES_SECONDS = 900  # some 40 s of one core, of which a busy machine gives little
_FIRST_ANSWER_SECONDS = 60
_STOP_SECONDS = 15
_DAY = 24 * 60 * 60
_MODULE = "annotate.labelstudio.server_app"


def attach(state: Path, name: str, url: str, token: str) -> Desk:
    """Remember a Label Studio that someone else runs; waits until it is healthy.

    UsageError where the desk has a Label Studio of its own: its secrets would be forgotten.
    """
    if desks.data_folder(state, name).exists():
        raise UsageError(
            f"desk {name!r} has a Label Studio of its own in {folder(state, name)}; choose another"
            " --desk name for the one that runs elsewhere"
        )
    desk = Desk(name, url.rstrip("/"), token)
    wait(desk.url, seconds=60)
    desks.keep(state, desk)
    return desk


def start(
    state: Path,
    name: str,
    port: int | None = None,
    on_wait: Callable[[], None] = lambda: None,
    guidelines: Path | None = None,
    database: str | None = None,
    notify: Callable[[str], None] = lambda message: None,
) -> Desk:
    """Start the desk's Label Studio and wait until it is healthy; one that is up already is taken over.

    The data directory outlives every kill: the next start finds all that was saved. `guidelines` is the folder of the
    built site, which the desk serves under /guidelines/. `database` is the PostgreSQL server that a new desk keeps its
    data on. ServerError where `port` is given and another program has it; where none is given, the next free one is
    taken. Of two starts at once the second waits, and takes over what the first started. Where Label Studio ends while
    it makes the tables of a desk that was never up, they are made once more, which `notify` tells.
    """
    home = folder(state, name)
    with desks.locked(home / "start.lock", on_wait):
        desk = _with_database(_known(state, name, database, notify), database)
        running = _taken_over(state, desk, on_wait)
        if running is not None:
            return running
        may_begin_anew = _is_unused(state, desk, is_made=postgres.prepare(desk))
        # Another program, or a desk under another state folder, may take the port after it was seen free: it listens
        # there then, and the next turn takes another port.
        while True:
            desk = _with_port(state, desk, port)
            try:
                running = _launch(state, desk, on_wait, guidelines)
            except _Ended as error:
                # Some of Label Studio's migrations are no transactions: where a start is cut short in one of them, by
                # Ctrl+C or a loss of power, each later start fails in it (“no such table”).
                if not may_begin_anew:
                    raise
                may_begin_anew = False
                notify(f"{error}\nit had never been up: its tables are made once more")
                _remove_tables(state, desk)
                continue
            if running is not None:
                return running


def _is_unused(state: Path, desk: Desk, is_made: bool) -> bool:
    """Whether the desk's tables, if there are any, were never used: Label Studio makes its account after all of them.

    A database that somebody named may hold more than Label Studio's tables: it is only where this start `is_made` it.
    """
    if desk.database is not None:
        return is_made or (postgres.is_own(desk) and not postgres.accounts(desk))
    file = desks.data_folder(state, desk.name) / desks.SQLITE
    return not file.exists() or not _may_have_account(file)


def _may_have_account(file: Path) -> bool:
    """Whether there is an account in the SQLite database; of one that can't be read, yes."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            has_table = "SELECT 1 FROM sqlite_master WHERE name = 'htx_user'"
            if connection.execute(has_table).fetchone() is None:
                return False
            return connection.execute("SELECT 1 FROM htx_user").fetchone() is not None
    except sqlite3.Error:
        return True


def _remove_tables(state: Path, desk: Desk) -> None:
    if desk.database is not None:
        postgres.remove(desk)
        postgres.prepare(desk)
    for file in desks.data_folder(state, desk.name).glob(f"{desks.SQLITE}*"):
        file.unlink()


def _known(state: Path, name: str, database: str | None, notify: Callable[[str], None]) -> Desk:
    """The desk as it was served last; one with new secrets where it never was, or where what was kept is damaged.

    The server gives its account the secrets that it is started with: nobody is locked out.
    """
    if not desks.file(state, name).exists():
        return desks.new(name)
    try:
        desk = read(state, name)
    except DamagedDesk as error:
        if database is None and not (desks.data_folder(state, name) / desks.SQLITE).exists():
            raise
        aside = desks.set_damaged_aside(state, name)
        notify(
            f"{error.args[0].rpartition(';')[0]}; it is kept as {aside.name}, and the desk has a new"
            " password: give it to the annotator"
        )
        return desks.new(name)
    if desk.port is None:
        raise UsageError(
            f"desk {name!r} is attached to {desk.url}, which someone else runs; choose another"
            " --desk name"
        )
    return desk


def _with_database(desk: Desk, database: str | None) -> Desk:
    """The desk with its data where it is asked for; UsageError where it has them elsewhere already."""
    if database is None:
        return desk
    if desk.port is None:
        return replace(desk, database=postgres.own_database(database, desk.name))
    if desk.database is None:
        raise UsageError(
            f"desk {desk.name!r} keeps its data in a folder, and they stay there; start a new --desk"
            " with --database"
        )
    if not postgres.is_on(desk.database, database):
        raise UsageError(
            f"desk {desk.name!r} keeps its data in {postgres.shown(desk.database)}; leave --database"
            " out, or start a new --desk"
        )
    return replace(desk, database=postgres.with_account_of(desk.database, database))


def _taken_over(state: Path, desk: Desk, on_wait: Callable[[], None]) -> Desk | None:
    """The desk, with the server that has its data already; None where none has.

    A start that was killed leaves a server that comes up by itself. One that never answers to the desk's token, because
    it hangs or the token is a new one, is stopped.
    """
    if is_ours(desk):
        return desk
    pid = desks.holder(folder(state, desk.name))
    if pid is None:
        return None
    if desk.port is not None and _comes_up(desk, pid, on_wait):
        running = replace(desk, pid=pid, started=_start_time(pid))
        desks.keep(state, running)
        return running
    _end(pid)
    return None


def _comes_up(desk: Desk, pid: int, on_wait: Callable[[], None]) -> bool:
    """Whether the desk's server, which that process is, answers to the desk's token in the end."""

    def failed() -> str | None:
        return None if processes.lives(pid) else "it has ended"

    try:
        _wait_until_it_listens(pid, on_wait, failed)
        wait(desk.url, _START_SECONDS, on_wait, failed)
    except ServerError:
        return False
    return _answers(desk, _FIRST_ANSWER_SECONDS)


def _with_port(state: Path, desk: Desk, port: int | None) -> Desk:
    """The desk at that port, or at a free one, its own from last time where it can be."""
    # Desks that are started together take their ports one after another.
    with desks.locked(state / "lock"):
        port = port or _free_port(desk.port or FIRST_PORT, _ports(state, but=desk.name))
        if not _is_free(port):
            raise ServerError(
                f"port {port} is in use by another program; give another with --port, or none to"
                " take a free one"
            )
        desk = replace(desk, url=f"http://{HOST}:{port}", port=port, pid=None, started=None)
        # Kept before the start: the account is made with these secrets, so they must survive a kill from here on.
        desks.keep(state, desk)
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
            cwd=home, env=environment(desk, home, guidelines), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, umask=0o077,
        )  # fmt: skip
    desk = replace(desk, pid=process.pid, started=_start_time(process.pid))
    try:
        desks.keep(state, desk)
        _wait_until_it_listens(process.pid, on_wait, lambda: _check_lives(process, log))
        if not _listens(process.pid, desk.port):
            stop(desk)
            return None
        wait(desk.url, _START_SECONDS, on_wait, lambda: _check_lives(process, log))
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


def _wait_until_it_listens(
    pid: int, on_wait: Callable[[], None], failed: Callable[[], str | None]
) -> None:
    """Wait until Label Studio listens anywhere: its tables are made then. ServerError where it does not.

    Who answers at the desk's address before may be another desk's server. To stop Label Studio then would cut its
    migrations short, and one that was cut short can't be done again.
    """
    deadline = time.monotonic() + _TABLES_SECONDS
    while not _ports_of(pid):
        failure = failed()
        if failure or time.monotonic() > deadline:
            raise ServerError(failure or f"Label Studio is not up after {_TABLES_SECONDS} s")
        on_wait()
        time.sleep(0.25)


def _listens(pid: int, port: int | None) -> bool:
    """Whether the process, or one that it started, has the port."""
    return port in _ports_of(pid)


def _ports_of(pid: int) -> set[int]:
    """The ports at which the process listens, or one that it started."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        sockets = [socket for member in family for socket in member.net_connections("tcp")]
    except psutil.Error:
        return set()
    return {socket.laddr.port for socket in sockets if socket.status == psutil.CONN_LISTEN}


def stop(desk: Desk) -> bool:
    """Stop the desk's server: asked first, then made to. False, and nothing is done, where it is not ours or not up."""
    process = _process(desk)
    if process is None:
        return False
    _end(process.pid)
    return True


def _end(pid: int) -> None:
    """Stop the process and all of its group: asked first, then made to."""
    for sent, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, 5)):
        try:
            os.killpg(pid, sent)
            psutil.Process(pid).wait(seconds)
        except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            break
        except psutil.TimeoutExpired:
            continue
        break


def hold(
    desk: Desk, on_up: Callable[[], None], each_day: Callable[[], object] = lambda: None
) -> None:
    """Wait until Ctrl+C, then stop the desk's server; ServerError where it ended by itself.

    `on_up` is called first, when an interruption already stops the server.
    """
    try:
        on_up()
        next_day = time.monotonic() + _DAY
        while is_ours(desk):
            time.sleep(2)
            if time.monotonic() > next_day:
                next_day += _DAY
                each_day()
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


class _Ended(ServerError):
    """Label Studio ended by itself before it was up."""


def _check_lives(process: subprocess.Popen[bytes], log: Path) -> None:
    if process.poll() is None:
        return
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
    raise _Ended(
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
    others = (desk for desk in desks.all_readable(state) if desk.name != but)
    return {desk.port for desk in others if desk.port is not None}
