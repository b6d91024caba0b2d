"""Which mentions are of one thing, and which triggers of one event, by words, order and arguments.

Mentions are joined by equal words, a shorter form of a name, a general noun or a pronoun; triggers where a headline's
event is told again, or *the* attack is one that was told before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from annotate.extract import designations, labels
from annotate.model.graph import Link
from annotate.model.records import Article, Mark
from annotate.model.schema import SAME_AS, Layer, Schema

_SENTENCE_END = re.compile(r"[.!?][”\"’)\]]*\s+|\n+")
_HEADLINE = "headline"
_POINTING = re.compile(r"\b(?:the|this|that|these|those)\s+$", re.I)
_NEAR = 600
"""Code points within which *the attack* is one that was told before."""
_REMEMBERED = 40
"""Mentions of a label among which a pronoun's antecedent is looked for."""
Arguments = dict[str, set[str]]
"""By role, what fills it."""


def coreferent(
    marks: Iterable[Mark], links: Iterable[Link], article: Article, schema: Schema
) -> Iterator[Link]:
    """Links between marks of one thing or one event, each to an earlier one of the same label; the text must be there.

    A pronoun's label says what it stands for. A mention inside another is not joined to that. In *Mira Dareth left;
    Dareth said she …* all three are one person; *the militia* is the *Tarn Militia*, and *the LLF* the *Lufira
    Liberation Front*.
    """
    ordered = sorted(marks, key=lambda mark: mark.order)
    discourse = _Discourse(article)
    for mark in ordered:
        if schema.layer(mark.label) is Layer.MENTION and mark.label not in schema.value_labels:
            antecedent = discourse.read(mark)
            if antecedent is not None:
                yield Link(antecedent.id, SAME_AS, mark.id)
    # Times and quantities are nothing's mentions: of those the words are compared.
    named = {mark.id: designations.bare(mark.text or "") for mark in ordered} | discourse.first_of
    fillers: dict[str, Arguments] = defaultdict(lambda: defaultdict(set))
    for link in links:
        fillers[link.tail][link.label].add(named[link.head])
    events = [mark for mark in ordered if schema.layer(mark.label) is Layer.EVENT]
    yield from _retold(events, fillers, article)


