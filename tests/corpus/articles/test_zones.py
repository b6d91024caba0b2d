from __future__ import annotations

from hypothesis import given

from annotate.corpus.articles import zones
from annotate.model import text
from tests import strategies
from tests.conftest import SEED, needs_seed

# Each zone of the reference article, in order, by its first characters alone: the text itself is not ours to give on.
_REFERENCE = """headline standfirst caption caption paragraph paragraph paragraph related paragraph paragraph
paragraph subhead paragraph paragraph paragraph infographic infographic paragraph paragraph
paragraph paragraph paragraph subhead paragraph paragraph paragraph paragraph paragraph subhead
paragraph paragraph paragraph paragraph paragraph paragraph paragraph credit"""

PAGE = """Army leaves Brel as talks open

Both sides claim the bridge, and neither has shown that it holds it.

By Lena Marchetto in Brel

A boy looks at a burnt coach at the western end of the bridge
The bridge at Brel on Sunday [File: Handout]

The army left the town of Brel on Sunday night, residents said, a day before talks were to open in Ketterholm.

What comes next

“We will see,” said the mayor.

Map: The two banks of the Brel [Courier]Map: The two banks of the Brel [Courier]

Read more: The night the bridge closed

Nobody could say who held the bridge on Monday.

Source: The Courier and agencies"""


def _kinds(letters: str) -> list[str]:
    return [zone.kind for zone in zones.find(letters)]


@needs_seed
def test_the_reference_article_has_each_of_its_zones() -> None:
    letters, changes = text.normalise(SEED.read_text(encoding="utf-8"))
    assert changes == {}
    assert _kinds(letters) == _REFERENCE.split()
    one, other = (zone.slice(letters) for zone in zones.find(letters) if zone.kind == "infographic")
    assert one == other  # printed twice on one line, and told apart


def test_a_page_with_everything_a_page_drags_along() -> None:
    expected = (
        "headline standfirst credit caption caption paragraph subhead paragraph infographic"
        " infographic related paragraph credit"
    )
    assert _kinds(PAGE) == expected.split()


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    letters = (
        "Convoy reaches the harbour\n\n"
        "A convoy of nineteen trucks has reached the harbour town, the first since\n"
        "October, and was unloaded by the light of the trucks’ own lamps while the\n"
        "guns on the hill were silent."
    )
    assert _kinds(letters) == ["headline", "paragraph"]
    # A long sentence under the headline is the first paragraph; a short one, with more to come, sums the article up.
    assert _kinds(letters + "\n\nMore is to come.") == ["headline", "paragraph", "paragraph"]
    short = "Convoy reaches the harbour\n\nNineteen trucks arrive by night.\n\nMore is to come."
    assert _kinds(short) == ["headline", "standfirst", "paragraph"]
    topic = "Convoy reaches the harbour\n\nThe siege\n\nMore is to come."
    assert _kinds(topic) == ["headline", "subhead", "paragraph"]


def test_a_dateline_is_no_standfirst() -> None:
    letters = (
        "Convoy reaches the harbour\n\nTESHK, March 22 (Velmora Wire) - A convoy arrived.\n\nIt was"
        " the first."
    )
    assert _kinds(letters) == ["headline", "paragraph", "paragraph"]


def test_a_text_without_headline_is_paragraphs() -> None:
    assert _kinds("One sentence, told in full and ended by a stop.\n\nAnother one.") == [
        "paragraph",
        "paragraph",
    ]


@given(strategies.texts())
def test_zones_tile_the_text(letters: str) -> None:
    place = 0
    for zone in zones.find(letters):
        assert letters[place : zone.start].strip() == ""
        assert zone.start >= place
        assert zone.slice(letters) == zone.slice(letters).strip()
        place = zone.end
    assert letters[place:].strip() == ""
