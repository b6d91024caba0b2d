"""The columns of each config, generated from the schema. Each column is documented here; the card prints it.

Offsets are half-open and count Unicode code points of the article's text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
from datasets import ClassLabel, Features, List, Value

from annotate.model.claims import STANCE
from annotate.model.issues import AcreError
from annotate.model.schema import Attribute, Kind, Label, Schema

OUTSIDE = "O"
VOICES = ("outlet", "source")
"""Who tells a claim: the article in its own voice, or a source in it."""

Columns = dict[str, tuple[Any, str]]
"""By name: the column's type, and what it holds."""

_STRING, _INT = Value("string"), Value("int64")
_PLACE = {
    "start": (_INT, "where its words start in the article, in code points"),
    "end": (_INT, "where they end; half-open"),
    "text": (_STRING, "its words; null where the text may not be shipped"),
}
_TOKENS = {
    "token_start": (
        _INT,
        "its first token, counted in `tokens`; null where it does not start with a token",
    ),
    "token_end": (_INT, "after its last token; null where it does not end with a token"),
}


def _words(what: str) -> Columns:
    return {
        "tokens": (
            List(_STRING),
            f"{what}, white space left out; null where the text may not be shipped",
        ),
        "token_starts": (List(_INT), "where each token starts in the article, in code points"),
        "token_ends": (List(_INT), "where each token ends; half-open"),
    }


_SENTENCE = {
    "id": (_STRING, "article and number of the sentence"),
    "document": (_STRING, "the article"),
    "sentence": (_INT, "its number in the article, from 0"),
    "start": (_INT, "where the sentence starts in the article, in code points"),
    "end": (_INT, "where it ends; half-open"),
    "text": (_STRING, "the sentence; null where the text may not be shipped"),
    **_words("its tokens"),
}

