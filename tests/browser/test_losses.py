"""Whatever goes wrong between the page and the server, nothing that was marked is gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus
from annotate.labelstudio import load, server
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model.records import Article
from annotate.model.schema import Schema
from tests.browser.page import LabellingPage, open_page
from tests.conftest import Prepare

pytestmark = [pytest.mark.server, pytest.mark.browser]

MARKS = [("place", "Tak"), ("state_force", "Troops")]


@pytest.fixture
def article(corpus: Corpus) -> Article:
    text = "Troops left Tak at noon. The rest of the line makes no difference."
    found = reading.article("test", text, reading.About("sample")).article
    assert found is not None
    corpus.write_article(found)
    return found


@pytest.fixture
def task(
    client: Client, project: str, corpus: Corpus, schema: Schema, article: Article
) -> tuple[int, int]:
    """Number of a project that holds the article, and of its task."""
    return _task(client, project, corpus, schema)


def _task(client: Client, title: str, corpus: Corpus, schema: Schema) -> tuple[int, int]:
    number = load.load(client, title, corpus.articles(), schema).project
    assert number is not None
    ((task,),) = client.tasks(number)
    return number, task["id"]


def _mark(labelling: LabellingPage) -> None:
    labelling.mark("s", "Troops")
    labelling.mark("l", "Tak")
    labelling.notice("saved", "Not saved yet")
    labelling.page.wait_for_function(
        """() => Object.entries(localStorage).some(([key, copy]) => key.startsWith('acre:unsaved:')
          && JSON.parse(copy).result.length === 2)"""
    )


def _kept(labelling: LabellingPage) -> list[str]:
    """What the browser keeps that the server does not have."""
    keys = labelling.page.evaluate("Object.keys(localStorage)")
    return [key for key in keys if key.startswith("acre:unsaved:")]


def _take(labelling: LabellingPage) -> None:
    assert "2 marks and 0 links" in labelling.notice("copy", "kept in this browser")
    labelling.page.get_by_role("button", name="Use the copy").click()
    labelling.notice_gone("copy")
    assert labelling.marks() == MARKS


def _submitted(client: Client, number: int) -> list[str]:
    """The labels of the one annotation that the server has."""
    ((task,),) = client.tasks(number, annotations=True)
    (annotation,) = task["annotations"]
    return [found["value"]["labels"][0] for found in annotation["result"]]


def test_a_tab_that_is_gone_within_five_seconds_of_an_edit(
    labelling: LabellingPage, client: Client, desk: Desk, task: tuple[int, int]
) -> None:
    """As when the browser crashes: the page is asked nothing."""
    labelling.open_task(*task)
    _mark(labelling)
    labelling.page.close(run_before_unload=False)
    again = LabellingPage(labelling.page.context.new_page(), desk)
    again.open_task(*task)
    _take(again)
    again.submit()
    assert sorted(_submitted(client, task[0])) == ["place", "state_force"]


def test_a_submitted_annotation_that_is_changed_and_left(
    labelling: LabellingPage, client: Client, task: tuple[int, int]
) -> None:
    labelling.open_task(*task)
    labelling.mark("s", "Troops")
    labelling.submit()
    labelling.notice_gone("saved")
    labelling.open_task(*task)
    labelling.mark("l", "Tak")
    labelling.notice("saved", "Not saved yet")
    labelling.page.on("dialog", lambda dialog: dialog.accept())
    labelling.page.reload()
    labelling.notice("copy", "kept in this browser")
    labelling.page.get_by_role("button", name="Use the copy").click()
    labelling.notice_gone("copy")
    assert labelling.marks() == MARKS
    labelling.submit()
    assert sorted(_submitted(client, task[0])) == ["place", "state_force"]
    assert _kept(labelling) == []


@pytest.mark.parametrize("way", ["reload", "back", "another article"])
def test_leaving_within_five_seconds_of_an_edit(
    labelling: LabellingPage, client: Client, desk: Desk, task: tuple[int, int], way: str
) -> None:
    number, _task = task
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    labelling.page.on("dialog", answer)
    labelling.page.goto(f"{desk.url}/projects/{number}/data")
    labelling.open_task(*task)
    _mark(labelling)
    if way == "reload":
        labelling.page.reload()
    elif way == "back":
        labelling.page.go_back()
    else:
        labelling.page.goto(f"{desk.url}/projects/")
    assert asked == ["beforeunload"], "the page did not ask before it was left"
    labelling.open_task(*task)
    _take(labelling)
    labelling.submit()
    assert sorted(_submitted(client, number)) == ["place", "state_force"]
    labelling.notice_gone("saved")
    assert _kept(labelling) == []


def test_a_server_that_died_and_came_back(
    browser: Any, corpus: Corpus, schema: Schema, article: Article, prepare: Prepare, tmp_path: Path
) -> None:
    state = prepare(tmp_path / "state", "eva")
    desk = server.start(state, "eva")
    try:
        task = _task(Client(desk.url, desk.token), "Dies", corpus, schema)
        labelling = open_page(browser, desk)
        labelling.open_task(*task)
        server.stop(desk)
        _mark(labelling)
        labelling.notice("saved", "the server does not take it. A copy is kept")
        labelling.page.keyboard.press("Escape")
        labelling.page.keyboard.press("Control+Enter")  # submitting does not help either
        labelling.page.wait_for_timeout(1000)
        labelling.page.on("dialog", lambda dialog: dialog.accept())
        labelling.page.close(run_before_unload=False)

        desk = server.start(state, "eva")
        other = labelling.page.context.new_page()
        again = LabellingPage(other, desk)
        again.open_task(*task)
        _take(again)
        again.submit()
        assert sorted(_submitted(Client(desk.url, desk.token), task[0])) == ["place", "state_force"]
        other.context.close()
    finally:
        server.stop(server.read(state, "eva"))


def test_a_draft_that_could_not_be_saved_and_then_submit(
    labelling: LabellingPage, client: Client, task: tuple[int, int]
) -> None:
    labelling.open_task(*task)
    labelling.page.route("**/api/tasks/*/drafts**", lambda route: route.abort())
    _mark(labelling)
    labelling.notice("saved", "the server does not take it")
    assert _kept(labelling) != []
    labelling.submit()
    assert sorted(_submitted(client, task[0])) == ["place", "state_force"]
    labelling.notice_gone("saved")
    assert _kept(labelling) == []


def test_what_the_server_refused_is_sent_again_and_a_link_alone_is_saved(
    labelling: LabellingPage, client: Client, task: tuple[int, int]
) -> None:
    """Label Studio saves a draft after a mark changed, never after a link did."""
    labelling.open_task(*task)
    refusals: list[str] = []

    def refuse(route: Any) -> None:
        refusals.append(route.request.url)
        route.fulfill(status=500, json={}) if len(refusals) == 1 else route.continue_()

    labelling.page.route("**/api/tasks/*/drafts**", refuse)
    labelling.mark("s", "Troops")
    labelling.mark("shift+w", "left")
    labelling.notice("saved", "the server does not take it")
    labelling.close_modal()
    labelling.notice_gone("saved")
    labelling.link("left", "agent", "Troops")
    labelling.notice("saved", "Not saved yet")
    labelling.notice_gone("saved")
    ((listed,),) = client.tasks(task[0], annotations=True)
    (draft,) = listed["drafts"]
    (link,) = (found for found in draft["result"] if found["type"] == "relation")
    assert link["labels"] == ["agent"]
    assert _kept(labelling) == []


def test_what_the_server_has_is_not_offered_and_what_nobody_touched_is_not_kept(
    labelling: LabellingPage, task: tuple[int, int]
) -> None:
    labelling.open_task(*task)
    _mark(labelling)
    labelling.notice_gone("saved")  # the draft is saved
    labelling.page.reload()
    labelling.open_task(*task)
    assert labelling.marks() == MARKS
    labelling.select("Troops")
    labelling.press("u")
    labelling.page.wait_for_timeout(2000)
    assert _kept(labelling) == []
    assert labelling.page.locator(".acre-notice").count() == 0


def test_a_copy_is_thrown_away_only_when_asked_twice(
    labelling: LabellingPage, task: tuple[int, int]
) -> None:
    labelling.open_task(*task)
    _mark(labelling)
    (key,) = _kept(labelling)
    copy = json.loads(labelling.page.evaluate("(key) => localStorage.getItem(key)", key))
    assert [found["value"]["labels"] for found in copy["result"]] == [["state_force"], ["place"]]
    answers = iter(["accept", "dismiss", "accept"])  # to leave the page; then the two questions
    labelling.page.on("dialog", lambda dialog: getattr(dialog, next(answers))())
    labelling.page.reload()
    labelling.notice("copy", "kept in this browser")
    labelling.page.get_by_role("button", name="Delete the copy").click()
    assert _kept(labelling) == [key]
    labelling.page.get_by_role("button", name="Delete the copy").click()
    labelling.notice_gone("copy")
    assert _kept(labelling) == []


def test_the_second_tab_on_a_task_says_so(
    labelling: LabellingPage, desk: Desk, task: tuple[int, int]
) -> None:
    labelling.open_task(*task)
    _mark(labelling)
    second = LabellingPage(labelling.page.context.new_page(), desk)
    second.open_task(*task)
    second.notice("tab", "open in another tab too")
    assert second.page.locator(".acre-notice[data-notice=copy]").count() == 0  # it is not lost
    assert labelling.page.locator(".acre-notice[data-notice=tab]").count() == 0
    labelling.notice_gone("saved")
    labelling.page.goto("about:blank")
    second.notice_gone("tab")
