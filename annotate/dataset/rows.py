"""Annotations become rows of the dataset's configs. Where a text may not be shipped, no word of it is in a row."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

from annotate.dataset import document, tags
from annotate.dataset.claim_rows import claims, tolls
from annotate.dataset.document import DatasetRow, Document, once
from annotate.model.claims import enclosing
from annotate.model.records import Attribution, Mark, Sentence
from annotate.model.schema import Schema
from annotate.model.tokens import sentence_of, token_range


def documents(of: Document, schema: Schema) -> Iterator[DatasetRow]:
    """One row: the document."""
    yield _document(of, schema)


@once
def _document(of: Document, schema: Schema) -> DatasetRow:
    article, annotation = of.article, of.annotation
    return {
        "id": article.id,
        "collection": article.collection,
        "title": None if of.text is None else article.title,
        "outlet": article.outlet,
        "cites": list(article.cites),
        "url": article.url,
        "published": document.date(article),
        "language": article.language,
        "licence": of.collection.licence,
        "text": of.text,
        "length": article.length,
        "sha256": article.sha256,
        "zones": [
            {"kind": zone.kind, "start": zone.start, "end": zone.end} for zone in article.zones
        ],
        "mentions": document.mention_rows(of, schema),
        "event_mentions": [
            event
            | {
                "arguments": [
                    {"role": argument["role"], "target": argument["id"]} for argument in arguments
                ]
            }
            for event, arguments in document.event_rows(of, schema)
        ],
        "sources": [document.mark_row(of, source) for source in annotation.sources],
        "cues": [document.mark_row(of, cue) for cue in annotation.cues],
        "attributions": [
            document.mark_row(of, said)
            | {"source": said.source, "cue": said.cue}
            | document.answers(said, schema)
            for said in annotation.attributions
        ],
        "adjudicated": of.adjudicated,
        "provenance": annotation.provenance.model_dump(
            mode="json",
            exclude={
                "unasked": True,
                "untouched": True,
                "reviews": {"__all__": {"sheets", "units"}},
            },
        ),
    }


def mentions(of: Document, schema: Schema) -> Iterator[DatasetRow]:
    """A row for each sentence, with its mentions."""
    for (sentence, row), inside in zip(
        _sentences(of), _mentions_of_sentences(of, schema), strict=True
    ):
        yield row | {"bio": tags.bio(sentence, inside), "mentions": inside}


@once
def _mentions_of_sentences(of: Document, schema: Schema) -> list[list[DatasetRow]]:
    mentions_of = _by_sentence(of.sentences, document.mention_rows(of, schema))
    return [
        [mention | _tokens(sentence, mention) for mention in mentions_of.get(number, [])]
        for number, sentence in enumerate(of.sentences)
    ]


def events(of: Document, schema: Schema) -> Iterator[DatasetRow]:
    """A row for each sentence, with its triggers and with the mentions that may be their arguments."""
    with_arguments = document.event_rows(of, schema)
    events_of = _by_sentence(of.sentences, [event for event, _arguments in with_arguments])
    arguments_of = {event["id"]: arguments for event, arguments in with_arguments}
    mentions_of = _mentions_of_sentences(of, schema)
    for number, (sentence, row) in enumerate(_sentences(of)):
        inside = []
        for event in events_of.get(number, []):
            arguments = [_placed(sentence, argument) for argument in arguments_of[event["id"]]]
            inside.append(event | _tokens(sentence, event) | {"arguments": arguments})
        yield row | {"event_mentions": inside, "mentions": mentions_of[number]}


def attributions(of: Document, schema: Schema) -> Iterator[DatasetRow]:
    """A row for each attribution."""
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
            **document.source_of(of, said, schema),
            **document.words_and_offsets(of, "cue", document.by_id(of.annotation.cues, said.cue)),
            **document.answers(said, schema),
            "depth": len(around),
            "parent": f"{of.article.id}/{around[0].id}" if around else None,
            "event_mentions": inside,
            **_frame(of, said),
        }


def _frame(of: Document, said: Attribution) -> DatasetRow:
    """The tokens from the first sentence that source, cue or content stands in to the last, each with its tag."""
    marks = {
        "content": said,
        "source": document.by_id(of.annotation.sources, said.source),
        "cue": document.by_id(of.annotation.cues, said.cue),
    }
    spans = {name: mark for name, mark in marks.items() if mark is not None}
    start = min(span.start for span in spans.values())
    end = max(span.end for span in spans.values())
    first = bisect_right(of.sentences, start, key=attrgetter("end"))
    beyond = bisect_left(of.sentences, end, key=attrgetter("start"))
    tokens = _joined(of.sentences[first:beyond])
    return _words_of(of, tokens) | {"tags": tags.frame(tokens, spans)}


ROWS = {
    "documents": documents,
    "mentions": mentions,
    "events": events,
    "attributions": attributions,
    "claims": claims,
    "tolls": tolls,
    "annotators": documents,
}
"""By config, what makes its rows."""


def unaligned(of: Document) -> Iterator[tuple[str, str]]:
    """(what is wrong, the mark) of each mark that is not whole in the rows that have tokens.

    It is in `documents` all the same. A source, a cue or a content may be of several sentences.
    """
    for mark in (*of.annotation.mentions, *of.annotation.event_mentions):
        where = _place(of, mark)
        number = sentence_of(mark, of.sentences)
        if number is None:
            yield "in no one sentence", where
        elif token_range(mark.start, mark.end, of.sentences[number].tokens) is None:
            yield "not of whole tokens", where
    tokens = _joined(of.sentences)
    for mark in (*of.annotation.sources, *of.annotation.cues, *of.annotation.attributions):
        if token_range(mark.start, mark.end, tokens) is None:
            yield "not of whole tokens", _place(of, mark)


def _place(of: Document, mark: Mark) -> str:
    return f"{of.article.id}: {mark.id} {mark.label} {mark.start}–{mark.end}"


@once
def _sentences(of: Document) -> list[tuple[Sentence, DatasetRow]]:
    sentences = []
    for number, sentence in enumerate(of.sentences):
        row = {
            "id": f"{of.article.id}/{number}",
            "document": of.article.id,
            "sentence": number,
            "start": sentence.start,
            "end": sentence.end,
            "text": of.words(sentence),
            **_words_of(of, sentence.tokens),
        }
        sentences.append((sentence, row))
    return sentences


def _words_of(of: Document, tokens: Sequence[tuple[int, int]]) -> DatasetRow:
    """The tokens' words, where they may be shown, and offsets."""
    words = None if of.text is None else [of.text[start:end] for start, end in tokens]
    return {
        "tokens": words,
        "token_starts": [start for start, _end in tokens],
        "token_ends": [end for _start, end in tokens],
    }


def _joined(sentences: Iterable[Sentence]) -> list[tuple[int, int]]:
    """The tokens of the sentences, one after another."""
    return list(chain.from_iterable(sentence.tokens for sentence in sentences))


def _by_sentence(
    sentences: Sequence[Sentence], marks: Iterable[DatasetRow]
) -> dict[int, list[DatasetRow]]:
    """The marks that lie in one sentence, by its number."""
    starts = [sentence.start for sentence in sentences]
    marks_of: dict[int, list[DatasetRow]] = {}
    for mark in marks:
        number = bisect_right(starts, mark["start"]) - 1
        if number >= 0 and mark["end"] <= sentences[number].end:
            marks_of.setdefault(number, []).append(mark)
    return marks_of


def _tokens(sentence: Sentence, mark: Mapping[str, Any]) -> DatasetRow:
    """The tokens that the mark starts and ends with; none where it cuts one."""
    start, end = token_range(mark["start"], mark["end"], sentence.tokens) or (None, None)
    return {"token_start": start, "token_end": end}


def _placed(sentence: Sentence, argument: DatasetRow) -> DatasetRow:
    inside = sentence.start <= argument["start"] and argument["end"] <= sentence.end
    return argument | {"in_sentence": inside} | _tokens(sentence, argument)
