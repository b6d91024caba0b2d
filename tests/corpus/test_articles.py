"""The corpus's own articles: each its own text, in a world that is kept in one file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

import pytest
import yaml

from annotate.model import tokens
from annotate.model.records import Article
from tests.conftest import ROOT
from tests.corpus.real import ARTICLES, COLLECTIONS, SPLITS

ROUNDS = ("pilot", "pilot-second")
OWN = [article for article in ARTICLES if COLLECTIONS[article.collection].text_kind == "invented"]
NEAR = 0.5
"""Two sentences of which this part of the word trigrams is the same are near-duplicates; 1 is the same sentence."""


def _frame(words: str) -> list[str]:
    """The sentence's words with names and numbers taken out: `_ said on _` is a frame, whoever spoke."""
    return ["_" if re.match(r"[A-Z\d]", word) else word for word in re.findall(r"[\w’-]+", words)]


def _trigrams(frame: list[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(zip(frame, frame[1:], frame[2:], strict=False))


def _sentences(articles: list[Article]) -> Iterator[tuple[str, str, frozenset[tuple[str, ...]]]]:
    for article in articles:
        assert article.text is not None
        silent = [
            zone for zone in article.zones if zone.kind in ("credit", "related")
        ]  # a byline may repeat
        for sentence in tokens.sentences(article):
            if any(zone.start <= sentence.start < zone.end for zone in silent):
                continue
            words = sentence.slice(article.text)
            if len(frame := _frame(words)) >= 7:
                yield article.id, words, _trigrams(frame)


def _near_duplicates(articles: list[Article]) -> list[tuple[float, str, str]]:
    """Pairs of sentences of two articles that share `NEAR` of their trigrams or more."""
    by_trigram = defaultdict(set)
    sentences = list(_sentences(articles))
    for number, (_, _, trigrams) in enumerate(sentences):
        for trigram in trigrams:
            by_trigram[trigram].add(number)
    pairs = {pair for numbers in by_trigram.values() for pair in combinations(sorted(numbers), 2)}
    found = []
    for one, other in sorted(pairs):
        (first, words, a), (second, others, b) = sentences[one], sentences[other]
        likeness = len(a & b) / len(a | b)
        if first != second and likeness >= NEAR:
            found.append((likeness, f"{first}: {words}", f"{second}: {others}"))
    return found


def test_no_two_articles_share_a_sentence_or_its_frame() -> None:
    assert _near_duplicates(OWN) == []


def test_a_sentence_with_other_names_and_numbers_is_found() -> None:
    (likeness, one, other), *more = _near_duplicates(
        [
            article.model_copy(update={"text": text, "zones": article.zones[:1], "id": name})
            for article, name, text in (
                (
                    _whole("Rebels seized the town of Lisk on Friday after two days of fighting."),
                    "a",
                    "",
                ),
                (
                    _whole("Rebels seized the town of Brel on Sunday after nine days of fighting."),
                    "b",
                    "",
                ),
            )
            for text in [article.text]
        ]
    )
    assert likeness > NEAR
    assert one.startswith("a: Rebels")
    assert other.startswith("b: Rebels")
    assert not more


def _whole(words: str) -> Article:
    article = OWN[0]
    zone = article.zones[0].model_copy(update={"kind": "paragraph", "start": 0, "end": len(words)})
    return article.model_copy(update={"text": words, "zones": (zone,), "length": len(words)})


@pytest.mark.parametrize(
    "article", [a for a in OWN if a.collection in ROUNDS], ids=lambda article: article.id
)
def test_an_article_of_the_pilot_is_as_long_as_a_news_report(article: Article) -> None:
    assert article.text is not None
    assert 250 <= len(article.text.split()) <= 700
    assert article.published is not None
    assert article.outlet


def test_four_stories_and_more_are_told_by_two_outlets() -> None:
    outlets = defaultdict(set)
    for article in OWN:
        if article.collection in ROUNDS:
            outlets[SPLITS[article.id].story].add(article.outlet)
    assert sum(len(names) > 1 for names in outlets.values()) >= 4


def _names(node: object) -> Iterator[str]:
    """Every name of the world: what stands under `name`, `places`, `outlets`, `capital`, `adjective`."""
    if isinstance(node, list):
        for item in node:
            yield from _names(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("places", "outlets"):
                yield from value
            elif key in ("capital", "adjective") or (key == "name" and "habits" not in node):
                yield value
            else:
                yield from _names(value)


def test_every_name_of_the_world_is_in_some_article() -> None:
    world = yaml.safe_load((ROOT / "corpus" / "world.yaml").read_text(encoding="utf-8"))
    names = list(_names(world))
    assert len(names) > 100
    everything = "\n".join(f"{article.outlet}\n{article.text}" for article in OWN)
    assert [name for name in names if name not in everything] == []


def test_an_article_has_a_place_of_the_world_it_is_set_in() -> None:
    regions = yaml.safe_load((ROOT / "corpus" / "world.yaml").read_text(encoding="utf-8"))[
        "regions"
    ]
    for article in OWN:
        assert article.text is not None
        shown = {
            region["name"]
            for region in regions
            if any(name in article.text for name in _names(region))
        }
        assert shown, article.id
