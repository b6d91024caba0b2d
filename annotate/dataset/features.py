"""The columns of each config, generated from the schema. Each column is documented here; the card prints it.

Offsets are half-open and count Unicode code points of the article's text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pyarrow as pa
from datasets import ClassLabel, Features, List, Value

from annotate.dataset import columns
from annotate.dataset.claim_columns import claims, tolls
from annotate.dataset.columns import INT, STRING, Columns
from annotate.model.schema import Schema

_PROVENANCE = (
    {
        "annotator": STRING,
        "kind": ClassLabel(names=["human", "machine"]),
        "tool": STRING,
        "schema_version": STRING,
        "created": STRING,
        "updated": STRING,
        "seconds": Value("float64"),
        "migrations": List(STRING),
        "made_from": List(STRING),
        "started_from": STRING,
        "reviews": List(
            {
                "annotator": STRING,
                "kind": ClassLabel(names=["human", "machine"]),
                "schema_version": STRING,
                "updated": STRING,
                "lints_only": Value("bool"),
            }
        ),
    },
    (
        "who or what annotated, with what, under which schema, when, in how many seconds; for gold,"
        " whose passes it was made from, for a second reader's pass, whose it corrects;"
        " `started_from`: the extractor whose suggestions the"
        " annotator began with, or null; `reviews`: who read gold again, mark by mark (or with `lints_only` only what"
        " rules had found), by which"
        " guidelines and when"
    ),
)


class Config(NamedTuple):
    """One way to look at the corpus."""

    name: str
    row: str
    """What a row is."""
    use: str
    """What it is for."""
    columns: Callable[[Schema], Columns]


@cache
def arrow_schema(config: str, schema: Schema) -> pa.Schema:
    """How Arrow and Parquet hold the columns of the config of that name."""
    (named,) = (each for each in CONFIGS if each.name == config)
    return features(named, schema).arrow_schema


@cache
def features(config: Config, schema: Schema) -> Features:
    """The typed columns."""
    return Features({name: kind for name, (kind, _about) in config.columns(schema).items()})


def documents(schema: Schema) -> Columns:
    """A document with all layers nested."""
    return {
        "id": (STRING, "the article"),
        "collection": (STRING, "where the article comes from"),
        "title": (STRING, "its headline; null where the text may not be shipped"),
        "outlet": (STRING, "who published it"),
        "cites": (
            List(STRING),
            "outlets that it names, outside its text, as where it has its news from, in their order",
        ),
        "url": (STRING, "where it was published"),
        "published": (STRING, "when, as an ISO 8601 date"),
        "language": (STRING, "ISO 639 code"),
        "licence": (STRING, "SPDX identifier of the text's licence, or `other`"),
        "text": (STRING, "the exact text; null where it may not be shipped"),
        "length": (INT, "its code points"),
        "sha256": (STRING, "the hash of its UTF-8"),
        "zones": (
            List({"kind": ClassLabel(names=list(schema.zones)), "start": INT, "end": INT}),
            "parts of the page that tile the text: `kind`, `start`, `end`",
        ),
        **_marks(schema),
        "adjudicated": (
            Value("bool"),
            "whether it is gold; otherwise it is one pass, which a second reader has corrected where"
            " `provenance.made_from` names the first",
        ),
        "provenance": _PROVENANCE,
    }  # fmt: skip


def _marks(schema: Schema) -> Columns:
    """A column of marks for each layer of spans."""
    span = List(columns.struct(columns.mark()))
    return {
        "mentions": (
            List(columns.struct(columns.mention(schema))),
            (
                "`id`, `start`, `end`, `text`, `label`; `entity` is shared by mentions of the same"
                f" one, null for an only one; {columns.named(schema, schema.mentions)}"
            ),
        ),
        "event_mentions": (
            List(
                columns.struct(columns.event(schema))
                | {"arguments": List({"role": columns.roles(schema), "target": STRING})}
            ),
            (
                "the trigger's `id`, `start`, `end`, `text`, `label`; `event` is shared by"
                f" mentions of the same event; {columns.named(schema, schema.events)}; `arguments`: `role`"
                " and `target`, the id of a mention or an event mention"
            ),
        ),
        "sources": (span, "`id`, `start`, `end`, `text` of the words that name a source"),
        "cues": (span, "`id`, `start`, `end`, `text` of the words that show an attribution"),
        "attributions": (
            List(
                columns.struct(columns.mark())
                | {"source": STRING, "cue": STRING}
                | columns.struct(columns.attributes(schema, columns.content(schema)))
            ),
            (
                "the content's `id`, `start`, `end`, `text`; `source` and `cue` by id, null where"
                f" there is none; {columns.named(schema, columns.content(schema))}"
            ),
        ),
    }


def mentions(schema: Schema) -> Columns:
    """A sentence with flat tags and with spans that nest."""
    return columns.SENTENCE | {
        "bio": (
            List(ClassLabel(names=columns.bio_tags(*schema.mentions))),
            "a tag for each token: the outermost mentions, as BIO",
        ),
        "mentions": (
            columns.mentions_of_sentence(schema),
            (
                "every mention of the sentence, nested ones too: as in `documents`, with"
                " `token_start` and `token_end`, half-open, counted in `tokens`; both null where it"
                " does not start and end with a token"
            ),
        ),
    }


def events(schema: Schema) -> Columns:
    """A sentence with its triggers, their arguments, and the mentions that may be arguments."""
    argument = {
        "role": columns.roles(schema),
        **columns.struct(columns.filler(schema)),
        "in_sentence": Value("bool"),
    } | columns.struct(columns.TOKENS)
    return columns.SENTENCE | {
        "event_mentions": (
            List(
                columns.struct(columns.event(schema) | columns.TOKENS)
                | {"arguments": List(argument)}
            ),
            (
                "the triggers of the sentence: as in `documents`, with `token_start` and"
                " `token_end`; `arguments`: `role`, and the filler's `id`, `label`, `start`, `end`,"
                " `text`, `token_start`, `token_end`; `in_sentence` is false, and its tokens are"
                " null, where it is in another sentence"
            ),
        ),
        "mentions": (
            columns.mentions_of_sentence(schema),
            (
                "every mention of the sentence, as in `mentions`: with each trigger it makes a pair, which has a"
                " role where it is among the trigger's `arguments`, and else none"
            ),
        ),
    }


def attributions(schema: Schema) -> Columns:
    """An attribution with its source and its cue."""
    return (
        {
            "id": (STRING, "article and content"),
            "document": (STRING, "the article"),
        }
        | columns.PLACE
        | {"text": (STRING, "the words of the content; null where the text may not be shipped")}
        | columns.end("source", "the source")
        | columns.speaker(schema)
        | columns.end("cue", "the cue")
        | columns.attributes(schema, columns.content(schema))
        | {
            "depth": (INT, "how many other contents it lies in: 0 is told by the article itself"),
            "parent": (STRING, "`id` of the smallest content that it lies in; null at depth 0"),
            "event_mentions": (
                List(STRING),
                "ids of the event mentions in the content, as in `documents`",
            ),
        }
        | columns.words(
            "the tokens from the first sentence that source, cue or content stands in to the last"
        )
        | {
            "tags": (
                List(ClassLabel(names=columns.bio_tags("source", "cue", "content"))),
                (
                    "a tag for each token: source, cue and content of this attribution, as BIO; a cue inside the"
                    " content keeps its own tag, and the content begins anew after it"
                ),
            )
        }
    )


CONFIGS = (
    Config("documents", "a document with all layers", "everything", documents),
    Config("mentions", "a sentence with its mentions", "named-entity recognition, span categorisation", mentions),
    Config(
        "events", "a sentence with its triggers, their arguments and its mentions",
        "event extraction, relations between triggers and mentions", events,
    ),
    Config("attributions", "an attribution, with its tokens", "quotation attribution", attributions),
    Config("claims", "an event as told by a source", "analysis, end-to-end extraction", claims),
    Config("tolls", "a counted harm as told by a source", "comparing what sources count", tolls),
    Config(
        "annotators", "one annotator's pass over a document, as in `documents`",
        "learning from disagreement", documents,
    ),
)  # fmt: skip
