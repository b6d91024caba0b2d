"""Where marks begin and end: dragged, by keys, at words' edges; and all of it without a mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.labelstudio import server_app
from tests.browser.page import LabellingPage
from tests.model.test_words import PIECES

pytestmark = [pytest.mark.server, pytest.mark.browser]

TEXT = "Troops of Moscow’s 🪖 army shelled Tak. “Rebels fled”, a medic said.\n\nRussian-backed units left."

Open = Callable[..., LabellingPage]
WORDS = (Path(server_app.__file__).parent / "page" / "words.js").read_text(encoding="utf-8")


def test_half_words_become_whole_ones_unless_alt_is_held(open_text: Open) -> None:
    page = open_text(TEXT)
    page.mark("s", "roop")
    page.mark("l", "osco")
    page.mark("a", "Russian-ba")
    page.mark("t", " shelled ")
    page.mark("w", "oscow’s")
    page.mark("v", "medi", alt=True)
    assert page.marks() == [
        ("armed_group", "Russian-backed"),
        ("civilians", "medi"),
        ("place", "Moscow"),
        ("state_force", "Troops"),
        ("time", "shelled"),
        ("weapon", "Moscow"),
    ]


def test_an_extent_is_moved_by_keys_and_by_its_handles_and_keeps_links_and_answers(
    open_text: Open,
) -> None:
    page = open_text(TEXT)
    page.mark("y", "said")
    page.mark("n", "Rebels fled")
    for key in ("e", "6", "8"):
        page.press(key)
    page.click("said", button="right")
    page.press("Control+Shift+ArrowLeft")
    page.press("Shift+ArrowRight")
    whole = ("content", "“Rebels fled”")
    assert page.marks() == [whole, ("cue", "said")]
    page.press("Shift+ArrowLeft")
    page.press("Shift+ArrowLeft")
    assert page.marks() == [("content", "“Rebels"), ("cue", "said")]
    page.press("Control+z")
    page.press("Control+z")
    assert page.marks() == [whole, ("cue", "said")]
    assert page.selected() == ["“Rebels fled”"]
    # A mark keeps at least one word.
    for _ in range(9):
        page.press("Control+Shift+ArrowRight")
    assert page.marks()[0] == ("content", "”")
    page.press("Control+Shift+ArrowLeft")
    page.press("Control+Shift+ArrowLeft")
    page.press("Control+Shift+ArrowLeft")

    handle = page.page.locator(".acre-text area.__resize_left").bounding_box()
    assert handle is not None
    left, top, _right, _bottom = page.box("shelled")
    mouse = page.page.mouse
    mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    mouse.down()
    mouse.move(left + 30, top, steps=5)
    mouse.move(left + 12, top, steps=5)  # within the word: it is taken whole
    mouse.up()
    page.settle()
    dragged = "shelled Tak. “Rebels fled”"
    assert page.marks() == [("content", dragged), ("cue", "said")]
    assert page.links() == [(dragged, ["cue"], "said")]
    answers = [found["value"] for found in page.results() if "choices" in found.get("value", {})]
    assert [answer["choices"] for answer in answers] == [["asserts"], ["indirect"], ["named"]]
    assert {(answer["start"], answer["end"]) for answer in answers} == {
        (TEXT.index("shelled"), TEXT.index("”") + 1)
    }


def test_a_mark_stays_where_its_handle_is_dragged_over_all_of_it(open_text: Open) -> None:
    page = open_text(TEXT)
    page.mark("l", "Tak")
    handle = page.page.locator(".acre-text area.__resize_left").bounding_box()
    assert handle is not None
    _left, _top, right, bottom = page.box("Tak")
    mouse = page.page.mouse
    mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    mouse.down()
    mouse.move(right, bottom, steps=5)
    mouse.up()
    page.settle()
    assert page.marks() == [("place", "Tak")]


def test_an_article_is_annotated_without_a_mouse(open_text: Open) -> None:
    page = open_text(TEXT)
    page.press("ArrowRight")
    page.mark_selected("s")  # Troops
    for _ in range(4):  # of, Moscow, army: the helmet is no word
        page.press("ArrowRight")
    page.mark_selected("Shift+S")  # shelled
    page.press("1")
    page.press("ArrowRight")
    page.press("Shift+ArrowRight")
    page.press("Shift+ArrowLeft")
    page.mark_selected("l")  # Tak
    page.press("ArrowDown")
    page.press("ArrowUp")
    page.press("ArrowDown")
    page.mark_selected("a")  # the word on the last line under it
    assert [found for found in page.marks() if found[0] != "armed_group"] == [
        ("place", "Tak"),
        ("shelling", "shelled"),
        ("state_force", "Troops"),
    ]
    # Link: to the trigger, Enter selects it, - links, to the filler, Enter, a letter.
    for _ in range(12):
        page.press("ArrowLeft")
        if page.page.evaluate("String(getSelection())") == "shelled":
            break
    page.press("Enter")
    assert page.selected() == ["shelled"]
    page.press("-")
    page.press("ArrowRight")
    page.press("Enter")
    assert page.choices() == ["target", "origin", "place"]
    page.choose("target")
    page.press("Escape")
    assert page.links() == [("shelled", ["target"], "Tak")]
    page.submit()


def test_the_page_and_the_check_agree_on_what_a_word_is(labelling: LabellingPage) -> None:
    found = labelling.page.evaluate(
        f"(texts) => {{ {WORDS} return texts.map((text) => words.pieces(text)); }}",
        [text for text, _pieces in PIECES],
    )
    for (text, pieces), read in zip(PIECES, found, strict=True):
        assert [piece["letters"] for piece in read] == pieces
        assert [text[piece["start"] : piece["end"]] for piece in read] == pieces
