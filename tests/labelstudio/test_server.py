"""Starting, stopping, killing and starting again a real Label Studio."""

from __future__ import annotations

import http.server
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from email.message import Message
from itertools import chain
from pathlib import Path

import psutil
import pytest

from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.labelstudio import desks, load, server, server_app, tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.environment import environment
from annotate.labelstudio.server import Desk, ServerError
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre, Prepare

pytestmark = pytest.mark.server


def test_what_was_saved_outlives_a_kill(
    tmp_path: Path,
    write: Callable[..., tuple[Article, Annotation]],
    corpus: Corpus,
    schema: Schema,
    prepare: Prepare,
) -> None:
    article, annotation = write(SENTENCE)
    state = prepare(tmp_path / "state", "eva")
    desk = server.start(state, "eva")
    try:
        client = Client(desk.url, desk.token)
        number = load.load(client, "kept", corpus.articles(), schema).project
        (task,) = (task["id"] for task in chain.from_iterable(client.tasks(number)))
        client.annotate(task, tasks.result(annotation, article, schema))
        assert desk.pid is not None
        os.killpg(desk.pid, signal.SIGKILL)
        time.sleep(0.5)
        assert not server.is_ours(desk)
        again = server.start(state, "eva")
        assert (again.token, again.password, again.port) == (desk.token, desk.password, desk.port)
        pages = Client(again.url, again.token).tasks(number, annotations=True)
        (kept,) = chain.from_iterable(pages)
        assert len(kept["annotations"]) == 1
        # A second start takes the running one over instead of starting another on the same data.
        assert server.start(state, "eva").pid == again.pid
        desk = again
    finally:
        server.stop(desk)
    assert not server.is_ours(desk)
    readable = [path for path in state.rglob("*") if stat.S_IMODE(path.lstat().st_mode) & 0o077]
    assert readable == []  # nothing of a desk is for other users' eyes


FAILS_AT_FIRST = """
import os, pathlib, runpy, shutil, sys
database = pathlib.Path(os.environ["LABEL_STUDIO_BASE_DATA_DIR"], "label_studio.sqlite3")
if not os.path.exists({tried!r}):
    pathlib.Path({tried!r}).touch()
    database.parent.mkdir(parents=True)
    database.write_bytes(b"half a database")
    sys.exit("no such table: tasks_annotation")
assert not database.exists()
shutil.copyfile({tables!r}, database)
module = sys.argv.pop(1)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def test_tables_that_could_not_be_made_are_made_once_more(
    tmp_path: Path, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, tried = tmp_path / "fails.py", tmp_path / "tried"
    script.write_text(FAILS_AT_FIRST.format(tried=str(tried), tables=str(tables)))
    program = [sys.executable, "-P", str(script), server._MODULE]
    monkeypatch.setattr(server, "_program", lambda: program)
    told: list[str] = []
    desk = server.start(tmp_path / "state", "eva", notify=told.append)
    try:
        assert server.is_ours(desk)
        (line,) = told
        assert "no such table: tasks_annotation" in line
        assert "its tables are made once more" in line
    finally:
        server.stop(desk)
    # Tables that were in use are never thrown away.
    tried.unlink()
    monkeypatch.setattr(server, "_program", lambda: [sys.executable, "-c", "raise SystemExit(1)"])
    kept = (tmp_path / "state/desks/eva/data" / desks.SQLITE).read_bytes()
    with pytest.raises(ServerError, match="ended with 1 while starting"):
        server.start(tmp_path / "state", "eva")
    assert (tmp_path / "state/desks/eva/data" / desks.SQLITE).read_bytes() == kept


MIGRATES_FOR_LONG = """
import pathlib, runpy, sys, time
pathlib.Path({begun!r}).touch()
for _ in range(100):
    time.sleep(0.05)
