"""Annotations become rows of the dataset's configs. Where a text may not be shipped, no word of it is in a row."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

from annotate.corpus.store import Collection
from annotate.dataset import entities, features
from annotate.dataset.entities import cluster_of
from annotate.dataset.features import OUTSIDE, VOICES, attribute_names, is_flag, values_of_roles
from annotate.model.claims import STANCE, Claim, enclosing, is_own_denial
from annotate.model.claims import claims as claims_of
from annotate.model.records import (
    Annotation,
    Article,
    AttributeValue,
    Attribution,
    Mark,
    Sentence,
    Span,
)
from annotate.model.schema import Schema
from annotate.model.tokens import sentence_of, token_range

DatasetRow = dict[str, Any]


_once = lru_cache(maxsize=8)
"""Keeps what several configs need of the document at hand; nobody may change it."""


@dataclass(frozen=True, eq=False)
class Document:
    """An article with one annotation, and what is needed to make rows of it. A document equals only itself."""

    article: Article
    annotation: Annotation
    collection: Collection
    sentences: tuple[Sentence, ...]
    """Empty where the text is withheld and they were never kept."""
    adjudicated: bool
    text: str | None
    """The text, where the rows may hold it."""
    story: str | None = None
    """What the article shares with other reports of one happening."""
    story_events: Mapping[str, str] = field(default_factory=dict)
    """By id of an event mention, the name of the event that the articles of the story have in common."""

    def words(self, span: Span) -> str | None:
        """The words of the span, where they may be shown."""
        return None if self.text is None else span.slice(self.text)


def documents(of: Document, schema: Schema) -> Iterator[DatasetRow]:
    """One row: the document."""
    yield _document(of, schema)


@_once
def _document(of: Document, schema: Schema) -> DatasetRow:
    article, annotation = of.article, of.annotation
    return {
        "id": article.id,
        "collection": article.collection,
        "title": None if of.text is None else article.title,
        "outlet": article.outlet,
        "cites": list(article.cites),
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
            _mark(of, said) | {"source": said.source, "cue": said.cue} | _answers(said, schema)
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
        yield row | {"bio": bio(sentence, inside), "mentions": inside}


@_once
def _mentions_of_sentences(of: Document, schema: Schema) -> list[list[DatasetRow]]:
    mentions_of = _by_sentence(of.sentences, _mentions(of, schema))
    return [
        [mention | _tokens(sentence, mention) for mention in mentions_of.get(number, [])]
        for number, sentence in enumerate(of.sentences)
    ]


def bio(sentence: Sentence, mentions: Iterable[Mapping[str, Any]]) -> list[str]:
    """A tag for each token: the outermost of the mentions that start and end with a token.

    *the Orsenian army left*, with the state_force *the Orsenian army* and the government *Orsenian* in it, is
    `B-state_force I-state_force I-state_force O`.
    """
    tags = [OUTSIDE] * len(sentence.tokens)
    tagged_up_to = 0
    for mention in sorted(mentions, key=lambda mention: (mention["start"], -mention["end"])):
        start, end, label = mention["token_start"], mention["token_end"], mention["label"]
        if start is None or start < tagged_up_to:
            continue
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
        tagged_up_to = end
    return tags


def events(of: Document, schema: Schema) -> Iterator[DatasetRow]:
    """A row for each sentence, with its triggers and with the mentions that may be their arguments."""
    with_arguments = _events(of, schema)
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
            **_source(of, said, schema),
            **_words_and_offsets(of, "cue", _by_id(of.annotation.cues, said.cue)),
            **_answers(said, schema),
            "depth": len(around),
            "parent": f"{of.article.id}/{around[0].id}" if around else None,
            "event_mentions": inside,
            **_frame(of, said),
        }


def _frame(of: Document, said: Attribution) -> DatasetRow:
    """The tokens from the first sentence that source, cue or content stands in to the last, each with its tag."""
    marks = {
        "content": said,
        "source": _by_id(of.annotation.sources, said.source),
        "cue": _by_id(of.annotation.cues, said.cue),
    }
    spans = {name: mark for name, mark in marks.items() if mark is not None}
    start = min(span.start for span in spans.values())
    end = max(span.end for span in spans.values())
    first = bisect_right(of.sentences, start, key=attrgetter("end"))
    beyond = bisect_left(of.sentences, end, key=attrgetter("start"))
    tokens = _joined(of.sentences[first:beyond])
    return _words_of(of, tokens) | {"tags": frame(tokens, spans)}


def frame(tokens: Sequence[tuple[int, int]], spans: Mapping[str, Span]) -> list[str]:
    """A tag for each token: the spans that start and end with a token, by name, as BIO; of two, the later one's.

    *She reportedly fled*, all of it a content and its second word a cue, is `B-content B-cue B-content`.
    """
    names = [OUTSIDE] * len(tokens)
    for name, span in spans.items():
        start, end = token_range(span.start, span.end, tokens) or (0, 0)
        names[start:end] = [name] * (end - start)
    tags = []
    for before, name in zip([OUTSIDE, *names], names, strict=False):
        tags.append(name if name == OUTSIDE else f"{'I' if name == before else 'B'}-{name}")
    return tags


def claims(of: Document, schema: Schema) -> Iterator[DatasetRow]:
    """A row for each event mention and each source that tells it."""
    for _claim, row in _claims(of, schema):
        yield row


def tolls(of: Document, schema: Schema) -> Iterator[DatasetRow]:
    """A row for each count of people harmed and each source that tells it.

    A count in a content that the event is not in is told by that content's source: “put the [dead] at [45], and the
    mayor at [51]”.
    """
    columns = features.arrow_schema("tolls", schema).names
    counts = {mark.id: mark for mark in of.annotation.mentions}
    told: set[tuple[str, str]] = set()
    for claim, claim_row in _claims(of, schema):
        event, role = claim.event, schema.tolls.get(claim.event.label)
        for number in claim_row[role] if role is not None else ():
            count = counts[number["id"]]
            row = claim_row | _answers(count, schema) | _words_and_offsets(of, "toll", count)
            around = enclosing(count, of.annotation)
            if around and not around[0].start <= event.start <= event.end <= around[0].end:
                if (event.id, count.id) in told:
                    continue  # whoever else tells the event
                told.add((event.id, count.id))
                row |= _telling(of, Claim(event, tuple(around)), schema) | {"within": None}
            row |= {"id": f"{claim_row['id']}/{count.id}", "claim": claim_row["id"]}
            yield {name: row[name] for name in columns}


@_once
def _claims(of: Document, schema: Schema) -> list[tuple[Claim, DatasetRow]]:
    return list(_told(of, schema))


def _told(of: Document, schema: Schema) -> Iterator[tuple[Claim, DatasetRow]]:
    article = of.article
    story_events = _story_events(of)
    rows_of = {event["id"]: event for event, _arguments in _events(of, schema)}
    # Of a text that may not be shown no clause is looked for: a build is the same with and without it.
    for claim in claims_of(of.annotation, of.text, article.language):
        event, said = claim.event, claim.chain[0] if claim.chain else None
        roles = _roles(of, claim, schema)
        row = {
            "id": _claim_id(of, event.id, said),
            "document": article.id,
            "collection": article.collection,
            "outlet": article.outlet,
            "published": _date(article),
            "story": of.story,
            "story_event": story_events.get(event.id),
            **{name: value for name, value in rows_of[event.id].items() if name != "id"},
            "also": [_mark(of, double) for double in claim.doubles],
            **roles,
            **_values_of_roles(of, roles, schema),
            **_telling(of, claim, schema),
            "within": None if claim.under is None else _claim_id(of, claim.under, said),
            **_sentence(of, event),
        }
        yield claim, row


def _claim_id(of: Document, event: str, said: Attribution | None) -> str:
    return "/".join(filter(None, (of.article.id, event, said.id if said else None)))


def _story_events(of: Document) -> Mapping[str, str]:
    """By event mention, the joined event of the story, which is that of all mentions of the same event."""
    joined = dict(of.story_events)
    for cluster in of.annotation.events:
        for name in filter(None, map(of.story_events.get, cluster.mentions)):
            joined |= {mention: joined.get(mention, name) for mention in cluster.mentions}
    return joined


def _roles(of: Document, claim: Claim, schema: Schema) -> dict[str, list[DatasetRow]]:
    """Every filler of each role, in the order of the text, each once."""
    roles: dict[str, list[DatasetRow]] = {role: [] for role in schema.roles}
    for event in (claim.event, *claim.doubles):
        for role, filler in _fillers(of, schema)[event.id]:
            fillers_of_role = roles.get(role, [])
            if filler not in fillers_of_role:
                fillers_of_role.append(filler)
    for fillers in roles.values():
        fillers.sort(key=lambda filler: (filler["start"], -filler["end"]))
    return roles


@_once
def _fillers(of: Document, schema: Schema) -> dict[str, list[tuple[str, DatasetRow]]]:
    """By event mention, each argument's role and what a row of `claims` tells of its filler."""
    entity_of = _entity_of(of) | cluster_of(of.annotation.events)
    fillers = {}
    for event, arguments in _events(of, schema):
        fillers[event["id"]] = [
            (
                argument["role"],
                {name: argument[name] for name in ("id", "start", "end", "text", "label")}
                | {"entity": entity_of.get(argument["id"])},
            )
            for argument in arguments
        ]
    return fillers


