"""How far the work is: passes, time and marks by annotator, and what is left by article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from annotate.corpus.store import Corpus, StoreError
from annotate.model.records import Annotation, Gold


@dataclass
class Work:
    """One annotator's."""

    assigned: int = 0
    done: int = 0
    """Passes, assigned or not."""
    left: int = 0
    """Assigned, and no pass yet."""
    seconds: float = 0.0
    """Working time, of the passes that tell it."""
    timed: int = 0
    """How many passes tell it."""
    units: Counter[str] = field(default_factory=Counter)
    """By layer."""


@dataclass(frozen=True)
class SetAside:
    """An annotation that was pulled and did not fit."""

    annotator: str
    article: str
    address: str | None
    """Of its task in Label Studio."""
    issues: tuple[str, ...]


@dataclass
class Status:
    """Of a corpus."""

    annotators: dict[str, Work] = field(default_factory=dict)
    articles: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    """By id, of those that are assigned or have a pass: who has it still to do, and whose passes are there."""
    gold: frozenset[str] = frozenset()
    bare: int = 0
    """Articles that are assigned to nobody and that nobody has done."""
    unreadable: list[str] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)


def status(corpus: Corpus, on_article: Callable[[], None] = lambda: None) -> Status:
    """Read all passes, one article at a time.

    Articles outside the dataset count only where they are assigned or done.
    """
    report, assignments, collections = Status(), corpus.assignments(), corpus.collections()
    with_gold: set[str] = set()
    for walked in corpus.walk():
        on_article()
        if isinstance(walked, StoreError):
            report.unreadable.append(str(walked))
            continue
        article, annotations = walked
        done = []
        for annotation in annotations.values():
            if isinstance(annotation, Gold):
                with_gold.add(article.id)
            else:
                _count_pass(annotation, report)
                done.append(annotation.provenance.annotator)
        holders = assignments.get(article.id, ())
        for name in holders:
            work = report.annotators.setdefault(name, Work())
            work.assigned += 1
            work.left += name not in done
        if holders or done:
            left = tuple(name for name in holders if name not in done)
            report.articles[article.id] = (left, tuple(sorted(done)))
        elif article.collection in collections and collections[article.collection].in_dataset:
            report.bare += 1
    report.gold = frozenset(with_gold)
    report.set_aside = list(_set_aside(corpus))
    return report


def _set_aside(corpus: Corpus) -> Iterator[SetAside]:
    """What waits to be corrected; a pass that only made room for a newer one does not."""
    for annotator, kept in corpus.set_aside():
        issues = tuple(issue for issue in kept["issues"] if ": pass-older: " not in issue)
        if issues:
            data = kept.get("data")
            article = data.get("article") if isinstance(data, dict) else None
            yield SetAside(annotator, str(article or "unknown"), kept.get("address"), issues)


def _count_pass(annotation: Annotation, report: Status) -> None:
    provenance = annotation.provenance
    work = report.annotators.setdefault(provenance.annotator, Work())
    work.done += 1
    work.timed += provenance.seconds is not None
    work.seconds += provenance.seconds or 0
    work.units.update({layer: len(units) for layer, units in annotation.layers().items()})
