"""How far the work is: passes, time and marks by annotator, and what is left by article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from annotate.corpus.store import Corpus, StoreError
from annotate.model.records import Gold


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
    """By id, of those that are dealt or have a pass: who has it still to do, and whose passes are there."""
    gold: frozenset[str] = frozenset()
    bare: int = 0
    """Articles that nobody was given and nobody has done."""
    unreadable: list[str] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)


def status(corpus: Corpus, on_article: Callable[[], None] = lambda: None) -> Status:
    """Read all passes, one article at a time; articles outside the dataset count only where they are dealt or done."""
    found, dealt, collections, gold = Status(), corpus.assignments(), corpus.collections(), set()
    for walked in corpus.walk():
        on_article()
        if isinstance(walked, StoreError):
            found.unreadable.append(str(walked))
            continue
        article, annotations = walked
        done = []
        for annotation in annotations.values():
            if isinstance(annotation, Gold):
                gold.add(article.id)
                continue
            made = annotation.provenance
            done.append(made.annotator)
            work = found.annotators.setdefault(made.annotator, Work())
            work.done += 1
            work.timed += made.seconds is not None
            work.seconds += made.seconds or 0
            work.units.update({layer: len(units) for layer, units in annotation.layers().items()})
        holders = dealt.get(article.id, ())
        for name in holders:
            work = found.annotators.setdefault(name, Work())
            work.assigned += 1
            work.left += name not in done
        if holders or done:
            found.articles[article.id] = (
                tuple(name for name in holders if name not in done),
                tuple(sorted(done)),
            )
        elif article.collection in collections and collections[article.collection].in_dataset:
            found.bare += 1
    found.gold = frozenset(gold)
    found.set_aside = list(_set_aside(corpus))
    return found


def _set_aside(corpus: Corpus) -> Iterator[SetAside]:
    """What waits to be put right; a pass that only made room for a newer one does not."""
    for annotator, kept in corpus.set_aside():
        issues = tuple(issue for issue in kept["issues"] if ": pass-older: " not in issue)
        if issues:
            article = str((kept.get("data") or {}).get("article", "unknown"))
            yield SetAside(annotator, article, kept.get("address"), issues)
