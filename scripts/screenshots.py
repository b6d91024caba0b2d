"""Draws the pictures of docs/images/, light and dark, in Chromium: of the labelling page, and of the corpus as a site.

make screenshots

With ARGS=--site, those of the site alone, which need no Label Studio.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import chain
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.extract import extractors
from annotate.gold import adjudicate, desk_sheets
from annotate.labelstudio import load, server, tasks
from annotate.labelstudio.client import Client
from annotate.model import graph
from annotate.model import schema as schema_
from annotate.model.schema import Schema
from annotate.site import extracted, site

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

# The page object that the tests drive.
from browser.page import LabellingPage, find_chromium, open_browser  # noqa: E402

IMAGES = ROOT / "docs" / "images"
SHEET = "aid-convoy"
STORY = "drones-knock-out"
FINISHED = "tel-arun-empties"
CAPTURED = "captured"
SITE = {
    "front": "index.html",
    "story": "stories/orrel-pass.html",
    "label": "labels/air_strike.html",
}
EXTRACTED = "garrison-at-haut-mira"
TOLLS = "stories/bassir-fuel-market.html"


def main() -> None:
    """Put annotated articles on a desk, choose a mark as an annotator would, and photograph the page."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit(
            "screenshots: Chromium is missing; install it, for example with: apt-get install"
            " chromium"
        )
    schema = schema_.load(ROOT / "guidelines" / "schema.yaml")
    _photograph_site(chromium, schema)
    _photograph_extracted(chromium, schema)
    if "--site" in sys.argv[1:]:
        return
    # A desk of its own: what was labelled before would be in the picture.
    with tempfile.TemporaryDirectory() as state:
        desk = server.start(Path(state), "annotator")
        try:
            client = Client(desk.url, desk.token)
            with sync_playwright() as playwright, open_browser(playwright, chromium) as browser:
                page = browser.new_page(viewport={"width": 1366, "height": 768})
                labelling = LabellingPage(page, desk)
                labelling.log_in()
                _photograph_finished(labelling, client, schema)
                _photograph_sheet(labelling, client, schema)
                _photograph_story(labelling, client, schema)
        finally:
            server.stop(desk)


def _photograph_site(chromium: str, schema: Schema) -> None:
    """The front page, a story, its tolls, a document with a mark that is pointed at, and a label: light and dark."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "site"
        site.write(Corpus(ROOT / "corpus"), schema, ROOT / "guidelines", target)
        article = next((target / "documents").glob(f"{STORY}*[0-9a-f].html"))
        with sync_playwright() as playwright, open_browser(playwright, chromium) as browser:
            for theme in ("light", "dark"):
                page = browser.new_page(
                    viewport={"width": 1280, "height": 800},
                    color_scheme=theme,
                    device_scale_factor=1.5,
                )
                for name, address in SITE.items():
                    page.goto((target / address).as_uri())
                    _save(page, f"site-{name}-{theme}.png")
                page.goto((target / SITE["front"]).as_uri())
                section = page.locator("section", has=page.locator(".dispute")).first
                store.write(IMAGES / f"site-dispute-{theme}.png", section.screenshot())
                page.goto((target / TOLLS).as_uri())
                shot = page.locator("figure.tolls").first.screenshot()
                store.write(IMAGES / f"site-tolls-{theme}.png", shot)
                page.goto(article.as_uri())
                page.locator("mark.event", has_text="killing").first.hover()
                _save(page, f"site-document-{theme}.png")
                page.close()


def _photograph_extracted(chromium: str, schema: Schema) -> None:
    """What the lookup reads in an article that it has not learned from, a claim of it pointed at: light and dark."""
    corpus = Corpus(ROOT / "corpus")
    article = next(each for each in corpus.articles() if each.id.startswith(EXTRACTED))
    extractor = extractors.load("lookup", corpus.root, schema)
    read = [(article, extractor.predict(article)[0])]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "extracted.html"
        store.write(target, extracted.render(read, extractor, schema).encode())
        with sync_playwright() as playwright, open_browser(playwright, chromium) as browser:
            for theme in ("light", "dark"):
                page = browser.new_page(
                    viewport={"width": 1366, "height": 800},
                    color_scheme=theme,
                    device_scale_factor=1.5,
                )
                page.goto(target.as_uri())
                page.locator("li.claim").nth(1).hover()
                _save(page, f"extracted-{theme}.png")


def _photograph_sheet(labelling: LabellingPage, client: Client, schema: Schema) -> None:
    """A sheet of the sample's pass and one that differs: without an event, and with another realis."""
    article, one = next(
        (article, annotation)
        for article, annotation, _ in Corpus(ROOT / "corpus").annotated()
        if article.id.startswith(SHEET)
    )
    first, second, *_rest = one.event_mentions
    marks, links = graph.disassemble(one)
    changed = []
    for mark in marks:
        if mark.label == "weapon" or mark.id == first.id:
            continue
        realis = {"attributes": {"realis": "negated"}} if mark.id == second.id else {}
        changed.append(mark.model_copy(update=realis))
    ids = {mark.id for mark in changed}
    joined = [link for link in links if {link.tail, link.head} <= ids]
    provenance = one.provenance.model_copy(update={"annotator": "other"})
    other, _issues = graph.assemble(changed, joined, schema, article.id, article.sha256, provenance)
    sheet = adjudicate.merge(article, [one, other], schema)
    list(desk_sheets.load(client, "ACRE gold", schema, iter([(f"{article.id}.0", article, sheet)])))
    project = client.project("ACRE gold")
    assert project is not None
    labelling.open_next(project["id"])
    labelling.select((second.text or "").split()[0])
    _save(labelling.page, "adjudication.png")


def _photograph_story(labelling: LabellingPage, client: Client, schema: Schema) -> None:
    """The article of docs/story.md with all of its gold; then the links of one content, which is chosen."""
    corpus = Corpus(ROOT / "corpus")
    article = next(article for article in corpus.articles() if article.id.startswith(STORY))
    gold = corpus.gold(article.id)
    assert gold is not None
    project = load.load(client, "ACRE story", [article], schema).project
    (task,) = chain.from_iterable(client.tasks(project))
    client.draft(task["id"], tasks.result(gold, article, schema))
    labelling.open_next(project)
    _save(labelling.page, "story-marks.png")
    labelling.select("counted")
    _save(labelling.page, "story-content.png")


def _photograph_finished(labelling: LabellingPage, client: Client, schema: Schema) -> None:
    """An article with all of its gold; the links of one event, which is chosen."""
    corpus = Corpus(ROOT / "corpus")
    article = next(article for article in corpus.articles() if article.id.startswith(FINISHED))
    gold = corpus.gold(article.id)
    assert gold is not None
    project = load.load(client, "ACRE finished", [article], schema).project
    assert project is not None
    (task,) = chain.from_iterable(client.tasks(project))
    client.draft(task["id"], tasks.result(gold, article, schema))
    labelling.open_next(project)
    for theme in ("light", "dark"):
        labelling.theme(theme)
        labelling.select(CAPTURED)
        labelling.page.mouse.move(300, 20)
        _save(labelling.page, f"finished-{theme}.png")
    labelling.theme("light")


def _save(page: Page, name: str) -> None:
    page.wait_for_timeout(500)
    store.write(IMAGES / name, page.screenshot())
    print(f"wrote docs/images/{name}")


if __name__ == "__main__":
    main()
