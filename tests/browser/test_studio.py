"""What the page's scripts use of Label Studio, function by function: see page/studio.js where one fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.articles import reading
from annotate.labelstudio import load, server_app, tasks
from annotate.labelstudio.client import Client
from annotate.model import notation
from annotate.model.records import Provenance
from annotate.model.schema import Schema
from tests.browser.page import LabellingPage

pytestmark = [pytest.mark.server, pytest.mark.browser]

STUDIO = (Path(server_app.__file__).parent / "page" / "studio.js").read_text(encoding="utf-8")
TEXT = "Troops 🪖 shelled Tak at noon."


class Told:
    """The object of studio.js in a page, asked from a test."""

    def __init__(self, page: LabellingPage) -> None:
        self.page = page
        page.page.evaluate(f"() => {{ {STUDIO} window.studio = studio; }}")

    def ask(self, script: str) -> Any:
        return self.page.page.evaluate(f"() => ({script})")

    def __call__(self, script: str, answer: object) -> None:
        assert self.ask(script) == answer, f"Label Studio has changed: {script}"

    def ids(self) -> dict[str, str]:
        """By its words, how a script writes the id of a mark."""
        return {mark["words"]: f"'{mark['id']}'" for mark in self.ask("studio.regions()")}


@pytest.fixture
def told(open_text: Callable[..., LabellingPage]) -> Told:
    """A page with three marks, the last one selected and answered."""
    page = open_text(TEXT)
    page.mark("s", "Troops")
    page.mark("l", "Tak")
    page.mark("shift+s", "shelled")
    page.press("1")
    return Told(page)


def test_what_is_open_and_what_is_on_it(told: Told) -> None:
    told("[studio.isOpen(), studio.isEditable(), studio.opening()]", [True, True, 1])
    told("studio.opening() === studio.opening()", True)
    told("studio.text()", TEXT)
    told("[studio.task().id > 0, studio.task().data.text]", [True, TEXT])
    told("studio.key()", "new")
    told("[studio.asks('realis'), studio.asks('verdict')]", [True, False])
    told("studio.labelKeys().slice(0, 2)", ["p", "s"])
    told(
        "studio.regions().map(({ label, start, end, words, answers }) => [label, start, end, words, answers])",
        [
            ["state_force", 0, 6, "Troops", {}],
            ["place", 17, 20, "Tak", {}],
            ["shelling", 9, 16, "shelled", {"realis": "actual"}],
        ],
    )
    told("studio.selected().words", "shelled")
    told("studio.selectedCount()", 1)
    told(f"studio.state() === `1,${{{told.ids()['shelled']}}},3,0`", True)
    told(f"studio.region({told.ids()['Tak']}).words", "Tak")
    told("document.querySelectorAll(studio.LINES).length", 1)
    told("document.querySelectorAll(studio.MARKS).length", 3)
    told("document.querySelectorAll(studio.HANDLES).length", 2)
    told("document.querySelectorAll(studio.SUBMITS).length", 1)
    told(
        "studio.regionsAt(document.querySelector(studio.MARKS)).map(({ words }) => words)",
        ["Troops"],
    )
    told(
        f"document.querySelector(studio.MARK({told.ids()['Tak']})).textContent",
        "Tak",
    )


def test_answers_are_those_that_the_label_is_asked(told: Told) -> None:
    """An answer stays with the mark when it gets another label, and is not submitted."""
    told.page.relabel("place")
    answers = [found for found in told.page.results() if found.get("from_name") == "realis"]
    assert answers == []
    told("studio.selected().answers", {})
    told.page.mark("q", "noon")
    told.page.fill("min", "12")
    told.page.fill("unit", "people")
    told("studio.regions().at(-1).answers", {"min": 12, "unit": "people"})


def test_marks_are_selected_answered_and_moved(told: Told) -> None:
    ids = told.ids()
    told(f"studio.select({ids['Tak']}), studio.selected().words", "Tak")
    told("(studio.unselect(), studio.selectedCount())", 0)
    told(
        f"studio.answer({ids['shelled']}, 'realis', 'negated'), studio.selected().answers",
        {"realis": "negated"},
    )
    told(
        f"studio.answer({ids['shelled']}, 'realis', 'negated'), studio.selected().answers",
        {"realis": "negated"},
    )
    told(f"studio.setExtent({ids['Tak']}, 9, 20), studio.regions()[1].words", "shelled Tak")
    page = told.page
    assert ("place", "shelled Tak") in page.marks()
    page.press("Control+z")
    assert ("place", "Tak") in page.marks()


def test_links_are_drawn_and_removed_each_by_one_step_of_undo(told: Told) -> None:
    ids = told.ids()
    troops, shelled = ids["Troops"], ids["shelled"]
    told(f"studio.link({shelled}, {troops}, ['agent']), studio.links().length", 1)
    told(
        f"studio.links().map(({{ tail, head }}) => [tail === {shelled}, head === {troops}])",
        [[True, True]],
    )
    told(
        f"studio.link({shelled}, {troops}, ['target']), studio.links()[0].labels",
        ["agent", "target"],
    )
    told.page.settle()
    told("document.querySelectorAll(studio.ARC(studio.links()[0].id)).length", 1)
    told.page.press("Control+z")
    told("studio.links()[0].labels", ["agent"])
    told("studio.unlink(studio.links()[0].id, 'agent'), studio.links()", [])
    told.page.press("Control+z")
    told("studio.links()[0].labels", ["agent"])


def test_words_are_marked_and_a_drag_has_an_end(told: Told) -> None:
    page = told.page
    page.press("u")
    told("studio.activate('t') === undefined", True)
    page.page.evaluate(
        """() => { const line = document.querySelector('.acre-text .lsf-richtext__line').lastChild;
          getSelection().setBaseAndExtent(line, 4, line, 8); }"""
    )
    told("studio.markSelection()", True)
    assert ("time", "noon") in page.marks()
    # What ends the drag keeps the next click for what it is meant for.
    told("studio.endDrag()", True)
    page.click("Troops")
    page.settle()
    assert page.selected() == ["Troops"]


def test_a_result_is_read_and_put_back_saved_and_submitted(told: Told) -> None:
    page = told.page
    told("studio.result().length", 4)
    for change, same in (
        ("null", [True, True]),
        (f"studio.answer({told.ids()['shelled']}, 'realis', 'negated')", [False, True]),
        (f"studio.link({told.ids()['shelled']}, {told.ids()['Tak']}, ['target'])", [True, False]),
        ("studio.unlink(studio.links()[0].id, 'target')", [True, False]),
    ):
        told(
            f"(window.was = studio.snapshots(), {change},"
            " studio.snapshots().map((now, part) => now === window.was[part]))",
            same,
        )
    told(
        "(studio.replace(studio.result().filter(({ type }) => type === 'labels')), studio.result().length)",
        3,
    )
    told("(studio.replace([]), studio.result())", [])
    page.press("Control+z")  # as one step
    told("studio.result().length", 3)
    with page.page.expect_response(lambda answer: "/drafts" in answer.url) as saved:
        told("studio.save() === undefined", True)
    assert saved.value.ok
    # A draft that is never answered would hold Submit back for ever.
    page.page.evaluate("window.Htx.annotationStore.selected.setDraftSaving(true)")
    told(
        "studio.giveUpSaving(studio.opening() + 1), window.Htx.annotationStore.selected.isDraftSaving",
        True,
    )
    told(
        "studio.giveUpSaving(studio.opening()), window.Htx.annotationStore.selected.isDraftSaving",
        False,
    )
    page.select("shelled")
    page.press("1")
    with page.page.expect_response(
        lambda answer: answer.url.split("?")[0].endswith("/annotations")
    ) as sent:
        told("studio.submit() === undefined", True)
    assert sent.value.ok


def test_a_suggestion_is_told_from_the_annotators_own(
    labelling: LabellingPage, client: Client, schema: Schema, project: str,
    made: Callable[..., Provenance],
) -> None:  # fmt: skip
    source = "[m1:state_force|Troops] [e1:shelling|shelled] Tak.\n---\ne1 agent:m1 realis=actual\n"
    text, annotation = notation.parse(source, schema, "x", "0" * 64, made())
    article = reading.article("test", text, reading.About("sample")).article
    assert article is not None
    number = load.load(client, project, [article], schema).project
    assert number is not None
    ((task,),) = client.tasks(number)
    result = tasks.result(
        annotation, article, schema, {mark.id: 0.75 for mark in annotation.marks()}
    )
    client.predict(task["id"], result, None, "one")
    client.update_project(number, {"show_collab_predictions": True, "model_version": "one"})
    labelling.open_next(number)
    labelling.mark("l", "Tak")
    told = Told(labelling)
    told(
        "studio.suggested().map(({ words, score, answers }) => [words, score, answers])",
        [["Troops", 0.75, {}], ["shelled", 0.75, {"realis": "actual"}]],
    )
    told("studio.suggested().every(({ colour }) => CSS.supports('color', colour))", True)
    told(
        f"studio.takeUp({told.ids()['Troops']}), studio.suggested().map(({{ words }}) => words)",
        ["shelled"],
    )


def test_each_function_is_tried_above() -> None:
    body = STUDIO.split("  return {\n", 1)[1]
    functions = set(re.findall(r"^    (\w+)[:(]", body, re.MULTILINE))
    tried = set(re.findall(r"studio\.(\w+)", Path(__file__).read_text(encoding="utf-8")))
    assert len(functions) > 25
    assert functions - tried == set()
