"""A desk whose data are in PostgreSQL: submitted, pulled, killed, copied, and nothing lost or told."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.store import Corpus
from annotate.labelstudio import backup, desks, load, postgres, pull, server, tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk, ServerError
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre
from tests.labelstudio import cluster as cluster_
from tests.labelstudio.cluster import Cluster

pytestmark = pytest.mark.server
Write = Callable[..., tuple[Article, Annotation]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    pytest.importorskip("psycopg", reason="Label Studio is not installed (extra: server)")
    if cluster_.programs() is None:
        if os.environ.get("CI"):
            pytest.fail("CI must not skip these tests: install PostgreSQL")
        pytest.skip(
            "PostgreSQL is missing; install it, for example with: apt-get install postgresql"
        )
    with cluster_.running() as running:
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgres") / "state"


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What the first start of zoe told."""
    return []


@pytest.fixture(scope="module")
def zoe(home: Path, cluster: Cluster, told: list[str]) -> Iterator[Desk]:
    """A desk on the cluster; a test may have started it anew since.

    In its new database is a table that Label Studio's first migration makes as well: it ends at the first try.
    """
    prepare = postgres.prepare

    def prepare_badly(desk: Desk) -> bool:
        is_made = prepare(desk)
        if is_made and not told:
            with postgres.connected(str(desk.database)) as connection:
                connection.execute("CREATE TABLE django_content_type (id int)")
        return is_made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "prepare", prepare_badly)
        desk = server.start(home, "zoe", database=cluster.address(), notify=told.append)
    yield desk
    server.stop(server.read(home, "zoe"))


def test_a_start_makes_a_database_once_more_whose_tables_it_could_not_make(
    zoe: Desk, told: list[str]
) -> None:
    (line,) = told
    assert 'relation "django_content_type" already exists' in line
    assert "it had never been up: its tables are made once more" in line
    assert server.is_ours(zoe)


def test_nothing_that_was_answered_is_lost_when_either_is_killed(
    home: Path,
    zoe: Desk,
    cluster: Cluster,
    corpus: Corpus,
    schema: Schema,
    write: Write,
    project: str,
) -> None:
    article, annotation = write(SENTENCE)
    result = tasks.result(annotation, article, schema)
    for number in range(11):
        write(f"[m1:person|Number {number}] left the town of Brel.\n---\n")
    number_ = load.load(Client(zoe.url, zoe.token), project, corpus.articles(), schema).project
    assert number_ is not None

    def task_ids() -> list[int]:
        return [task["id"] for task in _all(Client(zoe.url, zoe.token), number_)]

    answered: set[int] = set()

    def submit(ids: list[int], killed: Callable[[], object]) -> None:
        """Several at once, and in their midst a kill."""

        def one(task: int) -> None:
            with contextlib.suppress(AcreError):
                Client(zoe.url, zoe.token).annotate(task, result)
                answered.add(task)

        threads = [threading.Thread(target=one, args=(task,)) for task in ids]
        for thread in threads:
            thread.start()
        killed()
        for thread in threads:
            thread.join()

    ids = task_ids()
    submit(ids[:3], lambda: None)
    assert answered == set(ids[:3])
    desk = server.read(home, "zoe")
    assert desk.pid is not None
    submit(ids[3:6], lambda: os.killpg(desk.pid or 0, signal.SIGKILL))
    again = server.start(home, "zoe")
    assert (again.database, again.token) == (zoe.database, zoe.token)
    submit(ids[6:9], cluster.kill)
    with pytest.raises(AcreError):
        task_ids()
    cluster.start()
    submit(ids[9:], lambda: None)
    assert answered >= {*ids[:3], *ids[9:]}
    kept = {
        task["id"]: len(task["annotations"]) for task in _all(Client(zoe.url, zoe.token), number_)
    }
    assert {task for task in answered if not kept[task]} == set()
    assert set(kept.values()) <= {0, 1}
    counts = pull.pull(Client(zoe.url, zoe.token), project, corpus, schema, zoe.accounts)
    assert counts["new"] + counts["set aside"] == sum(kept.values())


def _all(client: Client, project: int) -> list[dict[str, Any]]:
    return list(itertools.chain.from_iterable(client.tasks(project, annotations=True)))


