"""What would set a pass aside is told on the page before it is submitted, in words that lead to the mark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus
from annotate.labelstudio import load, pull
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model.schema import Schema
from tests.browser.page import LabellingPage
from tests.conftest import Acre

pytestmark = [pytest.mark.server, pytest.mark.browser]

FAULTS = [
    "shelling “shelled” has no realis: answer it.",
    "agent can’t lead from shelling “shelled” to place “Tak”: give it another label, link another"
    " mark, or delete it.",
    "The link from shelling “shelled” to time “noon” has no label: choose one, or delete it.",
    "time “noon”: value is “midday”, which can’t be read: correct it.",
    "quantity “12 to 9 people”: min 12 is greater than max 9: correct them.",
]
HINTS = [
    "withdrawal “left” has no arguments: link them, if the article tells any.",
    "No content is linked to the source “a medic”: link it, or delete it.",
]


@pytest.fixture
def number(corpus: Corpus, schema: Schema, client: Client, project: str) -> int:
    text = "Troops shelled Tak at noon, and 12 to 9 people left, a medic said."
    article = reading.article("test", text, reading.About("sample")).article
    assert article is not None
    corpus.write_article(article)
    loaded = load.load(client, project, corpus.articles(), schema).project
    assert loaded is not None
    return loaded


def _annotations(client: Client, number: int) -> list[Any]:
    ((task,),) = client.tasks(number, annotations=True)
    return list(task["annotations"])


def _told(labelling: LabellingPage) -> list[str]:
    return labelling.page.locator(".acre-notice[data-notice=checks] li").all_inner_texts()


def test_what_is_wrong_is_told_before_it_is_submitted_and_leads_to_the_mark(
    labelling: LabellingPage, client: Client, number: int, corpus: Corpus, schema: Schema,
    desk: Desk, project: str,
) -> None:  # fmt: skip
    page = labelling.page
    labelling.open_next(number)
    labelling.mark("s", "Troops")
    labelling.mark("l", "Tak")
    labelling.mark("t", "noon")
    labelling.fill("value", "midday")
    labelling.mark("shift+w", "left")
    labelling.press("1")
    labelling.mark("h", "a medic")
    labelling.mark("shift+s", "shelled")
    labelling.mark("q", "12 to 9 people")
    labelling.fill("min", "12")
    labelling.fill("max", "9")
    labelling.relate("shelled", "agent", "Tak")
    labelling.relate("shelled", "", "noon")
    labelling.notice("checks", "To correct before Submit: 5. To look at: 2.")

    page.keyboard.press("Control+Enter")
    labelling.notice("checks", "To correct; as it is, it would not be accepted")
    assert _told(labelling) == [*FAULTS, *HINTS]
    page.get_by_test_id("bottombar-submit-button").click()
    page.wait_for_timeout(1000)
    assert _annotations(client, number) == []
    page.get_by_role("button", name=FAULTS[3]).click()
    assert labelling.selected() == ["noon"]
    page.get_by_role("button", name=HINTS[1]).click()
    assert labelling.selected() == ["a medic"]

    # One after the other is corrected, and the list says so.
    page.get_by_role("button", name=FAULTS[0]).click()
    labelling.press("1")
    labelling.delete_links()
    page.get_by_role("button", name=FAULTS[4]).click()
    labelling.fill("max", "12")
    page.get_by_role("button", name=FAULTS[3]).click()
    labelling.press("Backspace")
    labelling.notice("checks", "To look at; it may be right")
    page.get_by_text("To correct; as it is").wait_for(state="detached")
    labelling.submit()  # hints hold nothing back
    assert len(_annotations(client, number)) == 1
    told: list[Any] = []
    counts = pull.pull(
        client, project, corpus, schema, {desk.email or "": "ana"}, notify=told.append
    )
    assert (counts["new"], counts["set aside"]) == (1, 0)


def test_who_means_it_submits_all_the_same(
    labelling: LabellingPage, client: Client, number: int
) -> None:
    labelling.open_next(number)
    labelling.mark("shift+s", "shelled")
    labelling.page.keyboard.press("Control+Enter")
    labelling.notice("checks", "has no realis")
    labelling.press("1")
    labelling.mark("t", "noon")
    labelling.fill("value", "midday")
    labelling.page.keyboard.press("Control+Enter")
    labelling.notice("checks", "which can’t be read")
    with labelling.page.expect_response(lambda answer: "/annotations" in answer.url):
        labelling.page.get_by_role("button", name="Submit anyway").click()
    assert len(_annotations(client, number)) == 1


def test_what_pull_sets_aside_is_told_in_words_and_shown_at_the_next_opening(
    labelling: LabellingPage, client: Client, number: int, corpus: Corpus, state: Path,
    project: str, acre: Acre,
) -> None:  # fmt: skip
    labelling.open_next(number)
    labelling.mark("t", "noon")
    labelling.fill("value", "midday")
    labelling.page.keyboard.press("Control+Enter")
    with labelling.page.expect_response(lambda answer: "/annotations" in answer.url):
        labelling.page.get_by_role("button", name="Submit anyway").click()

    at_desk = ("--desk", "ana", "--state", state, "--project", project)
    ((task,),) = client.tasks(number)
    address = f"{client.url}/projects/{number}/data?task={task['id']}"
    pulled = acre("pull", *at_desk)
    assert pulled.returncode == 1
    assert "time “noon”: attribute-value: value is 'midday'" in pulled.stderr
    assert address in pulled.stderr
    shown = acre("status").stdout
    article = task["data"]["article"]
    assert f"set aside: ana/{article}, to be corrected at {address}" in shown
    assert "time “noon”: attribute-value: value is 'midday'" in shown

    # The desk's own task carries it; loading again leaves it there, pulling again changes nothing.
    acre("pull", *at_desk)
    assert "1 unchanged" in acre("load", article, *at_desk).stdout
    labelling.open_task(number, task["id"])
    labelling.notice("aside", "Not accepted when it was collected")
    labelling.page.get_by_role("button", name="value is 'midday'").click()
    assert labelling.selected() == ["noon"]
    labelling.press("Backspace")
    labelling.submit()
    assert acre("pull", *at_desk).returncode == 0
    assert "set aside" not in acre("status").stdout
    labelling.open_task(number, task["id"])
    labelling.page.wait_for_timeout(1500)
    assert labelling.page.locator(".acre-notice[data-notice=aside]").count() == 0
