"""Which events of a content are told in a clause under another, by the words that open clauses: `claims.yaml`.

A rule for the eye, not a parser: it knows closed classes of words, commas and the ends of sentences.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from annotate.model import plain_yaml
from annotate.model.records import EventMention, Record, Span

_WORD = re.compile(r"\w+")
FILE = Path(__file__).with_name("claims.yaml")


class Stances(Record):
    """What the values of the attribute do with the events of a content."""

    attribute: str
    asserting: tuple[str, ...]
    denying: tuple[str, ...]
    of_what_is_to_come: tuple[str, ...]
    judging: tuple[str, ...]


class Realis(Record):
    """The values of the attribute that tell of facts."""

    attribute: str
    happened: str
    did_not_happen: str


class Words(Record):
    """A language's closed classes."""

    complements: tuple[str, ...]
    relatives: tuple[str, ...]
    adverbials: tuple[str, ...]
    prepositions: tuple[str, ...]
    infinitives: tuple[str, ...]
    noun_phrases: tuple[str, ...]
    before_infinitives: tuple[str, ...]
    auxiliaries: tuple[str, ...]
    coordinators: tuple[str, ...]
    pronouns: tuple[str, ...]
    determiners: tuple[str, ...]
    said: tuple[str, ...]


class Lists(Record):
    """The parts that labels and words play; `claims.yaml` says of each what it is."""

    stance: Stances
    realis: Realis
    time: str
    words: dict[str, Words]


@cache
def lists() -> Lists:
    """The lists of `FILE`."""
    return Lists.model_validate(plain_yaml.load(FILE.read_text(encoding="utf-8")))


def under(
    content: Span,
    events: Sequence[EventMention],
    text: str,
    language: str,
    times: Collection[Span] = (),
    mentions: Collection[Span] = (),
    is_judged: bool = False,
) -> dict[str, str | None]:
    """By id of each of the content's events that is told in a clause under others, the head of what it is under.

    That is None where it is no event: “not to approach the dam, where they [laid] charges”. In “would [go home] unless
    an officer was [put on trial]” the trial is under the going home. `events` are in the order of the text. `times` and
    all `mentions` are the article's: “before dawn” opens no clause, and “to rebels” is no infinitive. Where
    `is_judged`, what is judged may be told in a relative clause: “praised those who [freed] the town”. A language
    without lists has no clauses.
    """
    words = lists().words.get(language)
    if words is None or not events:
        return {}
    clause = _Clause(words, is_judged)
    waiting = list(events)
    starts = {mention.start for mention in mentions}
    for kind, start, end in _pieces(text, content.start, events[-1].end, language):
        while waiting and waiting[0].start < end:
            clause.tell(waiting.pop(0).id)
        next_word = _WORD.search(text, end)
        ahead = _Ahead(
            is_time=any(
                time.start <= start < time.end or (next_word and next_word.start() == time.start)
                for time in times
            ),
            is_event=bool(waiting) and _leads(text[end : waiting[0].start], words),
            is_verb=next_word is not None
            and next_word[0].islower()
            and next_word[0] not in words.noun_phrases
            and next_word.start() not in starts,
        )
        clause.read(kind, text[start:end].casefold(), ahead)
    return clause.under


class _Ahead(NamedTuple):
    """What comes after a word that may open a clause."""

    is_time: bool
    """A time, which the word may be the first of."""
    is_event: bool
    """An event, with nothing but auxiliaries and adverbs before it."""
    is_verb: bool
    """A word that begins no noun phrase."""


