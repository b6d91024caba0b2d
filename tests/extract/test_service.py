"""The suggestion service over HTTP: Label Studio's protocol, and no suggestion where it can't give one."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from annotate.corpus.store import Corpus
from annotate.extract import service
from annotate.extract.extractors import Extractor
from annotate.labelstudio import tasks
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import SENTENCE

Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def known(write: Callable[..., tuple[Article, Annotation]]) -> tuple[Article, Annotation]:
    return write(SENTENCE)


@pytest.fixture
def ask(
    corpus: Corpus, schema: Schema, known: tuple[Article, Annotation], log: list[str]
) -> Iterator[Ask]:
    article, annotation = known

    def predict(unread: Article) -> tuple[Annotation, dict[str, float]]:
        if unread.id != article.id:
            raise AcreError("it is another")
        return annotation, {mark.id: 0.5 for mark in annotation.marks()}

    answering = service.Service(Extractor("reader", "1.0", predict), corpus, schema, log.append)
    server = service.listen(answering, 0)
    assert server.server_address[0] == "127.0.0.1"
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def ask(path: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
        url = f"http://127.0.0.1:{server.server_address[1]}{path}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body), timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    yield ask
    server.shutdown()
    server.server_close()


def test_it_is_up_and_says_what_it_is(ask: Ask) -> None:
    assert ask("/health") == (200, {"status": "UP", "model_class": "reader 1.0"})
    assert ask("/setup", b"{}") == (200, {"model_version": "reader 1.0"})
    assert ask("/webhook", b"{}") == (200, {"result": "ok"})
    assert ask("/else")[0] == 404
    assert ask("/predict", b"{")[0] == 400


def test_it_suggests_for_a_task_as_the_command_does(
    ask: Ask, known: tuple[Article, Annotation], schema: Schema
) -> None:
    article, annotation = known
    task = {"id": 1, "data": tasks.data(article, schema)}
    status, answer = ask("/predict", json.dumps({"tasks": [task], "project": "1.2"}).encode())
    (prediction,) = answer["results"]
    scores = {mark.id: 0.5 for mark in annotation.marks()}
    assert (status, answer["model_version"], prediction["score"]) == (200, "reader 1.0", 0.5)
    assert prediction["result"] == tasks.result(annotation, article, schema, scores)


@pytest.mark.parametrize(
    "change", [{"text": "Another text."}, {"article": "unknown"}, {"collection": "none"}]
)
def test_what_it_does_not_know_gets_no_suggestion(
    ask: Ask,
    known: tuple[Article, Annotation],
    schema: Schema,
    log: list[str],
    change: dict[str, str],
) -> None:
    task = {"id": 1, "data": tasks.data(known[0], schema) | change}
    status, answer = ask("/predict", json.dumps({"tasks": [task, 7]}).encode())
    assert (status, [prediction["result"] for prediction in answer["results"]]) == (200, [[], []])
    assert "not suggested: the corpus has no such article with this text" in log[0]


def test_one_bad_mark_costs_no_other_its_suggestion(
    corpus: Corpus, schema: Schema, known: tuple[Article, Annotation], log: list[str]
) -> None:
    """The count of the deaths has a least number above its greatest."""
    article, annotation = known
    mentions = tuple(
        mark.model_copy(update={"attributes": {"min": 12, "max": 3, "unit": "people"}})
        if mark.label == "quantity"
        else mark
        for mark in annotation.mentions
    )
    predicted = annotation.model_copy(update={"mentions": mentions})
    extractor = Extractor("reader", "1.0", lambda article: (predicted, {}))
    answering = service.Service(extractor, corpus, schema, log.append)
    answer = answering.answer("/predict", {"tasks": [{"data": tasks.data(article, schema)}]})
    assert answer is not None
    (prediction,) = answer["results"]
    labels = [
        label
        for entry in prediction["result"]
        if entry["type"] == "labels"
        for label in entry["value"]["labels"]
    ]
    assert sorted(labels) == [
        "capture", "content", "cue", "death", "place", "source", "state_force",
    ]  # fmt: skip
    (line,) = log
    assert line.startswith(
        f"{article.id}: left out (marks: 1, links: 1), the rest is suggested: quantity “at least 12”:"
    )
    assert "min 12 is greater than max 3" in line


def test_it_runs_while_it_is_wanted_and_a_port_it_cannot_have_is_said(
    corpus: Corpus, schema: Schema, known: tuple[Article, Annotation]
) -> None:
    extractor = Extractor("reader", "1.0", lambda article: (known[1], {}))
    answering = service.Service(extractor, corpus, schema, print)
    with service.running(answering, 0) as (address, thread):
        with urllib.request.urlopen(f"{address}/health", timeout=10) as answer:
            assert json.load(answer)["model_class"] == "reader 1.0"
        port = int(address.rpartition(":")[2])
        for number, problem in ((port, "Address already in use"), (99999, "bind")):
            with (
                pytest.raises(UsageError, match=f"port {number}: {problem}.*; name another"),
                service.running(answering, number),
            ):
                pass
    thread.join(10)
    assert not thread.is_alive()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{address}/health", timeout=10)
