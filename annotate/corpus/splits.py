"""Which article is in which split: all of a story, and all that shares its words, in one."""

from __future__ import annotations

import random
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

from annotate.corpus.articles.copies import NEAR
from annotate.corpus.entry import Entry
from annotate.corpus.store import SPLITS, Corpus, SplitRow
from annotate.model import text
from annotate.model.issues import Issue, Severity
from annotate.model.records import Article
from annotate.model.schema import Schema

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SHARES = {"train": 0.6, "validation": 0.15, "test": 0.25}
"""What part of a collection's code points each split is to hold."""
_LEAST_WORDS = 8
"""A repeated paragraph gives a text away from this length on."""
_HEADINGS = {"subhead"}
"""Zones that name a topic, which another article on it may name alike."""
_BANDS, _IN_BAND = 24, 4


@dataclass(frozen=True)
class SplitAssignment:
    """What `assign` did."""

    rows: dict[str, SplitRow]
    new: tuple[str, ...]
    """Articles that had no split."""


def lookup(corpus: Corpus) -> Callable[[Article], str]:
    """A function that gives the split of an article: its row's; without a row, `real` for real news, else `train`.

    It raises a StoreError for an article without a row whose collection is not declared.
    """
    rows, collections = corpus.splits(), corpus.collections()

    def split_of(article: Article) -> str:
        if article.id in rows:
            return rows[article.id].split
        return "real" if collections.of(article).text_kind == "news" else "train"

    return split_of


def assign(
    corpus: Corpus, schema: Schema, seed: int = 0, on_article: Callable[[], None] = lambda: None
) -> SplitAssignment:
    """Give each article of the dataset without a row a story and a split; rows that are there stay.

    A row with a story and no split is given its split: so a person says which reports are of one story. An article
    that repeats a paragraph of another, or is a near copy of it, joins its story. Real news goes to `real`. Within a
    collection, each story, the longest first, goes where most is missing to `SHARES`.
    """
    collections, old = corpus.collections(), corpus.splits()
    rows = {name: row for name, row in old.items() if row.split}
    new: dict[str, Article] = {}
    stories = {name: row.story for name, row in old.items()}
    filled: dict[str, Counter[str]] = defaultdict(Counter)
    first_with: dict[int, tuple[str, str]] = {}
    for article in corpus.articles():
        on_article()
        if not collections.of(article).in_dataset:
            continue
        if article.id in rows:
            filled[article.collection][rows[article.id].split] += article.length
        else:
            new[article.id] = article.model_copy(update={"text": None})
            stories.setdefault(article.id, article.id)
        own = (article.collection, article.id)
        sharing = {first_with.setdefault(number, own) for number in _prints(article, schema)}
        for collection, other in sorted(sharing):
            if stories[article.id] != stories[other] and _repeat(
                article, corpus.article(collection, other), schema
            ):
                _join(stories, article.id, other, rows)
    groups: dict[str, list[Article]] = defaultdict(list)
    for name, article in new.items():
        groups[stories[name]].append(article)
    split_of = {row.story: row.split for row in rows.values()}
    for story in _longest_first(groups, seed):
        members = groups[story]
        if story not in split_of:
            is_news = any(collections.of(article).text_kind == "news" for article in members)
            split_of[story] = "real" if is_news else _emptiest(filled[members[0].collection])
        for article in members:
            filled[article.collection][split_of[story]] += article.length
            rows[article.id] = SplitRow(story, split_of[story])
    return SplitAssignment(rows, tuple(new))


def _longest_first(stories: Mapping[str, Sequence[Article]], seed: int) -> list[str]:
    """The stories by falling length; chance, from the seed, decides between equals."""
    names = sorted(stories)
    random.Random(seed).shuffle(names)
    return sorted(names, key=lambda story: -sum(article.length for article in stories[story]))


def _emptiest(filled: Counter[str]) -> str:
    """The split that holds least of its share, so that the first stories of a collection reach every split."""
    return min(SHARES, key=lambda split: filled[split] / SHARES[split])


def _join(stories: dict[str, str], name: str, other: str, rows: Mapping[str, SplitRow]) -> None:
    """Two articles become of one story, unless both have rows: there people decided, and `SplitCheck` reports them."""
    if name in rows and other in rows:
        return
    joined, left = stories[other], stories[name]
    if name in rows:
        joined, left = left, joined
    for article, story in stories.items():
        if story == left and article not in rows:
            stories[article] = joined


