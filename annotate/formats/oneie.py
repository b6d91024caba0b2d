"""OneIE's JSON lines (Lin et al. 2020): a sentence a line with its entity and event mentions.

Written in the ACE-like form that OneIE is trained on. Read in that form, and in the one that OneIE writes itself, with
the marks under `graph`, `pred` or `gold`. Offsets count the sentence's tokens, half-open. Attributions, attributes,
clusters, and links that leave the sentence or lead to an event have no place in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from annotate.formats.document import (
    NO_MAP,
    Document,
    Dropped,
    Export,
    FormatError,
    Import,
    Marked,
    assembled,
    first_fault,
    from_json,
    lines,
    place_tokens,
    text_of,
)
from annotate.formats.labelmap import LabelMap
from annotate.measure import align
from annotate.model.graph import Link
from annotate.model.offsets import Edges
from annotate.model.records import Annotation, Article, EventMention, Mark, Provenance, Sentence
from annotate.model.schema import Layer, Schema
from annotate.model.tokens import sentence_of, sentences, token_range

SUFFIXES = (".jsonl",)
_GRAPHS = ("graph", "pred", "gold")


def write(article: Article, annotation: Annotation, schema: Schema) -> Export:
    """One object for each sentence, in OneIE's field names."""
    text, dropped, cut = text_of(article), Dropped(), sentences(article)
    places: dict[str, _Place] = {}
    for mark in (*annotation.mentions, *annotation.event_mentions):
        place = _place(mark, cut, dropped)
        if place is not None:
            places[mark.id] = place
    records = []
    for number, sentence in enumerate(cut):
        name = f"{article.id}-{number}"
        records.append(
            {
                "doc_id": article.id,
                "sent_id": name,
                "wnd_id": name,
                "sentence": text[sentence.start : sentence.end],
                "tokens": [text[start:end] for start, end in sentence.tokens],
                "entity_mentions": _entities(annotation, number, places, text),
                "relation_mentions": [],
                "event_mentions": _events(annotation, number, places, text, dropped),
            }
        )
    units = align.units(annotation)
    dropped["sources, cues and contents"] += sum(
        unit.layer == Layer.ATTRIBUTION_SPAN for unit in units
    )
    for layer in (Layer.ATTRIBUTE, Layer.ATTRIBUTION_LINK, Layer.COREFERENCE):
        dropped[f"{layer}s"] += sum(unit.layer == layer for unit in units)
    content = "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)
    return Export({".jsonl": content.encode()}, +dropped)


class _Place(NamedTuple):
    """Tokens of one sentence, half-open."""

    sentence: int
    start: int
    end: int


def _place(mark: Mark, cut: Sequence[Sentence], dropped: Dropped) -> _Place | None:
    number = sentence_of(mark, cut)
    if number is None:
        dropped["marks over several sentences"] += 1
        return None
    tokens = token_range(mark.start, mark.end, cut[number].tokens)
    if tokens is None:
        dropped["marks not of whole tokens"] += 1
        return None
    return _Place(number, *tokens)


def _is_in(mark_id: str, number: int, places: Mapping[str, _Place]) -> bool:
    """Whether the mark stands in the sentence of that number."""
    return mark_id in places and places[mark_id].sentence == number


def _entities(
    annotation: Annotation, number: int, places: Mapping[str, _Place], text: str
) -> list[dict[str, Any]]:
    return [
        {
            "id": mention.id,
            "entity_type": mention.label,
            "entity_subtype": mention.label,
            "mention_type": "UNK",
            **_span_fields(mention, places[mention.id], text),
        }
        for mention in annotation.mentions
        if _is_in(mention.id, number, places)
    ]


def _events(
    annotation: Annotation, number: int, places: Mapping[str, _Place], text: str, dropped: Dropped
) -> list[dict[str, Any]]:
    return [
        {
            "id": event.id,
            "event_type": event.label,
            "trigger": _span_fields(event, places[event.id], text),
            "arguments": list(_arguments(event, number, places, annotation, text, dropped)),
        }
        for event in annotation.event_mentions
        if _is_in(event.id, number, places)
    ]


def _span_fields(mark: Mark, place: _Place, text: str) -> dict[str, Any]:
    return {"text": mark.slice(text), "start": place.start, "end": place.end}


def _arguments(
    event: EventMention,
    number: int,
    places: Mapping[str, _Place],
    annotation: Annotation,
    text: str,
    dropped: Dropped,
) -> Iterator[dict[str, Any]]:
    mentions = {mention.id: mention for mention in annotation.mentions}
    for argument in event.arguments:
        if argument.target not in mentions:
            dropped["arguments that are events"] += 1
        elif not _is_in(argument.target, number, places):
            dropped["arguments in another sentence"] += 1
        else:
            words = mentions[argument.target].slice(text)
            yield {"entity_id": argument.target, "text": words, "role": argument.role}


class _Span(BaseModel):
    """Tokens of the sentence, half-open, with the words that they are said to be."""

    start: int
    end: int
    text: str | None = None


class _Entity(_Span):
    id: str
    entity_type: str


class _Argument(BaseModel):
    entity_id: str
    role: str


class _Event(BaseModel):
    id: str
    event_type: str
    trigger: _Span
    arguments: list[_Argument] = []


