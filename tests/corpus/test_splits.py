"""Stories, repeated paragraphs and near copies stay in one split."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from annotate.corpus import splits
from annotate.corpus.entry import Entry
from annotate.corpus.store import Corpus, SplitRow
from annotate.model.issues import Issue
from annotate.model.records import Article
from annotate.model.schema import Schema
from tests.conftest import Acre
from tests.corpus.real import ARTICLES, COLLECTIONS, CORPUS, SPLITS

Write = Callable[..., Any]
LONG = (
    "The harbour office in Lisk said on Tuesday that nine people had died on the ferry before dawn"
    " broke"
)
WORDS = (
    "officials counted trucks near the bridge while residents waited for bread and water under"
    " heavy rain that night because roads north of town had been cut by floods since early spring"
    " when dams gave way above several villages"
)


def _codes(corpus: Corpus, schema: Schema) -> list[tuple[str, str]]:
    return [(issue.code, issue.message) for issue in _issues(corpus, schema)]


def _issues(
    corpus: Corpus, schema: Schema, articles: Iterable[Article] | None = None
) -> Iterator[Issue]:
    check = splits.SplitCheck(corpus, schema)
    for article in corpus.articles() if articles is None else articles:
        yield from check.article(Entry(corpus, article, {}, {}))
    yield from check.rest()


def test_a_repeated_paragraph_joins_a_story_and_may_not_cross(
    corpus: Corpus, schema: Schema, write: Write
) -> None:
    one, _ = write(f"Ferry burns\n\n{LONG}.\n---\n")
    two, _ = write(f"Inquiry opens\n\nNothing is known of the cause.\n\n{LONG.upper()}!\n---\n")
    other, _ = write(
        "Talks begin\n\nBoth sides met at noon in the old customs house by the river.\n---\n"
    )
    assigned = splits.assign(corpus, schema)
    assert assigned.rows[one.id] == assigned.rows[two.id]
    assert assigned.rows[other.id].story == other.id
    corpus.write_splits(assigned.rows)
    assert _codes(corpus, schema) == []
    corpus.write_splits(
        assigned.rows
        | {two.id: SplitRow("inquiry", "validation"), one.id: SplitRow("ferry", "test")}
    )
    ((code, message),) = _codes(corpus, schema)
    assert code == "split-leak"
    assert one.id in message
    assert two.id in message


def test_a_near_copy_without_an_equal_paragraph_is_found(
    corpus: Corpus, schema: Schema, write: Write
) -> None:
    one, _ = write(f"{WORDS}.\n---\n")
    two, _ = write(f"{WORDS.replace('trucks', 'lorries')}.\n---\n")
    assert (
        splits.assign(corpus, schema).rows[one.id].story
        == splits.assign(corpus, schema).rows[two.id].story
    )
    corpus.write_splits({one.id: SplitRow("a", "train"), two.id: SplitRow("b", "real")})
    assert [code for code, _ in _codes(corpus, schema)] == ["split-leak"]


def test_two_reports_of_one_event_in_other_words_are_no_copies(
    corpus: Corpus, schema: Schema, write: Write
) -> None:
    one, _ = write(
        "Nine people died when a ferry caught fire on Lake Orum, the harbour office in Lisk"
        " said.\n---\n"
    )
    two, _ = write(
        "A blaze on a Lake Orum ferry has killed at least nine, according to officials in"
        " Lisk.\n---\n"
    )
    corpus.write_splits({one.id: SplitRow("a", "train"), two.id: SplitRow("b", "test")})
    assert _codes(corpus, schema) == []
    # That they are one story, only a person can say: then they may not be apart.
    corpus.write_splits({one.id: SplitRow("ferry", "train"), two.id: SplitRow("ferry", "test")})
    assert [code for code, _ in _codes(corpus, schema)] == ["split-leak"]


def test_a_person_names_the_story_and_the_split_is_assigned(
    corpus: Corpus, schema: Schema, write: Write
) -> None:
    one, _ = write(
        "Nine people died when a ferry caught fire on Lake Orum, the harbour office in Lisk"
        " said.\n---\n"
    )
    two, _ = write(
        "A blaze on a Lake Orum ferry has killed at least nine, according to officials in"
        " Lisk.\n---\n"
    )
    corpus.write_splits({one.id: SplitRow("ferry", ""), two.id: SplitRow("ferry", "")})
    assert [code for code, _ in _codes(corpus, schema)] == ["split-unknown", "split-unknown"]
    assigned = splits.assign(corpus, schema)
    assert set(assigned.new) == {one.id, two.id}
    assert assigned.rows[one.id] == assigned.rows[two.id]
    assert assigned.rows[one.id].story == "ferry"
    corpus.write_splits(assigned.rows)
    assert _codes(corpus, schema) == []


def test_a_byline_that_repeats_is_no_story(corpus: Corpus, schema: Schema, write: Write) -> None:
    byline = "Source: The Teshk Courier and the agencies that it reads on every day"
    one, _ = write(f"Ferry burns\n\nIt burned.\n\n{byline}\n---\n")
    two, _ = write(f"Talks begin\n\nThey began.\n\n{byline}\n---\n")
    assert one.zones[-1].kind == "credit"
    assigned = splits.assign(corpus, schema)
    assert assigned.rows[one.id].story != assigned.rows[two.id].story


def test_a_topic_that_two_days_name_alike_is_no_story(
    corpus: Corpus, schema: Schema, write: Write
) -> None:
    topic = "Attacks on civilians in the Sulvane border war"
    one, _ = write(
        f"Monday\n\nIt rained.\n\n{topic}\n\nA ferry burned at Lufira before noon.\n---\n"
    )
    two, _ = write(
        f"Tuesday\n\nIt froze.\n\n{topic}\n\nTwo bridges were closed, officials said.\n---\n"
    )
    assert [zone.kind for zone in one.zones] == ["headline", "paragraph", "subhead", "paragraph"]
    assigned = splits.assign(corpus, schema)
    assert assigned.rows[one.id].story != assigned.rows[two.id].story


def test_news_is_real_and_what_is_assigned_stays(
    corpus: Corpus, schema: Schema, write: Write
) -> None:
    first, _ = write(f"{WORDS}.\n---\n")
    corpus.write_splits({first.id: SplitRow("rain", "test")})
    news, _ = write(f"{LONG}.\n---\n", collection="local")
    for number in range(20):
        write(f"Report number {number} of a series on the price of bread.\n---\n")
    assigned = splits.assign(corpus, schema, seed=3)
    assert assigned.rows[first.id] == SplitRow("rain", "test")
    assert assigned.rows[news.id].split == "real"
    assert {row.split for row in assigned.rows.values()} == {
        "train",
        "validation",
        "test",
        "real",
    }
    assert assigned == splits.assign(corpus, schema, seed=3)
    corpus.write_splits(assigned.rows)
    assert splits.assign(corpus, schema, seed=4).new == ()


def test_the_command_assigns_and_says_what_it_wrote(
    acre: Acre, corpus: Corpus, write: Write
) -> None:
    article, _ = write(f"{WORDS}.\n---\n")
    dry = acre("split", "--dry-run")
    assert (dry.returncode, corpus.splits_path.exists()) == (0, False)
    done = acre("split")
    assert done.stdout.splitlines()[0] == f"{article.id}: train"
    assert (
        corpus.splits_path.read_text() == f"article,story,split\n{article.id},{article.id},train\n"
    )
    assert acre("split").stdout == "every article of the dataset has a split\n"
    corpus.splits_path.write_text("article,split\n")
    bad = acre("split")
    assert bad.returncode == 1
    assert (
        "splits.csv:1: expected article,story,split, found 'article,split'; correct it"
        in bad.stderr
    )


@pytest.mark.parametrize("threshold", [0.7, 0.9])
def test_copies_as_near_as_the_threshold_nearly_always_share_a_fingerprint(
    threshold: float, schema: Schema
) -> None:
    """The formula in `_prints`, on sets of hashes of a known resemblance."""
    import random

    chance = random.Random(1)
    met = 0
    for _ in range(200):
        size = 300
        shared = round(2 * size * threshold / (1 + threshold))
        both = [chance.getrandbits(64) for _ in range(shared)]
        one, two = (
            frozenset(both + [chance.getrandbits(64) for _ in range(size - shared)]) for _ in "ab"
        )
        met += bool(set(splits._bands(one)) & set(splits._bands(two)))
    assert met >= 198


def test_the_corpus_leaks_nothing_and_its_real_split_is_news(schema: Schema) -> None:
    assert list(_issues(CORPUS, schema, ARTICLES)) == []
    for article in ARTICLES:
        if SPLITS.get(article.id, SplitRow("", "")).split == "real":
            assert COLLECTIONS[article.collection].text_kind == "news", article.id
