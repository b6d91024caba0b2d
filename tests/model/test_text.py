from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.model import text
from annotate.model.issues import AcreError

# All that has broken an annotation tool: astral, combining, right-to-left, line ends, controls, a lone surrogate.
letters = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("a\r\n\u2028\x0b\x00\x85\ufeff\t \u00a0e\u0301\u0323🪖\u200dا\ud800&<"),
    )
)


@given(letters)
def test_normal_text_is_nfc_without_controls_and_stays_as_it_is(source: str) -> None:
    normal, changes = text.normalise(source)
    assert text.normalise(normal) == (normal, {})
    assert unicodedata.is_normalized("NFC", normal)
    assert not any(
        unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in normal
    )
    assert not normal.startswith("\n")
    assert not normal.endswith(("\n", " "))
    assert bool(changes) == (normal != source)
    normal.encode()  # no surrogate is left


@pytest.mark.parametrize(
    ("source", "normal", "change"),
    [
        ("a\r\nb\rc", "a\nb\nc", "line end made a newline"),
        ("\ufeffa", "a", "byte order mark removed"),
        ("e\u0301", "é", "sequence composed (NFC)"),
        ("a\x07b", "ab", "control character removed"),
        ("a \u00a0\nb", "a\nb", "white space at line end removed"),
        ("\n\na", "a", "blank line at start or end removed"),
    ],
)
def test_each_change_is_named_and_counted(source: str, normal: str, change: str) -> None:
    found, changes = text.normalise(source)
    assert found == normal
    assert change in changes


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "f: empty: no text in 0 bytes; give a file with an article"),
        (b" \n\xef\xbb\xbf ", "f: empty: no text in 6 bytes; give a file with an article"),
        (b"ab\x00", "f: binary: a NUL byte at byte 2; give a text, HTML or JSON lines file"),
        (b"caf\xe9 ", "f: not UTF-8: byte 3 is 0xe9; convert it first, for example with iconv"),
    ],
)
def test_bytes_that_are_no_text_are_refused_by_name(raw: bytes, message: str) -> None:
    with pytest.raises(AcreError) as refused:
        text.decode(raw, "f")
    assert str(refused.value) == message


def test_resemblance_is_that_of_the_word_runs() -> None:
    one = text.shingles("the army said on Sunday that its troops took the town")
    assert text.resemblance(one, one) == 1.0
    assert (
        text.resemblance(one, text.shingles("nothing of this kind was ever said by anyone here"))
        == 0.0
    )
    assert text.resemblance(frozenset(), frozenset()) == 0.0
    # 7 runs of five words; one word changed at the end leaves 6 of 8 in common.
    assert (
        text.resemblance(
            one, text.shingles("the army said on Sunday that its troops took the city")
        )
        == 6 / 8
    )
