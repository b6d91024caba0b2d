from __future__ import annotations

import pytest

from annotate.model import ids
from annotate.model.issues import UsageError


def test_an_article_id_is_readable_and_its_own() -> None:
    assert (
        ids.article_id("Army ‘retakes’ Dol Harun!", "abcdef" * 10)
        == "army-retakes-dol-harun-abcdefabcd"
    )
    assert ids.article_id("الرقة", "0" * 64) == "article-0000000000"


def test_a_slug_is_cut_at_a_word() -> None:
    assert ids.slug("one two three", 8) == "one-two"
    assert ids.slug("incomprehensibilities", 5) == "incom"
    assert ids.slug("../../etc/passwd") == "etc-passwd"


@pytest.mark.parametrize("name", ["", "../up", "A", "a b", "-a", "a" * 81, "a/b"])
def test_what_can_be_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="use lower-case letters"):
        ids.check("desk", name)
