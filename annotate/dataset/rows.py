"""Annotations become rows of the dataset's configs. Where a text may not be shipped, no word of it is in a row."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotate.corpus.store import Collection
from annotate.dataset.features import OUTSIDE, VOICES, attribute_names, is_flag, values_of_roles
from annotate.model.claims import claims as claims_of
from annotate.model.claims import enclosing
from annotate.model.records import Annotation, Article, Attribution, Cluster, Mark, Sentence, Span
from annotate.model.schema import Label, Schema
from annotate.model.tokens import sentence_of, token_range

Row = dict[str, Any]


@dataclass(frozen=True)
class Document:
    """An article with one annotation, and what is needed to make rows of it."""

    article: Article
    annotation: Annotation
    collection: Collection
    sentences: tuple[Sentence, ...]
    """Empty where the text is withheld and they were never kept."""
    adjudicated: bool
    text: str | None
    """The text, where the rows may hold it."""

    def words(self, span: Span) -> str | None:
        """The words of the span, where they may be shown."""
        return None if self.text is None else span.slice(self.text)


def documents(of: Document, schema: Schema) -> Iterator[Row]:
    """One row: the document."""
    article, annotation = of.article, of.annotation
    content = {"content": schema.attribution["content"]}
    yield {
        "id": article.id,
        "collection": article.collection,
        "title": None if of.text is None else article.title,
        "outlet": article.outlet,
        "url": article.url,
        "published": _date(article),
        "language": article.language,
        "licence": of.collection.licence,
        "text": of.text,
        "length": article.length,
        "sha256": article.sha256,
        "zones": [
            {"kind": zone.kind, "start": zone.start, "end": zone.end} for zone in article.zones
        ],
        "mentions": _mentions(of, schema),
        "event_mentions": [
            event
            | {
                "arguments": [
                    {"role": argument["role"], "target": argument["id"]} for argument in arguments
                ]
            }
            for event, arguments in _events(of, schema)
        ],
        "sources": [_mark(of, source) for source in annotation.sources],
        "cues": [_mark(of, cue) for cue in annotation.cues],
        "attributions": [
            _mark(of, said)
            | {"source": said.source, "cue": said.cue}
            | _answers(said, content, schema)
            for said in annotation.attributions
        ],
        "adjudicated": of.adjudicated,
        "provenance": annotation.provenance.model_dump(
            mode="json", exclude={"unasked", "untouched"}
        ),
    }


def mentions(of: Document, schema: Schema) -> Iterator[Row]:
    """A row for each sentence, with its mentions."""
    inside = _by_sentence(of.sentences, _mentions(of, schema))
    for number, (sentence, row) in enumerate(_sentences(of)):
        found = [mention | _tokens(sentence, mention) for mention in inside.get(number, [])]
        yield row | {"bio": bio(sentence, found), "mentions": found}


def bio(sentence: Sentence, found: Iterable[Mapping[str, Any]]) -> list[str]:
    """A tag for each token: the outermost of the spans that start and end with a token."""
    tags = [OUTSIDE] * len(sentence.tokens)
    taken = 0
    for span in sorted(found, key=lambda span: (span["start"], -span["end"])):
        start, end = span["token_start"], span["token_end"]
        if start is None or start < taken:
            continue
        tags[start:end] = [f"B-{span['label']}", *[f"I-{span['label']}"] * (end - start - 1)]
        taken = end
    return tags


def events(of: Document, schema: Schema) -> Iterator[Row]:
    """A row for each sentence, with its triggers."""
    found = list(_events(of, schema))
    inside = _by_sentence(of.sentences, [event for event, _arguments in found])
    arguments_of = {event["id"]: arguments for event, arguments in found}
    for number, (sentence, row) in enumerate(_sentences(of)):
        yield row | {
            "event_mentions": [
                event
                | _tokens(sentence, event)
                | {
                    "arguments": [
                        _placed(sentence, argument) for argument in arguments_of[event["id"]]
                    ]
                }
                for event in inside.get(number, [])
            ]
        }


def attributions(of: Document, schema: Schema) -> Iterator[Row]:
    """A row for each attribution."""
    content = {"content": schema.attribution["content"]}
    for said in of.annotation.attributions:
        around = enclosing(said, of.annotation)
        inside = [
            event.id
            for event in of.annotation.event_mentions
            if said.start <= event.start <= event.end <= said.end
        ]
        yield {
            "id": f"{of.article.id}/{said.id}",
            "document": of.article.id,
            "start": said.start,
            "end": said.end,
            "text": of.words(said),
            **_source(of, said, schema),
            **_end(of, "cue", _by_id(of.annotation.cues, said.cue)),
            **_answers(said, content, schema),
            "depth": len(around),
            "parent": f"{of.article.id}/{around[0].id}" if around else None,
            "event_mentions": inside,
        }


def claims(of: Document, schema: Schema) -> Iterator[Row]:
    """A row for each event mention and each source that tells it."""
    article = of.article
    entity_of = _cluster_of(of.annotation.entities) | _cluster_of(of.annotation.events)
    content = {"content": schema.attribution["content"]}
    fillers = {event["id"]: (event, arguments) for event, arguments in _events(of, schema)}
    values = {mention.id: mention.attributes for mention in of.annotation.mentions}
    for event, chain in claims_of(of.annotation):
        row, arguments = fillers[event.id]
        roles = {
            role: [
                {name: argument[name] for name in ("id", "start", "end", "text", "label")}
                | {"entity": entity_of.get(argument["id"])}
                for argument in arguments
                if argument["role"] == role
            ]
            for role in schema.roles
        }
        said = chain[0] if chain else None
        sentence = next((own for own in of.sentences if own.start <= event.start < own.end), None)
        yield {
            "id": "/".join(filter(None, (article.id, event.id, said.id if said else None))),
            "document": article.id,
            "collection": article.collection,
            "outlet": article.outlet,
            "published": _date(article),
            **{name: value for name, value in row.items() if name != "id"},
            **roles,
            **{
                f"{role}_{name}": (
                    values.get(roles[role][0]["id"], {}).get(name) if roles[role] else None
                )
                for role, name in values_of_roles(schema)
            },
            "voice": VOICES[said is not None],
            **_teller(of, said, schema),
            **(
                _answers(said, content, schema)
                if said
                else dict.fromkeys(attribute_names(content.values()))
            ),
            "depth": len(chain),
            "via": [
                {
                    name: value
                    for name, value in _source(of, outer, schema).items()
                    if name != "source_label"
                }
                | _answers(outer, content, schema)
                for outer in chain[1:]
            ],
            "sentence_start": sentence.start if sentence else None,
            "sentence_end": sentence.end if sentence else None,
            "sentence": of.words(sentence) if sentence else None,
        }


ROWS = {
    "documents": documents,
    "mentions": mentions,
    "events": events,
    "attributions": attributions,
    "claims": claims,
    "annotators": documents,
}
"""By config, what makes its rows."""


def unaligned(of: Document) -> Iterator[tuple[str, str]]:
    """(what is wrong, the mark) of each mention and trigger that no row of `mentions` or `events` holds whole.

    It is in `documents` all the same.
    """
    for mark in (*of.annotation.mentions, *of.annotation.event_mentions):
        told = f"{of.article.id}: {mark.id} {mark.label} {mark.start}–{mark.end}"
        number = sentence_of(mark, of.sentences)
        if number is None:
            yield "in no one sentence", told
        elif token_range(mark, of.sentences[number]) is None:
            yield "not of whole tokens", told


def _date(article: Article) -> str | None:
    return article.published.isoformat() if article.published else None


def _mark(of: Document, mark: Mark) -> Row:
    return {"id": mark.id, "start": mark.start, "end": mark.end, "text": of.words(mark)}


def _mentions(of: Document, schema: Schema) -> list[Row]:
    entity_of = _cluster_of(of.annotation.entities)
    return [
        _mark(of, mention)
        | {"label": mention.label, "entity": entity_of.get(mention.id)}
        | _answers(mention, schema.mentions, schema)
        for mention in of.annotation.mentions
    ]


def _events(of: Document, schema: Schema) -> Iterator[tuple[Row, list[Row]]]:
    """Each event mention, and its arguments with the marks that fill them."""
    event_of = _cluster_of(of.annotation.events)
    marks = {mark.id: mark for mark in (*of.annotation.mentions, *of.annotation.event_mentions)}
    for event in of.annotation.event_mentions:
        arguments = [
            {
                "role": argument.role,
                **_mark(of, marks[argument.target]),
                "label": marks[argument.target].label,
            }
            for argument in event.arguments
        ]
        yield (
            _mark(of, event)
            | {"label": event.label, "event": event_of.get(event.id)}
            | _answers(event, schema.events, schema),
            sorted(
                arguments,
                key=lambda argument: (argument["role"], argument["start"], -argument["end"]),
            ),
        )


def _sentences(of: Document) -> Iterator[tuple[Sentence, Row]]:
    for number, sentence in enumerate(of.sentences):
        words = None if of.text is None else [of.text[start:end] for start, end in sentence.tokens]
        yield (
            sentence,
            {
                "id": f"{of.article.id}/{number}",
                "document": of.article.id,
                "sentence": number,
                "start": sentence.start,
                "end": sentence.end,
                "text": of.words(sentence),
                "tokens": words,
                "token_starts": [start for start, _end in sentence.tokens],
                "token_ends": [end for _start, end in sentence.tokens],
            },
        )


def _by_sentence(sentences: Sequence[Sentence], marks: Iterable[Row]) -> dict[int, list[Row]]:
    """The marks that lie in one sentence, by its number."""
    starts = [sentence.start for sentence in sentences]
    found: dict[int, list[Row]] = {}
    for mark in marks:
        number = bisect_right(starts, mark["start"]) - 1
        if number >= 0 and mark["end"] <= sentences[number].end:
            found.setdefault(number, []).append(mark)
    return found


def _tokens(sentence: Sentence, mark: Mapping[str, Any]) -> Row:
    """The tokens that the mark starts and ends with; none where it cuts one."""
    start, end = token_range(Span(start=mark["start"], end=mark["end"]), sentence) or (None, None)
    return {"token_start": start, "token_end": end}


def _placed(sentence: Sentence, argument: Row) -> Row:
    inside = sentence.start <= argument["start"] and argument["end"] <= sentence.end
    return argument | {"in_sentence": inside} | _tokens(sentence, argument)


def _source(of: Document, said: Attribution, schema: Schema) -> Row:
    """The source's words and offsets, and what it is: the first mention in it, and one that holds a value only if there is no other."""
    source = _by_id(of.annotation.sources, said.source)
    found = _end(of, "source", source) | {"source_label": None}
    if source is not None:
        inside = [
            mark
            for mark in of.annotation.mentions
            if source.start <= mark.start and mark.end <= source.end
        ]
        # *Three nurses*: a count holds a value, and the nurses in it are who speaks.
        inside.sort(key=lambda mark: (schema.holds_value(mark.label), mark.order))
        found["source_label"] = inside[0].label if inside else None
    return found


