"""An article, its metadata and its answers that try to run on the page, or to send a request: they are words there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.store import Corpus
from annotate.labelstudio import load, tasks
from annotate.labelstudio.client import Client
from annotate.model.schema import Schema
from tests.browser.page import LabellingPage
from tests.conftest import Acre

pytestmark = [pytest.mark.server, pytest.mark.browser]

ELSEWHERE = "//hostile.invalid/"
IMAGE = f"<img src={ELSEWHERE}i onerror=window.hit='image'>"
BROKEN_OUT = f"\"'></b></title></textarea></style></script>{IMAGE}"
SCRIPT = f"<script>window.hit='script';fetch('{ELSEWHERE}s')</script>"
TEMPLATE = "{{constructor.constructor('window.hit=1')()}} ${window.hit=2} $title"
TURNED = "\u202elive drow\u202c"
WORDS = {
    "troops": f"Troops {SCRIPT}",
    "took": f"seized {IMAGE}",
    "place": f"Tak {BROKEN_OUT}",
    "number": f"12 {TURNED}",
    "rest": f"<iframe srcdoc='{SCRIPT}'></iframe><svg onload=window.hit='svg'>{TEMPLATE}",
}
ABOUT = {
    "title": f"{SCRIPT}{BROKEN_OUT} {TURNED}",
    "outlet": f"{BROKEN_OUT} {TEMPLATE} {TURNED}",
    "url": f"javascript:window.hit='link'//{BROKEN_OUT}",
}
UNIT = f"people {BROKEN_OUT}"


def _source(label: str) -> str:
    """The words with marks over them, in the inline notation, whose own signs are escaped."""
    said = {name: re.sub(r"([\[\]\\|])", r"\\\1", words) for name, words in WORDS.items()}
    return (
        f"[m1:{label}|{said['troops']}] [e1:capture|{said['took']}] [m2:place|{said['place']}],"
        f" [m3:quantity|{said['number']}]. {said['rest']}\n---\n"
        "e1 agent:m1 object:m2 realis=actual\nm3 min=12 unit=people\n"
    )


_WOULD_RUN = """() => [...document.querySelectorAll('*')].filter((found) =>
  [...found.attributes].some(({ name, value }) => name.startsWith('on')
    || (['src', 'href', 'srcdoc'].includes(name) && (/^\\s*javascript:/i.test(value) || value.includes('hostile'))))
).map((found) => found.outerHTML)"""


class Watched:
    """What a page does that it must not."""

    def __init__(self, labelling: LabellingPage) -> None:
        self._labelling = labelling
        self.elsewhere: list[str] = []
        self.dialogs: list[str] = []
        self._page = labelling.page
        self._page.on("request", lambda request: self._asked(request.url))
        self._page.on("dialog", self._dialog)

    def _asked(self, url: str) -> None:
        if (
            not url.startswith((f"{self._labelling.desk.url}/", "data:", "blob:"))
            or "hostile" in url
        ):
            self.elsewhere.append(url)

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def done(self) -> list[object]:
        """What ran, what was asked of elsewhere, and the elements that would yet do so."""
        made = self._page.evaluate(_WOULD_RUN)
        ran = self._page.evaluate("window.hit ?? null")
        return [*([ran] if ran else []), *self.elsewhere, *self.dialogs, *made]


def test_what_is_hostile_is_words_on_each_page(
    labelling: LabellingPage, client: Client, corpus: Corpus, schema: Schema, project: str, state: Path,
    acre: Acre, write: Callable[..., Any], declare: Callable[..., None],
) -> None:  # fmt: skip
    declare("ana", "ben")
    for annotator, label in (("ana", "state_force"), ("ben", "armed_group")):
        article, annotation = write(_source(label), annotator=annotator, **ABOUT)
        mentions = tuple(
            mention.model_copy(update={"attributes": mention.attributes | {"unit": f"{annotator} {UNIT}"}})
            if mention.label == "quantity" else mention
            for mention in annotation.mentions
        )  # fmt: skip
        annotation = annotation.model_copy(update={"mentions": mentions})
        corpus.write_annotation(annotation, article)
    watched, page = Watched(labelling), labelling.page

    kind = f'";}}{BROKEN_OUT}'  # what is written beside the lines
    zones = tuple(zone.model_copy(update={"kind": kind}) for zone in article.zones)
    hostile = article.model_copy(update={"zones": zones})
    number = load.load(client, project, [hostile], schema).project
    assert number is not None
    ((task,),) = client.tasks(number)
    client.annotate(task["id"], tasks.result(annotation, article, schema), 12.5)
    aside = {"at": "2026-01-01T12:00:00Z", "faults": [{"mark": "m1", "told": UNIT}]}
    client.update_task(task["id"], task["data"] | {tasks.SET_ASIDE: aside})

    page.goto(f"{labelling.desk.url}/projects/{number}/data")
    page.wait_for_timeout(1500)
    assert watched.done() == []
    labelling.open_task(number, task["id"])
    assert page.locator(".acre-text").inner_text().count("<script>") == 2
    for words in (WORDS["troops"], WORDS["took"], WORDS["number"]):
        labelling.select(words)
        assert labelling.selected() == [words]
    assert any("hostile" in told for told in labelling.told())
    page.get_by_text("Not accepted when it was collected").wait_for()
    assert watched.done() == []

    sheets = f"{project[:40]} sheets"
    at_desk = ("adjudicate", "--desk", "ana", "--state", state, "--project", sheets)
    assert "sheet " in acre(*at_desk).stdout
    found = client.project(sheets)
    assert found is not None
    ((sheet,),) = client.tasks(found["id"])
    labelling.open_task(found["id"], sheet["id"])
    page.locator("#acre-sheet", has_text="hostile").wait_for()
    assert watched.done() == []


def test_the_watch_sees_what_runs_and_what_is_asked(labelling: LabellingPage) -> None:
    """Else the test above could not fail."""
    watched = Watched(labelling)
    labelling.page.evaluate(f"document.body.insertAdjacentHTML('beforeend', `{IMAGE}`)")
    labelling.page.wait_for_timeout(500)
    ran, asked, made = watched.done()
    assert (ran, "hostile.invalid" in str(asked), "onerror" in str(made)) == ("image", True, True)
