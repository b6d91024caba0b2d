"""Which articles are labelled next, and by whom: so many passes each, equal work ahead, changing pairs, the same from the same seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from annotate.model.issues import UsageError

RANDOM, UNCERTAINTY, DIVERSITY = ORDERS = ("random", "uncertainty", "diversity")
_DIGITS = 9
"""What is the same to so many digits is the same: the last ones depend on how the processor sums."""


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
    return np.asarray(vector, float) / max(float(np.linalg.norm(vector)), 1e-12)


def _lot(seed: int, *names: str) -> bytes:
    return hashlib.sha256(" ".join([str(seed), *names]).encode()).digest()
