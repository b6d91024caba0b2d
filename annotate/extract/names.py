"""The same article with other names, so that an extractor learns how names look, and not which names there are.

Every occurrence of a name becomes the same other one, in the headline as in a mention's last word, and the marks
move with the words. *Ilan Dareth … Dareth’s envoy* becomes *Kofi Mensah … Mensah’s envoy*.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import Any, NamedTuple

import yaml

from annotate.extract.labels import Labels
from annotate.model.records import Annotation, Article, Mark, changed_marks
from annotate.model.text import sha256

_KINDS = ("given", "family", "place", "demonym")
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_DEMONYM = re.compile(r"(?:ian|ean|an|ese|i)$")


class Replacement(NamedTuple):
    """A stretch of the text, half-open, and the word that is put in its place."""

    start: int
    end: int
    word: str


@cache
def inventory() -> dict[str, dict[str, list[str]]]:
    """By region and kind (given, family, place, demonym), names to draw from."""
    regions: dict[str, dict[str, list[str]]] = _file()["regions"]
    return regions


@cache
def _file() -> Any:
    return yaml.safe_load(
        resources.files("annotate.extract").joinpath("names.yaml").read_text(encoding="utf-8")
    )


def augment_names(
    article: Article, annotation: Annotation, seed: int, labels: Labels
) -> tuple[Article, Annotation]:
    """The article and its annotation with the names of one region in place of its own; the same for the same seed."""
    text = article.text or ""
    random_ = random.Random(f"{seed} {article.id}")
    region = inventory()[random_.choice(sorted(inventory()))]
    new_names = _draw(_kinds(text, annotation, labels), region, random_)
    replacements = []
    for match in _WORD.finditer(text):
        word = _without_possessive(match[0])
        if word in new_names:
            end = match.start() + len(word)
            replacements.append(Replacement(match.start(), end, new_names[word]))
    return _replaced(article, annotation, replacements)


def _without_possessive(word: str) -> str:
    return re.sub(r"[’']s?$", "", word)


def _kinds(text: str, annotation: Annotation, labels: Labels) -> dict[str, str]:
    """By capitalised word that some mention holds as a name: given, family, place or demonym."""
    kinds: dict[str, str] = {}
    shortest_first = sorted(
        annotation.mentions, key=lambda mark: (mark.end - mark.start, mark.order)
    )
    for mention in shortest_first:
        names = list(_names(text, mention))
        if mention.label in labels.named_after_persons:
            for name in names[:-1]:
                kinds.setdefault(name, "given")
            for name in names[-1:]:
                kinds.setdefault(name, "family")
        elif mention.label in labels.named_after_places:
            for name in names:
                is_demonym = _DEMONYM.search(name) and mention.label not in labels.places
                kinds.setdefault(name, "demonym" if is_demonym else "place")
    return kinds


def _names(text: str, mention: Mark) -> Iterator[str]:
    """The mention's capitalised words, but for abbreviations and words that are no names (`not_names` in the file)."""
    for match in _WORD.finditer(text, mention.start, mention.end):
        word = _without_possessive(match[0])
        if word[:1].isupper() and not word.isupper() and word not in _not_names():
            yield word


@cache
def _not_names() -> frozenset[str]:
    return frozenset(_file()["not_names"])


def _draw(
    kinds: dict[str, str], region: dict[str, list[str]], random_: random.Random
) -> dict[str, str]:
    """For each name another of its kind, no two alike while they last."""
    drawn: dict[str, str] = {}
    for kind in _KINDS:
        names = sorted(name for name, of_kind in kinds.items() if of_kind == kind)
        pool = list(region[kind])
        random_.shuffle(pool)
        for number, name in enumerate(names):
            drawn[name] = pool[number % len(pool)]
    return drawn


class _Text:
    """The text with words replaced, and where its offsets have moved to."""

    def __init__(self, text: str, replacements: Sequence[Replacement]) -> None:
        pieces, end = [], 0
        for replacement in replacements:
            pieces += [text[end : replacement.start], replacement.word]
            end = replacement.end
        self.text = "".join([*pieces, text[end:]])
        grown = (len(word) - (end - start) for start, end, word in replacements)
        self._ends = [0, *(replacement.end for replacement in replacements)]
        self._shifts = list(accumulate(grown, initial=0))

    def offset(self, offset: int) -> int:
        """Where an offset of the old text is in the new one."""
        return offset + self._shifts[bisect_right(self._ends, offset) - 1]

    def moved(self, span: Any) -> Any:
        """A span or mark at its new offsets, with its new words where it has any."""
        start, end = self.offset(span.start), self.offset(span.end)
        changed: dict[str, Any] = {"start": start, "end": end}
        if isinstance(span, Mark) and span.text is not None:
            changed["text"] = self.text[start:end]
        return span.model_copy(update=changed)


def _replaced(
    article: Article, annotation: Annotation, replacements: Sequence[Replacement]
) -> tuple[Article, Annotation]:
    """Article and annotation with the replacements' words put in place, every offset moved."""
    new = _Text(article.text or "", replacements)
    digest = sha256(new.text)
    fields = {
        "text": new.text,
        "length": len(new.text),
        "sha256": digest,
        "zones": tuple(new.moved(zone) for zone in article.zones),
    }
    moved = changed_marks(annotation, new.moved)
    return (
        article.model_copy(update=fields),
        annotation.model_copy(update={"sha256": digest, **moved}),
    )
