"""What each source says of each event, as the pages show it: made of the dataset's rows, so that both tell the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from annotate.dataset import claim_rows, rows
from annotate.dataset.claim_columns import VOICES
from annotate.dataset.document import Document
from annotate.model.schema import Schema
from annotate.site import signs
from annotate.site.signs import Sign

NOBODY = "no source named"
"""Stands for the source of “reportedly”."""
_BEFORE, _AFTER = 70, 110
"""Code points of a long sentence that are shown on both sides of a trigger."""
_OPENING = re.compile(r"""(?:^|(?<=\s))["'“‘«„‹]+\Z""")
"""Quotation marks at the end of some words that open what comes after them."""


class Filler(NamedTuple):
    """What fills a role of an event."""

    id: str
    label: str
    text: str | None
    entity: str | None


class Toll(NamedTuple):
    """A count of people harmed, with its bounds; None where the text gives none on that side."""

    id: str
    text: str | None
    low: float | None
    high: float | None


class Teller(NamedTuple):
    """Somebody who passes on what another says, and what he does with it."""

    name: str
    sign: Sign
    vouches: bool
    """Whether he puts it forward as true, or only as what the other says."""


class Passage(NamedTuple):
    """The words of a trigger in their sentence; all empty where the text is withheld."""

    before: str
    trigger: str
    after: str

    def shortened(self) -> Passage:
        """The trigger with less of a long sentence around it."""
        before, after = self.before, self.after
        if len(before) > _BEFORE:
            before = "…" + before[-_BEFORE:].partition(" ")[2]
        if len(after) > _AFTER:
            after = after[:_AFTER].rpartition(" ")[0] + "…"
        return Passage(before, self.trigger, after)


@dataclass(frozen=True)
class Saying:
    """An event as one source tells it."""

    document: str
    event: str
    """Id of the event mention."""
    cluster: str | None
    """Id of the event in its document, where several mentions tell of it."""
    label: str
    start: int
    end: int
    passage: Passage
    source: str | None
    """What the source goes by, or where it stands; the outlet where the article tells it in its own voice; None where
    none is named.
    """
    words: str | None
    """The source as this sentence has it."""
    source_label: str | None
    in_own_voice: bool
    sign: Sign
    stance: str | None
    realis: str | None
    cue: str | None
    via: tuple[Teller, ...]
    """Those who pass it on, the innermost first: in “he said that the army denied”, *he*."""
    about: str | None
    """Where somebody passes on what another says, and does not vouch for it: that other."""
    is_unverified: bool
    roles: dict[str, tuple[Filler, ...]]
    """By role, what fills it; a role that nothing fills is left out."""
    values: tuple[str, ...]
    """The normalised times of its fillers, as 2024-05-27T12:00."""
    tolls: tuple[Toll, ...]
    outlet: str | None
    published: str | None

    @property
    def speaker(self) -> str:
        """Who says it, for a reader."""
        if self.source:
            return self.source
        return "the article" if self.in_own_voice else NOBODY


def same_words(words: str) -> str:
    """What words that differ but in capitals, spaces and article have in common: they name one source, one place.

    >>> same_words("The  army") == same_words("army")
    True
    """
    return " ".join(words.split()).casefold().removeprefix("the ")


def sayings(of: Document, schema: Schema) -> list[Saying]:
    """A saying for each row of `claims`, in the order of the text."""
    tolls: dict[str, list[Toll]] = {}
    attributes = signs.load().attributes
    for row in claim_rows.tolls(of, schema):
        toll = Toll(_last(row["id"]), row["toll"], row.get(attributes.min), row.get(attributes.max))
        tolls.setdefault(row["claim"], []).append(toll)
    names = {row["source_start"]: row["source_name"] for row in rows.attributions(of, schema)}
    return [
        _saying(of, row, tolls.get(row["id"], ()), names, schema)
        for row in claim_rows.claims(of, schema)
    ]


