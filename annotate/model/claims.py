"""Who says what: each event mention with the attributions whose content holds it. Derived, never stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from annotate.model.records import Annotation, Attribution, EventMention, Span


class Claim(NamedTuple):
    """An event mention as told by a source."""

    event: EventMention
    chain: tuple[Attribution, ...]
    """Innermost first; empty where the article tells the event in its own voice."""


def claims(annotation: Annotation) -> Iterator[Claim]:
    """The claims of each event mention, in the order of the text: one for each source that tells it first-hand.

    An event has two or more where contents overlap over it and none of them lies in the other.
    """
    for event in annotation.event_mentions:
        around = enclosing(event, annotation)
        inner = [said for said in around if not any(_within(other, said) for other in around)]
        for said in inner:
            yield Claim(event, (said, *(other for other in around if _within(said, other))))
        if not inner:
            yield Claim(event, ())


def enclosing(span: Span, annotation: Annotation) -> list[Attribution]:
    """The attributions whose content holds the span, the shortest first; not the span itself."""
    around = [
        said
        for said in annotation.attributions
        if said is not span and said.start <= span.start <= span.end <= said.end
    ]
    return sorted(around, key=_size)


def _within(one: Attribution, other: Attribution) -> bool:
    """Whether the one's content lies in the other's; of two equal ones the first in the text's order is the inner."""
    return other.start <= one.start and one.end <= other.end and _size(one) < _size(other)


def _size(said: Attribution) -> tuple[int, tuple[int, int, str, str]]:
    return said.end - said.start, said.order
