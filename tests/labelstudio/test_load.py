"""Against a real Label Studio."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.store import Corpus
from annotate.labelstudio import desks, load, tasks
from annotate.labelstudio.client import Client, ClientError
from annotate.labelstudio.server import Desk
from annotate.model.issues import AcreError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre

pytestmark = pytest.mark.server
Write = Callable[..., tuple[Article, Annotation]]


def _tasks(client: Client, project: int) -> dict[str, dict[str, object]]:
    return {task["data"]["article"]: task for task in chain.from_iterable(client.tasks(project))}


def test_loading_twice_changes_nothing(
    corpus: Corpus, write: Write, schema: Schema, client: Client, project: str
) -> None:
    one, _ = write(SENTENCE)
    two, _ = write("[m1:person|Žofia] left.\n---\n")
    first = load.load(client, project, corpus.articles(), schema)
    assert set(first.added) == {one.id, two.id}
    before = _tasks(client, first.project)
    again = load.load(client, project, corpus.articles(), schema)
    assert (again.added, again.updated, set(again.unchanged)) == ([], [], {one.id, two.id})
    assert _tasks(client, first.project) == before


def test_batches_and_pages_lose_and_repeat_nothing(
    corpus: Corpus,
    write: Write,
    schema: Schema,
    client: Client,
    project: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    articles = [
        write(f"[m1:person|Number {n}] left the town of Brel.\n---\n")[0] for n in range(11)
    ]
    monkeypatch.setattr(load, "BATCH", 3)
    monkeypatch.setattr("annotate.labelstudio.client.PAGE", 4)
    report = load.load(client, project, corpus.articles(), schema)
    assert set(_tasks(client, report.project)) == {article.id for article in articles}
    assert sum(len(page) for page in client.tasks(report.project)) == 11


def test_metadata_follow_the_article_and_a_changed_text_is_taken_while_nobody_has_worked_on_it(
    corpus: Corpus, write: Write, schema: Schema, client: Client, project: str
) -> None:
    article, _ = write(SENTENCE)
    load.load(client, project, corpus.articles(), schema)
    changed = article.model_copy(update={"outlet": "Meridian"})
    report = load.load(client, project, [changed], schema)
    assert report.updated == [article.id]
    (task,) = _tasks(client, report.project).values()
    assert "Meridian" in task["data"]["about"]  # type: ignore[index]


def test_a_changed_text_does_not_touch_a_labelled_task(
    corpus: Corpus, write: Write, schema: Schema, client: Client, project: str
) -> None:
    article, annotation = write(SENTENCE)
    number = load.load(client, project, corpus.articles(), schema).project
    (task,) = _tasks(client, number).values()
    client.annotate(int(str(task["id"])), tasks.result(annotation, article, schema))
    other = article.model_copy(
        update={"text": "Troops left Tak; nobody died.", "sha256": "0" * 64, "zones": ()}
    )
    report = load.load(client, project, [other], schema)
    (issue,) = report.issues
    assert (issue.where, issue.code) == (article.id, "text-changed")
    assert "restore the text, or add it as a new article: nothing was touched" in issue.message
    (kept,) = _tasks(client, number).values()
    assert kept["data"] == task["data"]


def test_a_changed_schema_does_not_touch_a_project_that_is_worked_on(
    corpus: Corpus, write: Write, schema: Schema, client: Client, project: str
) -> None:
    article, annotation = write(SENTENCE)
    number = load.load(client, project, corpus.articles(), schema).project
    fewer = schema.model_copy(
        update={"mentions": {k: v for k, v in schema.mentions.items() if k != "weapon"}}
    )
    newer = schema.model_copy(update={"version": "9.0.0"})
    for changed in (fewer, newer):
        for cached in ("labels", "_fillers", "relations"):
            changed.__dict__.pop(cached, None)
    # Nobody has worked on it: it follows.
    load.load(client, project, corpus.articles(), fewer)
    load.load(client, project, corpus.articles(), schema)
    (task,) = _tasks(client, number).values()
    client.annotate(int(str(task["id"])), tasks.result(annotation, article, schema))
    with pytest.raises(
        AcreError,
        match="the schema's labels changed and 1 of its tasks are labelled or begun; nothing was",
    ):
        load.load(client, project, corpus.articles(), fewer)
    with pytest.raises(
        AcreError, match=rf"made under ACRE schema {schema.version}, this is schema 9.0.0"
    ):
        load.load(client, project, corpus.articles(), newer)
    unchanged = client.project(project)
    assert unchanged is not None
    assert 'value="weapon"' in unchanged["label_config"]


def test_an_article_in_two_tasks_is_named(
    corpus: Corpus, write: Write, schema: Schema, client: Client, project: str
) -> None:
    article, _ = write(SENTENCE)
    number = load.load(client, project, corpus.articles(), schema).project
    client.import_tasks(number, [{"data": tasks.data(article, schema)}])
    (issue,) = load.load(client, project, corpus.articles(), schema).issues
    assert (issue.where, issue.code) == (article.id, "task-repeated")


def test_a_killed_load_that_is_answered_late_makes_no_second_project(
    corpus: Corpus, write: Write, schema: Schema, client: Client, project: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Its project appears between this load's look at the server and its own project."""
    article, _ = write(SENTENCE)
    create = client.create_project
    late: list[int] = []

    def behind(fields: dict[str, Any]) -> dict[str, Any]:
        late.append(int(create(fields)["id"]))
        return create(fields)

    monkeypatch.setattr(client, "create_project", behind)
    report = load.load(client, project, corpus.articles(), schema)
    assert (report.project, report.added) == (late[0], [article.id])
    assert [each["id"] for each in client.namesakes(project)] == late


