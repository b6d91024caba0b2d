"""Events that several articles of a story tell of, joined across them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.corpus import validate
from annotate.corpus.store import Corpus, StoreError
from annotate.model.issues import Issue
from annotate.model.schema import Schema
from tests.conftest import ROOT

PASS = "two-border-guards-dead-after-gunfight-that-8fe4f71d6e"
SHEPHERDS = "sulvane-guards-open-fire-on-orsenian-shepherds-06fa8dfd1c"
Check = Callable[[str, str], list[Issue]]


def test_every_story_that_is_told_twice_in_gold_has_its_events_joined() -> None:
    """Of real news, days of one war may share no event that is surely one."""
    corpus = Corpus(ROOT / "corpus")
    told = Counter(row.story for name, row in corpus.splits().items() if name in corpus.gold_ids())
    twice = {story for story, count in told.items() if count > 1}
    real = {row.story for row in corpus.splits().values() if row.split == "real"}
    assert twice - real == set(corpus.stories()) - real
    assert set(corpus.stories()) <= twice
    assert len(twice - real) == 6


@pytest.fixture
def check(corpus: Corpus, schema: Schema) -> Check:
    """What a corpus of the two reports of one story says when its joins are changed."""
    real = ROOT / "corpus"
    for path in sorted(real.glob("*.yaml")):
        shutil.copy(path, corpus.root)
    (corpus.root / "splits.csv").write_text(
        f"article,story,split\n{SHEPHERDS},orrel-pass,train\n{PASS},orrel-pass,train\n"
    )
    for name in (PASS, SHEPHERDS):
        for path in (*real.glob(f"*/*/{name}*"), *real.glob(f"gold/{name}.json")):
            target = corpus.root / path.relative_to(real)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    joined = corpus.root / "stories" / "orrel-pass.yaml"
    joined.parent.mkdir()

    def changed(old: str, new: str) -> list[Issue]:
        source = (real / "stories" / joined.name).read_text(encoding="utf-8")
        assert old in source
        joined.write_text(source.replace(old, new), encoding="utf-8")
        return [issue for issue in validate.corpus(corpus, schema) if "stories/" in issue.where]

    return changed


def test_joins_of_marks_that_are_there_are_in_order(check: Check) -> None:
    assert check("boy:", "boy:") == []


def test_a_mark_that_gold_does_not_have_is_told(check: Check) -> None:
    (issue,) = check(f"{PASS}: [e10]", f"{PASS}: [e99]")
    assert (issue.where, issue.code) == ("stories/orrel-pass.yaml", "story-mark")
    assert issue.message.startswith(f"boy: e99 is no event mention of gold/{PASS}.json;")


def test_a_mark_in_two_joined_events_is_told(check: Check) -> None:
    (issue,) = check(f"{PASS}: [e10]", f"{PASS}: [e10, e4]")
    assert issue.message == f"guards: e4 of {PASS} is in boy already; leave it in one"


def test_an_article_of_another_story_is_told(check: Check) -> None:
    (issue,) = check(f"{PASS}: [e10]", "another: [e10]")
    assert issue.code == "story-unknown"
    assert "splits.csv has no article another in the story orrel-pass" in issue.message


def test_an_event_of_one_article_is_no_join(check: Check, corpus: Corpus) -> None:
    (issue,) = check(f"    {PASS}: [e10]\n", "")
    assert issue.code == "file-unreadable"
    with pytest.raises(StoreError, match=r"boy|marks"):
        corpus.stories()


def test_a_corpus_without_joins_has_none(tmp_path: Path) -> None:
    assert Corpus(tmp_path).stories() == {}
