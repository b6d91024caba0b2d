"""Which article is in which split: all of a story, and all that shares its words, in one."""

from __future__ import annotations

import random
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotate.corpus.articles.copies import NEAR
from annotate.corpus.store import SPLITS, Corpus, Place
from annotate.model import text
from annotate.model.issues import Issue, Severity
from annotate.model.records import Article
from annotate.model.schema import Schema

SHARES = {"train": 0.6, "validation": 0.15, "test": 0.25}
"""What part of a collection's code points each split is to hold."""
_LEAST_WORDS = 8
"""A repeated paragraph gives a text away from this length on: a subhead does not."""
_BANDS, _IN_BAND = 24, 4


@dataclass(frozen=True)
class Dealt:
    """What `deal` did."""

    places: dict[str, Place]
    new: tuple[str, ...]
    """Articles that had no split."""


def of(article: str, is_news: bool, places: Mapping[str, Place]) -> str:
    """The split of an article: its row's; without one, `real` where the text is real news, and otherwise `train`."""
    return places[article].split if article in places else "real" if is_news else "train"


def deal(
    corpus: Corpus, schema: Schema, seed: int = 0, on_article: Callable[[], None] = lambda: None
) -> Dealt:
    """Give each article of the dataset without a row a story and a split; rows that are there stay.

    A row with a story and no split is dealt its split: so a person tells which reports are of one story. An article
    that repeats a paragraph of another, or is a near copy of it, joins its story. Real news goes to `real`. Within a
    collection, each story, the longest first, goes where most is missing to `SHARES`.
    """
    collections, rows = corpus.collections(), corpus.splits()
    places = {name: place for name, place in rows.items() if place.split}
    new: dict[str, Article] = {}
    stories = {name: place.story for name, place in rows.items()}
    filled: dict[str, Counter[str]] = defaultdict(Counter)
    prints: dict[int, tuple[str, str]] = {}
    for article in corpus.articles():
        on_article()
        if not collections[article.collection].in_dataset:
            continue
        if article.id in places:
            filled[article.collection][places[article.id].split] += article.length
        else:
            new[article.id] = article.model_copy(update={"text": None})
            stories.setdefault(article.id, article.id)
        for collection, other in sorted(
            {
                prints.setdefault(found, (article.collection, article.id))
                for found in _prints(article, schema)
            }
        ):
            if stories[article.id] != stories[other] and _repeat(
                article, corpus.article(collection, other), schema
            ):
                _join(stories, article.id, other, places)
    split_of = {place.story: place.split for place in places.values()}
    groups: dict[str, list[Article]] = defaultdict(list)
    for name, article in new.items():
        groups[stories[name]].append(article)
    shuffled = sorted(groups)
    random.Random(seed).shuffle(shuffled)
    for story in sorted(
        shuffled, key=lambda story: -sum(article.length for article in groups[story])
    ):
        members = groups[story]
        collection = members[0].collection
        if story not in split_of:
            is_news = any(
                collections[article.collection].text_kind == "news" for article in members
            )
            split_of[story] = "real" if is_news else _emptiest(filled[collection])
        for article in members:
            filled[article.collection][split_of[story]] += article.length
            places[article.id] = Place(story, split_of[story])
    return Dealt(places, tuple(new))


def _emptiest(filled: Counter[str]) -> str:
    """The split that holds least of its share, so that the first stories of a collection reach every split."""
    return min(SHARES, key=lambda split: filled[split] / SHARES[split])


def _join(stories: dict[str, str], name: str, other: str, places: Mapping[str, Place]) -> None:
    """Two articles become of one story; of two that have rows already, people decided, and `check` tells."""
    if not (name in places and other in places):
        kept, given = (
            (stories[name], stories[other]) if name in places else (stories[other], stories[name])
        )
        for found, story in stories.items():
            if story == given and found not in places:
                stories[found] = kept


