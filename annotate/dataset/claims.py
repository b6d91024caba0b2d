"""Who did what to whom, where and when, and according to whom: read off a row of `documents`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DOERS = ("agent", "participant")
_DONE_TO = ("target", "victim", "object", "recipient")
_WHERE = ("place", "origin", "destination")


@dataclass(frozen=True)
class Claim:
    """An event as told, with the words of its arguments, and who says so."""

    document: str
    event: str
    """The event type."""
    trigger: str
    realis: str
    who: tuple[str, ...]
    whom: tuple[str, ...]
    where: tuple[str, ...]
    when: tuple[str, ...]
    count: tuple[str, ...]
    sources: tuple[str, ...]
    """Innermost first: the source that claims it, then who reports that source; the outlet where nobody else does."""
    stance: str
    """Of the innermost source; `asserts` for the outlet itself."""


def claims(document: Mapping[str, Any], features: Mapping[str, Any]) -> Iterator[Claim]:
    """The claims of one row, in the order of the text. `features` are the dataset's: labels are numbers in a row."""
    label = features["event_mentions"].feature["label"].int2str
    realis = features["event_mentions"].feature["realis"].int2str
    role = features["event_mentions"].feature["arguments"].feature["role"].int2str
    stance = features["attributions"].feature["stance"].int2str
    words = {
        mark["id"]: mark["text"] or f"{mark['start']}–{mark['end']}"
        for mark in (*document["mentions"], *document["event_mentions"])
    }
    sources = {source["id"]: source["text"] or f"{source['start']}–{source['end']}" for source in document["sources"]}
    outlet = document["outlet"] or document["collection"]
    for event in document["event_mentions"]:
        filled = [(role(argument["role"]), words[argument["target"]]) for argument in event["arguments"]]
        around = sorted(
            (
                content
                for content in document["attributions"]
                if content["start"] <= event["start"] and event["end"] <= content["end"]
            ),
            key=lambda content: content["end"] - content["start"],
        )
        said_by = tuple(sources.get(content["source"], "(unattributed)") for content in around)

        def of(*roles: str, filled: list[tuple[str, str]] = filled) -> tuple[str, ...]:
            return tuple(filler for name, filler in filled if name in roles)

        yield Claim(
            document["id"], label(event["label"]), words[event["id"]], realis(event["realis"]),
            of(*_DOERS), of(*_DONE_TO), of(*_WHERE), of("time"), of("count"),
            said_by or (outlet,), stance(around[0]["stance"]) if around else "asserts",
        )  # fmt: skip