pathlib.Path({migrated!r}).touch()
module = sys.argv.pop(1)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def test_another_servers_answer_cuts_no_migration_short(
    tmp_path: Path, prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where desks of two corpora are started at once: the one that is up first answers at the other's address.

    Label Studio's migration tasks.0002 is no transaction. Cut short in it, it fails ever after, with “relation
    tasks_taskcompletiondraft does not exist”.
    """
    script, begun, migrated = (tmp_path / name for name in ("migrates.py", "begun", "migrated"))
    script.write_text(MIGRATES_FOR_LONG.format(begun=str(begun), migrated=str(migrated)))
    program = [sys.executable, "-P", str(script), server._MODULE]
    monkeypatch.setattr(server, "_program", lambda: program)
    strangers: list[http.server.HTTPServer] = []
    stopped: list[bool] = []
    stop = server.stop

    def listen() -> None:
        if not strangers and begun.exists():
            address = (server.HOST, server.read(tmp_path, "eva").port or 0)
            strangers.append(http.server.ThreadingHTTPServer(address, Stranger))
            threading.Thread(target=strangers[0].serve_forever, daemon=True).start()

    def stop_and_tell(desk: Desk) -> bool:
        stopped.append(migrated.exists())
        return stop(desk)

    monkeypatch.setattr(server, "stop", stop_and_tell)
    desk = server.start(prepare(tmp_path, "eva"), "eva", on_wait=listen)
    try:
        assert server.is_ours(desk)
        assert desk.port != strangers[0].server_port
        # Once, or more often where other programs take the next port too; never within the migration.
        assert stopped
        assert all(stopped)
    finally:
        stop(desk)
        for stranger in strangers:
            stranger.shutdown()
            stranger.server_close()


def test_a_first_start_that_was_cut_short_in_a_migration_is_mended_by_the_next(
    tmp_path: Path, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is there already, with a table and no account."""
    script, tried = tmp_path / "fails.py", tmp_path / "tried"
    script.write_text(FAILS_AT_FIRST.format(tried=str(tried), tables=str(tables)))
    tried.touch()  # the script fails where there is a database
    program = [sys.executable, "-P", str(script), server._MODULE]
    monkeypatch.setattr(server, "_program", lambda: program)
    database = tmp_path / "state/desks/eva/data" / desks.SQLITE
    with server.private():
        database.parent.mkdir(parents=True)
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE tasks_annotationdraft (id int)")
    told: list[str] = []
    desk = server.start(tmp_path / "state", "eva", notify=told.append)
    try:
        assert server.is_ours(desk)
        assert ["its tables are made once more" in line for line in told] == [True]
    finally:
        server.stop(desk)


def test_it_is_closed_to_strangers(desk: Desk) -> None:
    assert desk.url.startswith("http://127.0.0.1:")
    assert desk.port is not None
    with socket.socket() as probe, pytest.raises(OSError, match="refused"):
        probe.connect((_outside(), desk.port))  # it listens on the loopback alone
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{desk.url}/api/projects")
    assert refused.value.code == 401
    stranger = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = stranger.open(f"{desk.url}/user/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    form = {
        "email": "stranger@acre.invalid",
        "password": "a-long-password",
        "csrfmiddlewaretoken": token[1] if token else "",
    }
    with pytest.raises(urllib.error.HTTPError) as closed:
        stranger.open(f"{desk.url}/user/signup/", urllib.parse.urlencode(form).encode())
    assert closed.value.code == 403
    assert "stranger@acre.invalid" not in Client(desk.url, desk.token).users().values()
    headers = urllib.request.urlopen(f"{desk.url}/user/login/").headers
    assert headers["X-Frame-Options"]


def test_the_callers_environment_does_not_reach_a_desk_and_guessing_is_slow(
    tmp_path: Path, prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "DEBUG",
        "LABEL_STUDIO_DEBUG",
        "HEARTEX_DEBUG",
        "DJANGO_DEBUG",
        "CORS_ALLOW_ALL_ORIGINS",
    ):
        monkeypatch.setenv(name, "true")
    monkeypatch.setenv("DATABASE_NAME", str(tmp_path / "another.sqlite3"))
    monkeypatch.setenv("SECRET_KEY", "known")
    desk = server.start(prepare(tmp_path, "eva"), "eva")
    try:
        process = psutil.Process(desk.pid)
        seen = set(process.environ())
        assert seen.isdisjoint(
            {"DEBUG", "LABEL_STUDIO_DEBUG", "HEARTEX_DEBUG", "DJANGO_DEBUG", "SECRET_KEY"}
        )
        assert not (tmp_path / "another.sqlite3").exists()
        request = urllib.request.Request(f"{desk.url}/no-such-page")
        request.add_header("Authorization", f"Token {desk.token}")
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(request)
        assert missing.value.code == 404
        assert "urlpatterns" not in missing.value.read().decode()  # as a page of DEBUG lists them
        assert [_log_in(desk, "wrong")[0] for _ in range(10)] == [200] * 10  # the page again
        assert _log_in(desk, "wrong")[0] == 429
        status, headers = _log_in(desk, desk.password or "")
        assert status == 429
        assert 0 < int(headers["Retry-After"]) <= 300
        assert server.is_ours(desk)  # who is in is not slowed down
    finally:
        server.stop(desk)


def _log_in(desk: Desk, password: str) -> tuple[int, Message]:
    stranger = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(), _Unfollowed())
    page = stranger.open(f"{desk.url}/user/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    form = {"email": desk.email, "password": password, "csrfmiddlewaretoken": token[1]}
    try:
        with stranger.open(
            f"{desk.url}/user/login/", urllib.parse.urlencode(form).encode()
        ) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


class _Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object) -> None:
        return None


