"""How many actions an annotator needs: keys, clicks and drags, counted as the page is sent them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.page import LabellingPage

pytestmark = [pytest.mark.server, pytest.mark.browser]

TEXT = "Troops shelled the market of Tak at noon. At least 12 people died, the army’s chief said on Monday."


def test_each_task_takes_no_more_actions_than_it_may(
    open_text: Callable[..., LabellingPage],
) -> None:
    page = open_text(TEXT)

    def counted(task: Callable[[], object]) -> int:
        before = page.actions
        task()
        return page.actions - before

    assert counted(lambda: page.mark("s", "Troops")) <= 2
    page.mark("f", "the market")
    page.mark("t", "noon")
    page.mark("s", "the army’s chief")

    def event() -> None:
        page.mark("shift+s", "shelled")
        page.press("1")

    assert counted(event) <= 3

    def argument() -> None:
        page.click("Troops", button="right")
        page.choose("agent")

    assert counted(argument) <= 3
    page.press("u")

    def argument_of_another_event() -> None:
        page.click("shelled")
        page.click("the market", button="right")
        page.choose("target")

    assert counted(argument_of_another_event) <= 3
    page.mark("q", "At least 12")
    page.mark("shift+d", "died")
    page.press("1")
    page.press("u")

    def only_role() -> None:
        page.click("died")
        page.click("At least", button="right")

    assert counted(only_role) <= 2

    def attribution() -> None:
        page.mark("h", "the army’s chief")
        page.mark("y", "said")
        page.mark("n", "At least 12 people died")
        for key in ("e", "6", "8"):
            page.press(key)
        page.click("the army", button="right")
        page.click("said", button="right")

    assert counted(attribution) <= 12

    def extent() -> None:
        page.click("noon")
        page.press("Control+Shift+ArrowLeft")

    page.press("u")
    assert counted(extent) <= 2

    assert ("time", "at noon") in page.marks()
    assert page.links() == [
        ("At least 12 people died", ["cue"], "said"),
        ("At least 12 people died", ["source"], "the army’s chief"),
        ("died", ["count"], "At least 12"),
        ("shelled", ["agent"], "Troops"),
        ("shelled", ["target"], "the market"),
    ]
    page.submit()
