"""The documented way, a label's key begins a new mark, wherever there is a page: zoomed, on a sheet, on suggestions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import pytest

from annotate.corpus.articles import reading
from annotate.gold import adjudicate
from annotate.labelstudio import config, load, tasks
from annotate.labelstudio.client import Client
from annotate.model import notation
from annotate.model.records import Article, Provenance
from annotate.model.schema import Schema
from tests.browser.page import LabellingPage

pytestmark = [pytest.mark.server, pytest.mark.browser]

MARKED = """[m1:state_force|Troops] [e1:shelling|shelled] [m2:place|Tak] at noon.
---
e1 agent:m1 realis=actual
"""


@pytest.mark.parametrize("zoom", [80, 100, 125])
def test_after_answers_by_key_and_by_click_at_any_zoom(
    open_text: Callable[..., LabellingPage], zoom: int
) -> None:
    page = open_text("Troops shelled Tak at noon. Rebels said 12 people died.")
    size = {"width": 1366 * 100 // zoom, "height": 768 * 100 // zoom}
    page.page.set_viewport_size(size)  # type: ignore[arg-type]
    page.mark("shift+s", "shelled")
    page.press("1")
    page.select("shelled")  # one click, right after an answer by key
    page.page.locator(".acre-side").get_by_text("negated", exact=False).first.click()
    page.mark("l", "Tak")  # right after an answer by click
    page.mark("q", "12")
    page.fill("min", "12")
    page.mark("a", "Rebels")  # right after an answer that was typed
    assert page.marks() == [
        ("armed_group", "Rebels"),
        ("place", "Tak"),
        ("quantity", "12"),
        ("shelling", "shelled"),
    ]


def test_words_that_are_dragged_over_first_are_marked_by_the_key_that_follows(
    open_text: Callable[..., LabellingPage],
) -> None:
    """Though the mark before is still selected, whose label they would get otherwise."""
    page = open_text("Troops shelled Tak at noon. Rebels said 12 people died.")
    page.mark("s", "Troops")
    page.drag("Tak")
    page.settle()
    assert (page.count(), page.selected()) == (1, [])
    page.press("l")
    page.page.mouse.dblclick(*page.box("noon")[:2])
    page.press("t")
    # On a slow page Label Studio selects a new mark after the key for the next one: here by hand.
    page.press("a")
    page.page.evaluate(
        "window.Htx.annotationStore.selected.selectArea(window.Htx.annotationStore.selected.regions[0])"
    )
    page.drag("Rebels")
    page.settle()
    assert page.marks() == [
        ("armed_group", "Rebels"),
        ("place", "Tak"),
        ("state_force", "Troops"),
        ("time", "noon"),
    ]


@pytest.mark.parametrize("offered", ["suggestions", "a sheet"])
def test_on_marks_that_were_there_before(
    labelling: LabellingPage,
    client: Client,
    schema: Schema,
    project: str,
    made: Callable[..., Provenance],
    offered: str,
) -> None:
    text, annotation = notation.parse(MARKED, schema, "x", "0" * 64, made())
    article = reading.article("test", text, reading.About("sample")).article
    assert isinstance(article, Article)
    if offered == "a sheet":
        schema = adjudicate.sheet_schema(schema)
    number = load.load(client, project, [article], schema).project
    assert number is not None
    (task,) = chain.from_iterable(client.tasks(number))
    result = tasks.result(annotation, article, schema)
    if offered == "a sheet":
        data = task["data"] | {config.CHOICES: config.listed([])}
        client.update_task(task["id"], data)
        client.update_project(number, {"label_config": config.build(schema, choices=True)})
        client.draft(task["id"], result)
    else:
        client.predict(task["id"], result, None, "one")
        client.update_project(number, {"show_collab_predictions": True, "model_version": "one"})
    labelling.open_next(number)
    assert labelling.count() == 3
    labelling.select("Troops")
    labelling.mark("t", "noon")
    labelling.select("shelled")
    labelling.press("2")
    labelling.mark("w", "noon")
    assert labelling.marks() == [
        ("place", "Tak"),
        ("shelling", "shelled"),
        ("state_force", "Troops"),
        ("time", "noon"),
        ("weapon", "noon"),
    ]
