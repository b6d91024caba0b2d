"""The same article with other names: so that an extractor learns how names are told, and not which there are.

A name keeps its place in the text's net: every occurrence of one is given the same other one, in the headline as in a
mention's last word, and the marks move with the words.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

import yaml

from annotate.model.records import Annotation, Article, Mark, Zone
from annotate.model.text import sha256

_NAMED = {
    "person": "person", "place": "place", "facility": "place", "government": "place", "state_force": "place",
    "armed_group": "place", "political_group": "place", "intergovernmental": "place", "civil_society": "place",
    "media": "place",
}  # fmt: skip
"""Labels whose capitalised words are names, and of what kind."""
_WORD = re.compile(r"[^\W\d_][\w’'-]*")


@cache
def inventory() -> dict[str, dict[str, list[str]]]:
    """By region and kind (given, family, place, demonym), names to draw from."""
    found: dict[str, dict[str, list[str]]] = _file()["regions"]
    return found


@cache
def _file() -> Any:
    return yaml.safe_load(
        resources.files("annotate.extract").joinpath("names.yaml").read_text(encoding="utf-8")
    )


def swap(article: Article, annotation: Annotation, seed: int) -> tuple[Article, Annotation]:
    """The article and its annotation with the names of one region in place of its own; the same for the same seed."""
    text = article.text or ""
    chosen = random.Random(f"{seed} {article.id}")
    names = inventory()[chosen.choice(sorted(inventory()))]
    other = _drawn(_names(text, annotation), names, chosen)
    cuts = [
        (match.start(), match.start() + len(word), other[word])
        for match in _WORD.finditer(text)
        if (word := _bare(match[0])) in other
    ]
    return _with(article, annotation, cuts)


def _bare(word: str) -> str:
    """The word without a possessive ’s."""
    return re.sub(r"[’']s?$", "", word)


def _names(text: str, annotation: Annotation) -> dict[str, str]:
    """By capitalised word that some mention holds as a name: given, family, place or demonym."""
    kinds: dict[str, str] = {}
    kept = frozenset(_file()["kept"])
    for mention in sorted(
        annotation.mentions, key=lambda mark: (mark.end - mark.start, mark.order)
    ):
        kind = _NAMED.get(mention.label)
        if kind is None:
            continue
        words = [_bare(match[0]) for match in _WORD.finditer(text, mention.start, mention.end)]
        named = [
            word for word in words if word[:1].isupper() and word not in kept and not word.isupper()
        ]
        for number, word in enumerate(named):
            if kind == "person":
                own = "family" if number == len(named) - 1 else "given"
            else:
                own = (
                    "demonym"
                    if re.search(r"(?:ian|ean|an|ese|i)$", word) and mention.label != "place"
                    else "place"
                )
            kinds.setdefault(word, own)
    return kinds


def _drawn(
    kinds: dict[str, str], names: dict[str, list[str]], chosen: random.Random
) -> dict[str, str]:
    """For each name another of its kind, no two alike while they last."""
    drawn: dict[str, str] = {}
    for kind in ("given", "family", "place", "demonym"):
        own = sorted(word for word, found in kinds.items() if found == kind)
        pool = list(names[kind])
        chosen.shuffle(pool)
        drawn |= {word: pool[number % len(pool)] for number, word in enumerate(own)}
    return drawn


def _with(
    article: Article, annotation: Annotation, cuts: Sequence[tuple[int, int, str]]
) -> tuple[Article, Annotation]:
    """Article and annotation with the cuts' words put in place, every offset moved."""
    text = article.text or ""
    pieces, place, moves = [], 0, [(0, 0)]
    for start, end, new in cuts:
        pieces += [text[place:start], new]
        place = end
        moves.append((end, moves[-1][1] + len(new) - (end - start)))
    written = "".join([*pieces, text[place:]])
    starts = [start for start, _ in moves]

    def moved(offset: int) -> int:
        return offset + moves[bisect_right(starts, offset) - 1][1]

    def mark(found: Any) -> Any:
        start, end = moved(found.start), moved(found.end)
        told = (
            {"text": written[start:end]}
            if isinstance(found, Mark) and found.text is not None
            else {}
        )
        return found.model_copy(update={"start": start, "end": end, **told})

    digest = sha256(written)
    zones = tuple(
        Zone(kind=zone.kind, start=moved(zone.start), end=moved(zone.end)) for zone in article.zones
    )
    named = article.model_copy(
        update={"text": written, "length": len(written), "sha256": digest, "zones": zones}
    )
    layers = {name: tuple(mark(found) for found in getattr(annotation, name)) for name in
              ("mentions", "event_mentions", "sources", "cues", "attributions")}  # fmt: skip
    return named, annotation.model_copy(update={"sha256": digest, **layers})
