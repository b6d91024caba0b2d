"""The dispute as a picture: sources by event, what each says of it, and every count on one axis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor, log10
from typing import NamedTuple

from annotate.corpus.store import Corpus
from annotate.model.ids import slug
from annotate.model.records import Annotation
from annotate.model.schema import Schema
from annotate.site import signs
from annotate.site.sayings import Saying, Toll, same_words, with_doubters
from annotate.site.signs import Sign


@dataclass(frozen=True)
class JoinedEvent:
    """An event that several sources tell of: a column of the matrix."""

    name: str
    """Its anchor on the page."""
    tells: str
    marks: Mapping[str, Sequence[str]]
    """By document, the ids of its event mentions."""


@dataclass(frozen=True)
class SourceRow:
    """What one source says, in one document: a row of the matrix."""

    document: str
    speaker: str
    source_label: str | None
    in_own_voice: bool
    cells: tuple[tuple[Saying, ...], ...]
    """For each event, in the order of the matrix; empty where the source says nothing of it."""


class Column(NamedTuple):
    """The head of a column: the event, and how many claims have which sign."""

    event: JoinedEvent
    labels: tuple[str, ...]
    signs: tuple[tuple[Sign, int], ...]
    is_disputed: bool
    """Whether one affirms it and another denies or doubts it."""


@dataclass(frozen=True)
class Matrix:
    """Sources by event."""

    columns: tuple[Column, ...]
    reports: tuple[tuple[str, tuple[SourceRow, ...]], ...]
    """By document, in the order given, its sources: those that speak first in the text come first."""

    @property
    def legend(self) -> list[Sign]:
        """The signs that occur."""
        found: dict[Sign, None] = {}
        for column in self.columns:
            found |= dict.fromkeys(sign for sign, _count in column.signs)
        return list(found)


def joined(corpus: Corpus, story: str) -> list[JoinedEvent]:
    """The events that people have joined across the story's articles."""
    events = corpus.stories().get(story, {})
    return [JoinedEvent(slug(name), event.tells, event.marks) for name, event in events.items()]


def told_by_several(annotation: Annotation, sayings: Sequence[Saying]) -> list[JoinedEvent]:
    """The events of one document that two sources or more tell of, by its own coreference."""
    events = []
    words = {mark.id: mark for mark in annotation.event_mentions}
    for cluster in annotation.events:
        of_event = [saying for saying in sayings if saying.event in cluster.mentions]
        if len({same_words(saying.speaker) for saying in of_event}) > 1:
            first = words[cluster.mentions[0]]
            tells = f"{first.label.replace('_', ' ')}: {_best_words(of_event)}"
            events.append(JoinedEvent(first.id, tells, {annotation.article: cluster.mentions}))
    return events


def _best_words(sayings: Sequence[Saying]) -> str:
    """The trigger that fills most roles, with what fills them: *killed (38 people, Monday)*."""
    best = max(sayings, key=lambda saying: len(saying.roles))
    fillers = []
    for of_role in best.roles.values():
        fillers += [filler.text for filler in of_role if filler.text]
    words = best.passage.trigger or f"{best.start}–{best.end}"
    return f"{words} ({', '.join(fillers[:3])})" if fillers else words


def matrix(events: Sequence[JoinedEvent], sayings: Mapping[str, Sequence[Saying]]) -> Matrix:
    """Of each document, in the order given, the sources that tell of any of the events.

    Two names are two sources, unless they are the same words, and so are two documents: who the same source is across
    documents is not in the corpus.
    """
    reports = []
    for document, of_document in sayings.items():
        rows = tuple(_rows(document, events, of_document))
        if rows:
            reports.append((document, rows))
    columns = tuple(_column(event, place, reports) for place, event in enumerate(events))
    return Matrix(columns, tuple(reports))


def _rows(
    document: str, events: Sequence[JoinedEvent], sayings: Sequence[Saying]
) -> Iterator[SourceRow]:
    marks = [frozenset(event.marks.get(document, ())) for event in events]
    told = [
        saying
        for saying in with_doubters(sayings)
        if any(saying.event in of_event for of_event in marks)
    ]
    by_speaker: dict[tuple[bool, str], list[Saying]] = {}
    for saying in told:
        key = saying.in_own_voice, same_words(saying.speaker)
        by_speaker.setdefault(key, []).append(saying)
    # The article's own voice first: what is attributed stands under who passes it on.
    for (own, _name), of_speaker in sorted(by_speaker.items(), key=lambda entry: not entry[0][0]):
        cells = tuple(
            tuple(saying for saying in of_speaker if saying.event in of_event) for of_event in marks
        )
        label = next((saying.source_label for saying in of_speaker if saying.source_label), None)
        yield SourceRow(document, of_speaker[0].speaker, label, own, cells)


def _column(
    event: JoinedEvent, place: int, reports: Iterable[tuple[str, tuple[SourceRow, ...]]]
) -> Column:
    told: list[Saying] = []
    for _document, rows in reports:
        for row in rows:
            told += row.cells[place]
    tally = signs.tally(saying.sign for saying in told)
    tones = {sign.tone for sign, _count in tally}
    return Column(
        event,
        tuple(dict.fromkeys(saying.label for saying in told)),
        tally,
        "affirms" in tones and not tones.isdisjoint({"denies", "doubts"}),
    )


