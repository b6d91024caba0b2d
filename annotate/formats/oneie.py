"""ACE-like JSON lines as OneIE reads them (Lin et al. 2020): a sentence a line with its entity and event mentions.

Offsets count the sentence's tokens, half-open. Attributions, attributes, clusters, and links that leave the sentence or
lead to an event have no place in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from annotate.formats.document import (
    FormatError,
    Lost,
    Read,
    Written,
    assembled,
    mark,
    place_tokens,
    text_of,
)
from annotate.measure import align
from annotate.model.graph import Link
from annotate.model.records import Annotation, Article, EventMention, Mark, Provenance, Sentence
from annotate.model.schema import Layer, Schema
from annotate.model.tokens import sentence_of, sentences, token_range

SUFFIXES = (".jsonl",)


def write(article: Article, annotation: Annotation, schema: Schema) -> Written:
    """One object for each sentence, in OneIE's field names."""
    text, lost, cut = text_of(article), Lost(), sentences(article)
    places = {
        found.id: place
        for found in (*annotation.mentions, *annotation.event_mentions)
        if (place := _place(found, cut, lost)) is not None
    }
    lines = []
    for number, sentence in enumerate(cut):
        words = [text[start:end] for start, end in sentence.tokens]
        lines.append(
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
                            _arguments(found, number, places, annotation, text, lost)
                        ),
                    }
                    for found in annotation.event_mentions
                    if places.get(found.id, (-1,))[0] == number
                ],
            }
        )
    units = align.units(annotation)
    lost["sources, cues and contents"] += sum(
        unit.layer == Layer.ATTRIBUTION_SPAN for unit in units
    )
    for layer in (Layer.ATTRIBUTE, Layer.ATTRIBUTION_LINK, Layer.COREFERENCE):
        lost[f"{layer}s"] += sum(unit.layer == layer for unit in units)
    return Written(
        {".jsonl": "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode()},
        +lost,
    )


def _place(found: Mark, cut: Sequence[Sentence], lost: Lost) -> tuple[int, int, int] | None:
    number = sentence_of(found, cut)
    tokens = None if number is None else token_range(found, cut[number])
    if number is None or tokens is None:
        lost["marks over several sentences" if number is None else "marks not of whole tokens"] += 1
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
    lost: Lost,
) -> Iterator[dict[str, Any]]:
    mentions = {found.id: found for found in annotation.mentions}
    for argument in event.arguments:
        if argument.target not in mentions:
            lost["arguments that are events"] += 1
        elif places.get(argument.target, (-1,))[0] != number:
            lost["arguments in another sentence"] += 1
        else:
            words = mentions[argument.target].slice(text)
            yield {"entity_id": argument.target, "text": words, "role": argument.role}


def read(
    files: Mapping[str, bytes], article: Article, schema: Schema, made: Provenance, where: str
) -> Read:
    """Mentions, triggers and arguments; the tokens of all lines must be the article's, in order."""
    text, lost = text_of(article), Lost()
    rows = []
    for number, line in enumerate(files[".jsonl"].decode(errors="replace").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            rows.append(
                (row["tokens"], row.get("entity_mentions", []), row.get("event_mentions", []))
            )
            lost["relation mentions"] += len(row.get("relation_mentions", []))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise FormatError(
                f"{where}.jsonl:{number}: no object with `tokens`; give OneIE's JSON lines"
            ) from None
    places = place_tokens(
        chain.from_iterable(tokens for tokens, *_ in rows), text, f"{where}.jsonl"
    )
    marks, links, first = [], [], 0
    for number, (tokens, entities, events) in enumerate(rows, 1):
        own = places[first : first + len(tokens)]
        first += len(tokens)
        try:
            for found in entities:
                marks.append(mark(found["id"], found["entity_type"], *_span(found, own), text))
            for found in events:
                marks.append(
                    mark(found["id"], found["event_type"], *_span(found["trigger"], own), text)
                )
                links += [
                    Link(found["id"], argument["role"], argument["entity_id"])
                    for argument in found["arguments"]
                ]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise FormatError(
                f"{where}.jsonl:{number}: {type(error).__name__}: {error}; give OneIE's fields"
            ) from None
    return assembled(marks, links, article, schema, made, lost)


def _span(found: Mapping[str, Any], tokens: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return tokens[found["start"]][0], tokens[found["end"] - 1][1]
