"""Against a real Label Studio."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.labelstudio import load, pull, tasks
from annotate.labelstudio.client import Client, ClientError
from annotate.labelstudio.server import Desk
from annotate.model.issues import Issue
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre

pytestmark = pytest.mark.server
Write = Callable[..., tuple[Article, Annotation]]


class Round:
    """A project with the corpus's articles in it, and what pulling it tells."""

    def __init__(
        self, corpus: Corpus, schema: Schema, client: Client, project: str, desk: Desk
    ) -> None:
        self.corpus, self.schema, self.client, self.title, self.desk = (
            corpus,
            schema,
            client,
            project,
            desk,
        )
        self.number = load.load(client, project, corpus.articles(), schema).project
        self.tasks = {
            task["data"]["article"]: task["id"]
            for task in chain.from_iterable(client.tasks(self.number))
        }
        self.events: list[Issue | str] = []

    def submit(self, article: Article, annotation: Annotation) -> int:
        return self.client.annotate(
            self.tasks[article.id], tasks.result(annotation, article, self.schema), seconds=12.5
        )

    def pull(self, **options: Any) -> dict[str, int]:
        self.events.clear()
        annotators = options.pop("annotators", {self.desk.email or "": "ben"})
        counts = pull.pull(
            self.client,
            self.title,
            self.corpus,
            self.schema,
            annotators,
            notify=self.events.append,
            **options,
        )
        return {name: count for name, count in counts.items() if count}

    def codes(self) -> list[str]:
        return [event.code for event in self.events if isinstance(event, Issue)]

    def pulled(self, article: Article) -> Annotation:
        return store.read_annotation(self.corpus.annotation_path("ben", article.id))

    def aside(self) -> list[Path]:
        return sorted(self.corpus.root.glob("aside/*/*.json"))


@pytest.fixture
def start(
    corpus: Corpus, schema: Schema, client: Client, project: str, desk: Desk
) -> Callable[[], Round]:
    return lambda: Round(corpus, schema, client, project, desk)


def test_what_was_submitted_comes_back_exactly_and_leaves_the_others_alone(
    write: Write, start: Callable[[], Round]
) -> None:
    article, annotation = write(SENTENCE, annotator="ana")
    ana = store.dump(annotation)
    at = start()
    at.submit(article, annotation)
    assert at.pull() == {"tasks": 1, "new": 1}
    assert at.events == [f"annotations/ben/{article.id}.json"]
    pulled = at.pulled(article)
    assert pulled.layers() == annotation.layers()
    assert (pulled.provenance.annotator, pulled.provenance.kind, pulled.provenance.seconds) == (
        "ben",
        "human",
        12.5,
    )
    assert pulled.provenance.tool == "label-studio"  # an export does not tell its version
    assert at.corpus.annotation_path("ana", article.id).read_bytes() == ana


def test_a_second_pull_asks_only_for_what_is_new(write: Write, start: Callable[[], Round]) -> None:
    article, annotation = write(SENTENCE)
    other, of_other = write("[m1:person|Žofia] left.\n---\n")
    at = start()
    at.submit(article, annotation)
    time.sleep(4)  # two pulls overlap by two seconds, in whole ones
    assert at.pull()["new"] == 1
    assert at.pull() == {}
    at.submit(other, of_other)
    assert at.pull() == {"tasks": 1, "new": 1}
    assert at.pull(everything=True) == {"tasks": 2, "unchanged": 2}


def test_a_dry_run_writes_nothing_and_tells_the_same(
    write: Write, start: Callable[[], Round]
) -> None:
    article, annotation = write(SENTENCE)
    at = start()
    at.submit(article, annotation)
    before = sorted(at.corpus.root.rglob("*"))
    dry = at.pull(dry=True)
    assert sorted(at.corpus.root.rglob("*")) == before
    assert dry == at.pull()


