"""The labelling page as an annotator uses it: keys and the mouse, nothing else."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, Playwright, TimeoutError

from annotate.labelstudio.server import Desk

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# The rectangle ends of the n-th occurrence of words in the article, or of those at an offset, found through the page's
# text nodes. The offset counts UTF-16 units, and no newlines.
_FIND = """([words, nth, offset]) => {
  const root = document.querySelector('.acre-text [class*=richtext__container]:not(:has(style))');
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = []; let text = '';
  for (let node; (node = walker.nextNode());) {
    // A mark's label is drawn by CSS and is no text node; each line is an element, its newline is not in the tree.
    nodes.push([node, text.length]); text += node.data;
  }
  let at = offset ?? -1;
  if (offset !== null && !text.startsWith(words, at)) return null;
  for (let i = 0; offset === null && i <= nth; i++) { at = text.indexOf(words, at + 1); if (at < 0) return null; }
  const place = (offset, end) => {
    for (const [node, start] of nodes)
      if (offset >= start &&
          (end ? offset <= start + node.data.length && offset > start : offset < start + node.data.length))
        return [node, offset - start];
  };
  const range = document.createRange();
  range.setStart(...place(at, false)); range.setEnd(...place(at + words.length, true));
  range.startContainer.parentElement.scrollIntoView({ block: 'center' });
  const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
  const first = boxes[0], last = boxes[boxes.length - 1];
  return [first.left, first.top + first.height / 2, last.right, last.top + last.height / 2];
}"""

# Whether the article has been loaded for work: its text may be there before, and a key that is pressed then is lost.
_IS_LOADED = """() => {
  const store = window.Htx, open = store?.annotationStore?.selected;
  return Boolean(store?.task && !store.isLoading && open?.regionStore);
}"""

# Whether a label is chosen for the words that are dragged over next.
_IS_CHOSEN = """() => [...window.Htx.annotationStore.selected.names.values()].some(
  (tag) => tag.type.endsWith('labels') && tag.children.some((label) => label.selected)
)"""

# Resolves when nothing on the page has changed for so many milliseconds, after a limit at the latest.
_QUIET = """([quiet, limit]) => new Promise((resolve) => {
  let due;
  const done = () => { watcher.disconnect(); clearTimeout(due); clearTimeout(last); resolve(); };
  const again = () => { clearTimeout(due); due = setTimeout(() => requestAnimationFrame(done), quiet); };
  const watcher = new MutationObserver(again);
  const last = setTimeout(done, limit);
  watcher.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  again();
})"""

# Whether there are so many marks, and the last one is selected.
_IS_MADE = """(count) => {
  const { regions, selectedRegions } = window.Htx.annotationStore.selected;
  return regions.length === count && selectedRegions.length === 1;
}"""


def find_chromium() -> str | None:
    """Chromium's program on this machine, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("ACRE_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def open_browser(playwright: Playwright, program: str) -> Iterator[Browser]:
    """A headless Chromium with a profile of its own."""
    browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
    try:
        yield browser
    finally:
        browser.close()