def _teller(of: Document, said: Attribution | None, schema: Schema) -> Row:
    """Source and cue of the attribution; the outlet where there is none."""
    if said is not None:
        return _source(of, said, schema) | _end(of, "cue", _by_id(of.annotation.cues, said.cue))
    nothing = dict.fromkeys(
        ("source_start", "source_end", "source_label", "cue", "cue_start", "cue_end")
    )
    return {"source": of.article.outlet, **nothing}


def _end(of: Document, name: str, mark: Mark | None) -> Row:
    return {
        name: of.words(mark) if mark else None,
        f"{name}_start": mark.start if mark else None,
        f"{name}_end": mark.end if mark else None,
    }


def _by_id(marks: Iterable[Mark], name: str | None) -> Mark | None:
    return next((mark for mark in marks if mark.id == name), None)


def _cluster_of(clusters: Iterable[Cluster]) -> dict[str, str]:
    return {name: cluster.id for cluster in clusters for name in cluster.mentions}


def _answers(mark: Mark, labels: Mapping[str, Label], schema: Schema) -> Row:
    bearer = labels[mark.label]
    answers: Row = {}
    for name in attribute_names(labels.values()):
        given = mark.attributes.get(name)
        # False is an answer only where the question was put.
        answers[name] = (
            given is not None
            if is_flag(schema.attributes[name]) and name in bearer.attributes
            else given
        )
    return answers