class SplitCheck:
    """Rows that name nothing, articles without one, and all that is in two splits: stories, paragraphs, near copies.

    Is shown each article once, in the order of ids (`entry.Check`). Of each text some 12 bytes a paragraph and 300
    for its runs of words are held, and nothing else; only texts that seem to be in two splits are read again.
    """

    def __init__(
        self, corpus: Corpus, schema: Schema, on_article: Callable[[str], None] = lambda what: None
    ) -> None:
        self._corpus, self._schema, self._on_article = corpus, schema, on_article
        self._rows, self._where = corpus.splits(), corpus.splits_path.name
        self._collections = corpus.collections()
        self._ids: list[str] = []
        self._prints, self._owners = array("Q"), array("I")
        """Each fingerprint, and the number in `_ids` of the article that has it."""

    def article(self, entry: Entry) -> Iterator[Issue]:
        """An article of the dataset without a row, where there are rows at all."""
        article = entry.article
        about = self._collections.get(article.collection)
        if not self._rows or about is None or not about.in_dataset:
            return
        self._on_article("texts")
        row = self._rows.get(article.id)
        if row is None:
            message = (
                f"{article.id} has no row, and so is in no split; give it one with: acre split"
            )
            yield Issue(self._where, "split-missing", message, Severity.WARNING)
        elif row.split in SPLITS:
            prints = _prints(article, self._schema)
            self._prints.extend(prints)
            self._owners.extend([len(self._ids)] * len(prints))
            self._ids.append(article.id)

    def rest(self) -> Iterator[Issue]:
        """Rows of no article or no split, and what is in two splits."""
        known = self._corpus.article_ids() if self._rows else frozenset()
        split_of: dict[str, str] = {}
        for name, row in sorted(self._rows.items()):
            if name not in known:
                message = f"there is no article {name}; add it, or remove the row"
                yield Issue(self._where, "split-unknown", message)
            if row.split not in SPLITS:
                message = (
                    f"{name} is in a split {row.split!r}; give one of {', '.join(SPLITS)}, or leave"
                    " it to: acre split"
                )
                yield Issue(self._where, "split-unknown", message)
            elif split_of.setdefault(row.story, row.split) != row.split:
                message = (
                    f"the story {row.story} is in {split_of[row.story]} and, with {name}, in"
                    f" {row.split}; put it in one"
                )
                yield Issue(self._where, "split-leak", message)
        for one, other in self._sharing():
            first, second = self._corpus.find(one), self._corpus.find(other)
            if first is not None and second is not None and _repeat(first, second, self._schema):
                message = (
                    f"{one} in {self._rows[one].split} and {other} in {self._rows[other].split}"
                    " repeat each other’s words; put them in one split"
                )
                yield Issue(self._where, "split-leak", message)

    def _sharing(self) -> list[tuple[str, str]]:
        """Pairs of articles in two splits that have a fingerprint in common, in the order of ids."""
        import numpy as np

        prints = np.frombuffer(self._prints, np.uint64)
        owners = np.frombuffer(self._owners, np.dtype("I"))
        order = np.argsort(prints, kind="stable")
        pairs: set[tuple[int, int]] = set()
        for start, end in _runs(prints[order]):
            by_split: dict[str, list[int]] = defaultdict(list)
            for number in map(int, owners[order[start:end]]):
                by_split[self._rows[self._ids[number]].split].append(number)
            for ours, theirs in combinations(by_split.values(), 2):
                pairs |= {(max(pair), min(pair)) for pair in product(ours, theirs)}
        return [(self._ids[one], self._ids[other]) for other, one in sorted(pairs)]


def _runs(ordered: npt.NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    """Start and end of each stretch of two equal numbers or more: [3, 5, 5, 8] has one, (1, 3)."""
    import numpy as np

    as_before = np.zeros(len(ordered) + 1, bool)
    as_before[1:-1] = ordered[1:] == ordered[:-1]
    edges = np.flatnonzero(as_before[1:] != as_before[:-1])
    for start, end in edges.reshape(-1, 2).tolist():
        yield start, end + 1


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
    """The long paragraphs of what is annotated: bylines, links to other pages and headings of a topic repeat."""
    paragraphs = set()
    for zone in article.zones:
        if zone.kind in schema.silent_zones or zone.kind in _HEADINGS:
            continue
        for line in zone.slice(article.text or "").split("\n"):
            words = re.findall(r"\w+", line.casefold())
            if len(words) >= _LEAST_WORDS:
                paragraphs.add(" ".join(words))
    return frozenset(paragraphs)


def _bands(runs: frozenset[int]) -> Iterator[int]:
    import numpy as np

    hashes = np.fromiter(runs, np.uint64)
    keys = np.random.default_rng(0).integers(
        1, 2**63, size=(_BANDS * _IN_BAND, 2), dtype=np.uint64
    ) | np.uint64(1)
    smallest = ((hashes[None, :] ^ keys[:, 1:]) * keys[:, :1]).min(axis=1)
    for band in range(_BANDS):
        yield _number(f"band {band}", f"{smallest[band * _IN_BAND : (band + 1) * _IN_BAND]}")


def _number(kind: str, words: str) -> int:
    return int(text.sha256(f"{kind} {words}")[:16], 16)