class _Clause:
    """Whether the words read so far stand in a clause under another."""

    def __init__(self, words: Words, is_judged: bool) -> None:
        self.under: dict[str, str | None] = {}
        self._words, self._is_judged = words, is_judged
        self._is_open = False
        self._ends_with: frozenset[str] = frozenset()
        """The kinds of pieces that the open clause ends with, beside the end of the sentence."""
        self._head: str | None = None
        """The first event of the clause that others are under."""
        self._waiting: list[str] = []
        """Events told before their head: “If they [came], we would [leave]”."""
        self._last, self._last_word = "stop", ""

    def tell(self, event: str) -> None:
        """Take an event, which stands where the words have come to."""
        if self._is_open:
            self.under[event] = self._head
            if self._head is None:
                self._waiting.append(event)
            if "event" in self._ends_with:
                self._is_open = False
        elif self._head is None:
            self._head = event
            self.under |= dict.fromkeys(self._waiting, event)
            self._waiting = []

    def read(self, kind: str, word: str, ahead: _Ahead) -> None:
        """Take the next piece."""
        after_comma = self._last == "comma"
        if kind == "stop":
            self._is_open, self._head, self._waiting = False, None, []
        elif kind == "coordinators" and after_comma:
            if self._is_open:  # what follows is beside the clause, and has its own head
                self._is_open, self._head, self._waiting = False, None, []
        elif kind in self._ends_with:
            self._is_open = False
        elif self._opens(kind, ahead) and not self._is_open:
            self._is_open = True
            self._ends_with = self._end(kind)
        self._last, self._last_word = kind, word

    def _opens(self, kind: str, ahead: _Ahead) -> bool:
        if self._last == "coordinators":
            return False  # “that he left and that she stayed”: one clause beside another
        if kind == "complements":
            return self._head is not None
        if kind == "relatives":
            if self._head is not None:
                return True
            return (
                self._last != "stop"
                and not self._is_judged
                and (ahead.is_event or self._last == "comma")
            )
        if kind == "infinitives":
            is_modal = self._last_word in self._words.before_infinitives
            return ahead.is_verb and self._head is not None and not is_modal
        return kind in ("adverbials", "prepositions") and not ahead.is_time

    def _end(self, kind: str) -> frozenset[str]:
        if kind == "prepositions":
            return frozenset(["comma", "coordinators"])
        if self._last in ("comma", "stop"):
            return frozenset(["comma"])  # “the men, who fled, …”, “If it falls, …”
        if kind == "relatives" and self._head is None:
            return frozenset(["event"])  # “the men who [fled] …” comes before its own head
        return frozenset()


def _leads(between: str, words: Words) -> bool:
    """Whether nothing but auxiliaries and adverbs stands there."""
    return all(
        word in words.auxiliaries or word.endswith("ly")
        for word in re.findall(r"\w+", between.casefold())
    )


def _pieces(text: str, start: int, end: int, language: str) -> Iterator[tuple[str, int, int]]:
    """Words, commas and ends of sentences, each with its kind and its code points."""
    for piece in _pattern(language).finditer(text, start, end):
        assert piece.lastgroup is not None
        yield piece.lastgroup, piece.start(), piece.end()


@cache
def _pattern(language: str) -> re.Pattern[str]:
    words = lists().words[language]
    kinds = (
        "prepositions",
        "adverbials",
        "infinitives",
        "coordinators",
        "complements",
        "relatives",
    )
    phrases = "|".join(
        rf"(?P<{kind}>(?:{'|'.join(sorted(map(re.escape, getattr(words, kind)), key=len, reverse=True))})\b)"
        for kind in kinds
    )
    # A full stop ends a sentence where a capital, a figure or a quotation mark comes after it.
    stop = r"(?P<stop>[;:\n]|[.!?…][”’\"')]*(?=\s+[\"“‘(A-Z\d]))"
    return re.compile(rf"{stop}|(?P<comma>,)|\b(?:{phrases})|(?P<word>\w[\w’'-]*)", re.IGNORECASE)


@cache
def _anaphor(language: str) -> re.Pattern[str]:
    words = lists().words[language]
    pronouns, determiners, said = map("|".join, (words.pronouns, words.determiners, words.said))
    return re.compile(
        rf"\W*(?:(?:{pronouns})|(?:(?:{determiners})\s+(?:of\s+)?)+(?:{said}))\W*", re.IGNORECASE
    )


def points_back(words: str, language: str) -> bool:
    """Whether the words of a content are but a way to point at what somebody said: *it*, *the accusation*."""
    return language in lists().words and _anaphor(language).fullmatch(words) is not None