def test_the_password_is_in_no_process_list_and_no_log(
    home: Path, zoe: Desk, cluster: Cluster, acre: Acre, tmp_path: Path
) -> None:
    listed = subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
    log = (desks.folder(home, "zoe") / "server.log").read_text()
    escaped = cluster.address().partition(":")[2].rpartition("@")[0].rpartition(":")[2]
    for secret in (cluster.password, escaped):
        for place in (listed, log, cluster.log(), repr(zoe), postgres.shown(zoe.database or "")):
            assert secret not in place
    refused = acre("serve", "--desk", "zoe", "--state", home, "--database", cluster.address())
    assert (refused.returncode, "shows in the list of processes" in refused.stderr) == (2, True)
    assert escaped not in refused.stderr


def test_a_copy_of_it_is_restored_to_a_database_of_its_own(
    home: Path, zoe: Desk, cluster: Cluster, corpus: Corpus, schema: Schema, write: Write, project: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    zoe = server.start(home, "zoe")
    article, annotation = write(SENTENCE)
    client = Client(zoe.url, zoe.token)
    number = load.load(client, project, corpus.articles(), schema).project
    assert number is not None
    (task,) = _all(client, number)
    client.annotate(task["id"], tasks.result(annotation, article, schema), 3.5)
    before = _all(client, number)
    for secrets in (True, False):
        path, there = tmp_path / f"{secrets}.tar.gz", tmp_path / str(secrets)
        backup.back_up(home, ["zoe"], path, corpus, secrets)
        (restored,) = backup.restore(
            path, there, corpus, database=None if secrets else cluster.address()
        )
        assert restored.contents
        desk = server.read(there, "zoe")
        assert desk.database != zoe.database
        assert cluster.password not in path.read_bytes().decode("latin-1")
    again = server.start(tmp_path / "True", "zoe")
    try:
        assert (again.token, again.password) == (zoe.token, zoe.password)
        assert _all(Client(again.url, again.token), number) == before
    finally:
        server.stop(again)


def test_a_database_belongs_to_one_desk(home: Path, zoe: Desk, cluster: Cluster) -> None:
    own = postgres.fields(zoe.database or "")["dbname"]
    assert own.startswith("acre_zoe_")
    stranger = postgres.own_database(cluster.address(own), "ben")
    with pytest.raises(UsageError, match=r"the database of another desk \(zoe@acre.invalid\)"):
        postgres.prepare(Desk("ben", "", "t", "ben@acre.invalid", database=stranger))
    with pytest.raises(UsageError, match="keeps its data in postgresql://"):
        server.start(home, "zoe", database=cluster.address("another"))
    assert postgres.accounts(zoe) == [zoe.email]
    assert postgres.is_own(zoe)
    assert not postgres.is_own(replace(zoe, name="ben"))
    assert not postgres.is_own(replace(zoe, database=cluster.address("acre_zoe_corpus")))
    names = {postgres.own_database(cluster.address(), "ben") for _ in range(3)}
    assert len(names) == 3  # desks of one name, of different corpora


def test_a_lost_desk_file_is_mended_where_the_database_is_named(
    home: Path, zoe: Desk, cluster: Cluster
) -> None:
    own = postgres.fields(zoe.database or "")["dbname"]
    path = desks.file(home, "zoe")
    whole = path.read_bytes()
    path.write_bytes(b"{")
    with pytest.raises(ServerError, match="give its address again: acre serve --desk zoe with the"):
        server.start(home, "zoe")
    again = server.start(home, "zoe", database=cluster.address(own))
    try:
        assert postgres.fields(again.database or "")["dbname"] == own
        assert again.token != zoe.token
        assert server.is_ours(again)
    finally:
        server.stop(again)
        path.write_bytes(whole)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("mysql://root@localhost/", "no PostgreSQL's; give it as postgresql://"),
        ("postgresql://a:secret@b:c:d/x", "can't be read"),
        ("postgresql://nobody@127.0.0.1:9/", "is PostgreSQL up"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_line(
    address: str, problem: str, acre: Acre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg", reason="Label Studio is not installed (extra: server)")
    with pytest.raises(AcreError, match=problem) as refused:
        server.start(tmp_path, "eva", database=address)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_database_that_was_just_made_can_be_made_once_more(cluster: Cluster) -> None:
    """What a start does whose Label Studio ended while it made its tables: the second try finds an empty one."""
    new = Desk(
        "late",
        "",
        "t",
        "late@acre.invalid",
        database=postgres.own_database(cluster.address(), "late"),
    )
    assert postgres.prepare(new)
    with postgres._connect(postgres.fields(str(new.database))) as connection:
        connection.execute("CREATE TABLE half (id int)")
    assert not postgres.prepare(new)
    assert postgres.is_own(new)
    assert postgres.accounts(new) == []
    postgres.remove(new)
    assert postgres.prepare(new)
    with postgres._connect(postgres.fields(str(new.database))) as connection:
        assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)
