"""Other names in the same text: each name everywhere the same other one, and every mark on the words it was on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from annotate.corpus import validate
from annotate.corpus.store import Corpus
from annotate.extract import labels, names
from annotate.model.records import Annotation
from annotate.model.schema import Schema
from tests.conftest import ROOT

Write = Callable[..., Any]
NAMED = """\
[m1:place|Lisk] falls

[m2:person|President Ilan Dareth] said [m3:state_force|Orsenian troops] lost [m4:place|Lisk].

[m5:person|Dareth]’s envoy, [m6:person|Mira Dareth], agreed on Friday.
---
same m1 m4
same m2 m5
"""


def test_a_name_is_the_same_other_one_everywhere(write: Write, schema: Schema) -> None:
    article, annotation = write(NAMED)
    other, moved = names.augment_names(article, annotation, 1, labels.load(schema))
    words = {mark.id: mark.text for mark in moved.mentions}
    assert words["m1"] == words["m4"] != "Lisk"
    title, given, family = str(words["m2"]).split(" ")
    assert title == "President"
    assert given != "Ilan"
    assert words["m5"] == family != "Dareth"
    assert str(words["m6"]).endswith(f" {family}")
    assert str(words["m3"]).endswith(" troops")
    assert f"{family}’s envoy" in other.text
    assert other.text.endswith("agreed on Friday.")
    assert moved.entities == annotation.entities


def test_the_same_seed_gives_the_same_names_and_another_others(
    write: Write, schema: Schema
) -> None:
    article, annotation = write(NAMED)
    assert names.augment_names(article, annotation, 1, labels.load(schema)) == names.augment_names(
        article, annotation, 1, labels.load(schema)
    )
    assert (
        len(
            {
                names.augment_names(article, annotation, seed, labels.load(schema))[0].text
                for seed in range(8)
            }
        )
        > 4
    )


def test_every_mark_of_the_corpus_stays_on_its_words(schema: Schema) -> None:
    corpus = Corpus(ROOT / "corpus")
    articles = {
        article.id: article for article in corpus.articles() if article.collection == "pilot"
    }
    for path in sorted((corpus.root / "annotations" / "alder").glob("*.json")):
        if path.stem in articles:
            article, annotation = (
                articles[path.stem],
                Annotation.model_validate_json(path.read_text(encoding="utf-8")),
            )
            other, moved = names.augment_names(article, annotation, 3, labels.load(schema))
            assert other.text != article.text
            assert [
                issue for issue in validate.check(moved, other, schema) if issue.severity == "error"
            ] == []
            pairs = zip(annotation.marks(), moved.marks(), strict=True)
            assert all(mark.slice(other.text) == mark.text for _, mark in pairs)
            changed = sum(
                one.text != two.text
                for one, two in zip(annotation.mentions, moved.mentions, strict=True)
            )
            assert changed / len(annotation.mentions) > 0.05
            for word in ("President", "Friday", "army"):
                assert article.text.count(word) == other.text.count(word)


@pytest.mark.parametrize("kind", ["given", "family", "place", "demonym"])
def test_each_region_has_enough_names_and_none_twice(kind: str) -> None:
    for region, inventory in names.inventory().items():
        assert len(inventory[kind]) >= 5, region
        assert len(set(inventory[kind])) == len(inventory[kind]), region
