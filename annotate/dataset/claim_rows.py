"""Rows of claims, events as told by a source, and of their counts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from operator import attrgetter

from annotate.dataset import document, features
from annotate.dataset.claim_columns import VOICES, values_of_roles
from annotate.dataset.document import DatasetRow, Document, once
from annotate.dataset.entities import cluster_of
from annotate.model.claims import STANCE, Claim, enclosing, is_own_denial
from annotate.model.claims import claims as claims_of
from annotate.model.records import AttributeValue, Attribution, Mark
from annotate.model.schema import Schema


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
            row = (
                claim_row
                | document.answers(count, schema)
                | document.words_and_offsets(of, "toll", count)
            )
            around = enclosing(count, of.annotation)
            if around and not around[0].start <= event.start <= event.end <= around[0].end:
                if (event.id, count.id) in told:
                    continue  # whoever else tells the event
                told.add((event.id, count.id))
                row |= _telling(of, Claim(event, tuple(around)), schema) | {"within": None}
            row |= {"id": f"{claim_row['id']}/{count.id}", "claim": claim_row["id"]}
            yield {name: row[name] for name in columns}


@once
def _claims(of: Document, schema: Schema) -> list[tuple[Claim, DatasetRow]]:
    return list(_told(of, schema))


def _told(of: Document, schema: Schema) -> Iterator[tuple[Claim, DatasetRow]]:
    article = of.article
    story_events = _story_events(of)
    rows_of = {event["id"]: event for event, _arguments in document.event_rows(of, schema)}
    # Of a text that may not be shown no clause is looked for: a build is the same with and without it.
    for claim in claims_of(of.annotation, of.text, article.language):
        event, said = claim.event, claim.chain[0] if claim.chain else None
        roles = _roles(of, claim, schema)
        row = {
            "id": _claim_id(of, event.id, said),
            "document": article.id,
            "collection": article.collection,
            "outlet": article.outlet,
            "published": document.date(article),
            "story": of.story,
            "story_event": story_events.get(event.id),
            **{name: value for name, value in rows_of[event.id].items() if name != "id"},
            "also": [document.mark_row(of, double) for double in claim.doubles],
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


@once
def _fillers(of: Document, schema: Schema) -> dict[str, list[tuple[str, DatasetRow]]]:
    """By event mention, each argument's role and what a row of `claims` tells of its filler."""
    entity_of = document.entities_of(of) | cluster_of(of.annotation.events)
    fillers = {}
    for event, arguments in document.event_rows(of, schema):
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


@once
def _attributes_of(of: Document) -> dict[str, dict[str, AttributeValue]]:
    return {mention.id: mention.attributes for mention in of.annotation.mentions}


def _telling(of: Document, claim: Claim, schema: Schema) -> DatasetRow:
    """Who tells it how, and who reports that."""
    said = claim.chain[0] if claim.chain else None
    if said is None:
        answers: DatasetRow = dict.fromkeys(
            name for name, _is_flag in document.questions(schema)["content"]
        )
    else:
        answers = document.answers(said, schema)
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
    source = document.words_and_offsets(
        of, "source", document.by_id(of.annotation.sources, said.source)
    )
    if is_own_denial(said):
        source["source"] = of.article.outlet
    return source | document.answers(said, schema) | {"attribution": f"{of.article.id}/{said.id}"}


def _teller(of: Document, said: Attribution | None, schema: Schema) -> DatasetRow:
    """Source and cue of the attribution; the outlet where the article speaks in its own voice."""
    if said is not None and not is_own_denial(said):
        cue = document.by_id(of.annotation.cues, said.cue)
        return document.source_of(of, said, schema) | document.words_and_offsets(of, "cue", cue)
    outlet = of.article.outlet
    return {
        **document.words_and_offsets(of, "source", None),
        **document.words_and_offsets(of, "cue", None),
        "source": outlet,
        "source_name": outlet,
        **dict.fromkeys(("source_label", "source_entity")),
    }


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