def _values_of_roles(
    of: Document, roles: Mapping[str, list[DatasetRow]], schema: Schema
) -> DatasetRow:
    """The attributes of the fillers of a role that has such columns, in the fillers' order; null where one has none."""
    attributes_of = _attributes_of(of)
    return {
        f"{role}_{name}": [attributes_of.get(filler["id"], {}).get(name) for filler in roles[role]]
        for role, name in values_of_roles(schema)
    }


@_once
def _attributes_of(of: Document) -> dict[str, dict[str, AttributeValue]]:
    return {mention.id: mention.attributes for mention in of.annotation.mentions}


def _telling(of: Document, claim: Claim, schema: Schema) -> DatasetRow:
    """Who tells it how, and who reports that."""
    said = claim.chain[0] if claim.chain else None
    if said is None:
        answers: DatasetRow = dict.fromkeys(
            name for name, _is_flag in _questions(schema)["content"]
        )
    else:
        answers = _answers(said, schema)
        answers |= {name: None for name in answers if claim.is_mentioned and name == STANCE}
    return {
        "voice": VOICES[not claim.is_of_outlet],
        **_teller(of, said, schema),
        **answers,
        "attribution": None if said is None else f"{of.article.id}/{said.id}",
        "depth": len(claim.chain),
        "via": [_via(of, outer, schema) for outer in claim.chain[1:]],
        "happened": claim.happened,
        "mentioned": claim.is_mentioned,
    }


