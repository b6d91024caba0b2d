"""Which articles are labelled next, and by whom.

Each gets so many passes; annotators get equal work and changing pairs; the same seed gives the same assignments.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from annotate.corpus.store import Corpus
from annotate.model.issues import UsageError
from annotate.model.records import Article

RANDOM, UNCERTAINTY, DIVERSITY = ORDERS = ("random", "uncertainty", "diversity")
_DIGITS = 9
"""What is the same to so many digits is the same: the last ones depend on how the processor sums."""
Uncertainty = Callable[[Article], tuple[float, Any]]
"""How unsure a model is of an article, in nats a word, and a vector of what the article is like."""


@dataclass(frozen=True)
class Candidates:
    """The articles that are to be annotated, and how far that is."""

    lengths: Mapping[str, int]
    """Code points by article id."""
    before: Mapping[str, tuple[str, ...]]
    """By article id, to whom it is assigned already."""
    done: Mapping[str, Collection[str]]
    """By article id, whose passes are there."""

    @property
    def new(self) -> list[str]:
        """Those that nobody has and nobody has done."""
        return [name for name in self.lengths if not (self.before.get(name) or self.done.get(name))]

    @property
    def finished(self) -> list[str]:
        """Those that somebody has done."""
        return [name for name in self.lengths if self.done.get(name)]

    def without(self, articles: Collection[str]) -> Mapping[str, int]:
        """The lengths of all others."""
        return {name: length for name, length in self.lengths.items() if name not in articles}


def candidates(corpus: Corpus, collection: str | None = None) -> Candidates:
    """The articles of the collection, or all that go into the dataset."""
    collections = corpus.collections()
    if collection is None:
        articles = (one for one in corpus.articles() if collections.of(one).in_dataset)
    else:
        articles = (one for one in corpus.articles() if one.collection == collection)
    lengths = {article.id: article.length for article in articles}
    return Candidates(lengths, corpus.assignments(), corpus.passes())


@dataclass(frozen=True)
class Ranking:
    """New articles in the order in which they are to be annotated."""

    articles: list[str]
    uncertainty: Mapping[str, float]
    """Nats a word, of those that a model has read for it, in the same order."""


def check_order(by: str) -> str:
    """The order; UsageError where there is none of that name."""
    if by not in ORDERS:
        raise UsageError(f"no order {by}; give one of {', '.join(ORDERS)}")
    return by


def rank(
    corpus: Corpus,
    candidates: Candidates,
    by: str,
    seed: int,
    uncertainty: Uncertainty | None = None,
    on_article: Callable[[], None] = lambda: None,
) -> Ranking:
    """The new articles in the order `by`, one of `ORDERS`; those whose text is not here come last, by id.

    UsageError where the order needs the `uncertainty` of a model, and there is none.
    """
    if check_order(by) == RANDOM:
        return Ranking(by_lot(candidates.new, seed), {})
    if uncertainty is None:
        raise UsageError(
            f"the order {by} needs a model that is surer of one article than of another; give a"
            " trained pipeline with --model"
        )
    unsure: dict[str, float] = {}
    vectors: dict[str, Any] = {}
    known: list[Any] = []
    new, finished = frozenset(candidates.new), frozenset(candidates.finished)
    for article in corpus.articles():
        if article.text is None:
            continue
        if article.id in new:
            unsure[article.id], vectors[article.id] = uncertainty(article)
            on_article()
        elif by == DIVERSITY and article.id in finished:
            known.append(uncertainty(article)[1])
            on_article()
    ranked = by_uncertainty(unsure) if by == UNCERTAINTY else by_diversity(vectors, known)
    return Ranking(ranked + sorted(new - set(ranked)), {name: unsure[name] for name in ranked})


@dataclass(frozen=True)
class AssignmentPlan:
    """Who is to annotate what, and how that differs from before."""

    assignments: dict[str, tuple[str, ...]]
    """By article id, its annotators, sorted."""
    added: list[tuple[str, str]]
    """(article, annotator) of each assignment that is new."""
    withdrawn: list[tuple[str, str]]
    """(article, annotator) of each assignment that was taken back."""


def distribute(
    lengths: Mapping[str, int],
    annotators: Sequence[str],
    passes: int,
    seed: int,
    before: Mapping[str, Iterable[str]],
    done: Mapping[str, Iterable[str]],
    again: bool = False,
) -> AssignmentPlan:
    """Give each article annotators until `passes` of them have it or have done it.

    `lengths` are code points by article id: work is measured by them. `before` is what was assigned, `done` whose
    passes are there already; both count. What was assigned to somebody who is not among `annotators` and not done is
    taken back, and with `again` so is everything that is not done. Whoever has the least ahead is served first; among
    those who have at most one long article more than that, whoever has shared fewest articles with the article's other
    annotators. Ties are broken by a hash of seed, article and annotator.

    UsageError where there are fewer annotators than passes.
    """
    if passes < 1 or len(annotators) < passes:
        raise UsageError(
            f"{passes} passes by {len(annotators)} annotators: name at least as many annotators as"
            " passes"
        )
    workload = _Workload(annotators, slack=max(lengths.values(), default=0))
    finished = {article: set(done.get(article, ())) for article in lengths}
    assigned: dict[str, set[str]] = {}
    for article, length in lengths.items():
        old = set(before.get(article, ()))
        staying = set() if again else old.intersection(annotators)
        assigned[article] = staying | (finished[article] & old)
        workload.count(assigned[article], finished[article], length)
    for article in by_lot(lengths, seed):
        while len(holders := assigned[article] | finished[article]) < passes:
            free = [name for name in annotators if name not in holders]
            ties = {name: _lot(seed, article, name) for name in free}
            name = workload.least(ties, holders)
            workload.give(name, lengths[article], holders)
            assigned[article].add(name)
    return _plan(before, assigned)


class _Workload:
    """How much each annotator has ahead, and how often each two have the same article."""

    def __init__(self, annotators: Iterable[str], slack: int) -> None:
        """At the start nobody has anything; differences of up to `slack` code points count as none."""
        self._ahead = Counter(dict.fromkeys(annotators, 0))
        self._shared: Counter[frozenset[str]] = Counter()
        self._slack = slack

    def count(self, assigned: Collection[str], finished: Collection[str], length: int) -> None:
        """Count an article that some are to do and some have done."""
        for name in self._ahead.keys() & assigned:
            if name not in finished:
                self._ahead[name] += length
        self._shared.update(map(frozenset, combinations({*assigned, *finished}, 2)))

    def give(self, name: str, length: int, others: Iterable[str]) -> None:
        """Count an article for one more annotator beside the others."""
        self._ahead[name] += length
        self._shared.update(frozenset((name, other)) for other in others)

    def least(self, ties: Mapping[str, bytes], others: Collection[str]) -> str:
        """Of the annotators in `ties`, who gets an article that the others have."""

        def rank(name: str) -> tuple[int, int, bytes]:
            shared = sum(self._shared[frozenset((name, other))] for other in others)
            return shared, self._ahead[name], ties[name]

        enough = min(self._ahead[name] for name in ties) + self._slack
        return min((name for name in ties if self._ahead[name] <= enough), key=rank)


def _plan(
    before: Mapping[str, Iterable[str]], assigned: Mapping[str, Collection[str]]
) -> AssignmentPlan:
    after = dict(before) | {article: names for article, names in assigned.items() if names}
    old, new = _assignment_pairs(before), _assignment_pairs(after)
    assignments = {
        article: tuple(sorted(names)) for article, names in sorted(after.items()) if names
    }
    return AssignmentPlan(assignments, sorted(new - old), sorted(old - new))


def _assignment_pairs(assignments: Mapping[str, Iterable[str]]) -> set[tuple[str, str]]:
    pairs = set()
    for article, names in assignments.items():
        pairs |= {(article, name) for name in names}
    return pairs


def by_lot(articles: Iterable[str], seed: int) -> list[str]:
    """The articles in a random order, the same from the same seed, whatever others there are."""
    return sorted(articles, key=lambda name: (_lot(seed, name), name))


def by_uncertainty(unsure: Mapping[str, float]) -> list[str]:
    """The articles that a model is least sure of first; by id where it is as unsure of several."""
    return sorted(unsure, key=lambda name: (-round(unsure[name], _DIGITS), name))


def by_diversity(vectors: Mapping[str, Any], known: Iterable[Any]) -> list[str]:
    """Each time the article farthest from all before it and from those that are `known`; by id where several are.

    `vectors` and `known` have one shape, (width,); they are compared by the cosine. Without anything known the first is
    the one nearest to all. Farthest-first traversal: Gonzalez 1985, “Clustering to minimize the maximum intercluster
    distance”; for labelling, Sener and Savarese 2018, “Active learning for convolutional neural networks: a core-set
    approach”.
    """
    import numpy as np

    names = sorted(vectors)
    if not names:
        return []
    points = np.array([_unit(vectors[name]) for name in names])
    seen = [_unit(vector) for vector in known]
    order: list[int] = []
    if not seen:
        order.append(int(np.argmax(np.round(points @ points.mean(0), _DIGITS))))
        seen.append(points[order[0]])
    apart = np.round(1 - points @ np.array(seen).T, _DIGITS).min(1)
    while len(order) < len(names):
        apart[order] = -np.inf
        order.append(int(np.argmax(apart)))
        apart = np.minimum(apart, np.round(1 - points @ points[order[-1]], _DIGITS))
    return [names[number] for number in order]


def _unit(vector: Any) -> Any:
    import numpy as np

    return np.asarray(vector, float) / max(float(np.linalg.norm(vector)), 1e-12)


def _lot(seed: int, *names: str) -> bytes:
    return hashlib.sha256(" ".join([str(seed), *names]).encode()).digest()
