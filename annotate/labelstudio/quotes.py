"""The words of marks: as Label Studio tells them, compared with the article, and as they stand for a mark's id."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from annotate.model.issues import Issue
from annotate.model.offsets import Quote, compare
from annotate.model.records import Annotation

_LETTERS = 40
"""Characters of a mark that are shown in a message."""


class Region(BaseModel):
    """A span with its label, or an answer about it, as Label Studio sends it."""

    id: str
    from_name: str
    value: dict[str, Any]
    meta: dict[str, Any] | None = None

    @property
    def span(self) -> tuple[int, int] | None:
        """Its offsets, as they came; None where it has none that can be used."""
        start, end = self.value.get("start"), self.value.get("end")
        return (start, end) if type(start) is int and type(end) is int else None

    @property
    def notes(self) -> Iterator[str]:
        """All that a person typed on the region."""
        for typed in (self.value.get("text"), (self.meta or {}).get("text")):
            if isinstance(typed, list):
                yield from (note for note in typed if isinstance(note, str))


R = TypeVar("R", bound=Region)


def placed(
    labelled: Sequence[R], regions: Sequence[Region], text: str
) -> tuple[list[R], list[Issue]]:
    """The labelled regions at their place in the article, and an issue for each that is moved or refused.

    Those that are refused are left out. Of a region that has no usable offsets nothing is said here. A note that Label
    Studio puts in place of the region's words, as it does with a text area's, is no evidence.
    """
    notes: set[tuple[str, str]] = set()
    for region in regions:
        notes |= {(region.id, note) for note in region.notes}
    usable = [(region, region.span) for region in labelled]
    quotes = [
        Quote(region.id, (span,), _words(region, notes))
        for region, span in usable
        if span is not None
    ]
    places, issues = compare(quotes, text)
    following = iter(places)
    kept: list[R] = []
    for region, span in usable:
        if span is None:
            kept.append(region)
        elif (place := next(following)) is not None:
            kept.append(region if place[0] == span else _moved(region, *place[0]))
    return kept, issues


def _moved(region: R, start: int, end: int) -> R:
    return region.model_copy(update={"value": region.value | {"start": start, "end": end}})


def _words(region: Region, notes: set[tuple[str, str]]) -> str | None:
    words = region.value.get("text")
    return words if isinstance(words, str) and (region.id, words) not in notes else None


def shown(annotation: Annotation) -> dict[str, str]:
    """The label and the first words of each mark that has words, by its id."""
    return {
        mark.id: f"{mark.label} “{_shortened(mark.text)}”"
        for mark in annotation.marks()
        if mark.text
    }


def _shortened(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _LETTERS else textwrap.shorten(line, _LETTERS, placeholder="…")


_ID = re.compile(r"[\w-]+")


def in_words(message: str, shown: Mapping[str, str], where: re.Pattern[str] = _ID) -> str:
    """The message with `shown` in place of each id that `where` finds: Label Studio's page shows no ids."""
    return where.sub(lambda match: shown.get(match[0], match[0]), message)