class TollLine(NamedTuple):
    """One count on the axis; `left` and `right` in per cent of its length."""

    saying: Saying
    toll: Toll
    whom: str | None
    left: float
    right: float
    is_joined: bool
    """Whether it counts one of the joined events."""

    @property
    def bounds(self) -> str:
        """In words: *at least 38*, *20,000 to 30,000*."""
        low, high = self.toll.low, self.toll.high
        if low is not None and high is not None:
            return _figure(low) if low == high else f"{_figure(low)} to {_figure(high)}"
        return f"at least {_figure(low)}" if low is not None else f"at most {_figure(high or 0)}"


@dataclass(frozen=True)
class TollAxis:
    """All counts of one harm, with one scale."""

    label: str
    lines: tuple[TollLine, ...]
    ticks: tuple[tuple[float, float], ...]
    """Value, and place in per cent."""


def toll_axes(
    sayings: Iterable[Saying], schema: Schema, events: Sequence[JoinedEvent] = ()
) -> list[TollAxis]:
    """An axis for each kind of harm that is counted, from zero to the greatest number, the joined events first."""
    counted: dict[str, list[tuple[Saying, Toll]]] = {label: [] for label in schema.tolls}
    for saying in sayings:
        for toll in saying.tolls:
            if toll.low is not None or toll.high is not None:
                counted[saying.label].append((saying, toll))
    return [_axis(label, tolls, events) for label, tolls in counted.items() if tolls]


def _axis(
    label: str, tolls: Sequence[tuple[Saying, Toll]], events: Sequence[JoinedEvent]
) -> TollAxis:
    numbers = [value for _saying, toll in tolls for value in (toll.low, toll.high) if value]
    step = _step(max(numbers, default=1.0))
    end = step * (floor(max(numbers, default=1.0) / step) + 1)
    ticks = tuple((step * place, 100 * step * place / end) for place in range(round(end / step)))
    joined_marks = {
        (document, mark) for event in events for document, of in event.marks.items() for mark in of
    }
    lines = [
        TollLine(
            saying,
            toll,
            _whom(saying),
            0.0 if toll.low is None else 100 * toll.low / end,
            100.0 if toll.high is None else 100 * toll.high / end,
            (saying.document, saying.event) in joined_marks,
        )
        for saying, toll in tolls
    ]
    lines.sort(key=lambda line: not line.is_joined)
    return TollAxis(label, tuple(lines), ticks)


def _whom(saying: Saying) -> str | None:
    """The victims, in the words of the text."""
    victims = [filler.text for filler in saying.roles.get("victim", ()) if filler.text]
    return ", ".join(victims) or None


def _step(most: float) -> float:
    """A round distance between ticks: one, two or five times a power of ten, so that there are three to eight."""
    power = 10.0 ** floor(log10(most)) if most > 0 else 1.0
    fitting = [factor * power for factor in (0.2, 0.5, 1, 2) if most / (factor * power) <= 7]
    return max(1.0, fitting[0])


def _figure(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,}"


@dataclass(frozen=True)
class Told:
    """What a story's page needs of one of its documents."""

    name: str
    """Its title, or its id where that may not be shown."""
    outlet: str | None
    published: str | None
    sayings: Sequence[Saying]


@dataclass(frozen=True)
class Story:
    """A story's page."""

    name: str
    documents: Mapping[str, Told]
    """By id, the earliest first."""
    matrix: Matrix
    axes: Sequence[TollAxis]

    @property
    def title(self) -> str:
        """Its name as words."""
        return self.name.replace("-", " ").capitalize()

    @property
    def is_shown(self) -> bool:
        """Whether the words of all its articles may be shown."""
        return all(
            saying.passage.trigger for told in self.documents.values() for saying in told.sayings
        )


def story(
    name: str, documents: Mapping[str, Told], events: Sequence[JoinedEvent], schema: Schema
) -> Story:
    """The story as its documents tell it, the earliest first."""
    order = sorted(documents, key=lambda document: (documents[document].published or "9", document))
    ordered = {document: documents[document] for document in order}
    sayings = {document: told.sayings for document, told in ordered.items()}
    every = [saying for of_document in sayings.values() for saying in of_document]
    return Story(name, ordered, matrix(events, sayings), toll_axes(every, schema, events))


def widest_toll(stories: Iterable[Story]) -> tuple[Story, TollAxis] | None:
    """The counts of joined events of that story which has most of them in one kind of harm."""
    best: tuple[Story, TollAxis] | None = None
    for each in stories:
        for axis in each.axes:
            lines = tuple(line for line in axis.lines if line.is_joined)
            if len(lines) > (len(best[1].lines) if best else 2):
                best = each, replace(axis, lines=lines)
    return best


def most_disputed(stories: Iterable[Story]) -> tuple[Story, Matrix] | None:
    """Of all events the one with most claims of which some affirm and others deny or doubt it, and its matrix alone.

    One whose words may be shown comes before all others.
    """
    best: tuple[tuple[bool, int], Story, int] | None = None  # of equals the first
    for each in stories:
        for place, column in enumerate(each.matrix.columns):
            claims = each.is_shown, sum(count for _sign, count in column.signs)
            if column.is_disputed and (best is None or claims > best[0]):
                best = claims, each, place
    if best is None:
        return None
    _claims, chosen, place = best
    return chosen, _alone(chosen.matrix, place)


def _alone(whole: Matrix, place: int) -> Matrix:
    """The matrix of one of its events."""
    reports = []
    for document, rows in whole.reports:
        speaking = tuple(
            replace(row, cells=(row.cells[place],)) for row in rows if row.cells[place]
        )
        if speaking:
            reports.append((document, speaking))
    return Matrix((whole.columns[place],), tuple(reports))
