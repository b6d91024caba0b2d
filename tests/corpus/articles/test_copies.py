from __future__ import annotations

from annotate.corpus.articles import copies, reading
from annotate.model.records import Article

STORY = (
    "The convoy reached the harbour on Friday, the Union said, with flour for a month and no"
    " medicine at all. "
)


def _article(letters: str, title: str) -> Article:
    article = reading.article("t", letters, reading.About("sample", title)).article
    assert article is not None
    return article


def test_a_copy_a_near_copy_and_another_story_are_told_apart() -> None:
    old = _article(STORY * 3 + "It was the first since October.", "old")
    same = _article(STORY * 3 + "It was the first since October.", "same text, other title")
    near = _article(STORY * 3 + "It was the first since November.", "near")
    other = _article(
        "Nobody reached the mountain pass on Friday, since the snow had closed it to all but the"
        " mules.",
        "other",
    )
    found = {
        new.title: (match.title, round(likeness, 2))
        for new, match, likeness in copies.near_copies([same, near, other], [old])
    }
    assert set(found) == {"same text, other title", "near"}
    assert found["same text, other title"] == ("old", 1.0)
    assert copies.NEAR <= found["near"][1] < 1


def test_two_new_ones_that_are_near_copies_of_each_other() -> None:
    one, other = _article(STORY * 2 + "One.", "one"), _article(STORY * 2 + "Two.", "two")
    ((new, match, _likeness),) = copies.near_copies([one, other], [])
    assert (new.title, match.title) == ("two", "one")


def test_a_copy_of_a_withheld_article_is_known_by_its_hash() -> None:
    old = _article(STORY, "old")
    ((_new, match, likeness),) = copies.near_copies(
        [_article(STORY, "new")], [old.model_copy(update={"text": None})]
    )
    assert (match.title, likeness) == ("old", 1.0)
