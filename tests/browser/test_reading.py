"""A page with many marks and links can be read: few arcs, and what is said of a mark in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.page import LabellingPage

pytestmark = [pytest.mark.server, pytest.mark.browser]

TEXT = "Troops shelled Tak at noon. “Rebels fled”, the army said on Monday."

Open = Callable[..., LabellingPage]


def _linked(open_text: Open) -> LabellingPage:
    page = open_text(TEXT)
    page.mark("s", "Troops")
    page.mark("l", "Tak")
    page.mark("h", "the army")
    page.mark("n", "“Rebels fled”")
    page.click("the army", button="right")
    page.mark("shift+s", "shelled")
    page.press("1")
    page.link("shelled", "agent", "Troops")
    page.link("shelled", "target", "Tak")
    page.press("u")
    return page


def test_only_the_links_of_a_mark_are_drawn(open_text: Open) -> None:
    page = _linked(open_text)
    page.page.mouse.move(5, 5)
    assert page.arcs() == []
    page.select("shelled")
    page.page.mouse.move(5, 5)
    assert page.arcs() == ["agent", "target"]
    page.press("u")
    left, top, _right, _bottom = page.box("the army")
    page.page.mouse.move(left + 4, top)
    page.settle()
    assert page.arcs() == ["source"]
    page.page.mouse.move(5, 5)
    page.press("*")
    assert page.arcs() == ["agent", "source", "target"]
    page.press("*")
    assert page.arcs() == []


def test_what_is_said_of_a_mark_is_listed_in_words_and_leads_there(open_text: Open) -> None:
    page = _linked(open_text)
    assert page.told() == []
    page.select("shelled")
    assert page.told() == ["realis: actual", "agent: Troops", "target: Tak"]
    panel = page.page.locator(".acre-mark")
    panel.get_by_text("realis: actual").click()
    assert page.page.evaluate("document.activeElement.type") == "checkbox"
    panel.get_by_text("agent: Troops").click()
    page.settle()
    assert page.selected() == ["Troops"]
    assert page.told() == ["agent of: shelled"]
    panel.get_by_text("agent of: shelled").click()
    page.settle()
    panel.get_by_label("remove target: Tak").click()
    page.settle()
    assert page.told() == ["realis: actual", "agent: Troops"]
    assert page.links() == [
        ("shelled", ["agent"], "Troops"),
        ("“Rebels fled”", ["source"], "the army"),
    ]