def test_a_right_password_ends_the_waiting_and_time_does() -> None:
    django = pytest.importorskip("django.test", reason="Label Studio is not installed")
    from django.conf import settings

    if not settings.configured:
        settings.configure()
    from django.http import HttpResponse

    now, right, tried = [0.0], [False], [0]

    def page(request: object) -> HttpResponse:
        tried[0] += 1
        return HttpResponse(status=302 if right[0] else 200)

    guarded = server_app.slow_logins(page, lambda: now[0])
    post = django.RequestFactory().post

    def attempt() -> int:
        now[0] += 1
        return int(guarded(post("/user/login/")).status_code)

    assert [attempt() for _ in range(9)] == [200] * 9
    right[0] = True
    assert attempt() == 302  # and nothing is held against it any more
    right[0] = False
    assert [attempt() for _ in range(12)] == [200] * 10 + [429] * 2
    assert tried[0] == 20
    now[0] += 288
    assert attempt() == 200
    assert attempt() == 200
    assert guarded(django.RequestFactory().get("/user/login/")).status_code == 200


def _outside() -> str:
    """This machine's own address that is not the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: it only asks the routing table
        except OSError:
            pytest.skip("this machine has no address but the loopback")
        return str(probe.getsockname()[0])


def test_no_secret_shows_in_the_process_list_or_in_a_repr(desk: Desk) -> None:
    listed = subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
    for secret in (desk.token, desk.password or "?"):
        assert secret not in listed
        assert secret not in repr(desk)


def test_a_desk_that_does_not_listen_yet_keeps_its_port(tmp_path: Path) -> None:
    # As two desks started together find it: the one has taken a port, and is not up.
    taken = Desk(
        "first", "http://127.0.0.1:9", "t", "first@acre.invalid", "p", port=server.FIRST_PORT + 40
    )
    desks.keep(tmp_path, taken)
    assert (
        server._free_port(server.FIRST_PORT + 40, server._ports(tmp_path, but="second"))
        == server.FIRST_PORT + 41
    )
    assert (
        server._free_port(server.FIRST_PORT + 40, server._ports(tmp_path, but="first"))
        == server.FIRST_PORT + 40
    )


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            ServerError, match=f"port {port} is in use by another program; give another with --port"
        ):
            server.start(tmp_path, "eva", port)


def test_an_unknown_desk_is_named_with_those_there_are(state: Path, desk: Desk) -> None:
    with pytest.raises(
        UsageError,
        match=r"no desk 'nobody' \(there is: .*ana.*\); start it with: acre serve --desk nobody",
    ):
        server.read(state, "nobody")


def test_attaching_waits_until_healthy_and_remembers(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    attached = server.attach(tmp_path, "elsewhere", desk.url + "/", desk.token)
    assert server.read(tmp_path, "elsewhere") == attached
    assert attached.url == desk.url
    server.stop(attached)  # not ours to stop
    assert server.is_ours(desk)
    with pytest.raises(UsageError, match="which someone else runs"):
        server.start(tmp_path, "elsewhere")
    with pytest.raises(ServerError, match="not healthy after"):
        server.wait("http://127.0.0.1:9", 0.5)


def test_serve_stops_on_a_signal_and_leaves_no_server_behind(
    tmp_path: Path, prepare: Prepare
) -> None:
    prepare(tmp_path, "eva")
    command = [sys.executable, "-m", "annotate", "serve", "--desk", "eva", "--state", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(3)]
        kept = json.loads((tmp_path / "desks" / "eva" / "desk.json").read_text())
        assert f"Label Studio is up at {kept['url']}" in said[0]
        assert kept["password"] not in "".join(said)  # what goes to a pipe may end up in a log
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(30) == 0
    assert "stopped" in rest
    assert not server.is_ours(server.read(tmp_path, "eva"))


def test_a_desk_serves_the_guidelines_and_nothing_beside_them(
    tmp_path: Path, prepare: Prepare
) -> None:
    site = tmp_path / "site"
    (site / "labels").mkdir(parents=True)
    (site / "index.html").write_text("the manual")
    (site / "labels" / "person.html").write_text("a page")
    (tmp_path / "secret.txt").write_text("secret")
    desk = server.start(prepare(tmp_path / "state", "eva"), "eva", guidelines=site)
    try:
        assert urllib.request.urlopen(f"{desk.url}/guidelines/").read() == b"the manual"
        assert (
            urllib.request.urlopen(f"{desk.url}/guidelines/labels/person.html").read() == b"a page"
        )
        for path in ("../secret.txt", "%2e%2e/secret.txt", "labels/none.html"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{desk.url}/guidelines/{path}")
            assert refused.value.code in (400, 404)
    finally:
        server.stop(desk)


@pytest.fixture
def stranger(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, with the arguments of the parameter, that has nothing to do with a desk."""
    sleep = [sys.executable, "-c", "import time; print(flush=True); time.sleep(300)"]
    with subprocess.Popen(
        [*sleep, *request.param], start_new_session=True, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it runs: its command is its own
        yield process
        process.kill()


_COMMAND = ["-m", "annotate.labelstudio.server_app", "start", "--port", "9"]


@pytest.mark.parametrize(
    ("stranger", "started"),
    [
        ([], {}),  # as older versions kept a desk
        ([], {"started": 1.0}),
        (_COMMAND, {}),  # nobody answers at its port
        (_COMMAND, {"started": 1.0}),  # another desk's, which got the pid after a restart
        ([*_COMMAND[:-1], "10"], {}),
    ],
    indirect=["stranger"],
)
def test_a_stranger_that_has_the_recorded_pid_is_left_alone(
    tmp_path: Path, acre: Acre, stranger: subprocess.Popen[bytes], started: dict[str, float]
) -> None:
    fields = {
        "name": "eva",
        "url": "http://127.0.0.1:9",
        "token": "t",
        "email": "eva@acre.invalid",
        "port": 9,
    }
    store.write(
        tmp_path / "desks/eva/desk.json",
        json.dumps(fields | {"pid": stranger.pid} | started).encode(),
    )
    done = acre("serve", "--desk", "eva", "--state", tmp_path, "--stop")
    with pytest.raises(subprocess.TimeoutExpired):
        stranger.wait(0.5)
    assert (done.returncode, done.stdout) == (0, "desk eva was not running\n")


def test_a_desk_that_an_older_version_started_is_stopped(
    tmp_path: Path, acre: Acre, prepare: Prepare
) -> None:
    desk = server.start(prepare(tmp_path, "eva"), "eva")
    try:
        path = tmp_path / "desks" / "eva" / "desk.json"
        fields = json.loads(path.read_text(encoding="utf-8"))
        assert fields.pop("started")
        path.write_text(json.dumps(fields), encoding="utf-8")
        assert (
            acre("serve", "--desk", "eva", "--state", tmp_path, "--stop").stdout
            == "desk eva stopped\n"
        )
        assert not server.is_ours(desk)
    finally:
        server.stop(desk)


def test_two_that_serve_a_desk_at_once_have_one_server(tmp_path: Path, prepare: Prepare) -> None:
    prepare(tmp_path, "eva")
    command = [
        sys.executable,
        "-m",
        "annotate",
        "serve",
        "--desk",
        "eva",
        "--state",
        str(tmp_path),
        "--detach",
    ]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0] for process in both]
    desk = server.read(tmp_path, "eva")
    try:
        assert [process.returncode for process in both] == [0, 0]
        assert said[0] == said[1]
        assert _servers_in(tmp_path / "desks" / "eva") == [desk.pid]
    finally:
        server.stop(desk)


