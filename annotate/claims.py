"""Who says what: each event mention with the attributions whose content holds it. Derived, never stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from annotate.model import Annotation, Attribution, EventMention


class Claim(NamedTuple):
    """An event mention as told by a source."""

    event: EventMention
    chain: tuple[Attribution, ...]
    """Innermost first; empty where the article tells the event in its own voice."""


def claims(annotation: Annotation) -> Iterator[Claim]:
    """One claim for each event mention, in the order of the text."""
    for event in annotation.event_mentions:
        around = [said for said in annotation.attributions if said.start <= event.start and event.end <= said.end]
        yield Claim(event, tuple(sorted(around, key=lambda said: (said.end - said.start, said.id))))
