"""Copies of desks: made under a running server, and whole again after each kind of loss."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.labelstudio import backup, contents, desks, load, server, tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre, Prepare

pytestmark = pytest.mark.server
Write = Callable[..., tuple[Article, Annotation]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, prepare: Prepare) -> Iterator[Path]:
    state = prepare(tmp_path_factory.mktemp("copied") / "state", "eva")
    yield state
    server.stop(server.read(state, "eva"))


@pytest.fixture
def eva(home: Path) -> Desk:
    """The desk, up; a test may stop it."""
    return server.start(home, "eva")


@pytest.fixture
def work(eva: Desk, corpus: Corpus, schema: Schema, write: Write, request: Any) -> int:
    """A project of the desk with an annotation and a draft in it."""
    project = request.node.name[-50:]
    article, annotation = write(SENTENCE)
    other, _annotation = write("[m1:person|Mira 🪖] left.\n---\n")
    client = Client(eva.url, eva.token)
    number = load.load(client, project, corpus.articles(), schema).project
    assert number is not None
    for task in itertools.chain.from_iterable(client.tasks(number)):
        result = tasks.result(annotation, article, schema)
        if task["data"]["article"] == other.id:
            client.draft(task["id"], result)
        else:
            client.annotate(task["id"], result, 12.5)
    return number


def _submitted(desk: Desk, project: int) -> Any:
    """All that the server itself tells of the project's tasks."""
    pages = Client(desk.url, desk.token).tasks(project, annotations=True)
    return json.loads(json.dumps(list(itertools.chain.from_iterable(pages))))


def _torn(home: Path) -> None:
    path = desks.data_folder(home, "eva") / desks.SQLITE
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + os.urandom(4096))


def _destroyed(home: Path) -> None:
    shutil.rmtree(desks.data_folder(home, "eva"))


@pytest.mark.parametrize("lose", [_destroyed, _torn, None])
def test_a_desk_is_restored_mark_by_mark_with_its_login(
    eva: Desk,
    home: Path,
    work: int,
    acre: Acre,
    corpus: Corpus,
    tmp_path: Path,
    lose: Callable[[Path], None] | None,
) -> None:
    store.write(corpus.aside_path("eva", "a", "1"), b"{}\n")
    store.write(corpus.pull_path("b"), b"{}\n")
    before = _submitted(eva, work)
    copied = acre("backup", "eva", "eva.tar.gz", "--state", home)
    assert copied.returncode == 0, copied.stderr
    assert "keep it private" in copied.stdout
    assert (tmp_path / "eva.tar.gz").stat().st_mode & 0o077 == 0
    shutil.rmtree(corpus.root / "aside")
    if lose is None:  # another machine, where nothing of the desk is
        there, options = tmp_path / "elsewhere", ()
    else:
        there, options = home, ("--replace",)
        refused = acre("restore", "eva.tar.gz", "--state", there, "--replace")
        assert (refused.returncode, "is up; stop it first" in refused.stderr) == (2, True)
        server.stop(eva)
        lose(there)
        refused = acre("restore", "eva.tar.gz", "--state", there)
        assert (refused.returncode, "with --replace it is moved aside" in refused.stderr) == (
            2,
            True,
        )
    done = acre("restore", "eva.tar.gz", "--state", there, *options)
    assert done.returncode == 0, done.stderr
    assert "all as they were" in done.stdout
    assert corpus.aside_path("eva", "a", "1").read_bytes() == b"{}\n"
    assert not corpus.pull_path("b").exists()  # what was pulled is asked of the server again
    again = server.start(there, "eva")
    try:
        assert (again.token, again.password, again.email) == (eva.token, eva.password, eva.email)
        assert _submitted(again, work) == before
        assert len(before) == 2
        left = [path for path in there.rglob("*") if path.lstat().st_mode & 0o077]
        assert left == []
        assert list(there.glob(".copying-*")) == []
    finally:
        server.stop(again)


def test_a_copy_is_of_one_moment_while_people_submit(
    home: Path, eva: Desk, work: int, tmp_path: Path, corpus: Corpus
) -> None:
    client = Client(eva.url, eva.token)
    task = _submitted(eva, work)[0]["id"]
    for number in range(5):
        client.annotate(task, [], float(number))
        (copied,) = backup.back_up(home, ["eva"], tmp_path / f"{number}.tar.gz", corpus)
        (restored,) = backup.restore(tmp_path / f"{number}.tar.gz", tmp_path / str(number), corpus)
        assert contents.difference(copied.contents, restored.contents) is None
        assert contents.count(copied.contents)["annotation"] >= number + 1


