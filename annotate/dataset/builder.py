"""What a build makes of one article: which of its annotations is in the dataset, and what stays out, by name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from annotate.corpus import splits, validate
from annotate.corpus.entry import Entry
from annotate.corpus.store import Collection, Corpus, StoreError
from annotate.corpus.stories import Stories
from annotate.dataset import rows
from annotate.dataset.document import Document
from annotate.dataset.rows import ROWS
from annotate.model import tokens
from annotate.model.issues import Issue, errors
from annotate.model.records import Annotation, Gold, Sentence, the_pass
from annotate.model.schema import Schema


@dataclass
class BuildReport:
    """What a build put in, and by name what it left out."""

    documents: Counter[str] = field(default_factory=Counter)
    """By split."""
    rows: Counter[str] = field(default_factory=Counter)
    """By config."""
    layers: Counter[str] = field(default_factory=Counter)
    unannotated: int = 0
    """Articles without any annotation."""
    undecided: list[str] = field(default_factory=list)
    """Several passes and no gold: which one to take is not for a build to decide. They are in `annotators` alone."""
    unaligned: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Marks that the rows with tokens can't hold whole, by what is wrong; `documents` has them."""
    unsegmented: list[str] = field(default_factory=list)
    """Documents without text here whose sentences were never kept: they have no rows in `mentions` and `events`,
    and no tags in `attributions`."""
    issues: list[Issue] = field(default_factory=list)
    """What is wrong with files and annotations that stay out."""

    def add(self, other: BuildReport) -> None:
        """What was built of the articles that follow."""
        self.documents.update(other.documents)
        self.rows.update(other.rows)
        self.layers.update(other.layers)
        self.unannotated += other.unannotated
        self.undecided += other.undecided
        self.unsegmented += other.unsegmented
        self.issues += other.issues
        for kind, marks in other.unaligned.items():
            self.unaligned[kind] += marks

    def lines(self, target: Path) -> Iterator[str]:
        """What the build put into that folder and left out, for a person to read."""
        layers = ", ".join(f"{count} {layer}" for layer, count in self.layers.items())
        splits = ", ".join(f"{name} {count}" for name, count in sorted(self.documents.items()))
        yield f"{target}: {self.documents.total()} documents ({splits or 'none'}): {layers}"
        yield "  rows: " + ", ".join(f"{config} {count}" for config, count in self.rows.items())
        for kind, marks in self.unaligned.items():
            yield f"  {len(marks)} marks {kind}, not whole in the rows with tokens, whole in documents:"
            yield from (f"    {mark}" for mark in marks)
        for name in self.unsegmented:
            yield (
                f"  {name} has no sentences here, and no rows in mentions and events; run acre"
                " rehydrate"
            )
        for name in self.undecided:
            yield f"  left out: {name} has several passes and no gold; adjudicate it"
        if self.unannotated:
            yield f"  left out: {self.unannotated} articles without annotation"


class BuiltArticle(NamedTuple):
    """What is built of an article."""

    article: str
    split: str
    document: Document | None
    """Of its gold, or else of the pass that counts (`the_pass`); none where that is undecided."""
    passes: tuple[Document, ...]

    @property
    def independent(self) -> list[Annotation]:
        """The passes that are to be compared: without those that a second reader made from another."""
        passes = (each.annotation for each in self.passes)
        return [each for each in passes if not each.provenance.made_from]

    def rows(self, config: str, schema: Schema) -> Iterator[dict[str, Any]]:
        """The config's rows of the article."""
        decided = () if self.document is None else (self.document,)
        for document in self.passes if config == "annotators" else decided:
            yield from ROWS[config](document, schema)


class Builder:
    """Builds one article after another; what stays out is named in a report.

    A document is an article's gold; where there is none, the pass that counts (`the_pass`). Annotations with errors
    stay out, and so does an article whose collection is not declared.
    """

    def __init__(self, corpus: Corpus, texts: bool = False) -> None:
        self._texts = texts
        self._collections, self._split_of = corpus.collections(), splits.lookup(corpus)
        self._stories = Stories(corpus)

    def build(self, entry: Entry, report: BuildReport) -> BuiltArticle | None:
        """What is built of an article; None where it is not of the dataset, or none of its annotations is valid."""
        article = entry.article
        try:
            collection = self._collections.of(article)
        except StoreError as error:
            report.issues.append(error.issue)
            return None
        if not collection.in_dataset:
            return None
        report.unannotated += not entry.annotations
        gold, passes = _valid(entry, report)
        has_gold = any(isinstance(each, Gold) for each in entry.annotations.values())
        counted = None if has_gold else the_pass(list(entry.annotations.values()))
        if len(passes) > 1 and not has_gold and counted is None:
            report.undecided.append(article.id)
        if gold is None and not passes:
            return None
        sentences = _sentences(entry, collection, report)
        text = article.text if collection.ships_text or self._texts else None

        story, joined = self._stories.of(article.id)

        def document(annotation: Annotation) -> Document:
            is_gold = isinstance(annotation, Gold)
            # The marks that a story joins are gold's: a pass has others of the same ids.
            told = joined if is_gold else {}
            return Document(article, annotation, collection, sentences, is_gold, text, story, told)

        of_passes = tuple(map(document, passes))
        decided: Document | None = None
        if gold is not None:
            decided = document(gold)
        else:
            decided = next((each for each in of_passes if each.annotation is counted), None)
        built = BuiltArticle(article.id, self._split_of(article), decided, of_passes)
        if built.document is not None:
            _count(built.document, built.split, report)
        return built


def _valid(entry: Entry, report: BuildReport) -> tuple[Gold | None, list[Annotation]]:
    """Gold and passes without errors; the errors of the others are reported."""
    gold: Gold | None = None
    passes: list[Annotation] = []
    for where, annotation in entry.annotations.items():
        issues = errors(entry.issues[where])
        report.issues += [
            Issue(f"{where}: {issue.where}", issue.code, issue.message) for issue in issues
        ]
        if issues:
            continue
        if isinstance(annotation, Gold):
            gold = annotation
        else:
            passes.append(annotation)
    return gold, passes


def documents(
    corpus: Corpus, schema: Schema, report: BuildReport, texts: bool = False
) -> Iterator[BuiltArticle]:
    """What is built of each article (see `Builder`), in the order of ids; one is held at a time.

    With `texts`, they may show every text that is here.
    """
    builder = Builder(corpus, texts)
    for entry in validate.entries(corpus, schema):
        if isinstance(entry, StoreError):
            report.issues.append(entry.issue)
            continue
        built = builder.build(entry, report)
        if built is not None:
            yield built


def _sentences(entry: Entry, collection: Collection, report: BuildReport) -> tuple[Sentence, ...]:
    """Those of the text; of a withheld one the kept ones, so that a build is the same with and without the text."""
    article = entry.article
    if collection.ships_text and article.text is not None:
        return tokens.sentences(article)
    kept = None
    try:
        kept = entry.sentences
    except StoreError as error:
        report.issues.append(error.issue)
    if kept is None:
        report.unsegmented.append(article.id)
    return kept or ()


def _count(document: Document, split: str, report: BuildReport) -> None:
    report.documents[split] += 1
    report.layers.update(
        {layer: len(units) for layer, units in document.annotation.layers().items()}
    )
    for kind, mark in rows.unaligned(document) if document.sentences else ():
        report.unaligned[kind].append(mark)