def test_a_pull_that_was_cut_off_goes_on_where_it_stopped(
    write: Write, start: Callable[[], Round], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [write(f"[m1:person|Number {n}] left the town of Brel.\n---\n") for n in range(5)]
    at = start()
    for article, annotation in written:
        at.submit(article, annotation)
    monkeypatch.setattr("annotate.labelstudio.client.PAGE", 2)
    pages = 0

    def killed(_count: int) -> None:
        nonlocal pages
        pages += 1
        if pages == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        at.pull(on_task=killed)
    rest = at.pull()
    assert rest == {
        "tasks": 1,
        "unchanged": 1,
    }  # its page was written, and then killed before it was noted
    assert len(list(at.corpus.root.glob("annotations/ben/*.json"))) == 5
    assert at.pull(everything=True)["unchanged"] == 5


def test_what_does_not_fit_is_set_aside_in_full_and_comes_in_when_mended(
    write: Write, start: Callable[[], Round]
) -> None:
    article, annotation = write(SENTENCE)
    at = start()
    sent = tasks.result(annotation, article, at.schema)
    broken = [entry for entry in sent if entry.get("from_name") != "realis"]
    number = at.client.annotate(at.tasks[article.id], broken)
    assert at.pull() == {"tasks": 1, "set aside": 1}
    assert at.codes() == ["attribute-missing", "attribute-missing"]
    (aside,) = at.aside()
    kept = json.loads(aside.read_text(encoding="utf-8"))
    assert kept["annotation"]["result"] == broken
    assert kept["data"]["text"] == article.text
    assert len(kept["issues"]) == 2
    at.client._call("PATCH", f"api/annotations/{number}", json={"result": sent})
    assert at.pull() == {"tasks": 1, "new": 1}
    assert at.aside() == []


def test_cancelled_and_empty_annotations_and_tasks_without_one_are_counted(
    write: Write, start: Callable[[], Round]
) -> None:
    written = [write(f"[m1:person|Number {n}] left the town of Brel.\n---\n") for n in range(3)]
    at = start()
    at.client.annotate(at.tasks[written[0][0].id], [])
    at.client._call(
        "POST",
        f"api/tasks/{at.tasks[written[1][0].id]}/annotations",
        json={"result": [], "was_cancelled": True},
    )
    assert at.pull() == {
        "tasks": 3, "new": 1, "of these, empty": 1, "cancelled, not exported": 1, "tasks without annotation": 2,
    }  # fmt: skip
    assert at.pulled(written[0][0]).layers() == dict.fromkeys(written[0][1].layers(), ())


def test_an_account_without_a_pseudonym_stays_nameless_and_out(
    write: Write, start: Callable[[], Round]
) -> None:
    article, annotation = write(SENTENCE)
    at = start()
    at.submit(article, annotation)
    assert at.pull(annotators={}) == {"tasks": 1, "set aside": 1}
    assert at.codes() == ["annotator-unknown"]
    assert (at.desk.email or "?") not in "".join(map(str, at.events))


def test_of_two_passes_by_one_annotator_the_newer_stands_and_the_older_is_set_aside(
    write: Write, start: Callable[[], Round]
) -> None:
    article, annotation = write(SENTENCE)
    at = start()
    at.submit(
        article, annotation.model_copy(update={"sources": (), "cues": (), "attributions": ()})
    )
    at.submit(article, annotation)
    counts = at.pull()
    assert (counts["set aside"], at.codes()) == (1, ["pass-older"])
    assert at.pulled(article).layers() == annotation.layers()
    assert len(at.aside()) == 1
    at.pull(everything=True)
    assert at.codes() == ["pass-older"]
    assert at.pulled(article).layers() == annotation.layers()


def test_an_edited_text_on_the_server_and_an_article_that_is_gone_are_named(
    write: Write, start: Callable[[], Round]
) -> None:
    (one, of_one), (two, of_two) = write(SENTENCE), write("[m1:person|Žofia] left.\n---\n")
    at = start()
    at.submit(one, of_one)
    at.submit(two, of_two)
    at.client.update_task(
        at.tasks[one.id],
        tasks.data(one, at.schema) | {"text": "Troops seized Tal; at least 12 died."},
    )
    (at.corpus.root / "articles" / "sample" / f"{two.id}.yaml").unlink()
    assert at.pull() == {"tasks": 2, "set aside": 2}
    assert sorted(at.codes()) == ["article-unknown", "text-changed"]


def test_a_pass_that_another_account_changed_is_set_aside(
    write: Write, start: Callable[[], Round]
) -> None:
    article, annotation = write(SENTENCE)
    at = start()
    other = at.client._call(
        "POST",
        "api/users/",
        json={"email": f"{at.title[:20].lower()}@acre.invalid", "username": "x"},
    )
    number = at.submit(article, annotation)
    at.client._call("PATCH", f"api/annotations/{number}", json={"completed_by": other["id"]})
    emails = {at.desk.email or "": "ben", other["email"]: "cat"}
    assert at.pull(annotators=emails) == {"tasks": 1, "set aside": 1}
    assert at.codes() == ["pass-foreign"]


def test_the_words_of_a_withheld_article_are_not_written(
    write: Write, start: Callable[[], Round]
) -> None:
    article, annotation = write(SENTENCE, collection="local")
    at = start()
    at.submit(article, annotation)
    assert at.pull()["new"] == 1
    raw = at.corpus.annotation_path("ben", article.id).read_text(encoding="utf-8")
    assert "Troops" not in raw
    assert '"start": 0, "end": 6' in raw


def _post(at: Round, path: str, body: dict[str, Any]) -> int:
    """As a browser or a script might; returns the status, since the server stores what it then fails on."""
    request = urllib.request.Request(
        f"{at.desk.url}/{path}", json.dumps(body).encode(),
        {"Authorization": f"Token {at.desk.token}", "Content-Type": "application/json"},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _annotations(at: Round, article: Article) -> str:
    return f"api/tasks/{at.tasks[article.id]}/annotations"


SURROGATE = "\ud800"


def test_odd_annotations_are_set_aside_by_name_and_all_others_come(
    write: Write,
    start: Callable[[], Round],
    acre: Acre,
    declare: Callable[..., None],
    tmp_path: Path,
) -> None:
    declare("ben")
    written = [write(f"[m1:person|Number {n}] left the town of Brel.\n---\n") for n in range(7)]
    at = start()
    odd: list[dict[str, Any]] = [
        {"meta": "unsure"},
        {"from_name": ["label"]},
        {"meta": {"text": [SURROGATE]}},
    ]
    for (article, annotation), change in zip(written, [*odd, {}, {}, {}, {}], strict=True):
        (region,) = tasks.result(annotation, article, at.schema)
        _post(at, _annotations(at, article), {"result": [region | change]})
    lost, lost_annotation = at.tasks[written[2][0].id], r"annotation \d+"
    counts = {"tasks": 7, "new": 4, "set aside": 3, "tasks that the server fails on": 1}
    assert at.pull() == counts
    assert sorted(at.codes()) == ["result-malformed", "result-malformed", "task-unreadable"]
    issues = [event for event in at.events if isinstance(event, Issue)]
    (unreadable,) = (issue for issue in issues if issue.code == "task-unreadable")
    assert unreadable.where == f"task {lost}"
    assert re.search(lost_annotation, unreadable.message)
    assert [path.name.partition(".")[0] for path in at.aside()] == sorted(
        article.id for article, _ in written[:3]
    )

    token = tmp_path / "token"
    token.write_text(at.desk.token)
    done = acre(
        "pull", "--project", at.title, "--url", at.desk.url, "--token-file", token, "--annotator",
        f"{at.desk.email}=ben", "--all",
    )  # fmt: skip
    assert done.returncode == 1
    assert f"task {lost}: task-unreadable: the server fails to give annotation" in done.stderr
    assert "4 unchanged" in done.stdout
    assert "Traceback" not in done.stderr
    with pytest.raises(ClientError, match=f"the server fails to give task {lost} "):
        list(at.client.tasks(at.number, annotations=True))


def test_what_the_server_fails_on_is_tried_again_by_every_pull_until_it_comes(
    write: Write, start: Callable[[], Round]
) -> None:
    article, annotation = write(SENTENCE)
    other, of_other = write("[m1:person|Žofia] left.\n---\n")
    at = start()
    sent = tasks.result(annotation, article, at.schema)
    assert (
        _post(
            at,
            _annotations(at, article),
            {"result": [sent[0] | {"meta": {"text": [SURROGATE]}}, *sent[1:]]},
        )
        == 500
    )
    at.submit(other, of_other)
    assert at.pull() == {"tasks": 2, "new": 1, "set aside": 1, "tasks that the server fails on": 1}
    (place,) = at.corpus.root.glob("aside/pulled-*.json")

    def later() -> dict[str, int]:
        # As if a day had gone by: no task was touched since.
        time.sleep(2)
        _set(place, since=at.client.clock().isoformat())
        return at.pull()

    assert later() == {"tasks": 1, "set aside": 1, "tasks that the server fails on": 1}
    (name,) = (re.search(r"annotation (\d+)", str(event)) for event in at.events)
    assert name is not None
    at.client._answer("PATCH", f"api/annotations/{name[1]}", json={"result": sent})
    assert later() == {"tasks": 1, "new": 1}
    assert at.pulled(article).layers() == annotation.layers()
    assert at.aside() == []
    assert later() == {}


def _set(place: Path, **fields: Any) -> None:
    kept = json.loads(place.read_text(encoding="utf-8"))
    place.write_text(json.dumps(kept | fields), encoding="utf-8")


def test_a_pass_that_is_gone_from_the_corpus_is_asked_for_again(
    write: Write, start: Callable[[], Round]
) -> None:
    written = [write(f"[m1:person|Number {n}] left the town of Brel.\n---\n") for n in range(3)]
    at = start()
    for article, annotation in written:
        at.submit(article, annotation)
    time.sleep(4)
    assert at.pull()["new"] == 3
    assert at.pull() == {}
    gone = at.corpus.annotation_path("ben", written[1][0].id)
    content = gone.read_bytes()
    gone.unlink()
    assert at.pull() == {"tasks": 1, "new": 1}
    assert gone.read_bytes() == content
    assert at.pull() == {}
    # Of a task that is gone from the server as well, nothing is asked for ever.
    at.client._answer("DELETE", f"api/tasks/{at.tasks[written[1][0].id]}")
    gone.unlink()
    assert at.pull() == {}
    (place,) = at.corpus.root.glob("aside/pulled-*.json")
    assert len(json.loads(place.read_text())["tasks"]) == 2


def test_a_clock_that_was_set_hides_no_work(write: Write, start: Callable[[], Round]) -> None:
    written = [write(f"[m1:person|Number {n}] left the town of Brel.\n---\n") for n in range(3)]
    at = start()
    at.submit(*written[0])
    time.sleep(4)
    assert at.pull()["new"] == 1
    (place,) = at.corpus.root.glob("aside/pulled-*.json")
    at.submit(*written[1])
    _set(place, since="2999-01-01T00:00:00Z")  # the server's clock was years ahead
    assert at.pull() == {"tasks": 3, "new": 1, "unchanged": 1, "tasks without annotation": 1}
    _set(place, since=None, until="2999-01-01T00:00:00Z", after=10**6)  # and then cut off
    assert at.pull()["unchanged"] == 2
    for damaged in (
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
    ):  # out of what can be reckoned with
        _set(place, since=damaged, until=damaged)
        assert at.pull()["unchanged"] == 2
    at.submit(*written[2])
    time.sleep(2)
    _set(place, since=at.client.clock().isoformat())  # it was minutes ahead, and time has caught up
    assert at.pull() == {"tasks": 3, "new": 1, "unchanged": 2}
    assert at.pull(everything=True)["unchanged"] == 3


def test_a_pull_says_since_when_it_asked_and_what_the_server_has(
    write: Write, start: Callable[[], Round], acre: Acre, state: Path
) -> None:
    article, annotation = write(SENTENCE)
    at = start()
    at.submit(article, annotation)
    command = ("pull", "--project", at.title, "--desk", "ana", "--state", state)
    assert "the project has 1 tasks; all were asked for" in acre(*command).stdout
    again = acre(*command).stdout
    assert re.search(r"has 1 tasks; those touched since 20\d\d-.*\+00:00 were asked for", again)
    told = [json.loads(line) for line in acre(*command, "--json").stdout.splitlines()]
    (asked,) = (line["asked"] for line in told if "asked" in line)
    assert asked["tasks"] == 1
    assert asked["since"]


def test_a_draft_that_the_server_fails_on_keeps_no_annotation_out(
    write: Write, start: Callable[[], Round]
) -> None:
    article, annotation = write(SENTENCE)
    at = start()
    at.submit(article, annotation)
    draft = {"result": [{"id": SURROGATE}], "lead_time": 0}
    _post(at, f"api/tasks/{at.tasks[article.id]}/drafts", draft)
    with pytest.raises(ClientError, match="HTTP 500"):
        list(at.client.tasks(at.number, annotations=True))
    assert at.pull() == {"tasks": 1, "new": 1, "drafts, not exported": 1}


def test_a_task_whose_data_the_server_fails_on_is_set_aside_and_the_others_come(
    write: Write, start: Callable[[], Round]
) -> None:
    (one, of_one), (two, of_two) = write(SENTENCE), write("[m1:person|Žofia] left.\n---\n")
    at = start()
    at.submit(one, of_one)
    at.submit(two, of_two)
    data = {"data": tasks.data(one, at.schema) | {"about": SURROGATE}, "project": at.number}
    _post(at, "api/tasks", data)
    assert at.pull() == {"tasks": 3, "new": 2, "set aside": 1, "tasks that the server fails on": 1}
    assert sorted(at.codes()) == ["result-malformed", "task-unreadable"]
    assert len(at.aside()) == 1
