"""Files go into the corpus as articles; what is there already, or nearly, does not go in twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from annotate.corpus.articles import copies, reading
from annotate.corpus.articles.reading import About, Reading
from annotate.corpus.store import Corpus
from annotate.model import ids, tokens
from annotate.model.records import Article


@dataclass
class AddReport:
    """What became of each article that was read."""

    added: list[Reading] = field(default_factory=list)
    present: list[tuple[Reading, Article]] = field(default_factory=list)
    """The same text is in the corpus."""
    near: list[tuple[Reading, Article, float]] = field(default_factory=list)
    """A near copy of that article, and how alike they are, from 0 to 1."""
    failed: list[Reading] = field(default_factory=list)


@dataclass(frozen=True)
class Standing:
    """How far the work on an article is."""

    has_text: bool
    """False where it is withheld, and the user's copy is not here."""
    assigned: tuple[str, ...]
    annotators: tuple[str, ...]
    """Who has a pass over it."""
    has_gold: bool
    split: str | None


def standings(corpus: Corpus, articles: Iterable[Article]) -> list[Standing]:
    """Of each article in turn."""
    passes, assignments, splits = corpus.passes(), corpus.assignments(), corpus.splits()
    return [
        Standing(
            has_text=article.text is not None,
            assigned=assignments.get(article.id, ()),
            annotators=tuple(passes.get(article.id, ())),
            has_gold=corpus.gold_path(article.id).exists(),
            split=(splits[article.id].split or None) if article.id in splits else None,
        )
        for article in articles
    ]


def add(
    corpus: Corpus,
    paths: Iterable[Path],
    about: About,
    on_article: Callable[[], None] = lambda: None,
) -> AddReport:
    """Read the files and write what is new under `articles/`."""
    readings = (one for path in paths for one in reading.read(path, about))
    return add_readings(corpus, readings, about.collection, on_article)


def add_readings(
    corpus: Corpus,
    readings: Iterable[Reading],
    collection: str,
    on_article: Callable[[], None] = lambda: None,
    dry: bool = False,
) -> AddReport:
    """Write what is new of the articles that were read; with `dry`, tell it alone."""
    report = AddReport()
    ships_text = corpus.collection(collection).ships_text
    new: dict[str, Reading] = {}
    for reading_ in readings:
        on_article()
        if reading_.article is not None and not ships_text:
            # No word of the text is in its id, nor in the title, which is committed.
            name = ids.withheld_id(collection, reading_.article.sha256)
            reading_ = replace(
                reading_, article=reading_.article.model_copy(update={"id": name, "title": name})
            )
        if reading_.article is None:
            report.failed.append(reading_)
        elif reading_.article.id in new:
            report.present.append((reading_, reading_.article))
        else:
            new[reading_.article.id] = reading_
    articles = [reading_.article for reading_ in new.values() if reading_.article is not None]
    for article, other, likeness in copies.near_copies(articles, corpus.articles()):
        reading_ = new.pop(article.id)
        if article.sha256 == other.sha256:
            report.present.append((reading_, other))
        else:
            report.near.append((reading_, other, likeness))
    # All that may fail comes before the first file is written.
    articles = [reading_.article for reading_ in new.values() if reading_.article is not None]
    sentences = (
        {} if ships_text else {article.id: tokens.sentences(article) for article in articles}
    )
    for article in () if dry else articles:
        corpus.write_article(article)
        if not ships_text:
            corpus.write_sentences(article, sentences[article.id])
    report.added += new.values()
    return report
