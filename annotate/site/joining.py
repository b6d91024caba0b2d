"""A machine's guess at which events several articles tell of: by type, place, time and participants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from annotate.site import search
from annotate.site.sayings import Saying
from annotate.site.stories import JoinedEvent

_ENOUGH = 2
"""Things that two events must share besides their type: a place, a day, a participant."""
_COMMON = frozenset(
    ("a", "an", "the", "of", "in", "on", "at", "to", "from", "by", "and", "or", "near", "its", "his", "her", "their",
     "town", "city", "village", "people", "men", "women")
)  # fmt: skip
"""Words that two fillers share without being alike."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Told:
    """One event of one article, by all of its mentions there."""

    document: str
    label: str
    marks: tuple[str, ...]
    words: str
    """The first trigger with what fills its roles."""
    places: frozenset[str]
    days: frozenset[str]
    participants: frozenset[str]


@dataclass(frozen=True)
class Join:
    """Events of several articles that seem to be one, and why."""

    event: JoinedEvent
    shared: tuple[str, ...]


def guess(sayings: Mapping[str, Sequence[Saying]]) -> list[Join]:
    """The events that two articles or more seem to tell of, those told by most articles first.

    Two events may be one if they are of one type, do not contradict each other in place or day, and share two things:
    a place, a day, or a word of a participant's name. Of an article at most one event is joined with one of another,
    the pair that shares most first.
    """
    events = [event for name, of in sayings.items() for event in _events(name, of)]
    pairs = []
    for one, other in combinations(events, 2):
        shared = _shared(one, other)
        if one.document != other.document and len(shared) >= _ENOUGH:
            pairs.append((len(shared), one, other))
    pairs.sort(key=lambda pair: (-pair[0], pair[1].marks, pair[2].marks))
    group_of: dict[Told, list[Told]] = {event: [event] for event in events}
    for _shares, one, other in pairs:
        ours, theirs = group_of[one], group_of[other]
        if ours is theirs or _documents(ours) & _documents(theirs):
            continue
        ours += theirs
        for event in theirs:
            group_of[event] = ours
    groups = {id(group): group for group in group_of.values() if len(group) > 1}
    joins = [_join(group) for group in groups.values()]
    return sorted(joins, key=lambda join: -len(join.event.marks))


def _documents(events: Iterable[Told]) -> set[str]:
    return {event.document for event in events}


def _join(group: Sequence[Told]) -> Join:
    first = max(group, key=lambda event: len(event.words))
    shared: dict[str, None] = {}
    for one, other in combinations(group, 2):
        shared |= dict.fromkeys(_shared(one, other))
    name = f"{group[0].document}-{group[0].marks[0]}"
    event = JoinedEvent(name, first.words, {each.document: each.marks for each in group})
    return Join(event, tuple(shared))


def _shared(one: Told, other: Told) -> list[str]:
    """What two events share; nothing where they are of two types, or contradict each other."""
    if one.label != other.label:
        return []
    days, places = one.days & other.days, one.places & other.places
    if (one.days and other.days and not days) or (one.places and other.places and not places):
        return []
    participants = one.participants & other.participants
    return [*sorted(places)[:1], *sorted(days)[:1], *sorted(participants)]


def _events(document: str, sayings: Sequence[Saying]) -> Iterator[Told]:
    """The article's events: mentions that its coreference joins are one."""
    groups: dict[str, dict[str, Saying]] = {}
    for saying in sayings:
        groups.setdefault(saying.cluster or saying.event, {})[saying.event] = saying
    for mentions in groups.values():
        told = list(mentions.values())
        places: set[str] = set()
        participants: set[str] = set()
        days: set[str] = set()
        fillers: list[str] = []
        for saying in told:
            days |= {value[:10] for value in saying.values if _DAY.match(value)}
            for role, of_role in saying.roles.items():
                words = {word for filler in of_role for word in _names(filler.text)}
                fillers += [filler.text for filler in of_role if filler.text]
                if role == "place":
                    places |= words
                else:
                    participants |= words
        trigger = told[0].passage.trigger
        words_ = f"{trigger} ({', '.join(dict.fromkeys(fillers[:3]))})" if fillers else trigger
        yield Told(
            document, told[0].label, tuple(mentions), words_,
            frozenset(places), frozenset(days), frozenset(participants - places),
        )  # fmt: skip


def _names(words: str | None) -> list[str]:
    """The words of a filler by which it may be known again."""
    return [word for word in search.words(words or "") if word not in _COMMON and len(word) > 1]
