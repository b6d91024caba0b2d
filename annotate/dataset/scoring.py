"""What a score is counted on: gold and systems' annotations of the same texts, and the tokens of those texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from annotate.corpus import splits
from annotate.corpus.store import Corpus
from annotate.measure.score import Case
from annotate.model import tokens
from annotate.model.records import Annotation, Article, Gold, Span


@dataclass(frozen=True)
class Documents:
    """Annotations to score, by article id."""

    gold: Mapping[str, Annotation]
    systems: Sequence[Mapping[str, Annotation]]
    collections: Mapping[str, str]
    """By id of an article that the corpus has, its collection."""
    corpus: Corpus

    @property
    def strays(self) -> list[str]:
        """What a system has predicted, and gold does not have."""
        return sorted(set().union(*self.systems) - set(self.gold))

    def cases(self) -> Iterator[Case]:
        """One for each document of gold, by id; one is held at a time."""
        for name in sorted(self.gold):
            article = None
            if name in self.collections:
                article = self.corpus.article(self.collections[name], name)
            words = None if article is None else token_spans(self.corpus, article)
            predicted = tuple(system.get(name) for system in self.systems)
            if article is None:
                yield Case(self.gold[name], predicted, words)
            else:
                yield Case(self.gold[name], predicted, words, article.text, article.language)


def gold_of(corpus: Corpus, split: str) -> Iterator[tuple[Article, Gold]]:
    """The articles of a split that have gold, and whose text is here."""
    split_of = splits.lookup(corpus)
    for article in corpus.articles():
        gold = corpus.gold(article.id)
        if gold is not None and article.text is not None and split_of(article) == split:
            yield article, gold


def token_spans(corpus: Corpus, article: Article) -> tuple[Span, ...] | None:
    """The article's tokens, from its text or, where that is not here, from the kept sentences; None without those."""
    sentences = corpus.sentences(article) if article.text is None else tokens.sentences(article)
    if sentences is None:
        return None
    edges = chain.from_iterable(sentence.tokens for sentence in sentences)
    return tuple(Span(start=start, end=end) for start, end in edges)
