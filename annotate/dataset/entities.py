"""What the entities of a document are called, so that *she* and *the ministry* can be counted with their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from annotate.model.records import Cluster, Mark, Sentence

_CAPITALISED = re.compile(r"(?<!\w)[^\W\d_](?=\w)")


def cluster_of(clusters: Iterable[Cluster]) -> dict[str, str]:
    """The cluster that each mark is in, by the mark's id; a mark alone is in none."""
    ids: dict[str, str] = {}
    for cluster in clusters:
        ids |= dict.fromkeys(cluster.mentions, cluster.id)
    return ids


def name(mentions: Collection[Mark], text: str, sentences: Sequence[Sentence]) -> str | None:
    """What an entity goes by: the words of the mention with the most capitalised words; None of no mentions.

    A capital that starts a sentence tells nothing, and neither does the letter *I* alone. Where no mention has any, the
    longest is taken: *the ministry*, not *it*. Of equals it is the first in the text.
    """
    starts = {sentence.start for sentence in sentences}

    def rank(mention: Mark) -> tuple[int, int, int]:
        words = _CAPITALISED.finditer(mention.slice(text))
        capitals = sum(
            word[0].isupper() and mention.start + word.start() not in starts for word in words
        )
        return -capitals, 0 if capitals else mention.start - mention.end, mention.start

    return min(mentions, key=rank).slice(text) if mentions else None
