"""Who says what: each event mention with the attributions whose content holds it. Derived, never stored.

A content's stance is that of its head. An event that is an argument of another one of the same content, or told in a
clause under it, is *mentioned*: in “it would [boycott] [talks]” a refusal is promised, and talks are not. Only an
assertion reaches further, to every fact told in it: who says that troops [fired] after rebels [came] asserts both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from annotate.model import clauses
from annotate.model.records import Annotation, Attribution, EventMention, Span

STANCE = clauses.lists().stance.attribute
"""The attribute that says what a source does with a content."""


class Claim(NamedTuple):
    """An event mention as told by a source."""

    event: EventMention
    chain: tuple[Attribution, ...]
    """Innermost first; empty where the article tells the event in its own voice."""
    is_mentioned: bool = False
    """Whether the source only mentions the event, and takes no stance on it."""
    under: str | None = None
    """Id of the event mention of the same telling that it is an argument of, or told in a clause under."""
    doubles: tuple[EventMention, ...] = ()
    """Mentions of the same event with a filler of its, in the same telling: one claim, made in several words."""

    @property
    def stance(self) -> str | None:
        """What the source does with the event; None where it only mentions it, or the article tells it."""
        if self.is_mentioned or not self.chain:
            return None
        return _stance(self.chain[0])

    @property
    def is_of_outlet(self) -> bool:
        """Whether the article speaks in its own voice: outside of any content, or denying what another tells."""
        return not self.chain or is_own_denial(self.chain[0])

    @property
    def happened(self) -> bool | None:
        """Whether the event happened, by the one who tells it; None where that is left open.

        A denial of what was told as having happened says that it did not; so does an assertion of what did not.
        """
        lists = clauses.lists()
        told = {lists.realis.happened: True, lists.realis.did_not_happen: False}
        fact = told.get(str(self.event.attributes.get(lists.realis.attribute)))
        if fact is None or self.is_mentioned:
            return None
        if not self.chain or self.stance in lists.stance.asserting + lists.stance.judging:
            return fact
        return not fact if self.stance in lists.stance.denying else None


def is_own_denial(said: Attribution) -> bool:
    """Whether the article denies the content itself: a denial with neither source nor cue."""
    return said.source is None and said.cue is None and _is(said, "denying")


def claims(
    annotation: Annotation, text: str | None = None, language: str = "en"
) -> Iterator[Claim]:
    """The claims of each event mention, in the order of the text: one for each source that tells it first-hand.

    An event has two or more where contents overlap over it and none of them lies in the other; and where what one
    source asserts is denied by another: around it, “denied reports that [they fled]”, or right after it, “denied it”.
    Without the article's `text`, or in a language without lists, no clause is looked for: then an event is mentioned
    only as an argument of another, or where it has happened and the stance is of what is to come.
    """
    tellings = _Tellings(annotation, text, language)
    for event in annotation.event_mentions:
        if event.id in tellings.doubled:
            continue
        told = list(tellings.claims(event))
        yield from told
        for claim in told:
            yield from tellings.denials(claim)


def enclosing(span: Span, annotation: Annotation) -> list[Attribution]:
    """The attributions whose content holds the span, the shortest first; not the span itself."""
    around = [
        said
        for said in annotation.attributions
        if said is not span and said.start <= span.start <= span.end <= said.end
    ]
    return sorted(around, key=_size)


class _Tellings:
    """The events of an annotation by who tells them."""

    def __init__(self, annotation: Annotation, text: str | None, language: str) -> None:
        self._annotation, self._text, self._language = annotation, text, language
        self._chains = {
            event.id: list(self._chains_of(event)) for event in annotation.event_mentions
        }
        self.doubled: dict[str, str] = {}
        """By id of an event mention that is no claim of its own, the one that stands for it."""
        self._find_doubles()

    def claims(self, event: EventMention) -> Iterator[Claim]:
        """Those of the sources that tell the event first-hand; of the article, where none does."""
        doubles = tuple(
            other
            for other in self._annotation.event_mentions
            if self.doubled.get(other.id) == event.id
        )
        for chain in self._chains[event.id]:
            place = self._places[chain[0].id].get(event.id) if chain else None
            is_mentioned, under = place or (False, None)
            yield Claim(event, chain, is_mentioned, under, doubles)

    def denials(self, claim: Claim) -> Iterator[Claim]:
        """What others deny of an asserted claim: those who report it in order to deny it, and who deny it after it."""
        if claim.is_mentioned:
            return
        for number, said in enumerate(claim.chain):
            if not _is(said, "asserting"):
                if number and _is(said, "denying"):
                    yield claim._replace(chain=claim.chain[number:], under=None)
                return
            for denial in self._answers.get(said.id, ()):
                chain = (denial, *enclosing(denial, self._annotation))
                yield claim._replace(chain=chain, under=None)

    def _chains_of(self, event: EventMention) -> Iterator[tuple[Attribution, ...]]:
        around = enclosing(event, self._annotation)
        inner = [said for said in around if not any(_within(other, said) for other in around)]
        for said in inner:
            yield (said, *(other for other in around if _within(said, other)))
        if not inner:
            yield ()

    @cached_property
    def _events_of(self) -> dict[str, list[EventMention]]:
        """By content, the event mentions that its source tells first-hand."""
        events: dict[str, list[EventMention]] = defaultdict(list)
        for event in self._annotation.event_mentions:
            for chain in self._chains[event.id]:
                if chain and event.id not in self.doubled:
                    events[chain[0].id].append(event)
        return events

    @cached_property
    def _places(self) -> dict[str, dict[str, tuple[bool, str | None]]]:
        """By content and event mention, whether it is only mentioned, and which one it is told under."""
        contents = {said.id: said for said in self._annotation.attributions}
        return {
            name: self._places_in(contents[name], events)
            for name, events in self._events_of.items()
        }

    def _places_in(
        self, said: Attribution, events: Sequence[EventMention]
    ) -> dict[str, tuple[bool, str | None]]:
        realis = clauses.lists().realis
        facts = (realis.happened, realis.did_not_happen)
        value = {event.id: str(event.attributes.get(realis.attribute)) for event in events}
        under: dict[str, str | None] = {}
        if _is(said, "of_what_is_to_come"):
            under = {event.id: None for event in events if value[event.id] == realis.happened}
        under |= self._clauses(said, events)
        is_argument = _parents(events)
        under |= is_argument
        return {
            name: (
                not (_is(said, "asserting") and value[name] in facts and name not in is_argument),
                head,
            )
            for name, head in under.items()
        }

    def _clauses(self, said: Attribution, events: Sequence[EventMention]) -> dict[str, str | None]:
        if self._text is None:
            return {}
        label = clauses.lists().time
        mentions = self._annotation.mentions
        times = [mention for mention in mentions if mention.label == label]
        is_judged = _is(said, "judging")
        return clauses.under(said, events, self._text, self._language, times, mentions, is_judged)

    @cached_property
    def _answers(self) -> dict[str, list[Attribution]]:
        """By content, the denials that do but point back at it: the last one before them, if another source's."""
        answers: dict[str, list[Attribution]] = defaultdict(list)
        for denial in self._annotation.attributions if self._text is not None else ():
            if not _is(denial, "denying") or denial.id in self._events_of:
                continue
            if not clauses.points_back(denial.slice(self._text or ""), self._language):
                continue
            before = [said for said in self._annotation.attributions if said.end <= denial.start]
            said = max(before, key=lambda said: (said.end, -said.start), default=None)
            if said is not None and (said.source is None or said.source != denial.source):
                answers[said.id].append(denial)
        return answers

    def _find_doubles(self) -> None:
        """Of mentions of one event in one telling that share a filler, the one with most fillers stands for all.

        Of equals the last: in *[slaps] an [embargo] on* it is the noun.
        """
        mentions = {event.id: event for event in self._annotation.event_mentions}
        for cluster in self._annotation.events:
            standing: list[EventMention] = []
            ranked = [mentions[name] for name in cluster.mentions if name in mentions]
            ranked.sort(key=lambda event: (-len(event.arguments), -event.start))
            for event in ranked:
                for other in standing:
                    same_telling = self._chains[event.id] == self._chains[other.id]
                    if same_telling and set(event.arguments) & set(other.arguments):
                        self.doubled[event.id] = other.id
                        break
                else:
                    standing.append(event)


def _parents(events: Sequence[EventMention]) -> dict[str, str]:
    """By event, the one of the events that it is an argument of."""
    names = {event.id for event in events}
    parents: dict[str, str] = {}
    for event in events:
        for argument in event.arguments:
            if argument.target in names and argument.target != event.id:
                parents.setdefault(argument.target, event.id)
    return parents


def _stance(said: Attribution) -> str | None:
    value = said.attributes.get(STANCE)
    return None if value is None else str(value)


def _is(said: Attribution, kind: str) -> bool:
    values: Collection[str] = getattr(clauses.lists().stance, kind)
    return _stance(said) in values


def _within(one: Attribution, other: Attribution) -> bool:
    """Whether the one's content lies in the other's; of two equal ones the first in the text's order is the inner."""
    return other.start <= one.start and one.end <= other.end and _size(one) < _size(other)


def _size(said: Attribution) -> tuple[int, tuple[int, int, str, str]]:
    return said.end - said.start, said.order
