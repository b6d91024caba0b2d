"""Links by one key and a click: only what the schema allows is offered, and one thing allowed is set at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from annotate.model.schema import RoleFrame, Schema
from tests.browser.page import LabellingPage

pytestmark = [pytest.mark.server, pytest.mark.browser]

TEXT = "Troops shelled Tak at noon. “Rebels fled”, the army said on Monday. They shelled Tak again."

Open = Callable[..., LabellingPage]


def test_fillers_in_a_row_by_the_roles_that_the_schema_allows(open_text: Open) -> None:
    page = open_text(TEXT)
    page.mark("s", "Troops")
    page.mark("l", "Tak")
    page.mark("w", "noon")
    page.mark("shift+s", "shelled")
    page.press("-")
    page.click("Troops")
    assert page.choices() == ["agent", "target", "victim"]
    page.choose("agent")
    page.click("Tak")
    assert page.choices() == ["target", "origin", "place"]
    page.press("s")  # no role's letter, and no label's key meanwhile
    page.choose("target")
    page.click("noon")
    page.choose("instrument")
    page.press("Escape")
    three = [
        ("shelled", ["agent"], "Troops"),
        ("shelled", ["instrument"], "noon"),
        ("shelled", ["target"], "Tak"),
    ]
    assert (page.links(), page.selected()) == (three, ["shelled"])
    page.press("Control+z")
    assert page.links() == [three[0], three[2]]
    # After Esc a click selects again; and several labels of a pair go on one relation.
    page.select("Tak")
    assert page.selected() == ["Tak"]
    page.link("shelled", "place", "Tak")
    assert page.links() == [three[0], ("shelled", ["target", "place"], "Tak")]


def test_one_role_is_set_at_once_on_the_mark_that_it_could_end_at(open_text: Open) -> None:
    page = open_text(TEXT)
    page.mark("n", "“Rebels fled”")
    page.mark("s", "the army")
    page.mark("h", "the army")  # over the same words; a click selects the one that was made first
    page.mark("y", "said")
    page.select("“Rebels")
    page.press("-")
    page.click("the army")
    page.click("said")
    assert page.choices() == []
    page.press("Escape")
    content, army, cue = "“Rebels fled”", "the army", "said"
    assert page.links() == [(content, ["cue"], cue), (content, ["source"], army)]
    results = page.results()
    (source,) = (found["to_id"] for found in results if found.get("labels") == ["source"])
    (head,) = (found["value"]["labels"] for found in results if found.get("id") == source)
    assert head == ["source"]


def test_the_other_direction_is_understood_and_the_right_button_needs_no_key(
    open_text: Open,
) -> None:
    page = open_text(TEXT)
    page.mark("n", "“Rebels fled”")
    page.mark("y", "said")
    page.click("“Rebels", button="right")
    assert page.links() == [("“Rebels fled”", ["cue"], "said")]
    page.mark("t", "noon")
    page.mark("h", "the army")
    page.click("noon", button="right")
    assert page.choices() == []
    assert len(page.links()) == 1
    assert "no link between source and time" in page.page.locator(".acre-bar").inner_text()


def test_triggers_of_one_event_are_the_same_and_events_can_fill_roles(open_text: Open) -> None:
    page = open_text(TEXT)
    page.mark("shift+s", "shelled")
    page.mark("shift+s", "shelled", nth=1)
    page.click("shelled", button="right")
    assert page.links() == [("shelled", ["same_as"], "shelled")]


def test_another_schema_another_choice(open_text: Open, schema: Schema) -> None:
    """What is offered comes from the configuration, with quotes and markup in it."""
    event = schema.events["shelling"]
    roles = {
        "victim": RoleFrame(fillers=("time",), gloss='"what" & <b>who\'s</b> \\ hit'),
        "agent": RoleFrame(fillers=("time",), gloss="which"),
    }
    events = schema.events | {"shelling": event.model_copy(update={"roles": roles})}
    other = schema.model_copy(update={"events": events})
    other.__dict__.pop("_fillers", None)
    page = open_text(TEXT, other)
    page.mark("s", "Troops")
    page.mark("t", "noon")
    page.mark("shift+s", "shelled")
    page.press("-")
    page.click("Troops")
    assert page.choices() == []
    page.click("noon")
    assert page.choices() == ["victim", "agent"]
    offered = page.page.locator(".acre-chooser button").first.inner_text()
    assert offered.split(maxsplit=2)[2] == '"what" & <b>who\'s</b> \\ hit'
