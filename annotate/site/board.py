"""The maintainer's board: who has done what, how far passes agree over time, and what waits, on one page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from annotate.annotators.status import Status
from annotate.corpus.store import Corpus, StoreError
from annotate.measure import align
from annotate.model.records import Annotation, Gold
from annotate.model.schema import Schema
from annotate.site import pages


class Week(NamedTuple):
    """The articles whose second pass was made in a week."""

    monday: dt.date
    articles: int
    agreement: float
    """The share of the units of either pass that both have, over all of these articles."""


@dataclass(frozen=True)
class Waiting:
    """An article on which somebody has something to do."""

    article: str
    done: tuple[str, ...]
    left: tuple[str, ...]


def render(
    corpus: Corpus, report: Status, schema: Schema, on_article: Callable[[], None] = lambda: None
) -> str:
    """The board as one page that needs nothing else."""
    second_readers = {name for name, about in corpus.annotators().items() if about.corrects}
    waiting = [Waiting(name, done, left) for name, (left, done) in sorted(report.articles.items())]
    return pages.render_alone(
        "board.html.jinja",
        schema,
        (),
        report=report,
        annotators=sorted(report.annotators.items()),
        unfinished=[each for each in waiting if each.left],
        undecided=[
            each for each in waiting
            if len(each.done) > 1 and not each.left and each.article not in report.gold
            and second_readers.isdisjoint(each.done)
        ],
        weeks=weeks(_passes(corpus, on_article)),
        to_review=corpus.to_review(),
        layers=sorted({layer for work in report.annotators.values() for layer in work.units}),
    )  # fmt: skip


def _passes(corpus: Corpus, on_article: Callable[[], None]) -> Iterable[list[Annotation]]:
    for step in corpus.walk():
        if isinstance(step, StoreError):
            continue  # the status tells of it
        on_article()
        _article, annotations = step
        yield [each for each in annotations.values() if not isinstance(each, Gold)]


def weeks(passes: Iterable[Sequence[Annotation]]) -> list[Week]:
    """How far passes agree, by the week in which an article's latest was made; articles with one pass say nothing."""
    shared: dict[dt.date, list[tuple[int, int]]] = {}
    for of_article in passes:
        if len(of_article) < 2:
            continue
        units = [set(align.units(annotation)) for annotation in of_article]
        latest = max(annotation.provenance.created for annotation in of_article).date()
        monday = latest - dt.timedelta(days=latest.weekday())
        both, either = set.intersection(*units), set.union(*units)
        shared.setdefault(monday, []).append((len(both), len(either)))
    found = []
    for monday, counts in sorted(shared.items()):
        both_, either_ = (sum(column) for column in zip(*counts, strict=True))
        found.append(Week(monday, len(counts), both_ / either_ if either_ else 1.0))
    return found