class _Discourse:
    """The mentions that were read so far, in the order of the text, and what each may be called later."""

    def __init__(self, article: Article) -> None:
        self.first_of: dict[str, str] = {}
        """By the id of a mention, that of the first one of the same thing."""
        self._article = article
        self._starts = [0, *(end.end() for end in _SENTENCE_END.finditer(article.text or ""))]
        self._read: dict[str, list[Mark]] = defaultdict(list)
        """By label."""
        self._called: dict[tuple[str, str], list[Mark]] = defaultdict(list)
        self._headlines: dict[tuple[str, str], list[Mark]] = defaultdict(list)
        """Short forms in headlines."""
        self._genders: dict[str, str] = {}
        """By the id of the first mention of a person."""

    def read(self, mark: Mark) -> Mark | None:
        """The mention's antecedent, if it has any; from now on the mention may be one itself."""
        text = designations.without_possessive(mark.text or "")
        if designations.is_pronoun(text):
            antecedent = self._of_pronoun(mark, text)
        else:
            antecedent = self._of_name(mark, text) or self._of_general_noun(mark, text)
        first = mark.id if antecedent is None else self.first_of[antecedent.id]
        self.first_of[mark.id] = first
        gender = designations.gender(text)
        if gender is not None:
            self._genders[first] = gender
        if not designations.is_pronoun(text):
            self._call(mark, text)
        self._read[mark.label].append(mark)
        return antecedent

    def _of_pronoun(self, mark: Mark, text: str) -> Mark | None:
        """The first mention of the sentence before the pronoun, else the first of the sentence before, else the last.

        Of persons *he* is none whom *she* was said of.
        """
        gender = designations.gender(text)
        known = [
            other
            for other in self._read[mark.label][-_REMEMBERED:]
            if other.end <= mark.start
            and gender in (None, self._genders.get(self.first_of[other.id], gender))
        ]
        place = self._sentence(mark)
        here = [other for other in known if self._sentence(other) == place]
        before = [other for other in known if self._sentence(other) == place - 1]
        return next(iter(here or before or known[-1:]), None)

    def _sentence(self, mark: Mark) -> int:
        return bisect_right(self._starts, mark.start)

    def _of_name(self, mark: Mark, text: str) -> Mark | None:
        """The last mention that may be called so; of a headline’s short form the name that the text has for it."""
        for name in designations.lookups(mark.label, text):
            antecedent = self._last(mark, self._called.get((mark.label, name), ()))
            if antecedent is not None:
                return antecedent
        for ending in designations.endings(text) if self._headlines else ():
            antecedent = self._last(mark, self._headlines.get((mark.label, ending), ()))
            if antecedent is not None:
                return antecedent
        return None

    def _last(self, mark: Mark, candidates: Sequence[Mark]) -> Mark | None:
        is_person = mark.label in labels.names().named_after_persons
        for other in reversed(candidates):
            if other.end <= mark.start:
                is_other = is_person and designations.are_two_persons(
                    mark.text or "", other.text or ""
                )
                return None if is_other else other
        return None

    def _of_general_noun(self, mark: Mark, text: str) -> Mark | None:
        """Of *the group*, *the country*, *the town* the last mention of a group, a state, a town."""
        if not designations.is_definite(text):
            return None
        noun, words = designations.bare(text), designations.words()
        known = (other for other in reversed(self._read[mark.label]) if other.end <= mark.start)
        if noun in words.general.get(mark.label, ()):
            return next(known, None)
        if noun in words.states.get(mark.label, ()):
            return next((other for other in known if designations.is_state(other.text or "")), None)
        if noun in words.towns.get(mark.label, ()):
            return next((other for other in known if _is_town(other.text or "")), None)
        return None

    def _call(self, mark: Mark, text: str) -> None:
        for name in designations.calls(mark.label, text):
            self._called[mark.label, name].append(mark)
        is_place = mark.label in labels.names().places  # “northern Iraq” is not Iraq
        if _is_headline(mark, self._article) and not is_place:
            self._headlines[mark.label, designations.bare(text)].append(mark)


def _is_town(text: str) -> bool:
    is_short = "," not in text and len(text.split()) < 3
    return designations.is_name(text) and is_short and not designations.is_state(text)


def _is_headline(mark: Mark, article: Article) -> bool:
    return any(
        zone.start <= mark.start < zone.end for zone in article.zones if zone.kind == _HEADLINE
    )


def _retold(
    events: Sequence[Mark], fillers: dict[str, Arguments], article: Article
) -> Iterator[Link]:
    """Triggers of one event: *the attack* near one that was told, and what a headline tells, each of one type.

    Realis must be the same, and no role may be filled by different things.
    """
    headlines: dict[str, list[Mark]] = defaultdict(list)
    read: dict[str, list[Mark]] = defaultdict(list)
    for event in events:
        is_pointing = _POINTING.search((article.text or "")[max(0, event.start - 10) : event.start])
        near = _within(reversed(read[event.label]), event.start - _NEAR)
        candidates = [*(near if is_pointing else ()), *reversed(headlines[event.label])]
        if _is_headline(event, article):
            headlines[event.label].append(event)
        read[event.label].append(event)
        antecedent = next(
            (other for other in candidates if _may_be_one(other, event, fillers)), None
        )
        if antecedent is not None:
            yield Link(antecedent.id, SAME_AS, event.id)


def _within(backwards: Iterable[Mark], start: int) -> Iterator[Mark]:
    return takewhile(lambda mark: mark.start > start, backwards)


def _may_be_one(one: Mark, other: Mark, fillers: dict[str, Arguments]) -> bool:
    realis = labels.names().realis.attribute
    if one.attributes.get(realis) != other.attributes.get(realis):
        return False
    ours, theirs = fillers[one.id], fillers[other.id]
    return not any(ours[role].isdisjoint(theirs[role]) for role in ours.keys() & theirs.keys())