def test_a_project_that_a_killed_load_left_later_still_is_no_second_one(
    corpus: Corpus, write: Write, schema: Schema, client: Client, project: str
) -> None:
    """Made when another load had its own already, it is empty; two that have tasks are for a person to tell apart."""
    article, _ = write(SENTENCE)
    number = load.load(client, project, corpus.articles(), schema).project
    known = client.project(project)
    assert known is not None
    left = client.create_project({"title": project, "label_config": known["label_config"]})["id"]
    again = load.load(client, project, corpus.articles(), schema)
    assert (again.project, again.added) == (number, [])
    client.import_tasks(left, [{"data": tasks.data(article, schema)}])
    with pytest.raises(ClientError, match="rename one"):
        client.project(project)


def test_what_the_server_refuses_is_one_clear_line(client: Client, project: str) -> None:
    number = client.create_project(
        {"title": project, "label_config": "<View><Text name='t' value='$text'/></View>"}
    )["id"]
    with pytest.raises(ClientError, match=r"POST api/projects/\d+/import: HTTP 400") as refused:
        client.import_tasks(number, [{"data": {"no": "text"}}])
    assert "\n" not in str(refused.value)
    with pytest.raises(ClientError, match="the token is refused; give a valid one"):
        Client(client.url, "0" * 40).me()
    with pytest.raises(ClientError, match="is the server up\\? start it with: acre serve"):
        Client("http://127.0.0.1:9", "0" * 40).me()


def _named(desk: Desk, folder: Path, project: str) -> tuple[object, ...]:
    """The options that name the desk as a server that someone else runs, and the project."""
    (folder / "token").write_text(desk.token)
    return "--url", desk.url, "--token-file", folder / "token", "--project", project


def test_what_is_withheld_is_left_out_in_one_line_and_is_no_fault(
    corpus: Corpus, write: Write, desk: Desk, client: Client, project: str, acre: Acre,
    tmp_path: Path,
) -> None:  # fmt: skip
    server = _named(desk, tmp_path, project)
    write(SENTENCE)
    withheld = [write(f"Rebels left {place}.\n---\n", collection="local")[0] for place in "AB"]
    for article in withheld:
        (corpus.root / "articles" / "local" / f"{article.id}.txt").unlink()
    done = acre("load", *server)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 added, 0 updated, 0 unchanged\n" in done.stdout
    assert "left out: 2 articles whose texts are withheld and not here" in done.stdout
    named = acre("load", withheld[0].id, *server)
    assert named.returncode == 1
    assert f"{withheld[0].id}: its text is withheld and not here" in named.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("no-such-article",), 1, "no-such-article: no such article in"),
        (("--collection", "nowhere"), 2, "no collection 'nowhere'"),
    ],
)
def test_a_wrong_name_makes_no_empty_project(
    write: Write, desk: Desk, client: Client, project: str, acre: Acre,
    tmp_path: Path, arguments: tuple[str, ...], code: int, message: str,
) -> None:  # fmt: skip
    server = _named(desk, tmp_path, project)
    write(SENTENCE)
    done = acre("load", *arguments, *server)
    assert done.returncode == code
    assert message in done.stderr
    assert client.project(project) is None


def test_two_loads_at_once_make_one_project_and_each_task_once(
    corpus: Corpus, write: Write, client: Client, desk: Desk, state: Path, project: str
) -> None:
    for number in range(9):
        write(f"[m1:person|Number {number}] left the town of Brel.\n---\n")
    command = [
        sys.executable, "-m", "annotate", "load", "--desk", "ana", "--state", str(state), "--project", project,
    ]  # fmt: skip
    both = [
        subprocess.Popen(command, cwd=corpus.root.parent, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = sorted(process.communicate()[0].partition(": ")[2] for process in both)
    assert said == ["0 added, 0 updated, 9 unchanged\n"] * 2 + ["9 added, 0 updated, 0 unchanged\n"]
    made = client.project(project)
    assert made is not None
    assert len(list(chain.from_iterable(client.tasks(made["id"])))) == 9


def test_a_load_that_waits_says_so(
    corpus: Corpus, write: Write, client: Client, desk: Desk, state: Path, project: str
) -> None:
    write(SENTENCE)
    command = [
        sys.executable, "-m", "annotate", "load", "--desk", "ana", "--state", str(state), "--project", project,
    ]  # fmt: skip
    with desks.locked(desks.load_lock(state, client.url)):
        waiting = subprocess.Popen(
            command, cwd=corpus.root.parent, stderr=subprocess.PIPE, text=True
        )
        assert waiting.stderr is not None
        assert waiting.stderr.readline() == "another acre load is at work on it; waiting ...\n"
        assert client.project(project) is None
    waiting.communicate()
    assert waiting.returncode == 0
    assert client.project(project) is not None