def _via(of: Document, said: Attribution, schema: Schema) -> DatasetRow:
    source = _words_and_offsets(of, "source", _by_id(of.annotation.sources, said.source))
    if is_own_denial(said):
        source["source"] = of.article.outlet
    return source | _answers(said, schema) | {"attribution": f"{of.article.id}/{said.id}"}


def _sentence(of: Document, event: Mark) -> DatasetRow:
    """The sentence that the trigger starts in; null where there is none."""
    number = bisect_right(of.sentences, event.start, key=attrgetter("start")) - 1
    sentence = of.sentences[number] if number >= 0 else None
    if sentence is not None and sentence.end <= event.start:
        sentence = None
    return {
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


def _date(article: Article) -> str | None:
    return article.published.isoformat() if article.published else None


def _mark(of: Document, mark: Mark) -> DatasetRow:
    return {"id": mark.id, "start": mark.start, "end": mark.end, "text": of.words(mark)}


@_once
def _mentions(of: Document, schema: Schema) -> list[DatasetRow]:
    entity_of = _entity_of(of)
    return [
        _mark(of, mention)
        | {"label": mention.label, "entity": entity_of.get(mention.id)}
        | _answers(mention, schema)
        for mention in of.annotation.mentions
    ]


@_once
def _events(of: Document, schema: Schema) -> list[tuple[DatasetRow, list[DatasetRow]]]:
    """Each event mention, and its arguments with the marks that fill them."""
    events = []
    event_of = cluster_of(of.annotation.events)
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
        arguments.sort(key=lambda argument: (argument["role"], argument["start"], -argument["end"]))
        row = _mark(of, event) | {"label": event.label, "event": event_of.get(event.id)}
        events.append((row | _answers(event, schema), arguments))
    return events


@_once
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


def _source(of: Document, said: Attribution, schema: Schema) -> DatasetRow:
    """The source's words and offsets, its label, see `_speaker`, and its entity and name, see `_entity`."""
    return _sources(of, schema)[said.source]


@_once
def _sources(of: Document, schema: Schema) -> dict[str | None, DatasetRow]:
    """By id, what a row tells of each source of the document; of none, with None."""
    return {
        source.id if source is not None else None: _source_row(of, source, schema)
        for source in (None, *of.annotation.sources)
    }


def _source_row(of: Document, source: Mark | None, schema: Schema) -> DatasetRow:
    speaker = _speaker(of, source, schema)
    entity = _entity(of, source)
    words = of.words(source) if source is not None else None
    return _words_and_offsets(of, "source", source) | {
        "source_label": speaker.label if speaker is not None else None,
        "source_entity": entity,
        "source_name": _names(of).get(entity, words) if entity is not None else words,
    }


def _entity(of: Document, source: Mark | None) -> str | None:
    """The entity of the mention that the source is, or that it begins with before a comma; null where it has no other
    mention.

    So is *he* one, and *Colonel Tirima, his commander*; *Orsenia and Sulvane* is not, nor *the Union’s envoy*.
    """
    if source is None:
        return None
    for mention in of.annotation.mentions:
        if mention.start == source.start and mention.end <= source.end:
            is_apposed = of.text is not None and of.text[mention.end : mention.end + 1] == ","
            if (mention.end == source.end or is_apposed) and mention.id in _entity_of(of):
                return _entity_of(of)[mention.id]
    return None


def _speaker(of: Document, source: Mark | None, schema: Schema) -> Mark | None:
    """The first mention in the source; one that holds a value only if there is no other.

    *Three nurses*: the count holds a value, and the civilians *nurses* in it are who speaks.
    """
    if source is None:
        return None
    mentions = of.annotation.mentions
    inside = [mark for mark in mentions if source.start <= mark.start <= mark.end <= source.end]
    inside.sort(key=lambda mark: (mark.label in schema.value_labels, mark.order))
    return inside[0] if inside else None


@_once
def _entity_of(of: Document) -> dict[str, str]:
    return cluster_of(of.annotation.entities)


@_once
def _names(of: Document) -> dict[str, str | None]:
    """What each entity with several mentions is called, where its words may be shown."""
    if of.text is None:
        return {}
    marks = {mention.id: mention for mention in of.annotation.mentions}
    return {
        entity.id: entities.name([marks[mark] for mark in entity.mentions], of.text, of.sentences)
        for entity in of.annotation.entities
    }


def _teller(of: Document, said: Attribution | None, schema: Schema) -> DatasetRow:
    """Source and cue of the attribution; the outlet where the article speaks in its own voice."""
    if said is not None and not is_own_denial(said):
        cue = _by_id(of.annotation.cues, said.cue)
        return _source(of, said, schema) | _words_and_offsets(of, "cue", cue)
    outlet = of.article.outlet
    return {
        **_words_and_offsets(of, "source", None),
        **_words_and_offsets(of, "cue", None),
        "source": outlet,
        "source_name": outlet,
        **dict.fromkeys(("source_label", "source_entity")),
    }


def _words_and_offsets(of: Document, name: str, mark: Mark | None) -> DatasetRow:
    return {
        name: of.words(mark) if mark else None,
        f"{name}_start": mark.start if mark else None,
        f"{name}_end": mark.end if mark else None,
    }


def _by_id(marks: Iterable[Mark], name: str | None) -> Mark | None:
    return next((mark for mark in marks if mark.id == name), None)


def _answers(mark: Mark, schema: Schema) -> DatasetRow:
    given = mark.attributes
    return {
        name: name in given if is_yes_or_no else given.get(name)
        for name, is_yes_or_no in _questions(schema)[mark.label]
    }


@cache
def _questions(schema: Schema) -> dict[str, list[tuple[str, bool]]]:
    """By label, the columns of answers that its marks have, each with whether the answer is yes or no."""
    questions = {}
    for labels in (schema.mentions, schema.events, {"content": schema.attribution["content"]}):
        names = attribute_names(labels.values())
        for label, bearer in labels.items():
            # False is an answer only where the question was put.
            put = {name for name in bearer.attributes if is_flag(schema.attributes[name])}
            questions[label] = [(name, name in put) for name in names]
    return questions
