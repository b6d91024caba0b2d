"""The columns of the configs in which a row is a claim, an event as told by a source, or one of its counts."""

from __future__ import annotations

from functools import cache

from datasets import ClassLabel, List, Value

from annotate.dataset import columns
from annotate.dataset.columns import INT, STRING, Columns
from annotate.model.claims import STANCE
from annotate.model.schema import Kind, Schema

VOICES = ("outlet", "source")
"""Who tells a claim: the article in its own voice, or a source in it."""
_WHERE_MENTIONED = ", or where it is only `mentioned`"
_SENTENCE_OF_TRIGGER = {
    "sentence_start": (INT, "where the trigger’s sentence starts in the article, in code points"),
    "sentence_end": (INT, "where it ends; half-open"),
    "sentence": (STRING, "the trigger’s sentence; null where the text may not be shipped"),
}


def claims(schema: Schema) -> Columns:
    """An event as told by a source."""
    roles: Columns = {
        role: (
            List(columns.struct(columns.filler(schema) | {"entity": (STRING, "")})),
            f"fillers of the role: {entry.definition}",
        )
        for role, entry in schema.roles.items()
    }
    values: Columns = {
        f"{role}_{name}": (
            List(columns.column(schema.attributes[name])),
            f"`{name}` of each `{role}`, in their order; null in it where one has none",
        )
        for role, name in values_of_roles(schema)
    }
    return columns.disjoint("claims", _claim_event(schema), roles, values, _telling(schema))


def tolls(schema: Schema) -> Columns:
    """A counted harm as told by a source: a claim with one of its counts."""
    numbers = set(schema.tolls.values())
    counting = frozenset().union(
        *(schema.fillers(event, role) for event, role in schema.tolls.items())
    )
    left_out = numbers | {
        f"{role}_{name}" for role, name in values_of_roles(schema) if role in numbers
    }
    of_claim = {name: column for name, column in claims(schema).items() if name not in left_out}
    return columns.disjoint(
        "tolls",
        of_claim | {"id": (STRING, "the claim’s `id`, and the mark that counts")},
        {
            "claim": (
                STRING,
                "`id` of the claim in `claims`: of the same source, unless another tells the count alone",
            )
        },
        columns.end("toll", "the words that count"),
        columns.attributes(
            schema, {label: schema.labels[label] for label in schema.labels if label in counting}
        ),
    )


def _claim_event(schema: Schema) -> Columns:
    """What is claimed, and in which article."""
    return (
        {
            "id": (STRING, "article, event mention, and its content where a source tells it"),
            "document": (STRING, "the article"),
            "collection": (STRING, "where the article comes from"),
            "outlet": (STRING, "who published it"),
            "published": (STRING, "when, as an ISO 8601 date"),
            "story": (
                STRING,
                "what the article shares with other reports of one happening; null where it is in no story",
            ),
            "story_event": (
                STRING,
                "story and name of an event that several articles of the story tell; null for any other event",
            ),
            "label": (ClassLabel(names=list(schema.events)), "the event type"),
            "event": (
                STRING,
                "shared by claims about the same event of the article; null for an only mention",
            ),
        }
        | columns.PLACE
        | {"text": (STRING, "the words of the trigger; null where the text may not be shipped")}
        | columns.attributes(schema, schema.events)
        | {
            "also": (
                List(columns.struct(columns.mark())),
                (
                    "other triggers of the same claim: `id`, `start`, `end`, `text` of mentions of the same event in"
                    " the same content, or in the article’s own voice, that share a filler with this one"
                ),
            )
        }
    )


def _telling(schema: Schema) -> Columns:
    """Who tells it, in which words, and through whom."""
    return (
        {
            "voice": (
                ClassLabel(names=list(VOICES)),
                (
                    "`source` where a source tells it, `outlet` where the article tells or denies it in its"
                    " own voice"
                ),
            ),
        }
        | columns.end(
            "source", "the source; the outlet’s name, without offsets, where the article tells it"
        )
        | columns.speaker(schema)
        | columns.end("cue", "the cue")
        | {
            name: (
                kind,
                f"{about} Null where the article tells it{_WHERE_MENTIONED if name == STANCE else ''}",
            )
            for name, (kind, about) in columns.attributes(schema, columns.content(schema)).items()
        }
        | {
            "attribution": (
                STRING,
                "`id` of the attribution in `attributions`; null where the article tells it",
            ),
            "depth": (
                INT,
                "how many contents it is told in: 0 is told by the article itself, 1 by one of its sources",
            ),
            "via": (
                List(
                    {"source": STRING, "source_start": INT, "source_end": INT}
                    | columns.struct(columns.attributes(schema, columns.content(schema)))
                    | {"attribution": STRING}
                ),
                (
                    "who reports that source, from the inside out: `source` with its offsets, the attribution’s"
                    " attributes, and its `id` in `attributions`"
                ),
            ),
            "happened": (
                Value("bool"),
                (
                    "whether the event happened, by whoever tells it here: false where a source denies it, or says"
                    " that it did not; null where that is left open, or it is only mentioned"
                ),
            ),
            "mentioned": (
                Value("bool"),
                (
                    "whether it is told only in passing, so that the content’s stance is not on it: as an argument of"
                    " another event of the content, or in a clause under it; or it has happened, and the stance is of"
                    " what is to come. An assertion is of every fact told in it"
                ),
            ),
            "within": (
                STRING,
                (
                    "`id` of the claim, of the same content, that it is an argument of or told in a clause under;"
                    " null where there is none"
                ),
            ),
        }
        | _SENTENCE_OF_TRIGGER
    )


@cache
def values_of_roles(schema: Schema) -> list[tuple[str, str]]:
    """(role, attribute) of each number or text that every filler of the role carries, such as (count, min)."""
    pairs = []
    for role in schema.roles:
        labels = frozenset().union(*(schema.fillers(event, role) for event in schema.events))
        if not labels:
            continue
        carried = [set(schema.labels[label].attributes) for label in labels]
        by_all = set.intersection(*carried)
        for name, attribute in schema.attributes.items():
            if name in by_all and attribute.kind is not Kind.CHOICE:
                pairs.append((role, name))
    return pairs
