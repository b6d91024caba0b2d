"""The site of a small corpus in a real browser, opened from its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.site.conftest import Articles
from tests.site.conftest import articles as articles
from tests.site.conftest import built as built

pytestmark = pytest.mark.browser


def test_a_cell_leads_to_its_words_and_back(page: Page, built: Path, articles: Articles) -> None:
    page.goto((built / "index.html").as_uri())
    # The front page shows the dispute, and leads to its story.
    assert page.locator(".dispute .saying.denies").count() == 1
    page.get_by_role("link", name="The whole story").first.click()
    cell = page.locator("td .saying.denies a.words")
    cell.click()
    target = page.locator("mark:target")
    assert target.inner_text() == "bombed"
    assert page.url.endswith(f"{articles.minister.id}.html#e1")
    # What the mark says stands beside the text, and what is linked to it stands out.
    assert "target" in page.locator("#told").inner_text()
    assert page.locator("mark.linked").all_inner_texts() == ["Tak"]
    page.go_back()
    assert page.url.endswith("tak.html")
    page.go_forward()
    page.locator("table.claims a", has_text="in its story").first.click()
    assert page.url.endswith("tak.html#event-strike")


def test_pointing_and_keys_show_what_a_mark_is_linked_to(
    page: Page, built: Path, articles: Articles
) -> None:
    page.goto((built / "documents" / f"{articles.army.id}.html").as_uri())
    told = page.locator("#told")
    page.locator("#e2").hover()
    assert "death" in told.inner_text()
    assert page.locator("mark.linked").all_inner_texts() == ["at least 12", "people"]
    assert page.locator("#m5").get_attribute("data-role") == "victim"
    # One stop of the Tab key for the whole text; arrows go on from there.
    page.locator("#h1").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.mark") == "c1"
    assert "asserts" in told.inner_text()
    page.get_by_label("content").uncheck()
    assert "off" in (page.locator("#c1").get_attribute("class") or "")


def test_documents_are_filtered_sorted_and_searched(
    page: Page, built: Path, articles: Articles
) -> None:
    page.goto((built / "documents" / "index.html").as_uri())
    rows = page.locator("#documents tbody tr:visible")
    assert rows.count() == 4
    page.get_by_label("Event").select_option("air_strike")
    assert rows.count() == 2
    page.get_by_label("From").fill("2024-05-02")
    assert rows.locator("td:first-child a:first-child").all_inner_texts() == [
        articles.minister.title
    ]
    assert page.locator("output").inner_text() == "1 of 4 rows"
    # What is chosen is in the address: it can be sent, and gone back to.
    page.reload()
    assert rows.count() == 1
    page.goto((built / "documents" / "index.html").as_uri())
    page.get_by_role("button", name="Published").click()
    page.get_by_role("button", name="Published").click()
    assert rows.nth(0).locator("a").first.inner_text() == articles.minister.title
    page.get_by_role("searchbox", name="Search documents").fill("bomb")
    page.keyboard.press("Enter")
    page.locator("#hits li").first.wait_for()
    found = page.locator("#hits a").all_inner_texts()
    assert articles.army.title in found
    assert articles.minister.title in found
    page.locator("#q").fill("veiledtown")
    page.wait_for_function("document.getElementById('found').textContent === '0 pages'")


def test_hostile_words_are_words(page: Page, built: Path, articles: Articles) -> None:
    page.goto((built / "documents" / f"{articles.hostile.id}.html").as_uri())
    page.locator("#m1").hover()
    assert "<img src=x onerror=alert(1)>" in page.locator("#told").inner_text()
    assert page.title().startswith("</title><script>alert(1)</script>")
    page.goto((built / "search.html").as_uri() + "?q=alert")
    page.locator("#hits li").first.wait_for()
    assert "<script>alert(1)</script>" in page.locator("#hits").inner_text()
