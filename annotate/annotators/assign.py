"""Which articles are labelled next, and by whom: so many passes each, equal work ahead, changing pairs, the same from the same seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
    """To whom each is assigned already."""
    done: Mapping[str, Collection[str]]
    """Whose passes are there."""

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
    lengths = {
        article.id: article.length
        for article in corpus.articles()
        if article.collection == collection
        or (collection is None and collections.of(article).in_dataset)
    }
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


@dataclass
class Dealt:
    """What came of dealing."""

    assignments: dict[str, tuple[str, ...]]
    """By article id, its annotators, sorted."""
    given: list[tuple[str, str]] = field(default_factory=list)
    """(article, annotator) of each assignment that is new."""
    taken: list[tuple[str, str]] = field(default_factory=list)
    """(article, annotator) of each assignment that was taken back."""


def deal(
    lengths: Mapping[str, int],
    annotators: Sequence[str],
    passes: int,
    seed: int,
    before: Mapping[str, Iterable[str]],
    done: Mapping[str, Iterable[str]],
    again: bool = False,
) -> Dealt:
    """Give each article annotators until `passes` of them have it or have done it.

    `lengths` are code points by article id: work is measured by them. `before` is what was dealt, `done` whose passes
    are there already; both count. What was dealt to somebody who is not among `annotators` and not done is taken
    back, and with `again` so is everything that is not done. Whoever has the least ahead is served first; among those
    who have at most one long article more than that, whoever has met the article's other annotators least. Ties are
    broken by a hash of seed, article and annotator.

    UsageError where there are fewer annotators than passes.
    """
    if passes < 1 or len(annotators) < passes:
        raise UsageError(
            f"{passes} passes by {len(annotators)} annotators: name at least as many annotators as"
            " passes"
        )
    finished = {article: set(done.get(article, ())) for article in lengths}
    kept = {
        article: (
            {name for name in before.get(article, ()) if name in annotators and not again}
            | (finished[article] & set(before.get(article, ())))
        )
        for article in lengths
    }
    ahead = Counter(dict.fromkeys(annotators, 0))
    met: Counter[frozenset[str]] = Counter()
    for article, names in kept.items():
        ahead.update(
            {name: lengths[article] for name in names - finished[article] if name in ahead}
        )
        met.update(map(frozenset, combinations(names | finished[article], 2)))
    slack = max(lengths.values(), default=0)
    for article in by_lot(lengths, seed):
        while len(holders := kept[article] | finished[article]) < passes:
            free = [name for name in annotators if name not in holders]
            least = min(ahead[name] for name in free)
            chosen = min(
                (name for name in free if ahead[name] <= least + slack),
                key=lambda name: (
                    sum(met[frozenset((name, other))] for other in holders),
                    ahead[name],
                    _lot(seed, article, name),
                ),
            )
            met.update(frozenset((chosen, other)) for other in holders)
            ahead[chosen] += lengths[article]
            kept[article].add(chosen)
    dealt = dict(before) | {
        article: tuple(sorted(names)) for article, names in kept.items() if names
    }
    old = {(article, name) for article, names in before.items() for name in names}
    new = {(article, name) for article, names in dealt.items() for name in names}
    assignments = {
        article: tuple(sorted(names)) for article, names in sorted(dealt.items()) if names
    }
    return Dealt(assignments, sorted(new - old), sorted(old - new))


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
    distance”; for labelling, Sener and Savarese 2018, “Active learning for convolutional neural networks: a core-set approach”.
    """
    import numpy as np

    names = sorted(vectors)
    if not names:
        return []
    own = np.array([_unit(vectors[name]) for name in names])
    seen = [_unit(vector) for vector in known]
    order: list[int] = []
    if not seen:
        order.append(int(np.argmax(np.round(own @ own.mean(0), _DIGITS))))
        seen.append(own[order[0]])
    apart = np.round(1 - own @ np.array(seen).T, _DIGITS).min(1)
    while len(order) < len(names):
        apart[order] = -np.inf
        order.append(int(np.argmax(apart)))
        apart = np.minimum(apart, np.round(1 - own @ own[order[-1]], _DIGITS))
    return [names[number] for number in order]


def _unit(vector: Any) -> Any:
    import numpy as np

    return np.asarray(vector, float) / max(float(np.linalg.norm(vector)), 1e-12)


def _lot(seed: int, *names: str) -> bytes:
    return hashlib.sha256(" ".join([str(seed), *names]).encode()).digest()