class _Graph(BaseModel):
    """OneIE's own output: rows of offsets or of places in the other lists, then type, then scores."""

    entities: list[
        tuple[int, int, str] | tuple[int, int, str, Any] | tuple[int, int, str, Any, Any]
    ] = []
    triggers: list[tuple[int, int, str] | tuple[int, int, str, Any]] = []
    roles: list[tuple[int, int, str] | tuple[int, int, str, Any]] = []
    relations: list[Any] = []


class _Line(BaseModel):
    """A sentence."""

    doc_id: str | None = None
    tokens: list[str] = Field(min_length=1)
    entity_mentions: list[_Entity] | None = None
    event_mentions: list[_Event] | None = None
    relation_mentions: list[Any] | None = None
    graph: _Graph | None = None
    pred: _Graph | None = None
    gold: _Graph | None = None


def documents(files: Mapping[str, bytes], where: str) -> list[Document]:
    """One for each `doc_id`; it, or else the tokens, tell which article it is."""
    (content,) = files.values()
    by_name: dict[str | None, list[tuple[str, _Line]]] = {}
    for number, line in enumerate(lines(content, where), 1):
        if line.strip():
            at = f"{where}:{number}"
            sentence = _line(line, at)
            by_name.setdefault(sentence.doc_id, []).append((at, sentence))
    if not by_name:
        raise FormatError(f"{where}: no sentence in it; give OneIE's JSON lines")
    several = len(by_name) > 1
    return [
        Document(
            f"{where}: {name}" if several else where,
            located,
            () if name is None else (name,),
            tokens=tuple(chain.from_iterable(line.tokens for _at, line in located)),
        )
        for name, located in by_name.items()
    ]


def _line(line: str, at: str) -> _Line:
    try:
        sentence = _Line.model_validate(from_json(line, at))
    except ValidationError as error:
        raise FormatError(f"{at}: {first_fault(error)}; give OneIE's fields") from None
    fields = (*_GRAPHS, "entity_mentions", "event_mentions")
    if all(getattr(sentence, name) is None for name in fields):
        raise FormatError(
            f"{at}: neither entity_mentions and event_mentions nor {', '.join(_GRAPHS)}; give"
            " OneIE's fields"
        )
    return sentence


def read(
    document: Document,
    article: Article,
    schema: Schema,
    provenance: Provenance,
    labels: LabelMap = NO_MAP,
) -> Import:
    """Mentions, triggers and arguments; the tokens of all lines must be the article's, in order, all of them."""
    text, dropped = text_of(article), Dropped()
    places = place_tokens(document.tokens, text, document.where)
    marks: list[Marked] = []
    links: list[Link] = []
    first = 0
    for number, (at, line) in enumerate(document.content, 1):
        tokens = places[first : first + len(line.tokens)]
        first += len(line.tokens)
        mentions = _mentions(line, tokens, at)
        outputs = _own_output(line, tokens, number, at, dropped)
        for mark, mark_links in chain(mentions, outputs):
            marks.append(mark)
            links += mark_links
        dropped["relation mentions"] += len(line.relation_mentions or ())
    return assembled(marks, links, article, schema, provenance, dropped, labels, has_answers=False)


def _mentions(line: _Line, tokens: Sequence[Edges], at: str) -> Iterator[tuple[Marked, list[Link]]]:
    for entity in line.entity_mentions or ():
        place = _span(entity.start, entity.end, tokens, at)
        yield Marked(entity.id, entity.entity_type, (place,), entity.text), []
    for event in line.event_mentions or ():
        place = _span(event.trigger.start, event.trigger.end, tokens, at)
        links = [Link(event.id, argument.role, argument.entity_id) for argument in event.arguments]
        yield Marked(event.id, event.event_type, (place,), event.trigger.text), links


def _own_output(
    line: _Line, tokens: Sequence[Edges], number: int, at: str, dropped: Dropped
) -> Iterator[tuple[Marked, list[Link]]]:
    """What stands under the first of `graph`, `pred` and `gold` that is there; what stands under the others
    is counted.
    """
    graphs = [(name, getattr(line, name)) for name in _GRAPHS if getattr(line, name) is not None]
    if line.entity_mentions is not None or line.event_mentions is not None:
        graphs.insert(0, ("", _Graph()))
    for name, unread in graphs[1:]:
        count = len(unread.entities) + len(unread.triggers)
        dropped[f"marks under {name}, beside those that are read"] += count
    graph = graphs[0][1]
    dropped["relations"] += len(graph.relations)
    for place, (start, end, label, *_scores) in enumerate(graph.entities):
        yield Marked(f"m{number}-{place}", label, (_span(start, end, tokens, at),)), []
    for place, (start, end, label, *_scores) in enumerate(graph.triggers):
        links = [
            Link(f"e{number}-{place}", role, f"m{number}-{filler}")
            for trigger, filler, role, *_scores in graph.roles
            if trigger == place
        ]
        yield Marked(f"e{number}-{place}", label, (_span(start, end, tokens, at),)), links
    dropped["roles of triggers that are not there"] += sum(
        not 0 <= trigger < len(graph.triggers) for trigger, *_rest in graph.roles
    )


def _span(start: int, end: int, tokens: Sequence[Edges], at: str) -> Edges:
    if not 0 <= start < end <= len(tokens):
        raise FormatError(
            f"{at}: {start}–{end} are no tokens of the sentence's {len(tokens)}; correct them"
        )
    return tokens[start][0], tokens[end - 1][1]
