"""Finds articles that the corpus already has, word for word or nearly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from annotate.model import text
from annotate.model.records import Article

NEAR = 0.7
"""Resemblance of two articles from which on one is a near copy: two reports of one event stay far below."""
_SAMPLE = 8


def near_copies(
    new: list[Article], corpus: Iterable[Article]
) -> Iterator[tuple[Article, Article, float]]:
    """Each new article that resembles one of the corpus, or an earlier new one, with that one and the resemblance.

    One pass over the corpus in flat memory: runs of five words, sampled modulo 8 (Broder 1997), find candidates; the
    whole runs decide.
    """
    whole = [text.shingles(article.text or "") for article in new]
    having: dict[int, list[int]] = defaultdict(list)
    for index, runs in enumerate(whole):
        for run in _sampled(runs):
            having[run].append(index)
    same = {article.sha256: index for index, article in enumerate(new)}
    reported: set[int] = set()
    for other in corpus:
        runs = text.shingles(other.text or "")
        # By its hash, an article is known even where its text is withheld.
        exact = {same[other.sha256]} if other.sha256 in same else set()
        for index in sorted((_candidates(runs, having) | exact) - reported):
            likeness = (
                1.0 if new[index].sha256 == other.sha256 else text.resemblance(whole[index], runs)
            )
            if likeness >= NEAR:
                reported.add(index)
                yield new[index], other, likeness
    for later, runs in enumerate(whole):
        for earlier in sorted(index for index in _candidates(runs, having) if index < later):
            likeness = text.resemblance(whole[earlier], runs)
            if likeness >= NEAR and later not in reported and earlier not in reported:
                reported.add(later)
                yield new[later], new[earlier], likeness


def _candidates(runs: frozenset[int], having: dict[int, list[int]]) -> set[int]:
    return set().union(*(having.get(run, ()) for run in _sampled(runs)))


def _sampled(runs: frozenset[int]) -> frozenset[int]:
    sample = frozenset(run for run in runs if run % _SAMPLE == 0)
    # The smallest run is always in, so that a short text has one too.
    return sample | {min(runs)} if runs else sample
