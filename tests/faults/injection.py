"""The named faults, each with what it does to a command, and what must be true after it."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import math
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from annotate.labelstudio import desks, load, server, tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.desks import Desk
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.faults import world
from tests.faults.proxy import Proxy, Trouble
from tests.faults.world import Ended

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html><body>Log in</body></html>"
_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
ANSWERS = (
    b"", HTML, _JSON + b"[]", _JSON + b"{}", _JSON + b"null", _JSON + b"{\"results\": 3}", _JSON + b"\xff\xfe",
    _JSON + b"[" * 20_000, b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", b"SSH-2.0-x\r\n",
)  # fmt: skip
PIECES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"\x00",
    b"9" * 5000,
    b"[" * 50_000,
    b'{"since": "2999-01-01T00:00:00Z"}',
)


@dataclass
class Bench:
    """One real server with work on it, and a corpus to pull it into."""

    template: Path
    folder: Path
    state: Path
    desk: Desk
    proxy: Proxy
    schema: Schema
    work: list[tuple[Article, Annotation]]
    project: str
    random: random.Random
    expected: Counter[str] = field(default_factory=Counter)
    """All marks of the corpus once everything was pulled."""
    number: int = 0

    @property
    def root(self) -> Path:
        """The run's own copy of the corpus and what is beside it."""
        return self.folder / "run"

    @property
    def corpus(self) -> Path:
        """The run's corpus."""
        return self.root / "corpus"

    def arguments(self, *command: str, direct: bool = False) -> tuple[str, ...]:
        """A command that speaks with the server, through the proxy or directly."""
        url = self.desk.url if direct else self.proxy.url
        token = ("--url", url, "--token-file", str(self.folder / "token"))
        return (*command, "--project", self.project, *token)

    def pull(self, direct: bool = False) -> tuple[str, ...]:
        """A pull of the project."""
        return self.arguments("pull", "--annotator", f"{self.desk.email}=ana", direct=direct)


Fault = Callable[[Bench, tuple[str, ...]], list[Ended]]


def kill(bench: Bench, command: tuple[str, ...]) -> list[Ended]:
    """The process is killed at a random moment."""
    return [world.command(bench.root, *command, kill_after=bench.random.expovariate(4))]


def disk_full(bench: Bench, command: tuple[str, ...]) -> list[Ended]:
    """No file can grow beyond some bytes."""
    limit = bench.random.choice((0, 1, 100, 1000, bench.random.randrange(20_000)))
    return [world.command(bench.root, *command, limit=limit)]


def cut(bench: Bench, command: tuple[str, ...]) -> list[Ended]:
    """Each answer breaks off at a byte."""
    with _trouble(bench, Trouble(cut_after=bench.random.randrange(1, 6000))):
        return [world.command(bench.root, *command)]


def answers(bench: Bench, command: tuple[str, ...]) -> list[Ended]:
    """Another server answers, or a broken one."""
    with _trouble(bench, Trouble(answer=bench.random.choice(ANSWERS))):
        return [world.command(bench.root, *command)]


def clock(bench: Bench, command: tuple[str, ...]) -> list[Ended]:
    """The server's clock is ahead or back, by seconds or by years."""
    seconds = bench.random.choice((-1, 1)) * 10 ** bench.random.uniform(0, 8.5)
    with _trouble(bench, Trouble(shift=dt.timedelta(seconds=round(seconds)))):
        return [world.command(bench.root, *command)]


def twice(bench: Bench, command: tuple[str, ...]) -> list[Ended]:
    """Two at once."""
    begun = [world.begin(bench.root, *command) for _ in range(2)]
    return [world.end(pid, log) for pid, log in begun]


def locked(bench: Bench, command: tuple[str, ...]) -> list[Ended]:
    """Another program holds the server's SQLite file, some time for longer than the server waits."""
    path = desks.data_folder(bench.state, bench.desk.name) / desks.SQLITE
    held = min(bench.random.expovariate(1), 7)
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")

        def release(seconds: float) -> None:
            if connection.in_transaction and seconds > held:
                connection.execute("ROLLBACK")

        return [world.end(*world.begin(bench.root, *command), meanwhile=release)]