def check(
    corpus: Corpus, schema: Schema, on_article: Callable[[str], None] = lambda what: None
) -> Iterator[Issue]:
    """Rows that name nothing, articles without one, and all that is in two splits: stories, paragraphs, near copies.

    Of each text some 8 bytes a paragraph and 200 for its runs of words are held, and nothing else.
    """
    places, path = corpus.splits(), corpus.splits_path.name
    if not places:
        return
    collections = corpus.collections()
    known = corpus.article_ids()
    where: dict[str, str] = {}
    for name, place in sorted(places.items()):
        if name not in known:
            yield Issue(
                path, "split-unknown", f"there is no article {name}; add it, or remove the row"
            )
        if place.split not in SPLITS:
            found = (
                f"{name} is in a split {place.split!r}; give one of {', '.join(SPLITS)}, or leave"
                " it to: acre split"
            )
            yield Issue(path, "split-unknown", found)
        elif where.setdefault(place.story, place.split) != place.split:
            found = (
                f"the story {place.story} is in {where[place.story]} and, with {name}, in"
                f" {place.split}; put it in one"
            )
            yield Issue(path, "split-leak", found)
    prints, splits = array("Q"), array("B")
    for article in corpus.articles(lenient=True):
        if article.collection not in collections or not collections[article.collection].in_dataset:
            continue
        on_article("texts")
        if article.id not in places:
            found = f"{article.id} has no row, and so is in no split; deal it one with: acre split"
            yield Issue(path, "split-missing", found, Severity.WARNING)
        elif places[article.id].split in SPLITS:
            own = _prints(article, schema)
            prints.extend(own)
            splits.extend([SPLITS.index(places[article.id].split)] * len(own))
    crossing = _crossing(np.frombuffer(prints, np.uint64), np.frombuffer(splits, np.uint8))
    yield from _named(corpus, crossing, places, schema) if crossing else ()


def _crossing(prints: npt.NDArray[np.uint64], splits: npt.NDArray[np.uint8]) -> frozenset[int]:
    """The fingerprints that are in two splits."""
    order = np.lexsort((splits, prints))
    ordered, beside = prints[order], splits[order]
    differs = (ordered[1:] == ordered[:-1]) & (beside[1:] != beside[:-1])
    return frozenset(int(found) for found in ordered[1:][differs])


def _named(
    corpus: Corpus, crossing: frozenset[int], places: Mapping[str, Place], schema: Schema
) -> Iterator[Issue]:
    """One issue for each pair of articles that share what is in two splits."""
    having: dict[int, dict[str, Article]] = defaultdict(dict)
    for article in corpus.articles(lenient=True):
        shared = _prints(article, schema) & crossing if article.id in places else frozenset()
        others = {name: other for found in shared for name, other in having[found].items()}
        for name, other in sorted(others.items()):
            one, two = places[name].split, places[article.id].split
            if one != two and _repeat(article, other, schema):
                message = (
                    f"{name} in {one} and {article.id} in {two} repeat each other’s words; put them"
                    " in one split"
                )
                yield Issue(corpus.splits_path.name, "split-leak", message)
        for found in shared:
            having[found][article.id] = article


def _repeat(one: Article, other: Article | None, schema: Schema) -> bool:
    """Whether the two share a long paragraph, or are near copies."""
    if one.text is None or other is None or other.text is None:
        return False
    return bool(_paragraphs(one, schema) & _paragraphs(other, schema)) or (
        text.resemblance(text.shingles(one.text), text.shingles(other.text)) >= NEAR
    )


def _prints(article: Article, schema: Schema) -> frozenset[int]:
    """What two texts that repeat each other have in common: a long paragraph, or a band of smallest hashes.

    Of two texts of resemblance `NEAR`, 998 in 1,000 share a band: 1 − (1 − 0.7⁴)²⁴ (Leskovec, Rajaraman and Ullman,
    "Mining of Massive Datasets", chapter 3). Others may share one too: `_repeat` decides.
    """
    if article.text is None:
        return frozenset()
    return frozenset(
        {_number("paragraph", words) for words in _paragraphs(article, schema)}
        | set(_bands(text.shingles(article.text)))
    )


def _paragraphs(article: Article, schema: Schema) -> frozenset[str]:
    """The long paragraphs of what is annotated: bylines and links to other pages repeat on every page."""
    told = (
        zone.slice(article.text or "")
        for zone in article.zones
        if zone.kind not in schema.silent_zones
    )
    lines = (re.findall(r"\w+", line.casefold()) for words in told for line in words.split("\n"))
    return frozenset(" ".join(words) for words in lines if len(words) >= _LEAST_WORDS)


def _bands(runs: frozenset[int]) -> Iterator[int]:
    hashes = np.fromiter(runs, np.uint64)
    keys = np.random.default_rng(0).integers(
        1, 2**63, size=(_BANDS * _IN_BAND, 2), dtype=np.uint64
    ) | np.uint64(1)
    smallest = ((hashes[None, :] ^ keys[:, 1:]) * keys[:, :1]).min(axis=1)
    for band in range(_BANDS):
        yield _number(f"band {band}", f"{smallest[band * _IN_BAND : (band + 1) * _IN_BAND]}")


def _number(kind: str, words: str) -> int:
    return int(text.sha256(f"{kind} {words}")[:16], 16)
