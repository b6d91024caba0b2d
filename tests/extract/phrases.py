"""The table of phrases, and every quantity and time of the guidelines' examples and of gold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from annotate.annotators import guidelines
from annotate.corpus.store import Corpus, read_gold
from annotate.model.records import Annotation, Article, AttributeValue
from annotate.model.schema import Schema
from tests.conftest import ROOT

SUNDAY = dt.date(2024, 3, 17)
"""The day of publication of the table's times and of the guidelines' examples."""


class Mark(NamedTuple):
    """A mark that people gave its value, with its words and the day of publication."""

    words: str
    attributes: dict[str, AttributeValue]
    published: dt.date | None


@cache
def table() -> dict[str, Any]:
    """By `quantities` and `times`, what each phrase says."""
    return dict(
        yaml.safe_load(Path(__file__).with_name("phrases.yaml").read_text(encoding="utf-8"))
    )


def of_examples(label: str, schema: Schema) -> list[Mark]:
    """Such marks of the guidelines' examples."""
    found: list[Mark] = []
    for page in guidelines.read(ROOT / "guidelines"):
        for example in page.examples:
            article, annotation = guidelines.parse(example, schema)
            found += _marks(label, article, annotation, SUNDAY)
    return found


def of_gold(label: str) -> list[Mark]:
    """Such marks of gold over texts that are there."""
    corpus = Corpus(ROOT / "corpus")
    articles = {article.id: article for article in corpus.articles() if article.text}
    found: list[Mark] = []
    for path in sorted((corpus.root / "gold").glob("*.json")):
        if path.stem in articles:
            article = articles[path.stem]
            found += _marks(label, article, read_gold(path), article.published)
    return found


def _marks(
    label: str, article: Article, annotation: Annotation, published: dt.date | None
) -> Iterator[Mark]:
    for mark in annotation.mentions:
        if mark.label == label:
            yield Mark(mark.slice(article.text or ""), dict(mark.attributes), published)