def test_a_copy_without_secrets_holds_none_and_gives_a_new_login(
    home: Path, eva: Desk, work: int, acre: Acre, tmp_path: Path
) -> None:
    before = _submitted(eva, work)
    done = acre("backup", "--all", "eva.tar.gz", "--no-secrets", "--state", home)
    assert done.returncode == 0, done.stderr
    key = (desks.data_folder(home, "eva") / ".env").read_text().strip().partition("=")[2]
    with tarfile.open(tmp_path / "eva.tar.gz") as archive:
        held = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        texts = {name: file.read() for name, file in held.items() if file is not None}
    for secret in (eva.password or "?", key):
        assert [name for name, content in texts.items() if secret.encode() in content] == []
    assert eva.token.encode() not in texts["desks/eva/data/" + desks.SQLITE]
    done = acre("restore", "eva.tar.gz", "--state", tmp_path / "elsewhere")
    assert "shows a new one" in done.stderr
    again = server.start(tmp_path / "elsewhere", "eva")
    try:
        assert again.password != eva.password
        assert _submitted(again, work) == before
    finally:
        server.stop(again)


def test_each_start_keeps_a_copy_and_the_newest_stay(
    home: Path, eva: Desk, work: int, corpus: Corpus
) -> None:
    client, task = Client(eva.url, eva.token), _submitted(eva, work)[0]["id"]
    kept = []
    for number in range(4):
        client.annotate(task, [], float(number))
        kept.append(backup.automatic(home, "eva", corpus, 2))
        assert backup.automatic(home, "eva", corpus, 2) is None  # nothing is new
    assert sorted((home / "backups" / "eva").iterdir()) == kept[-2:]
    complaints: list[str] = []
    broken = home / "desks" / "zoe"
    store.write(broken / "desk.json", b"{")
    store.write(broken / "data" / desks.SQLITE, b"torn")
    assert backup.automatic(home, "zoe", corpus, 2, complaints.append) is None
    assert "desk zoe: no copy was made" in complaints[0]
    shutil.rmtree(broken)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda content: content[: len(content) // 2], "a broken one"),
        (lambda content: b"", "a broken one"),
        (lambda content: b"[]", "a broken one"),
        # What the unpacking does not notice, the digests of the files do.
        (lambda content: content[:3000] + b"torn" + content[3004:], "a broken one|damaged: desks/"),
    ],
)
def test_a_broken_copy_changes_nothing(
    home: Path,
    eva: Desk,
    acre: Acre,
    tmp_path: Path,
    damage: Callable[[bytes], bytes],
    problem: str,
) -> None:
    assert acre("backup", "eva", "eva.tar.gz", "--state", home).returncode == 0
    path = tmp_path / "eva.tar.gz"
    path.write_bytes(damage(path.read_bytes()))
    done = acre("restore", path, "--state", tmp_path / "new")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert re.search(problem, done.stderr)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_copy_that_was_changed_is_refused_by_name(
    home: Path, eva: Desk, acre: Acre, tmp_path: Path
) -> None:
    assert acre("backup", "eva", "eva.tar.gz", "--state", home).returncode == 0
    with tarfile.open(tmp_path / "eva.tar.gz") as archive:
        archive.extractall(tmp_path / "open", filter="data")
    path = tmp_path / "open" / "desks" / "eva" / "data" / desks.SQLITE
    path.write_bytes(path.read_bytes().replace(b"result", b"resulT", 1))
    with tarfile.open(tmp_path / "changed.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "open", ".")
    done = acre("restore", "changed.tar.gz", "--state", tmp_path / "new")
    assert (done.returncode, "damaged: desks/eva/data/" in done.stderr) == (1, True), done.stderr


def test_two_that_write_to_one_file_do_not_write_into_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second one writes all of its copy just before the first has written its own."""
    for name in ("first", "second"):
        store.write(tmp_path / name / backup.MANIFEST, name.encode())
    target = tmp_path / "copy.tar.gz"

    def meanwhile(_handle: int) -> None:
        monkeypatch.undo()
        child = os.fork()
        if child == 0:
            backup._pack(tmp_path / "second", target)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0

    monkeypatch.setattr("os.fsync", meanwhile)
    backup._pack(tmp_path / "first", target)
    with tarfile.open(target) as archive:
        manifest = archive.extractfile(backup.MANIFEST)
        assert manifest is not None
        assert manifest.read() == b"first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.tar.gz", "first", "second"]


def test_what_a_killed_copy_left_goes(tmp_path: Path) -> None:
    store.write(tmp_path / "given" / backup.MANIFEST, b"{}")
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    dead, alive = (tmp_path / f".copy.tar.gz.{pid}.part" for pid in (child, os.getppid()))
    for part in (dead, alive):
        part.write_bytes(b"half")
    backup._pack(tmp_path / "given", tmp_path / "copy.tar.gz")
    assert (dead.exists(), alive.exists()) == (False, True)