def _servers_in(home: Path) -> list[int]:
    """The pids of all processes that work in the folder."""
    pids = []
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"] == str(home):
            pids.append(process.pid)
    return pids


def test_a_start_that_was_killed_leaves_a_server_that_the_next_takes_over(
    tmp_path: Path, prepare: Prepare
) -> None:
    home = prepare(tmp_path, "eva") / "desks" / "eva"
    command = [sys.executable, "-m", "annotate", "serve", "--desk", "eva", "--state", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while desks.holder(home) in (None, process.pid):  # which starts it holds the lock before it
            time.sleep(0.05)
        process.kill()
    left = desks.holder(home)
    path = desks.file(tmp_path, "eva")
    # As if it was killed before it could write down whom it started.
    desks.keep(tmp_path, replace(server.read(tmp_path, "eva"), pid=None, started=None))
    desk = server.start(tmp_path, "eva")
    try:
        assert desk.pid == left
        # Nor does a server that somebody starts by hand join it.
        by_hand = subprocess.run(
            server._program(), cwd=home, env=environment(desk, home), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (by_hand.returncode, "another server has this desk's data" in by_hand.stderr) == (
            1,
            True,
        )
        # A file that is lost, with the server up, costs the annotator a new password and nothing else.
        path.write_bytes(path.read_bytes()[:-40])
        complaints: list[str] = []
        again = server.start(tmp_path, "eva", notify=complaints.append)
        assert _servers_in(home) == [again.pid]
        assert again.pid != left
        assert (again.token != desk.token, again.password != desk.password) == (True, True)
        assert _log_in(again, again.password or "")[0] == 302
        assert _log_in(again, desk.password or "")[0] == 200
        assert "desk.json: file: Invalid JSON" in complaints[0]
        assert "it is kept as desk.json.damaged, and the desk has a new password" in complaints[0]
        assert path.with_name("desk.json.damaged").exists()
        desk = again
    finally:
        server.stop(desk)


def test_a_damaged_file_of_another_desk_stops_none(tmp_path: Path) -> None:
    store.write(desks.file(tmp_path, "ben"), b"{")
    assert server._ports(tmp_path, but="eva") == set()


def test_a_desk_with_data_of_its_own_is_not_attached_elsewhere(tmp_path: Path, acre: Acre) -> None:
    (tmp_path / "desks" / "eva" / "data").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"has a Label Studio of its own in .*; choose another"):
        server.attach(tmp_path, "eva", "http://127.0.0.1:9", "token")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"name": "eva", "url": "u", "token": "t", "pid": "x"}', "pid: Input should be"),
        ("{", "file: Invalid JSON"),
    ],
)
def test_a_damaged_desk_file_is_one_clear_line(
    tmp_path: Path, acre: Acre, content: str, problem: str
) -> None:
    store.write(tmp_path / "desks" / "eva" / "desk.json", content.encode())
    done = acre("serve", "--desk", "eva", "--state", tmp_path, "--stop")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"desk.json: {problem}" in done.stderr
    assert "give its address again: acre serve --desk eva with the --url" in done.stderr


