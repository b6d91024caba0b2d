"""Pulling what a server of another version, or a damaged one, might send: a real Label Studio can't be made to."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.corpus.store import Corpus
from annotate.labelstudio import pull, tasks
from annotate.labelstudio.client import AnswerError
from annotate.model.issues import Issue
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests import strategies
from tests.conftest import SENTENCE

Write = Callable[..., tuple[Article, Annotation]]


class Server:
    """Gives the tasks that it was made with; the rest is as `Client` has it."""

    url = "http://elsewhere"

    def __init__(self, *sent: Any) -> None:
        self._tasks = list(sent)

    def project(self, _title: str) -> dict[str, Any]:
        return {"id": 1}

    def users(self) -> dict[int, str]:
        return {1: "ben@acre.invalid"}

    def clock(self) -> dt.datetime:
        return dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def tasks(self, *_arguments: Any, **_options: Any) -> Iterator[list[Any]]:
        yield self._tasks

    def prediction(self, number: int) -> Any:
        raise AnswerError(f"no prediction {number}", 404)


def _task(
    article: Article, annotation: Annotation, schema: Schema, number: int = 1
) -> dict[str, Any]:
    raw = {
        "id": 10 + number, "result": tasks.result(annotation, article, schema), "was_cancelled": False,
        "created_at": "2026-01-01T12:00:00.5Z", "updated_at": "2026-01-01T12:30:00Z", "lead_time": 12.5,
        "completed_by": 1, "updated_by": 1, "parent_prediction": None,
    }  # fmt: skip
    return {"id": number, "data": tasks.data(article, schema), "annotations": [raw], "drafts": []}


def _pull(corpus: Corpus, schema: Schema, *sent: Any) -> tuple[dict[str, int], list[Issue]]:
    events: list[Issue | str] = []
    server: Any = Server(*sent)
    counts = pull.pull(
        server, "p", corpus, schema, {"ben@acre.invalid": "ben"}, notify=events.append
    )
    return {name: count for name, count in counts.items() if count}, [
        one for one in events if isinstance(one, Issue)
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"result": {}}, "result: Input should be a valid list"),
        ({"result": None}, "result: Input should be a valid list"),
        ({"was_cancelled": None}, "was_cancelled: Input should be a valid boolean"),
        ({"updated_at": None}, "updated_at: no date and time"),
        ({"updated_at": "2026-01-01T12:00:00"}, "updated_at: a time without its zone"),
        (
            {"created_at": "0001-01-01T00:00:00+14:00"},
            "created_at: no date and time between the years 1 and 9999",
        ),
        ({"completed_by": {"id": 1}}, "completed_by: Input should be a valid integer"),
        ({"id": "eleven"}, "id: Input should be a valid integer"),
        ({"lead_time": "long"}, "lead_time: Input should be a valid number"),
        ({"parent_prediction": 7}, "it began with prediction 7, which can't be had"),
    ],
)
def test_an_annotation_of_another_shape_is_set_aside_in_full_and_the_next_one_comes(
    corpus: Corpus, schema: Schema, write: Write, change: dict[str, Any], message: str
) -> None:
    (one, of_one), (two, of_two) = write(SENTENCE), write("[m1:person|Žofia] left.\n---\n")
    odd, good = _task(one, of_one, schema), _task(two, of_two, schema, 2)
    odd["annotations"][0] |= change
    counts, (issue,) = _pull(corpus, schema, odd, good)
    assert counts == {"tasks": 2, "set aside": 1, "new": 1}
    assert message in issue.message
    (aside,) = corpus.root.glob("aside/*/*.json")
    kept = json.loads(aside.read_text(encoding="utf-8"))
    assert (kept["annotation"], kept["data"]) == (
        odd["annotations"][0],
        {**kept["data"], "text": one.text},
    )


def test_a_task_without_its_data_is_set_aside_in_full_and_leaves_the_folder_once_it_has_them(
    corpus: Corpus, schema: Schema, write: Write
) -> None:
    task = _task(*write(SENTENCE), schema)
    counts, (issue,) = _pull(corpus, schema, task | {"data": None})
    assert counts == {"tasks": 1, "set aside": 1}
    assert (issue.where, issue.code) == ("task 1", "result-malformed")
    (aside,) = corpus.root.glob("aside/*/*.json")
    assert json.loads(aside.read_text(encoding="utf-8"))["task"] == task | {"data": None}
    assert _pull(corpus, schema, task)[0] == {"tasks": 1, "new": 1}
    assert not aside.exists()


def test_a_damaged_file_of_the_corpus_in_the_way_is_named(
    corpus: Corpus, schema: Schema, write: Write
) -> None:
    article, annotation = write(SENTENCE, annotator="ben")
    corpus.annotation_path("ben", article.id).write_bytes(b"{")
    counts, (issue,) = _pull(corpus, schema, _task(article, annotation, schema))
    assert (counts, issue.code) == ({"tasks": 1, "set aside": 1}, "file-unreadable")
    assert corpus.annotation_path("ben", article.id).read_bytes() == b"{"


@settings(
    max_examples=300 * strategies.EFFORT,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_shape_a_task_has_the_next_one_comes(
    data: st.DataObject, corpus: Corpus, schema: Schema, write: Write
) -> None:
    odd, good = (
        _task(*write(SENTENCE), schema),
        _task(*write("[m1:person|Žofia] left.\n---\n"), schema, 2),
    )
    odd.pop(
        "id"
    )  # the next page is asked for by it, so that the client has seen that it is a number
    damaged = data.draw(
        strategies.damaged(st.just(odd)).filter(lambda task: isinstance(task, dict))
    )
    counts, issues = _pull(corpus, schema, {**damaged, "id": 1}, good)
    assert counts["tasks"] == 2
    assert counts.get("new", 0) + counts.get("unchanged", 0) + counts.get("changed", 0) >= 1
    assert all(str(issue).encode() for issue in issues)