_PROVENANCE = (
    {
        "annotator": _STRING,
        "kind": ClassLabel(names=["human", "machine"]),
        "tool": _STRING,
        "schema_version": _STRING,
        "created": _STRING,
        "updated": _STRING,
        "seconds": Value("float64"),
        "migrations": List(_STRING),
        "made_from": List(_STRING),
        "started_from": _STRING,
        "reviews": List(
            {
                "annotator": _STRING,
                "kind": ClassLabel(names=["human", "machine"]),
                "schema_version": _STRING,
                "updated": _STRING,
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

_WHERE_MENTIONED = ", or where it is only `mentioned`"
_SENTENCE_OF_TRIGGER = {
    "sentence_start": (_INT, "where the trigger’s sentence starts in the article, in code points"),
    "sentence_end": (_INT, "where it ends; half-open"),
    "sentence": (_STRING, "the trigger’s sentence; null where the text may not be shipped"),
}


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
        "id": (_STRING, "the article"),
        "collection": (_STRING, "where the article comes from"),
        "title": (_STRING, "its headline; null where the text may not be shipped"),
        "outlet": (_STRING, "who published it"),
        "cites": (
            List(_STRING),
            "outlets that it names, outside its text, as where it has its news from, in their order",
        ),
        "url": (_STRING, "where it was published"),
        "published": (_STRING, "when, as an ISO 8601 date"),
        "language": (_STRING, "ISO 639 code"),
        "licence": (_STRING, "SPDX identifier of the text's licence, or `other`"),
        "text": (_STRING, "the exact text; null where it may not be shipped"),
        "length": (_INT, "its code points"),
        "sha256": (_STRING, "the hash of its UTF-8"),
        "zones": (
            List({"kind": ClassLabel(names=list(schema.zones)), "start": _INT, "end": _INT}),
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
    span = List(_struct(_mark()))
    return {
        "mentions": (
            List(_struct(_mention(schema))),
            (
                "`id`, `start`, `end`, `text`, `label`; `entity` is shared by mentions of the same"
                f" one, null for an only one; {_named(schema, schema.mentions)}"
            ),
        ),
        "event_mentions": (
            List(
                _struct(_event(schema))
                | {"arguments": List({"role": _roles(schema), "target": _STRING})}
            ),
            (
                "the trigger's `id`, `start`, `end`, `text`, `label`; `event` is shared by"
                f" mentions of the same event; {_named(schema, schema.events)}; `arguments`: `role`"
                " and `target`, the id of a mention or an event mention"
            ),
        ),
        "sources": (span, "`id`, `start`, `end`, `text` of the words that name a source"),
        "cues": (span, "`id`, `start`, `end`, `text` of the words that show an attribution"),
        "attributions": (
            List(
                _struct(_mark())
                | {"source": _STRING, "cue": _STRING}
                | _struct(_attributes(schema, _content(schema)))
            ),
            (
                "the content's `id`, `start`, `end`, `text`; `source` and `cue` by id, null where"
                f" there is none; {_named(schema, _content(schema))}"
            ),
        ),
    }


def mentions(schema: Schema) -> Columns:
    """A sentence with flat tags and with spans that nest."""
    return _SENTENCE | {
        "bio": (
            List(ClassLabel(names=_bio(*schema.mentions))),
            "a tag for each token: the outermost mentions, as BIO",
        ),
        "mentions": (
            _mentions_of_sentence(schema),
            (
                "every mention of the sentence, nested ones too: as in `documents`, with"
                " `token_start` and `token_end`, half-open, counted in `tokens`; both null where it"
                " does not start and end with a token"
            ),
        ),
    }


def _bio(*labels: str) -> list[str]:
    tags = [OUTSIDE]
    for label in labels:
        tags += [f"B-{label}", f"I-{label}"]
    return tags


def events(schema: Schema) -> Columns:
    """A sentence with its triggers, their arguments, and the mentions that may be arguments."""
    argument = {
        "role": _roles(schema),
        **_struct(_filler(schema)),
        "in_sentence": Value("bool"),
    } | _struct(_TOKENS)
    return _SENTENCE | {
        "event_mentions": (
            List(_struct(_event(schema) | _TOKENS) | {"arguments": List(argument)}),
            (
                "the triggers of the sentence: as in `documents`, with `token_start` and"
                " `token_end`; `arguments`: `role`, and the filler's `id`, `label`, `start`, `end`,"
                " `text`, `token_start`, `token_end`; `in_sentence` is false, and its tokens are"
                " null, where it is in another sentence"
            ),
        ),
        "mentions": (
            _mentions_of_sentence(schema),
            (
                "every mention of the sentence, as in `mentions`: with each trigger it makes a pair, which has a"
                " role where it is among the trigger's `arguments`, and else none"
            ),
        ),
    }


def _mentions_of_sentence(schema: Schema) -> Any:
    return List(_struct(_mention(schema) | _TOKENS))


def attributions(schema: Schema) -> Columns:
    """An attribution with its source and its cue."""
    return (
        {
            "id": (_STRING, "article and content"),
            "document": (_STRING, "the article"),
        }
        | _PLACE
        | {"text": (_STRING, "the words of the content; null where the text may not be shipped")}
        | _end("source", "the source")
        | _speaker(schema)
        | _end("cue", "the cue")
        | _attributes(schema, _content(schema))
        | {
            "depth": (_INT, "how many other contents it lies in: 0 is told by the article itself"),
            "parent": (_STRING, "`id` of the smallest content that it lies in; null at depth 0"),
            "event_mentions": (
                List(_STRING),
                "ids of the event mentions in the content, as in `documents`",
            ),
        }
        | _words(
            "the tokens from the first sentence that source, cue or content stands in to the last"
        )
        | {
            "tags": (
                List(ClassLabel(names=_bio("source", "cue", "content"))),
                (
                    "a tag for each token: source, cue and content of this attribution, as BIO; a cue inside the"
                    " content keeps its own tag, and the content begins anew after it"
                ),
            )
        }
    )


def claims(schema: Schema) -> Columns:
    """An event as told by a source."""
    roles: Columns = {
        role: (
            List(_struct(_filler(schema) | {"entity": (_STRING, "")})),
            f"fillers of the role: {entry.definition}",
        )
        for role, entry in schema.roles.items()
    }
    values: Columns = {
        f"{role}_{name}": (
            List(_column(schema.attributes[name])),
            f"`{name}` of each `{role}`, in their order; null in it where one has none",
        )
        for role, name in values_of_roles(schema)
    }
    return _disjoint("claims", _claim_event(schema), roles, values, _telling(schema))


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
    return _disjoint(
        "tolls",
        of_claim | {"id": (_STRING, "the claim’s `id`, and the mark that counts")},
        {
            "claim": (
                _STRING,
                "`id` of the claim in `claims`: of the same source, unless another tells the count alone",
            )
        },
        _end("toll", "the words that count"),
        _attributes(
            schema, {label: schema.labels[label] for label in schema.labels if label in counting}
        ),
    )


def _claim_event(schema: Schema) -> Columns:
    """What is claimed, and in which article."""
    return (
        {
            "id": (_STRING, "article, event mention, and its content where a source tells it"),
            "document": (_STRING, "the article"),
            "collection": (_STRING, "where the article comes from"),
            "outlet": (_STRING, "who published it"),
            "published": (_STRING, "when, as an ISO 8601 date"),
            "story": (
                _STRING,
                "what the article shares with other reports of one happening; null where it is in no story",
            ),
            "story_event": (
                _STRING,
                "story and name of an event that several articles of the story tell; null for any other event",
            ),
            "label": (ClassLabel(names=list(schema.events)), "the event type"),
            "event": (
                _STRING,
                "shared by claims about the same event of the article; null for an only mention",
            ),
        }
        | _PLACE
        | {"text": (_STRING, "the words of the trigger; null where the text may not be shipped")}
        | _attributes(schema, schema.events)
        | {
            "also": (
                List(_struct(_mark())),
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
        | _end(
            "source", "the source; the outlet’s name, without offsets, where the article tells it"
        )
        | _speaker(schema)
        | _end("cue", "the cue")
        | {
            name: (
                kind,
                f"{about} Null where the article tells it{_WHERE_MENTIONED if name == STANCE else ''}",
            )
            for name, (kind, about) in _attributes(schema, _content(schema)).items()
        }
        | {
            "attribution": (
                _STRING,
                "`id` of the attribution in `attributions`; null where the article tells it",
            ),
            "depth": (
                _INT,
                "how many contents it is told in: 0 is told by the article itself, 1 by one of its sources",
            ),
            "via": (
                List(
                    {"source": _STRING, "source_start": _INT, "source_end": _INT}
                    | _struct(_attributes(schema, _content(schema)))
                    | {"attribution": _STRING}
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
                _STRING,
                (
                    "`id` of the claim, of the same content, that it is an argument of or told in a clause under;"
                    " null where there is none"
                ),
            ),
        }
        | _SENTENCE_OF_TRIGGER
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


def attribute_names(labels: Iterable[Label]) -> tuple[str, ...]:
    """The attributes that any of the labels bears, in the order in which they first appear."""
    names = chain.from_iterable(label.attributes for label in labels)
    return tuple(dict.fromkeys(names))


def is_flag(attribute: Attribute) -> bool:
    """A choice of one value is a yes or no: a boolean column, false where it was not chosen."""
    return attribute.kind is Kind.CHOICE and len(attribute.values) == 1


Encoder = Callable[[Any], Any]


@cache
def encoder(config: str, schema: Schema) -> Encoder:
    """What gives a row of the config with each label as its number; a missing one stays missing."""
    (named,) = (each for each in CONFIGS if each.name == config)
    return _encoder(dict(features(named, schema))) or (lambda row: row)


def _encoder(feature: Any) -> Encoder | None:
    """What encodes a value; None where there is no label in it: most of a row has none, and is passed on as it is."""
    if isinstance(feature, ClassLabel):
        numbers: dict[Any, Any] = {name: number for number, name in enumerate(feature.names)}
        return (numbers | {None: None}).__getitem__
    if isinstance(feature, List):
        inner = _encoder(feature.feature)
        return inner and _list_encoder(inner)
    if isinstance(feature, dict):
        encoders = {name: _encoder(inner) for name, inner in feature.items()}
        return _struct_encoder({name: inner for name, inner in encoders.items() if inner})
    return None


def _list_encoder(inner: Encoder) -> Encoder:
    return lambda values: None if values is None else [inner(value) for value in values]


def _struct_encoder(encoders: Mapping[str, Encoder]) -> Encoder | None:
    def encode(fields: Any) -> Any:
        if fields is None:
            return None
        return fields | {name: inner(fields[name]) for name, inner in encoders.items()}

    return encode if encoders else None


def decoded(value: Any, feature: Any) -> Any:
    """The value with each label as its name: what an `encoder` was given."""
    if value is None:
        return None
    if isinstance(feature, ClassLabel):
        return feature.int2str(value) if isinstance(value, int) else value
    if isinstance(feature, List):
        return [decoded(element, feature.feature) for element in value]
    if isinstance(feature, dict):
        return {name: decoded(inner, feature.get(name)) for name, inner in value.items()}
    return value


def _struct(columns: Columns) -> dict[str, Any]:
    return {name: kind for name, (kind, _about) in columns.items()}


def _mark() -> Columns:
    return {"id": (_STRING, "")} | _PLACE


def _mention(schema: Schema) -> Columns:
    label = ClassLabel(names=list(schema.mentions))
    return (
        _mark()
        | {"label": (label, ""), "entity": (_STRING, "")}
        | _attributes(schema, schema.mentions)
    )


def _event(schema: Schema) -> Columns:
    label = ClassLabel(names=list(schema.events))
    return (
        _mark()
        | {"label": (label, ""), "event": (_STRING, "")}
        | _attributes(schema, schema.events)
    )


def _filler(schema: Schema) -> Columns:
    return _mark() | {"label": (ClassLabel(names=[*schema.mentions, *schema.events]), "")}


def _roles(schema: Schema) -> ClassLabel:
    return ClassLabel(names=list(schema.roles))


def _speaker(schema: Schema) -> Columns:
    return {
        "source_label": (
            ClassLabel(names=list(schema.mentions)),
            "the label of the first mention in the source’s words; of one that holds a value only if there is no other",
        ),
        "source_entity": (
            _STRING,
            (
                "the `entity` in `documents` of the mention that the source is, alone or before a"
                " comma; null where it has no other mention"
            ),
        ),
        "source_name": (
            _STRING,
            (
                "what that entity is called in the article, for a source such as *she*; the outlet where the article"
                " tells it; null where the text may not be shipped"
            ),
        ),
    }


def _end(name: str, what: str) -> Columns:
    return {
        name: (
            _STRING,
            f"the words of {what}; null where there is none, or the text may not be shipped",
        ),
        f"{name}_start": (_INT, f"where {name} starts in the article, in code points"),
        f"{name}_end": (_INT, "where it ends; half-open"),
    }


def _content(schema: Schema) -> dict[str, Label]:
    return {"content": schema.attribution["content"]}


def _attributes(schema: Schema, labels: dict[str, Any]) -> Columns:
    """Columns of the labels' attributes, with what they mean."""
    names = attribute_names(labels.values())
    return {
        name: (_column(schema.attributes[name]), schema.attributes[name].definition)
        for name in names
    }


def _named(schema: Schema, labels: dict[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in attribute_names(labels.values()))


def _column(attribute: Attribute) -> Any:
    if is_flag(attribute):
        return Value("bool")
    if attribute.kind is Kind.CHOICE:
        return ClassLabel(names=list(attribute.values))
    return Value("float64" if attribute.kind is Kind.NUMBER else "string")


def _disjoint(config: str, *parts: Columns) -> Columns:
    """All columns; AcreError where a role or an attribute of the schema has the name of another column."""
    columns: Columns = {}
    for part in parts:
        twice = sorted(set(columns) & set(part))
        if twice:
            raise AcreError(
                f"the config {config} has two columns {twice[0]!r}; rename the role or attribute in the schema"
            )
        columns |= part
    return columns
