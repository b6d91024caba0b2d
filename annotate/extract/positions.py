"""How a mention stands to a trigger, by the words around the two: no parse is needed, and capitals do not matter."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from annotate.extract import labels
from annotate.model.schema import ATTRIBUTION_SPANS

_BE = frozenset(["is", "are", "was", "were", "be", "been", "being"])
_JOINING = frozenset(["and", "or", ",", "&"])
_RELATIVE = frozenset(["who", "which", "that", "where", "whose", "whom"])
_ENDS = frozenset([".", "!", "?", ";", "\n"])
_POSSESSIVE = frozenset(["’s", "'s", "’", "'"])
_DETERMINING = frozenset(["a", "an", "the", "this", "its", "their", "his", "her"]) | _POSSESSIVE
_REACH = 3
"""Tokens before a trigger within which the form of *be* of its passive stands: “was [later] attacked”."""

PREPOSITIONS = tuple(sorted(labels.names().roles.by_preposition))
_FOLLOWING = ("by", "of", "on", "in", "against")
SIGNS = (
    *(f"{side} {word}" for side in ("before", "behind") for word in ("", *PREPOSITIONS)),
    *(f"trigger followed by {word}" for word in _FOLLOWING),
    *(f"{kind} between {n}" for kind in ("triggers", "mentions", "commas") for n in (1, 2)),
    "passive before", "passive behind", "determined before", "determined behind", "ends in ed", "ends in ing",
    "by between", "relative between", "end between", "possessive", "coordinated", "around",
    "inside another", "another inside", "nearest trigger", "nearest of its label",
)  # fmt: skip
"""What may be told of a trigger and a mention, which stands *before* or *behind* it; each is a feature."""
_NUMBER = {sign: number for number, sign in enumerate(SIGNS)}


class Positions:
    """The marks of a doc, by their numbers."""

    def __init__(self, doc: Any, marks: Sequence[Any], types: Collection[str]) -> None:
        """`types` are the labels of the marks that are triggers."""
        self._words = [token.lower_ for token in doc]
        self._marks = [(mark.start, mark.end, mark.label_) for mark in marks]
        numbers = range(len(marks))
        self._triggers = [n for n in numbers if self._marks[n][2] in types]
        others = {*types, *ATTRIBUTION_SPANS}
        self._mentions = [n for n in numbers if self._marks[n][2] not in others]
        self._stands = {n: self._standing(n) for n in self._mentions}

    def signs(self, trigger: int, filler: int) -> tuple[float, ...]:
        """One for each of `SIGNS` that holds of the trigger and what may fill a role of it, zero for the others.

        In “the town was attacked by rebels” *rebels* stands behind *by*, and *the town* before a passive.
        """
        row = [0.0] * len(SIGNS)
        for sign in self._told(trigger, filler):
            row[_NUMBER[sign]] = 1.0
        return tuple(row)

    def _told(self, trigger: int, filler: int) -> Iterator[str]:
        start, end, _type = self._marks[trigger]
        first, last, _label = self._marks[filler]
        side = "before" if first < start else "behind"
        preposition, *standing = self._stands.get(filler, ("",))
        yield f"{side} {preposition}"
        yield from standing
        yield from self._of_trigger(start, end, side)
        if first <= start and end <= last:
            yield "around"
        left, right = min(end, last), max(start, first)
        between = self._words[left:right]
        yield from _counted("commas", between.count(","))
        if "by" in between:
            yield "by between"
        if not _RELATIVE.isdisjoint(between):
            yield "relative between"
        if not _ENDS.isdisjoint(between):
            yield "end between"
        yield from self._rivals(trigger, filler, left, right)

    def _of_trigger(self, start: int, end: int, side: str) -> Iterator[str]:
        words = self._words
        if not _BE.isdisjoint(words[max(0, start - _REACH) : start]):
            yield f"passive {side}"
        if not _DETERMINING.isdisjoint(words[max(0, start - 2) : start]):
            yield f"determined {side}"
        if words[end : end + 1] and words[end] in _FOLLOWING:
            yield f"trigger followed by {words[end]}"
        for ending in ("ed", "ing"):
            if words[start].endswith(ending):
                yield f"ends in {ending}"

    def _rivals(self, trigger: int, filler: int, left: int, right: int) -> Iterator[str]:
        """What else stands between the two, or is nearer to one of them than the other is."""
        marks, distance = self._marks, max(0, right - left)
        for kind, numbers in (("triggers", self._triggers), ("mentions", self._mentions)):
            inside = (left <= marks[n][0] and marks[n][1] <= right for n in numbers)
            yield from _counted(kind, sum(inside))
        if all(_gap(marks[n], marks[filler]) >= distance for n in self._triggers if n != filler):
            yield "nearest trigger"
        alike = (n for n in self._mentions if marks[n][2] == marks[filler][2])
        if all(_gap(marks[n], marks[trigger]) >= distance for n in alike):
            yield "nearest of its label"

    def _standing(self, number: int) -> tuple[str, ...]:
        """The preposition before a mention, "" for none, then what else is told of it."""
        first, last, _label = self._marks[number]
        outer = [
            mark
            for mark in (self._marks[n] for n in self._mentions if n != number)
            if mark[0] <= first and last <= mark[1]
        ]
        inner = any(
            first <= mark[0] and mark[1] <= last
            for mark in (self._marks[n] for n in self._mentions if n != number)
        )
        head = min([first, *(mark[0] for mark in outer if mark[1] == last)])
        told = ["inside another"] if outer else []
        told += ["another inside"] if inner else []
        if last < len(self._words) and self._words[last] in _POSSESSIVE:
            told.append("possessive")
        # “on [the market] and [the school]”: what is coordinated stands behind the same preposition.
        coordinated = self._conjunct(head)
        if coordinated is not None:
            told.append("coordinated")
            head = coordinated
        before = self._words[head - 1] if head else ""
        return (before if before in PREPOSITIONS else "", *told)

    def _conjunct(self, start: int) -> int | None:
        """Where the mention begins that is coordinated with what starts there; None where there is none."""
        place = start - 1
        while place > 0 and self._words[place] in _JOINING:
            place -= 1
        if place == start - 1:
            return None
        starts = [self._marks[n][0] for n in self._mentions if self._marks[n][1] == place + 1]
        return min(starts, default=None)


def _counted(kind: str, count: int) -> Iterator[str]:
    if count:
        yield f"{kind} between {min(count, 2)}"


def _gap(one: tuple[int, int, str], other: tuple[int, int, str]) -> int:
    """Tokens between two spans; zero where they overlap."""
    return max(one[0] - other[1], other[0] - one[1], 0)