def server_killed(bench: Bench, command: tuple[str, ...]) -> list[Ended]:
    """The server is killed at a random moment, and started again when the command has ended."""
    moment, pid = bench.random.expovariate(4), bench.desk.pid
    assert pid is not None

    def strike(seconds: float) -> None:
        if seconds > moment and psutil.pid_exists(pid):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    ended = world.end(*world.begin(bench.root, *command), meanwhile=strike)
    strike(math.inf)
    bench.desk = server.start(bench.state, bench.desk.name)
    bench.proxy.port = bench.desk.port or 0
    return [ended]


def damaged(bench: Bench, command: tuple[str, ...]) -> list[Ended]:
    """What the tool keeps for itself is torn, cut off or another file's."""
    kept = sorted([*bench.corpus.glob("aside/**/*.json"), *bench.root.glob(".acre/**/*.json")])
    if kept:
        path = bench.random.choice(kept)
        content = path.read_bytes()
        at = bench.random.randrange(len(content) + 1)
        path.write_bytes(content[:at] + bench.random.choice(PIECES))
    return [world.command(bench.root, *command)]


@contextlib.contextmanager
def _trouble(bench: Bench, trouble: Trouble) -> Iterator[None]:
    bench.proxy.trouble = trouble
    try:
        yield
    finally:
        bench.proxy.trouble = Trouble()


LOCAL: dict[str, Fault] = {
    "kill": kill,
    "disk full": disk_full,
    "two at once": twice,
    "damaged": damaged,
}
REMOTE: dict[str, Fault] = LOCAL | {
    "cut connection": cut, "other answers": answers, "clock": clock, "SQLite lock": locked,
    "server killed": server_killed,
}  # fmt: skip
WRITING: dict[str, tuple[str, ...]] = {
    "adjudicate": ("adjudicate",),
    "split": ("split",),
    "assign": ("assign", "ana", "ben"),
    "add": ("add", "more.txt", "--collection", "sample"),
    "convert": ("convert", "--to", "brat", "--output", "brat"),
    "build": ("build",),
    "validate": ("validate",),
    "status": ("status",),
}


def run_local(bench: Bench, name: str, fault: str) -> list[str]:
    """A command of the corpus alone: no mark is other than before, and a second run ends as one without a fault."""
    world.copy(bench.template, bench.root)
    before = world.marks(bench.corpus)
    problems = _problems(LOCAL[fault](bench, WRITING[name]))
    after = world.marks(bench.corpus)
    if before - after:
        problems.append(f"lost: {list(before - after)[:2]}")
    if name != "adjudicate" and after - before:
        problems.append(f"not there before: {list(after - before)[:2]}")
    again = world.command(bench.root, *WRITING[name])
    problems += _problems([again])
    clean = bench.folder / "clean" / name
    if not clean.exists():
        world.copy(bench.template, clean)
        world.command(clean, *WRITING[name])
        world.command(clean, *WRITING[name])
    expected, actual = world.digest(clean), world.digest(bench.root)
    unequal = sorted(path for path, _hash in expected.items() ^ actual.items())
    if unequal:
        problems.append(f"files differ from those of a run without the fault: {unequal[:4]}")
    return problems


def run_pull(bench: Bench, fault: str) -> list[str]:
    """A pull: after the next one, direct and whole, the corpus has each mark of the server once, and no other."""
    if bench.random.random() < 0.5:
        world.copy(bench.template, bench.root)
    else:  # this copy was pulled into before, and has lost some passes since
        world.copy(bench.folder / "pulled", bench.root)
        for path in sorted(bench.corpus.glob("annotations/ana/*.json")):
            if bench.random.random() < 0.3:
                path.unlink()
    problems = _problems(REMOTE[fault](bench, bench.pull()))
    after = world.marks(bench.corpus)
    if after - bench.expected:
        problems.append(f"not on the server: {list(after - bench.expected)[:2]}")
    healed = world.command(bench.root, *bench.pull())
    problems += _problems([healed])
    after = world.marks(bench.corpus)
    if after != bench.expected:
        lost, more = bench.expected - after, after - bench.expected
        problems.append(f"after the next pull, lost {list(lost)[:2]}, too much {list(more)[:2]}")
    return problems


