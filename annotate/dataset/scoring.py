"""What a score is counted on: gold and systems' annotations of the same texts, and the tokens of those texts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from annotate.corpus import splits
from annotate.corpus.store import Corpus
from annotate.dataset import reading
from annotate.dataset.spool import Spool
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


def read(
    gold: Path, predicted: Sequence[Path], corpus: Corpus, schema: Schema, split: str | None = None
) -> Documents:
    """The annotations of the paths, as `reading.read` takes them; with `split`, those of one split of the corpus alone.

    AcreError where a system's annotation is of another text than gold's, UsageError where nothing is left to score.
    """
    known = _collections(corpus, split)
    texts: dict[str, str] = {}
    references = _annotations(gold, schema, known if split else None, texts)
    systems = [_annotations(path, schema, known if split else None, texts) for path in predicted]
    if not references:
        where = f" in the split {split}" if split else ""
        raise UsageError(f"{gold}: no document to score{where}")
    return Documents(references, systems, known, corpus)


def _annotations(
    path: Path, schema: Schema, among: Collection[str] | None, texts: dict[str, str]
) -> Spool[Annotation]:
    """By article id; `texts` has the hash of each text that gold is of, or takes it."""
    is_gold = not texts

    def read() -> Iterator[tuple[str, Annotation]]:
        for annotation in reading.read(path, schema):
            name, sha256 = annotation.article, annotation.sha256
            if is_gold:
                texts[name] = sha256
            elif texts.get(name, sha256) != sha256:
                message = "made on another text than gold; offsets would point elsewhere"
                raise AcreError(f"{path}: {name}: {message}")
            if among is None or name in among:
                yield name, annotation

    return Spool(read(), _dumped, Annotation.model_validate_json)


def _dumped(annotation: Annotation) -> bytes:
    """Without the record that gold has: it is not scored."""
    names = set(Annotation.model_fields)
    return annotation.model_dump_json(include=names, exclude_defaults=True).encode()


def _collections(corpus: Corpus, split: str | None) -> dict[str, str]:
    """By id, the collection of each of the corpus's articles, or of those of the split; none without a corpus."""
    if not corpus.root.exists():
        if split is not None:
            raise UsageError(
                f"{corpus.root}: no such corpus, and a split is the corpus's; name it with --corpus"
            )
        return {}
    if split is None:
        return dict(corpus.article_names())
    split_of = splits.lookup(corpus)
    articles = (article for article in corpus.articles() if split_of(article) == split)
    return {article.id: article.collection for article in articles}


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