def test_desks_started_at_once_under_two_state_folders_get_a_port_each(
    tmp_path: Path, prepare: Prepare
) -> None:
    """Neither listens yet when the other takes its port: Label Studio then serves one of them at the next port."""
    others: list[Desk] = []

    def start_another() -> None:
        if not others:
            others.append(Desk("none", "", ""))  # it waits as well
            others[0] = server.start(prepare(tmp_path / "elsewhere", "ben"), "ben")

    desk = server.start(prepare(tmp_path / "here", "eva"), "eva", on_wait=start_another)
    try:
        assert server.is_ours(desk)
        assert server.is_ours(others[0])
        assert desk.port != others[0].port
        assert server.read(tmp_path / "here", "eva") == desk
        assert server.read(tmp_path / "elsewhere", "ben") == others[0]
    finally:
        server.stop(desk)
        server.stop(others[0])


class Stranger(http.server.BaseHTTPRequestHandler):
    """Answers as another desk's server."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 401)
        self.end_headers()


def test_a_server_that_took_the_named_port_meanwhile_is_not_taken_for_the_desk(
    tmp_path: Path, prepare: Prepare
) -> None:
    with socket.socket() as probe:
        probe.bind((server.HOST, 0))
        port = probe.getsockname()[1]
    strangers: list[http.server.HTTPServer] = []

    def listen() -> None:
        if not strangers:
            strangers.append(http.server.ThreadingHTTPServer((server.HOST, port), Stranger))
            threading.Thread(target=strangers[0].serve_forever, daemon=True).start()

    try:
        with pytest.raises(
            ServerError, match=f"port {port} is in use by another program; give another"
        ):
            server.start(prepare(tmp_path, "eva"), "eva", port, on_wait=listen)
        assert (
            server._process(server.read(tmp_path, "eva")) is None
        )  # nothing of it is left running
    finally:
        for stranger in strangers:
            stranger.shutdown()
            stranger.server_close()
