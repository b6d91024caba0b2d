"""An adjudicator at a sheet: the list leads to each choice, decides it, and ticks what is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.store import Corpus
from annotate.gold import adjudicate
from annotate.labelstudio.client import Client
from tests.browser.page import LabellingPage
from tests.conftest import Acre

pytestmark = [pytest.mark.server, pytest.mark.browser]

TEXT = "{troops} {seized} [m2:place|Tak] on [m3:time|Monday] and {night}.\n---\n{links}"
ANA = TEXT.format(
    troops="[m1:state_force|Troops]",
    seized="[e1:capture|seized]",
    night="[m4:time|the night]",
    links="e1 object:m2 time:m3 realis=actual\n",
)
BEN = TEXT.format(
    troops="[m1:armed_group|Troops]",
    seized="[e1:capture|seized]",
    night="the [m4:time|night]",
    links="e1 object:m2 realis=actual\n",
)


def _rows(labelling: LabellingPage) -> list[str]:
    return [
        " ".join(row.split()) for row in labelling.page.locator("#acre-sheet li").all_inner_texts()
    ]


def test_the_list_leads_decides_and_ticks(
    labelling: LabellingPage, client: Client, corpus: Corpus, project: str, state: Path,
    acre: Acre, write: Callable[..., Any], declare: Callable[..., None],
) -> None:  # fmt: skip
    declare("ana", "ben")
    article, _annotation = write(ANA, annotator="ana")
    write(BEN, annotator="ben")
    at_desk = ("adjudicate", "--desk", "ana", "--state", state, "--project", project)
    assert "sheet " in acre(*at_desk).stdout
    found = client.project(project)
    assert found is not None
    ((task,),) = client.tasks(found["id"])
    assert "“Monday”" in task["data"]["choices"]  # in words also where no script is
    assert "→ m" not in task["data"]["choices"]
    page = labelling.page
    labelling.open_task(found["id"], task["id"])
    page.get_by_text("To decide: 3 of 3.").wait_for()
    troops, seized, night = _rows(labelling)
    # Two labels, or two extents, are one choice; which pass is which letter differs from article to article.
    of = adjudicate.letters(article.id, ["ana", "ben"])
    assert f"state_force “Troops” {of['ana']} or" in troops
    assert f"armed_group “Troops” {of['ben']} or" in troops
    assert troops.endswith("or neither")
    assert "time → time “Monday”" in seized
    assert "“the night”" in night
    assert night.endswith("or neither")

    outline = """(words) => {
      const marks = [...document.querySelectorAll('.acre-text .htx-highlight')];
      return getComputedStyle(marks.find((found) => found.textContent === words)).outlineStyle;
    }"""
    assert page.evaluate(outline, "seized") == "solid"
    assert page.evaluate(outline, "Tak") == "none"

    page.locator("#acre-sheet").get_by_role("button", name="capture “seized”").click()
    assert labelling.selected() == ["seized"]
    rows = page.locator("#acre-sheet li")
    rows.nth(1).get_by_role("button", name="keep").click()
    page.get_by_text("To decide: 2 of 3.").wait_for()
    assert page.evaluate(outline, "seized") == "none"
    rows.nth(2).get_by_role("button", name="neither").click()
    page.get_by_text("To decide: 1 of 3.").wait_for()
    # One click takes the one and refuses the other.
    rows.nth(0).get_by_role("button", name=of["ana"], exact=True).click()
    page.get_by_text("To decide: 0 of 3.").wait_for()
    assert all(row.startswith("✓") for row in _rows(labelling))
    labelling.select_listed("capture", "seized")
    labelling.press("/")  # by key at the mark as well: the list follows
    page.locator("#acre-sheet li button[aria-pressed=true]", has_text="reject").wait_for()
    labelling.press(",")
    labelling.submit()

    done = acre(*at_desk)
    assert "gold written from a sheet" in done.stdout, done.stdout + done.stderr
    gold = corpus.gold(article.id)
    assert gold is not None
    assert [(mention.label, mention.text) for mention in gold.mentions] == [
        ("state_force", "Troops"),
        ("place", "Tak"),
        ("time", "Monday"),
    ]
    assert len(gold.event_mentions[0].arguments) == 2