def run_load(bench: Bench, fault: str) -> list[str]:
    """A load: after the next one, the project has each article once, with its own text."""
    world.copy(bench.template, bench.root)
    bench.number += 1
    before, bench.project = bench.project, f"load {bench.number}"
    try:
        problems = _problems(REMOTE[fault](bench, bench.arguments("load")))
        healed = world.command(bench.root, *bench.arguments("load"))
        problems += _problems([healed])
        client = Client(bench.desk.url, bench.desk.token)
        project = client.project(bench.project)
        if project is None:
            return [*problems, f"no project: {healed.output}"]
        texts = Counter(
            task["data"]["text"]
            for task in itertools.chain.from_iterable(client.tasks(project["id"]))
        )
        if texts != Counter(article.text for article, _annotation in bench.work):
            problems.append(f"tasks: {sorted(texts.values())}")
        client._answer("DELETE", f"api/projects/{project['id']}")
        return problems
    finally:
        bench.project = before


def run_backup(bench: Bench, fault: str) -> list[str]:
    """A copy: it is whole or it is not there, and the desk's work is as before."""
    world.copy(bench.template, bench.root)
    path = bench.root / "copy.tar.gz"
    command = ("backup", bench.desk.name, str(path), "--state", str(bench.state))
    problems = _problems(LOCAL[fault](bench, command))
    if path.exists():
        restored = world.command(
            bench.root, "restore", str(path), "--state", str(bench.root / "there")
        )
        if restored.code:
            problems.append(f"a copy that is not whole: {restored.output[-300:]}")
    return problems


def _problems(ended: list[Ended]) -> list[str]:
    return [problem for problem in (one.problem() for one in ended) if problem is not None]


def plan(rng: random.Random) -> tuple[str, str]:
    """A command and a fault; one in 300 is a server's death, as a server takes many seconds to start."""
    kind = rng.random()
    remote = sorted(REMOTE.keys() - {"server killed"})
    if kind < 1 / 300:
        return rng.choice(("load", "pull")), "server killed"
    if kind < 0.4:
        return "pull", rng.choice(remote)
    if kind < 0.55:
        return "load", rng.choice(remote)
    if kind < 0.6:
        return "backup", rng.choice(sorted(LOCAL))
    return rng.choice(sorted(WRITING)), rng.choice(sorted(LOCAL))


def inject(bench: Bench, command: str, fault: str) -> list[str]:
    """What is wrong after the fault; nothing, where nothing is."""
    if command == "pull":
        return run_pull(bench, fault)
    if command == "load":
        return run_load(bench, fault)
    if command == "backup":
        return run_backup(bench, fault)
    return run_local(bench, command, fault)


@contextlib.contextmanager
def bench(folder: Path, state: Path, seed: int) -> Iterator[Bench]:
    """A server that is up, with everything of ana's submitted; the corpus has ben's passes and none of hers."""
    template = folder / "template"
    corpus, schema, work = world.make(template)
    for article, _annotation in work:
        corpus.annotation_path("ana", article.id).unlink()
    made: Bench | None = None
    desk = server.start(state, "ana")
    try:
        client = Client(desk.url, desk.token)
        title = f"work {os.getpid()}"
        number = load.load(client, title, corpus.articles(), schema).project
        ids = {
            task["data"]["article"]: task["id"]
            for task in itertools.chain.from_iterable(client.tasks(number or 0))
        }
        for article, annotation in work:
            client.annotate(ids[article.id], tasks.result(annotation, article, schema), 12.5)
        with desks.private():
            (folder / "token").write_text(desk.token)
        made = Bench(
            template,
            folder,
            state,
            desk,
            Proxy(desk.port or 0),
            schema,
            work,
            title,
            random.Random(seed),
        )
        world.copy(template, made.root)
        pulled = world.command(made.root, *made.pull())
        assert pulled.code == 0, pulled.output
        made.expected = world.marks(made.corpus)
        assert sum("ana/" in mark for mark in made.expected) > 5
        world.copy(made.root, folder / "pulled")
        with world.prepared():
            yield made
        made.proxy.close()
    finally:
        server.stop(made.desk if made else desk)
