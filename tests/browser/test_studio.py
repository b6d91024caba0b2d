"""What the page's script uses of Label Studio, function by function: page/studio.js is where a change goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.labelstudio import server_app
from tests.browser.page import LabellingPage

pytestmark = [pytest.mark.server, pytest.mark.browser]

STUDIO = (Path(server_app.__file__).parent / "page" / "studio.js").read_text(encoding="utf-8")


def test_each_function_does_what_it_says(open_text: Callable[..., LabellingPage]) -> None:
    page = open_text("Troops 🪖 shelled Tak at noon.")
    page.mark("s", "Troops")
    page.mark("l", "Tak")
    page.mark("shift+s", "shelled")
    page.press("1")

    def ask(script: str) -> Any:
        return page.page.evaluate(f"() => {{ {STUDIO} return ({script}); }}")

    def told(script: str, answer: object) -> None:
        assert ask(script) == answer, f"Label Studio has changed: {script}"

    names = {region["words"]: region["id"] for region in ask("studio.regions()")}
    troops, tak, shelled = (f"'{names[words]}'" for words in ("Troops", "Tak", "shelled"))
    told("[studio.isOpen(), studio.isEditable()]", [True, True])
    told("studio.text()", "Troops 🪖 shelled Tak at noon.")
    told(
        "studio.regions().map(({ label, start, end }) => [label, start, end])",
        [["state_force", 0, 6], ["place", 17, 20], ["shelling", 9, 16]],
    )
    told("studio.selected()?.words", "shelled")
    told("studio.selectedCount()", 1)
    told(f"studio.answers({shelled})", [["realis", "actual"]])
    told("document.querySelectorAll(studio.LINES).length", 1)
    told("document.querySelectorAll(studio.MARKS).length", 3)
    told("document.querySelectorAll(studio.HANDLES).length", 2)
    told(
        "studio.regionsAt(document.querySelector(studio.MARKS)).map(({ words }) => words)",
        ["Troops"],
    )
    told("studio.labelKeys().slice(0, 2)", ["p", "s"])

    told(f"studio.link({shelled}, {troops}, ['agent']), studio.links().length", 1)
    told(
        f"studio.link({shelled}, {troops}, ['target']), studio.links()[0].labels",
        ["agent", "target"],
    )
    page.page.wait_for_timeout(300)
    told("document.querySelectorAll(studio.ARC(studio.links()[0].id)).length", 1)
    page.press("Control+z")  # each change is one step of Undo
    told("studio.links()[0].labels", ["agent"])
    told("studio.unlink(studio.links()[0].id, 'agent'), studio.links()", [])

    told(f"studio.select({tak}), studio.selected().words", "Tak")
    told(f"studio.setExtent({tak}, 9, 20), studio.selected().words", "shelled Tak")
    assert ("place", "shelled Tak") in page.marks()
    told(f"studio.answers({shelled})", [["realis", "actual"]])
    page.press("Control+z")
    assert ("place", "Tak") in page.marks()
    told("(studio.unselect(), studio.selectedCount())", 0)

    page.press("t")
    page.page.evaluate(
        """() => { const line = document.querySelector('.acre-text .lsf-richtext__line').lastChild;
          getSelection().setBaseAndExtent(line, 4, line, 8); }"""
    )
    told("studio.markSelection()", True)
    assert ("time", "noon") in page.marks()
    # What ends the drag keeps the next click for what it is meant for.
    told("studio.endDrag()", True)
    page.click("Troops")
    page.page.wait_for_timeout(300)
    assert page.selected() == ["Troops"]