def open_page(browser: Any, desk: Desk) -> LabellingPage:
    """A page of the size of a small laptop, logged in at the desk; `page.page.context.close()` ends it."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(20_000)
    page = context.new_page()
    opened = LabellingPage(page, desk)
    opened.log_in()
    return opened


class LabellingPage:
    """One tab, logged in as the desk's annotator."""

    def __init__(self, page: Page, desk: Desk) -> None:
        self.page, self.desk = page, desk
        self.actions = 0
        """Keys, clicks and drags that were sent to the page."""

    def log_in(self) -> None:
        page = self.page
        page.goto(f"{self.desk.url}/user/login/")
        page.fill("input[name=email]", self.desk.email or "")
        page.fill("input[name=password]", self.desk.password or "")
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)

    def open_next(self, project: int) -> None:
        """The next article to label, without the task list."""
        self.page.goto(f"{self.desk.url}/projects/{project}/data?labeling=1")
        self._wait()

    def open_task(self, project: int, task: int) -> None:
        self.page.goto(f"{self.desk.url}/projects/{project}/data?task={task}")
        self._wait()

    def _wait(self) -> None:
        self.page.wait_for_selector(".acre-text .lsf-richtext__line")
        self.page.wait_for_function(_IS_LOADED)
        self.settle(400, limit=10_000)

    def settle(self, quiet: int = 60, limit: int = 2000) -> None:
        """Wait until the page has answered: for so many milliseconds it has not changed, or the limit is over."""
        self.page.evaluate(_QUIET, [quiet, limit])

    def theme(self, name: str) -> None:
        """Light or dark, by the switch at the top."""
        if self.page.get_by_text("Dark" if name == "light" else "Light", exact=True).count():
            self.page.get_by_text("Dark" if name == "light" else "Light", exact=True).first.click()
            self.settle(200)

    def press(self, key: str) -> None:
        self.actions += 1
        self.page.keyboard.press(key.replace("shift+", "Shift+") if "+" in key else key)
        self.settle()

    def box(self, words: str, nth: int = 0, at: int | None = None) -> list[float]:
        """Where the words are on the screen: left and middle of their start, right and middle of their end.

        They are the n-th occurrence, or those `at` an offset of the text, as `offset` counts.
        """
        self.page.evaluate(_FIND, [words, nth, at])
        self.settle()  # it may have scrolled
        found: Any = self.page.evaluate(_FIND, [words, nth, at])
        assert found is not None, f"{words!r} is not on the page"
        return list(found)

    def mark(
        self, key: str, words: str, nth: int = 0, alt: bool = False, at: int | None = None
    ) -> None:
        """Press the label's key and drag over the words, with Alt as the mouse is let go; the mark stays selected."""
        before = self.count()
        self.press(key)
        try:
            self.page.wait_for_function(_IS_CHOSEN)
        except TimeoutError:
            pytest.fail(f"{key} chose no label")
        self.drag(words, nth, alt, at)
        self._wait_for(before + 1, f"marking {words!r} with {key}")

    def mark_selected(self, key: str) -> None:
        """Press the label's key for the words that are selected; the mark stays selected."""
        before = self.count()
        self.press(key)
        self._wait_for(before + 1, f"pressing {key}")

    def _wait_for(self, count: int, what: str) -> None:
        """Until there are so many marks, and the last one is selected."""
        try:
            self.page.wait_for_function(_IS_MADE, arg=count)
        except TimeoutError:
            pytest.fail(f"{what} made no mark")
        self.settle()

    def drag(self, words: str, nth: int = 0, alt: bool = False, at: int | None = None) -> None:
        """Drag over the words, with Alt as the mouse is let go."""
        left, top, right, bottom = self.box(words, nth, at)
        mouse = self.page.mouse
        self.actions += 1
        mouse.move(left + 1, top)
        mouse.down()
        mouse.move(right - 1, bottom, steps=8)
        if alt:
            self.page.keyboard.down("Alt")
        mouse.up()
        if alt:
            self.page.keyboard.up("Alt")

    def relabel(self, label: str) -> None:
        """Click on a label: the selected mark takes it."""
        self.page.locator(".acre-labels").get_by_text(label, exact=True).click()
        self.settle()

    def marks(self) -> list[tuple[str, str]]:
        """Label and words of each mark, as the page would submit them."""
        values = (found["value"] for found in self.results() if found["type"] == "labels")
        return sorted((value["labels"][0], value["text"]) for value in values)

    def selected(self) -> list[str]:
        """The words of the marks that are selected."""
        return list(
            self.page.evaluate(
                "window.Htx.annotationStore.selected.selectedRegions.map((mark) => mark.text)"
            )
        )

    def count(self) -> int:
        """How many marks there are, by the editor's own list."""
        return int(
            self.page.evaluate("window.Htx?.annotationStore?.selected?.regions?.length ?? -1")
        )

    def select(self, words: str, nth: int = 0) -> None:
        self.press("u")
        left, top, _right, _bottom = self.box(words, nth)
        self.page.mouse.click(left + 3, top)
        self.settle()
        assert self.selected(), f"clicking {words!r} selects no mark"

    def select_listed(self, label: str, words: str) -> None:
        """Select a mark in the list of regions: of two over the same words, a click in the text reaches only one."""
        self.press("u")
        item = (
            self.page.locator("[class*=outliner-item__title]")
            .filter(has_text=label)
            .filter(has_text=words)
            .first
        )
        item.click()
        self.settle()
        assert self.page.evaluate("window.Htx.annotationStore.selected.selectedRegions.length") == 1

    def link(self, tail: str, labels: str, head: str, tail_nth: int = 0, head_nth: int = 0) -> None:
        """Select the first mark, press -, click the second, choose each label (by spaces) where there is a choice."""
        self.select(tail, tail_nth)
        self.press("-")
        for label in labels.split():
            self.click(head, head_nth)
            if self.choices():
                self.choose(label)
        self.press("Escape")

    def relate(self, tail: str, label: str, head: str) -> None:
        """Link two marks as Label Studio itself allows: by any label, or by none."""
        self.page.evaluate(
            """([tail, label, head]) => {
              const { regionStore, relationStore } = window.Htx.annotationStore.selected;
              const mark = (words) => regionStore.regions.find((found) => found.text === words);
              const relation = relationStore.addRelation(mark(tail), mark(head));
              if (label) relation.setRelations([label]);
            }""",
            [tail, label, head],
        )
        self.settle()

    def click(
        self,
        words: str,
        nth: int = 0,
        button: Literal["left", "right"] = "left",
        at: int | None = None,
    ) -> None:
        """Click on the first of the words."""
        left, top, _right, _bottom = self.box(words, nth, at)
        self.actions += 1
        self.page.mouse.click(left + 3, top, button=button)
        self.settle()

    def choices(self) -> list[str]:
        """The labels that the chooser offers for a link, where it is open."""
        rows = self.page.locator(".acre-chooser:not([hidden]) button")
        return [row.inner_text().split()[1] for row in rows.all()]

    def choose(self, label: str, to: str = "") -> None:
        """Press the key that the chooser gives the label; of links to several marks, of that to one labelled `to`."""
        rows = self.page.locator(".acre-chooser button").filter(
            has_text=re.compile(rf"^\S+\s+{label}\b")
        )
        if rows.count() > 1:
            rows = rows.filter(has_text=re.compile(rf"^\S+\s+{label} {to}\b"))
        self.press(rows.locator("kbd").inner_text())

    def links(self) -> list[tuple[str, list[str], str]]:
        """Words, labels and words of each link, as the page would submit them."""
        results = self.results()
        words = {found["id"]: found["value"]["text"] for found in results if "value" in found}
        return sorted(
            (words[found["from_id"]], found["labels"], words[found["to_id"]])
            for found in results
            if found["type"] == "relation"
        )

    def arcs(self) -> list[str]:
        """The labels of the links that are drawn."""
        drawn = self.page.evaluate(
            """[...document.querySelectorAll('.relations-overlay > g')]
              .filter((arc) => getComputedStyle(arc).visibility === 'visible').map((arc) => arc.textContent)"""
        )
        return sorted(drawn)

    def told(self) -> list[str]:
        """What the page says in words of the selected mark."""
        self.settle()
        return self.page.locator(".acre-mark li button:first-child").all_inner_texts()

    def results(self) -> list[dict[str, Any]]:
        """All that the page would submit."""
        return list(self.page.evaluate("window.Htx.annotationStore.selected.serializeAnnotation()"))

    def delete_links(self) -> None:
        """Delete all links of the annotation, in the Relations tab."""
        self.page.locator("#Relations-draggable").get_by_text("Relations").first.click()
        while self.page.locator(".lsf-relations__item").count():
            relation = self.page.locator(".lsf-relations__item").first
            relation.hover()
            relation.get_by_label("Delete Relation").click()
            self.settle()

    def fill(self, name: str, value: str) -> None:
        """Answer a question of the selected mark by typing."""
        field = self.page.locator(f".acre-side input[name={name}]")
        field.fill(value)
        field.press("Enter")
        self.settle()

    def submit(self) -> None:
        # A draft of it goes to an address below.
        address = re.compile(r"/annotations(/\d+)?/?(\?.*)?$")
        with self.page.expect_response(
            lambda answer: address.search(answer.url) and answer.request.method in ("POST", "PATCH")
        ) as answered:
            self.page.keyboard.press("Control+Enter")
        assert answered.value.ok, answered.value.text()

    def notice(self, name: str, words: str) -> str:
        """Wait until the page tells this at its foot; returns all that it tells there under the name."""
        line = self.page.locator(f".acre-notice[data-notice={name}]").filter(has_text=words)
        line.wait_for()
        return line.inner_text()

    def notice_gone(self, name: str) -> None:
        """Wait until the page tells nothing under the name."""
        self.page.locator(f".acre-notice[data-notice={name}]").wait_for(state="detached")

    def close_modal(self) -> None:
        """Close Label Studio's report of an error, which may open a little after the page told of it."""
        report = self.page.locator(".lsf-modal-ls_visible")
        report.wait_for()
        report.get_by_label("Close modal").click()
        report.wait_for(state="detached")
