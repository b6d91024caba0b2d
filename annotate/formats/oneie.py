"""OneIE's JSON lines (Lin et al. 2020): a sentence a line with its entity and event mentions.

Written in the ACE-like form that OneIE is trained on. Read in that form, and in the one that OneIE writes itself, with
the marks under `graph`, `pred` or `gold`. Offsets count the sentence's tokens, half-open. Attributions, attributes,
clusters, and links that leave the sentence or lead to an event have no place in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

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
    places = {
        found.id: place
        for found in (*annotation.mentions, *annotation.event_mentions)
        if (place := _place(found, cut, dropped)) is not None
    }
    written = []
    for number, sentence in enumerate(cut):
        words = [text[start:end] for start, end in sentence.tokens]
        written.append(
            {
                "doc_id": article.id,
                "sent_id": f"{article.id}-{number}",
                "wnd_id": f"{article.id}-{number}",
                "sentence": text[sentence.start : sentence.end],
                "tokens": words,
                "entity_mentions": [
                    {
                        "id": found.id,
                        "entity_type": found.label,
                        "entity_subtype": found.label,
                        "mention_type": "UNK",
                    }
                    | _told(found, places[found.id], text)
                    for found in annotation.mentions
                    if places.get(found.id, (-1,))[0] == number
                ],
                "relation_mentions": [],
                "event_mentions": [
                    {
                        "id": found.id,
                        "event_type": found.label,
                        "trigger": _told(found, places[found.id], text),
                        "arguments": list(
                            _arguments(found, number, places, annotation, text, dropped)
                        ),
                    }
                    for found in annotation.event_mentions
                    if places.get(found.id, (-1,))[0] == number
                ],
            }
        )
    units = align.units(annotation)
    dropped["sources, cues and contents"] += sum(
        unit.layer == Layer.ATTRIBUTION_SPAN for unit in units
    )
    for layer in (Layer.ATTRIBUTE, Layer.ATTRIBUTION_LINK, Layer.COREFERENCE):
        dropped[f"{layer}s"] += sum(unit.layer == layer for unit in units)
    content = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in written)
    return Export({".jsonl": content.encode()}, +dropped)


def _place(found: Mark, cut: Sequence[Sentence], dropped: Dropped) -> tuple[int, int, int] | None:
    number = sentence_of(found, cut)
    tokens = None if number is None else token_range(found, cut[number])
    if number is None or tokens is None:
        dropped[
            "marks over several sentences" if number is None else "marks not of whole tokens"
        ] += 1
        return None
    return number, *tokens


def _told(found: Mark, place: tuple[int, int, int], text: str) -> dict[str, Any]:
    return {"text": found.slice(text), "start": place[1], "end": place[2]}


def _arguments(
    event: EventMention,
    number: int,
    places: Mapping[str, tuple[int, int, int]],
    annotation: Annotation,
    text: str,
    dropped: Dropped,
) -> Iterator[dict[str, Any]]:
    mentions = {found.id: found for found in annotation.mentions}
    for argument in event.arguments:
        if argument.target not in mentions:
            dropped["arguments that are events"] += 1
        elif places.get(argument.target, (-1,))[0] != number:
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
    sentences_: dict[str | None, list[tuple[str, _Line]]] = {}
    for number, line in enumerate(lines(content, where), 1):
        if line.strip():
            read_ = _line(line, f"{where}:{number}")
            sentences_.setdefault(read_.doc_id, []).append((f"{where}:{number}", read_))
    if not sentences_:
        raise FormatError(f"{where}: no sentence in it; give OneIE's JSON lines")
    several = len(sentences_) > 1
    return [
        Document(
            f"{where}: {name}" if several else where,
            told,
            () if name is None else (name,),
            tokens=tuple(chain.from_iterable(line.tokens for _at, line in told)),
        )
        for name, told in sentences_.items()
    ]


def _line(line: str, at: str) -> _Line:
    try:
        found = _Line.model_validate(from_json(line, at))
    except ValidationError as error:
        raise FormatError(f"{at}: {first_fault(error)}; give OneIE's fields") from None
    if all(
        getattr(found, name) is None for name in (*_GRAPHS, "entity_mentions", "event_mentions")
    ):
        raise FormatError(
            f"{at}: neither entity_mentions and event_mentions nor {', '.join(_GRAPHS)}; give"
            " OneIE's fields"
        )
    return found


def read(
    document: Document,
    article: Article,
    schema: Schema,
    made: Provenance,
    labels: LabelMap = NO_MAP,
) -> Import:
    """Mentions, triggers and arguments; the tokens of all lines must be the article's, in order, all of them."""
    text, dropped = text_of(article), Dropped()
    places = place_tokens(document.tokens, text, document.where)
    marks: list[Marked] = []
    links: list[Link] = []
    first = 0
    for number, (at, line) in enumerate(document.content, 1):
        own = places[first : first + len(line.tokens)]
        first += len(line.tokens)
        for mark, drawn in (
            *_mentions(line, own, at),
            *_own_output(line, own, number, at, dropped),
        ):
            marks.append(mark)
            links += drawn
        dropped["relation mentions"] += len(line.relation_mentions or ())
    return assembled(marks, links, article, schema, made, dropped, labels, has_answers=False)


def _mentions(line: _Line, own: Sequence[Edges], at: str) -> Iterator[tuple[Marked, list[Link]]]:
    for entity in line.entity_mentions or ():
        yield (
            Marked(
                entity.id,
                entity.entity_type,
                (_span(entity.start, entity.end, own, at),),
                entity.text,
            ),
            [],
        )
    for event in line.event_mentions or ():
        place = _span(event.trigger.start, event.trigger.end, own, at)
        links = [Link(event.id, argument.role, argument.entity_id) for argument in event.arguments]
        yield Marked(event.id, event.event_type, (place,), event.trigger.text), links


def _own_output(
    line: _Line, own: Sequence[Edges], number: int, at: str, dropped: Dropped
) -> Iterator[tuple[Marked, list[Link]]]:
    """What stands under the first of `graph`, `pred` and `gold` that is there; what stands under the others
    is counted.
    """
    there = [(name, graph) for name in _GRAPHS if (graph := getattr(line, name)) is not None]
    if line.entity_mentions is not None or line.event_mentions is not None:
        there.insert(0, ("", _Graph()))
    for name, graph in there[1:]:
        dropped[f"marks under {name}, beside those that are read"] += len(graph.entities) + len(
            graph.triggers
        )
    graph = there[0][1]
    dropped["relations"] += len(graph.relations)
    ends = {"m": len(graph.entities), "e": len(graph.triggers)}
    for place, (start, end, label, *_scores) in enumerate(graph.entities):
        yield Marked(f"m{number}-{place}", label, (_span(start, end, own, at),)), []
    for place, (start, end, label, *_scores) in enumerate(graph.triggers):
        links = [
            Link(f"e{number}-{place}", role, f"m{number}-{filler}")
            for trigger, filler, role, *_scores in graph.roles
            if trigger == place
        ]
        yield Marked(f"e{number}-{place}", label, (_span(start, end, own, at),)), links
    dropped["roles of triggers that are not there"] += sum(
        not 0 <= role[0] < ends["e"] for role in graph.roles
    )


def _span(start: int, end: int, tokens: Sequence[Edges], at: str) -> Edges:
    if not 0 <= start < end <= len(tokens):
        raise FormatError(
            f"{at}: {start}–{end} are no tokens of the sentence's {len(tokens)}; correct them"
        )
    return tokens[start][0], tokens[end - 1][1]
