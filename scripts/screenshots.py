"""Draws the pictures of the labelling page in docs/images/, light and dark, from the demo's desk in Chromium.

make screenshots
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from annotate import cli, load, store
from annotate import schema as schema_
from annotate.labelstudio import server
from annotate.labelstudio.client import Client
from annotate.store import Corpus

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser.page import LabellingPage, find_chromium, open_browser  # noqa: E402  # the page object that the tests drive

STATE, DESK, IMAGES = ROOT / ".demo", "demo", ROOT / "docs" / "images"


def main() -> None:
    """Label a little of an article as an annotator would, and photograph the page."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("screenshots: Chromium is missing; install it, for example with: apt-get install chromium")
    desk = server.start(STATE, DESK)
    try:
        client, schema = Client(desk.url, desk.token), schema_.load(ROOT / "guidelines" / "schema.yaml")
        project = load.load(client, cli.PROJECT, Corpus(ROOT / "corpus").articles(), schema).project
        with sync_playwright() as playwright, open_browser(playwright, chromium) as browser:
            for theme in ("light", "dark"):
                page = browser.new_page(viewport={"width": 1366, "height": 768}, color_scheme=theme)
                _photograph(LabellingPage(page, desk), project, theme)
                page.close()
    finally:
        server.stop(desk)


def _photograph(labelling: LabellingPage, project: int, theme: str) -> None:
    labelling.log_in()
    labelling.open_next(project)
    labelling.theme(theme)
    labelling.mark("f", "the car deck of a ferry")
    labelling.mark("t", "Tuesday morning")
    labelling.mark("q", "at least nine people")
    labelling.mark("h", "the harbour office in the Sulvane town of Lisk")
    labelling.mark("y", "said")
    labelling.mark("shift+d", "killing")
    labelling.press("1")
    labelling.mark("shift+x", "explosion")
    labelling.press("1")
    labelling.mark(
        "n",
        "An explosion tore through the car deck of a ferry on Lake Orum on Tuesday morning, killing at least nine people",
    )
    for key in ("e", "6", "8"):
        labelling.press(key)
    _save(labelling.page, f"labelling-{theme}.png")
    labelling.discard()


def _save(page: Page, name: str) -> None:
    page.wait_for_timeout(500)
    store.write(IMAGES / name, page.screenshot())
    print(f"wrote docs/images/{name}")


if __name__ == "__main__":
    main()
