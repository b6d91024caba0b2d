"""What a score is counted on: gold and systems' annotations of the same texts, and the tokens of those texts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from annotate.corpus import splits
from annotate.corpus.store import Corpus
from annotate.dataset import reading
from annotate.measure.score import Case
from annotate.model import tokens
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Annotation, Article, Gold, Span
from annotate.model.schema import Schema


@dataclass(frozen=True)
class Documents:
    """Annotations to score, by article id."""

    gold: Mapping[str, Annotation]
    systems: Sequence[Mapping[str, Annotation]]
    articles: Mapping[str, Article]
    """Those that the corpus has."""
    corpus: Corpus

    @property
    def strays(self) -> list[str]:
        """What a system has predicted, and gold does not have."""
        return sorted(set().union(*self.systems) - set(self.gold))

    def cases(self) -> Iterator[Case]:
        """One for each document of gold, by id; the tokens of one text are held at a time."""
        for name, gold in sorted(self.gold.items()):
            article = self.articles.get(name)
            words = None if article is None else token_spans(self.corpus, article)
            yield Case(gold, tuple(system.get(name) for system in self.systems), words)


def read(
    gold: Path, predicted: Sequence[Path], corpus: Corpus, schema: Schema, split: str | None = None
) -> Documents:
    """The annotations of the paths, as `reading.read` takes them; with `split`, those of one split of the corpus alone.

    AcreError where a system's annotation is of another text than gold's, UsageError where nothing is left to score.
    """
    references = {annotation.article: annotation for annotation in reading.read(gold, schema)}
    systems = []
    for path in predicted:
        system = {annotation.article: annotation for annotation in reading.read(path, schema)}
        _check_texts(path, system, references)
        systems.append(system)
    articles = _articles(corpus, references.keys(), split)
    if split is not None:
        references = _only(references, articles)
        systems = [_only(system, articles) for system in systems]
    if not references:
        where = f" in the split {split}" if split else ""
        raise UsageError(f"{gold}: no document to score{where}")
    return Documents(references, systems, articles, corpus)


def _only(annotations: Mapping[str, Annotation], names: Collection[str]) -> dict[str, Annotation]:
    return {name: annotation for name, annotation in annotations.items() if name in names}


def _check_texts(
    path: Path, system: Mapping[str, Annotation], gold: Mapping[str, Annotation]
) -> None:
    for name, annotation in system.items():
        if name in gold and annotation.sha256 != gold[name].sha256:
            raise AcreError(
                f"{path}: {name}: made on another text than gold; offsets would point elsewhere"
            )


def _articles(corpus: Corpus, names: Collection[str], split: str | None) -> dict[str, Article]:
    """The corpus's articles of those names and of the split; none where there is no corpus."""
    if not corpus.root.exists():
        if split is not None:
            raise UsageError(
                f"{corpus.root}: no such corpus, and a split is the corpus's; name it with --corpus"
            )
        return {}
    split_of = splits.lookup(corpus)
    articles = {}
    for article in corpus.articles():
        if article.id not in names:
            continue
        if split is None or split_of(article) == split:
            articles[article.id] = article
    return articles


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
