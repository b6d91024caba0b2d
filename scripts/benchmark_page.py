"""Measure how long the labelling page takes to open and to show a new mark, beside Label Studio's own page without
the desk's scripts, on the same article in the same run.

python scripts/benchmark_page.py [--marks 400] [--repeat 5]
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections import defaultdict
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from playwright.sync_api import Browser, Route, sync_playwright
from rich import box
from rich.console import Console
from rich.table import Table

from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus
from annotate.labelstudio import load, server, tasks
from annotate.labelstudio.client import Client
from annotate.model import graph
from annotate.model import schema as schema_
from annotate.model.graph import Link
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article, Mark
from annotate.model.schema import Schema
from scripts import terminal

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

# The page object that the tests drive.
from browser.page import LabellingPage, find_chromium, open_browser, open_page  # noqa: E402

OURS, BARE = "the desk’s page", "bare Label Studio"
DESK = "benchmark"
NEW_MARKS = 3
"""Made on each page that is opened."""
WORD = "the"
"""What they are made over."""
PATIENCE = 120_000
"""Milliseconds, after which something is wrong."""
_SCRIPTS = re.compile(r"<head><script>.*?</script><style>.*?</style>", re.DOTALL)
_SHOWN = """(count) => {
  const { regions } = window.Htx?.annotationStore?.selected ?? {};
  const pieces = [...document.querySelectorAll('.acre-text .htx-highlight')];
  const drawn = new Set(pieces.flatMap((piece) => [...piece.classList]));
  return regions?.length === count && regions.every((region) => drawn.has(region.className));
}"""


def benchmark_page(
    marks: Annotated[
        int, typer.Option(min=1, help="How many marks the article has at least.")
    ] = 400,
    repeat: Annotated[
        int, typer.Option(min=1, help="How often each page is opened; the median counts.")
    ] = 5,
    state: Annotated[
        Path | None,
        typer.Option(
            help="Where the desk keeps its data; by default a folder that is thrown away."
        ),
    ] = None,
) -> None:
    """Print the seconds that each page takes to open and to show a new mark, and their ratio."""
    schema = schema_.load(ROOT / "guidelines" / "schema.yaml")
    article, annotation = long_article(marks, schema)
    chromium = find_chromium()
    if chromium is None:
        raise UsageError(
            "Chromium is missing; install it, for example with: apt-get install chromium"
        )
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        desk = server.start(state or Path(folder), DESK)
        try:
            client, count = Client(desk.url, desk.token), len(list(annotation.marks()))
            apart = (article.text or "").count(WORD) // NEW_MARKS
            result = tasks.result(annotation, article, schema)
            with sync_playwright() as playwright, open_browser(playwright, chromium) as browser:
                for number, page in enumerate((BARE, OURS) * repeat):
                    # A task for each: what was marked on the page before may be saved by now.
                    project = load.load(client, f"Opening {number}", [article], schema).project
                    (task,) = chain.from_iterable(client.tasks(project))
                    client.draft(task["id"], result)
                    address = f"{desk.url}/projects/{project}/data?task={task['id']}"
                    opening, marking = _measure(browser, desk, address, count, apart, page == BARE)
                    seconds[page, "opens"].append(opening)
                    seconds[page, "shows a new mark"] += marking
        finally:
            server.stop(desk)
    links = len(graph.disassemble(annotation)[1])
    _print(seconds, f"{count} marks, {links} links; medians of {repeat} openings of each page")


def long_article(marks: int, schema: Schema) -> tuple[Article, Annotation]:
    """Articles of the corpus one after the other, with their gold, until there are so many marks."""
    corpus, texts = Corpus(ROOT / "corpus"), list[str]()
    placed, links = list[Mark](), list[Link]()
    for article in corpus.articles():
        gold = corpus.gold(article.id)
        if gold is None or article.text is None:
            continue
        before, name = sum(len(text) + 2 for text in texts), f"{len(texts)}-"
        texts.append(article.text)
        its_marks, its_links = graph.disassemble(gold)
        for mark in its_marks:
            place = {"start": mark.start + before, "end": mark.end + before}
            placed.append(mark.model_copy(update={"id": name + mark.id} | place))
        links += [Link(name + tail, label, name + head) for tail, label, head in its_links]
        if len(placed) >= marks:
            break
    else:
        raise UsageError(f"the corpus has no {marks} marks; give a smaller --marks")
    joined = reading.article("benchmark", "\n\n".join(texts), reading.About("sample")).article
    assert joined is not None
    annotation, _issues = graph.assemble(
        placed, links, schema, joined.id, joined.sha256, gold.provenance
    )
    return joined, annotation


def _measure(
    browser: Browser, desk: server.Desk, address: str, count: int, apart: int, is_bare: bool
) -> tuple[float, list[float]]:
    """Seconds until all marks are drawn in a new tab, and until each new one is, so many words `WORD` apart."""
    labelling = open_page(browser, desk)
    page = labelling.page
    if is_bare:
        page.route("**/projects/**", _without_scripts)
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(_SHOWN, arg=count, timeout=PATIENCE)
    opening = time.perf_counter() - began
    page.wait_for_timeout(2000)  # what both still do after opening is no part of a mark
    marking = [_mark(labelling, count + number + 1, number * apart) for number in range(NEW_MARKS)]
    page.context.close()
    return opening, marking


def _without_scripts(route: Route) -> None:
    """The page as Label Studio sends it. The editor's settings stay: the browser keeps them since the login."""
    if route.request.resource_type != "document":
        route.continue_()
        return
    answer = route.fetch()
    body, number = _SCRIPTS.subn("<head>", answer.text(), count=1)
    assert number == 1, "the desk's scripts are not where they were"
    route.fulfill(response=answer, body=body)


def _mark(labelling: LabellingPage, count: int, nth: int) -> float:
    """Seconds from the end of a drag over the n-th `WORD` until the new mark is drawn."""
    labelling.press("u")
    labelling.press("p")
    left, top, right, bottom = labelling.box(WORD, nth)
    mouse = labelling.page.mouse
    mouse.move(left + 1, top)
    mouse.down()
    mouse.move(right - 1, bottom, steps=4)
    began = time.perf_counter()
    mouse.up()
    labelling.page.wait_for_function(_SHOWN, arg=count, timeout=PATIENCE)
    return time.perf_counter() - began


def _print(seconds: dict[tuple[str, str], list[float]], caption: str) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("seconds until it", BARE, OURS, "ratio"):
        table.add_column(heading, justify="left" if heading.startswith("seconds") else "right")
    for what in ("opens", "shows a new mark"):
        bare, ours = (median(seconds[page, what]) for page in (BARE, OURS))
        table.add_row(what, f"{bare:.2f}", f"{ours:.2f}", f"{ours / bare:.2f}")
    out = Console(highlight=False)
    out.print(caption)
    out.print(table)


if __name__ == "__main__":
    terminal.run(benchmark_page)
