"""The page that `acre extract` writes, in a real browser, opened from its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from playwright.sync_api import Page

from tests.site.conftest import extracted_page as extracted_page
from tests.site.conftest import read as read

pytestmark = pytest.mark.browser

Written = Callable[..., Path]


def _choose(page: Page, **choices: str) -> list[str]:
    """The words of the events whose claims are left."""
    for name, choice in choices.items():
        page.locator(f"select[name={name}]").select_option(label=choice)
    return page.locator("li.claim:visible a.words b").all_inner_texts()


def test_claims_are_filtered_in_the_list_and_in_the_text(
    page: Page, extracted_page: Written
) -> None:
    page.goto(extracted_page().as_uri())
    shown = page.locator("output")
    assert shown.inner_text() == "9 claims"
    assert _choose(page, place="Tak (5)") == ["shelled", "leave", "bombed", "bombed", "bombed"]
    assert "filtered" in (page.locator("#a1-e2").get_attribute("class") or "")
    assert "filtered" not in (page.locator("#a1-e1").get_attribute("class") or "")
    # A choice says how many claims it would leave.
    assert _choose(page, event="air strike (3)", stance="says that it did not happen (1)") == [
        "bombed"
    ]
    assert shown.inner_text() == "1 of 9 claims"
    assert page.locator("#contents-a1 [data-count]").inner_text() == "0 of 3"
    assert page.locator("#a1 .none").is_visible()
    # What is chosen is in the address: it can be gone back to.
    page.reload()
    assert shown.inner_text() == "1 of 9 claims"
    page.get_by_role("button", name="Show all").click()
    page.get_by_text("9 claims", exact=True).wait_for()
    page.get_by_label("Words").fill("COOK mill")
    assert page.locator("li.claim:visible").count() == 1


def test_a_claim_leads_to_its_mark_and_back(page: Page, extracted_page: Written) -> None:
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto(extracted_page().as_uri())
    claim = page.locator("#a1-claim-2")
    claim.locator("a.words").click()
    assert page.locator("mark:target").get_attribute("id") == "a1-e2"
    assert page.locator("mark.linked").all_inner_texts() == ["We", "Monday"]
    assert "who moved" in page.locator("#told").inner_text()
    page.locator("#a1-e3 a.reference").click()
    page.wait_for_function("document.activeElement.closest('li')?.id === 'a1-claim-3'")
    assert page.locator("#a1-claim-3.current").is_visible()
    # Beside the text the list moves, and the text stays.
    assert page.locator("#a1-e3").is_visible()
    # Pointing is enough: at a claim for its mark, at a mark for its claim.
    page.locator("#a1-claim-1").hover()
    assert "chosen" in (page.locator("#a1-e1").get_attribute("class") or "")
    page.locator("#a1-e2").hover()
    assert page.locator("li.claim.current").get_attribute("id") == "a1-claim-2"


def test_all_is_done_without_a_mouse(page: Page, extracted_page: Written) -> None:
    page.goto(extracted_page(slice(0, 1)).as_uri())
    page.locator("#a1-claim-1 a.words").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('li').id") == "a1-claim-2"
    page.locator("#a1 mark[tabindex='0']").focus()
    for _ in range(20):
        if page.evaluate("document.activeElement.dataset.mark") == "a1-e2":
            break
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('li')?.id === 'a1-claim-2'")
    page.keyboard.press("Escape")
    assert page.locator("#told").inner_text() == ""
    assert page.locator("mark.chosen").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_narrow_screen_light_and_dark(
    page: Page, extracted_page: Written, theme: Any
) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(extracted_page().as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, colour[4:-1].split(","))) > 384) == (theme == "light")


def test_without_script_all_is_there_but_the_filters(browser: Any, extracted_page: Written) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(extracted_page().as_uri())
    assert page.locator("li.claim:visible").count() == 9
    assert not page.locator("form.filters").is_visible()
    page.locator("#a1-claim-2 a.words").click()
    assert page.url.endswith("#a1-e2")
    page.locator("#a1-e2 a.reference").click()
    assert page.url.endswith("#a1-claim-2")
    context.close()


def test_on_paper_there_is_nothing_to_click(page: Page, extracted_page: Written) -> None:
    page.goto(extracted_page().as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator("form.filters").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.claims')).maxHeight") == "none"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(31, 31, 28)"


def test_hostile_words_are_words(page: Page, extracted_page: Written) -> None:
    """The fixture `page` sees to it that nothing is asked for and nothing runs."""
    page.goto(extracted_page().as_uri())
    page.locator("#a4-m1").hover()
    assert "<img src=x onerror=alert(1)>" in page.locator("#told").inner_text()
    page.locator("#a4-claim-1 a.words").click()
    assert "&lt;Tak&gt; </script>" in page.locator("#a4-claim-1").inner_text()
    assert page.locator("img, script[src], iframe, b:text-is('Out')").count() == 0


class _Elsewhere(BaseHTTPRequestHandler):
    """Notes what it is asked for."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a server that the page must not ask for anything."""
    _Elsewhere.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _broken_out(written: str, elsewhere: str) -> str:
    """The page as it would be, were a word of a text not escaped."""
    made = f"""<img src="{elsewhere}/i" onerror="window.hit='image'"><script>window.hit = 'script'</script>
    <iframe srcdoc="<script>parent.hit = 'frame'</script>"></iframe>
    <form action="{elsewhere}/f"><button id="send"></button></form>"""
    return written.replace("<main", f"{made}<main", 1)


@pytest.mark.parametrize("has_policy", [True, False])
def test_even_markup_in_the_page_runs_nothing_and_asks_for_nothing(
    browser: Any, extracted_page: Written, elsewhere: str, has_policy: bool
) -> None:
    """The page's policy refuses it; without the policy it would be done, so that this test can fail."""
    path = extracted_page()
    written = _broken_out(path.read_text(encoding="utf-8"), elsewhere)
    if not has_policy:
        written = written.replace("Content-Security-Policy", "x")
    path.write_text(written, encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.goto(path.as_uri(), wait_until="domcontentloaded")
    page.get_by_text("9 claims", exact=True).wait_for()
    ran = page.evaluate("window.hit ?? null")
    page.evaluate("document.getElementById('send').click()")
    page.wait_for_timeout(1000)
    context.close()
    if has_policy:
        assert (ran, _Elsewhere.asked) == (None, [])
    else:
        assert ran is not None
        assert {"/i", "/f?"} <= set(_Elsewhere.asked)
