"""What a word is to the check of edges; tests/browser/test_extents.py asks the annotator's page the same."""

from __future__ import annotations

import pytest

from annotate.model.text import is_inside_word

# A text, and its words and signs one after another.
PIECES = [
    ("Moscow’s gate", ["Moscow", "’s", "gate"]),
    ("O'Brien's, he’ll d’Ivoire", ["O'Brien", "'s", ",", "he", "’ll", "d’Ivoire"]),
    ("Russian-backed – twice", ["Russian-backed", "–", "twice"]),
    ("12,500 of 3.5 at 10:30, 4,", ["12,500", "of", "3.5", "at", "10:30", ",", "4", ","]),
    ("“so-called” U.S.", ["“", "so-called", "”", "U", ".", "S", "."]),
    ("q̃x̂ 𝔐arket 🪖👩‍⚕️ M16s", ["q̃x̂", "𝔐arket", "🪖", "👩", "‍", "⚕", "️", "M16s"]),
    ("الجيش السوري", ["الجيش", "السوري"]),
    ("军队占领", ["军", "队", "占", "领"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "pieces"), PIECES)
def test_a_word_is_left_only_at_its_edges(text: str, pieces: list[str]) -> None:
    edges, at = {0, len(text)}, 0
    for piece in pieces:
        start = text.index(piece, at)
        at = start + len(piece)
        edges |= {start, at}
    blanks = {
        place for place in range(len(text)) if text[place].isspace() or text[place - 1].isspace()
    }
    within = {place for place in range(len(text)) if is_inside_word(text, place)}
    assert within == set(range(len(text))) - edges - blanks