def _saying(
    of: Document,
    row: dict[str, Any],
    tolls: Sequence[Toll],
    names: Mapping[int | None, str | None],
    schema: Schema,
) -> Saying:
    in_own_voice = row["voice"] == VOICES[False]
    attributes = signs.load().attributes
    fillers = {
        role: tuple(Filler(*(each[name] for name in Filler._fields)) for each in row[role])
        for role in schema.roles
        if row.get(role)
    }
    return Saying(
        document=of.article.id,
        event=_event(row),
        cluster=row["event"],
        label=row["label"],
        start=row["start"],
        end=row["end"],
        passage=passage(of, row["start"], row["end"]),
        source=row["source_name"] or row["source"] or _at(row, row["source_label"]),
        words=row["source"],
        source_label=row["source_label"],
        in_own_voice=in_own_voice,
        sign=signs.load().of(row, in_own_voice),
        stance=row.get(attributes.stance),
        realis=row.get(attributes.realis),
        cue=row["cue"],
        via=tuple(_teller(outer, names) for outer in row["via"]),
        about=None,
        is_unverified=bool(row.get(attributes.unverified)),
        roles=fillers,
        values=_values(of, fillers),
        tolls=tuple(tolls),
        outlet=row["outlet"],
        published=row["published"],
    )


def _at(row: Mapping[str, Any], label: str | None) -> str | None:
    """Where the source stands, of one whose words may not be shown; None where there is none."""
    if row.get("source_start") is None:
        return None
    kind = (label or "source").replace("_", " ")
    return f"{kind} at {row['source_start']}–{row['source_end']}"


def _values(of: Document, roles: Mapping[str, Iterable[Filler]]) -> tuple[str, ...]:
    ids = {filler.id for fillers in roles.values() for filler in fillers}
    name = signs.load().attributes.value
    given = (mark.attributes.get(name) for mark in of.annotation.mentions if mark.id in ids)
    return tuple(str(value) for value in given if value is not None)


def _teller(outer: Mapping[str, Any], names: Mapping[int | None, str | None]) -> Teller:
    known = signs.load()
    stance = outer.get(known.attributes.stance)
    sign = known.stance.get(str(stance), known.other)
    name = names.get(outer["source_start"]) or outer["source"] or _at(outer, None) or NOBODY
    return Teller(name, sign, stance in known.put_forward)


def with_doubters(sayings: Iterable[Saying]) -> list[Saying]:
    """The sayings, and after each one for everybody who passes it on without vouching for it.

    “The minister rejected Teshk’s claim that soldiers had crossed” is what Teshk says, and the minister’s denial. Where
    the denial is a claim of its own already, it is told whose words it denies.
    """
    known = list(sayings)
    own = {_said(saying, saying.speaker) for saying in known}
    about: dict[tuple[str, str, str], str] = {}
    every = []
    for saying in known:
        every.append(saying)
        inner = saying.speaker
        for place, teller in enumerate(saying.via):
            said = _said(saying, teller.name)
            if not teller.vouches and said in own:
                about[said] = inner
            elif not teller.vouches:
                doubt = replace(
                    saying, source=teller.name, words=teller.name, source_label=None, cue=None,
                    sign=teller.sign, via=saying.via[place + 1 :], about=inner, tolls=(),
                )  # fmt: skip
                every.append(doubt)
            inner = teller.name
    return [
        replace(saying, about=saying.about or about.get(_said(saying, saying.speaker)))
        for saying in every
    ]


def _said(saying: Saying, speaker: str) -> tuple[str, str, str]:
    """Which event it is that somebody tells."""
    return saying.document, saying.event, same_words(speaker)


def _event(row: dict[str, Any]) -> str:
    """The event mention's id: the second part of `<document>/<event>[/<content>]`."""
    return str(row["id"]).split("/")[1]


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def passage(of: Document, start: int, end: int) -> Passage:
    """The words from start to end, with what stands around them in their sentence.

    Rules that cut after a full stop count the quotation mark that opens the next sentence to this one; it is shown
    where it belongs.
    """
    if of.text is None:
        return Passage("", "", "")
    zones = (zone for zone in of.article.zones if zone.start <= start < zone.end)
    zone = next(zones, None)
    first, last = (zone.start, zone.end) if zone else (0, len(of.text))
    low, high = first, last
    for sentence in of.sentences:
        if sentence.start <= start and end <= sentence.end:
            low, high = max(first, sentence.start), min(last, sentence.end)
    opening = _OPENING.search(of.text[first:low])
    before = (opening[0] if opening else "") + of.text[low:start]
    after = _OPENING.sub("", of.text[end : max(high, end)]).rstrip()
    return Passage(before.replace("\n", " "), of.text[start:end], after.replace("\n", " "))
