"""The columns that several configs share, and the pieces that they are made of.

Offsets are half-open and count Unicode code points of the article's text.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from datasets import ClassLabel, List, Value

from annotate.model.issues import AcreError
from annotate.model.schema import Attribute, Kind, Label, Schema

OUTSIDE = "O"

Columns = dict[str, tuple[Any, str]]
"""By name: the column's type, and what it holds."""

STRING, INT = Value("string"), Value("int64")
PLACE = {
    "start": (INT, "where its words start in the article, in code points"),
    "end": (INT, "where they end; half-open"),
    "text": (STRING, "its words; null where the text may not be shipped"),
}
TOKENS = {
    "token_start": (
        INT,
        "its first token, counted in `tokens`; null where it does not start with a token",
    ),
    "token_end": (INT, "after its last token; null where it does not end with a token"),
}


def words(what: str) -> Columns:
    """Tokens with their offsets; `what` they are of."""
    return {
        "tokens": (
            List(STRING),
            f"{what}, white space left out; null where the text may not be shipped",
        ),
        "token_starts": (List(INT), "where each token starts in the article, in code points"),
        "token_ends": (List(INT), "where each token ends; half-open"),
    }


SENTENCE = {
    "id": (STRING, "article and number of the sentence"),
    "document": (STRING, "the article"),
    "sentence": (INT, "its number in the article, from 0"),
    "start": (INT, "where the sentence starts in the article, in code points"),
    "end": (INT, "where it ends; half-open"),
    "text": (STRING, "the sentence; null where the text may not be shipped"),
    **words("its tokens"),
}


def struct(columns: Columns) -> dict[str, Any]:
    """The columns as the fields of a record, without what they hold."""
    return {name: kind for name, (kind, _about) in columns.items()}


def mark() -> Columns:
    """A span of the text with its id."""
    return {"id": (STRING, "")} | PLACE


def mention(schema: Schema) -> Columns:
    """A mention with its label, entity and answers."""
    label = ClassLabel(names=list(schema.mentions))
    return (
        mark()
        | {"label": (label, ""), "entity": (STRING, "")}
        | attributes(schema, schema.mentions)
    )


def event(schema: Schema) -> Columns:
    """A trigger with its type, event and answers."""
    label = ClassLabel(names=list(schema.events))
    return (
        mark() | {"label": (label, ""), "event": (STRING, "")} | attributes(schema, schema.events)
    )


def filler(schema: Schema) -> Columns:
    """A mark that fills a role."""
    return mark() | {"label": (ClassLabel(names=[*schema.mentions, *schema.events]), "")}


def roles(schema: Schema) -> ClassLabel:
    """A role by its name."""
    return ClassLabel(names=list(schema.roles))


def speaker(schema: Schema) -> Columns:
    """Who a source is."""
    return {
        "source_label": (
            ClassLabel(names=list(schema.mentions)),
            "the label of the first mention in the source’s words; of one that holds a value only if there is no other",
        ),
        "source_entity": (
            STRING,
            (
                "the `entity` in `documents` of the mention that the source is, alone or before a"
                " comma; null where it has no other mention"
            ),
        ),
        "source_name": (
            STRING,
            (
                "what that entity is called in the article, for a source such as *she*; the outlet where the article"
                " tells it; null where the text may not be shipped"
            ),
        ),
    }


def end(name: str, what: str) -> Columns:
    """The words at one end of an attribution, with their offsets."""
    return {
        name: (
            STRING,
            f"the words of {what}; null where there is none, or the text may not be shipped",
        ),
        f"{name}_start": (INT, f"where {name} starts in the article, in code points"),
        f"{name}_end": (INT, "where it ends; half-open"),
    }


def content(schema: Schema) -> dict[str, Label]:
    """The label that bears what is asked of an attribution."""
    return {"content": schema.attribution["content"]}


def attributes(schema: Schema, labels: dict[str, Any]) -> Columns:
    """Columns of the labels' attributes, with what they mean."""
    names = attribute_names(labels.values())
    return {
        name: (column(schema.attributes[name]), schema.attributes[name].definition)
        for name in names
    }


def named(schema: Schema, labels: dict[str, Any]) -> str:
    """The names of the labels' attributes, for a sentence."""
    return ", ".join(f"`{name}`" for name in attribute_names(labels.values()))


def column(attribute: Attribute) -> Any:
    """The type of an attribute's column."""
    if is_flag(attribute):
        return Value("bool")
    if attribute.kind is Kind.CHOICE:
        return ClassLabel(names=list(attribute.values))
    return Value("float64" if attribute.kind is Kind.NUMBER else "string")


def disjoint(config: str, *parts: Columns) -> Columns:
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


def mentions_of_sentence(schema: Schema) -> Any:
    """The mentions of a sentence, with their tokens."""
    return List(struct(mention(schema) | TOKENS))


def bio_tags(*labels: str) -> list[str]:
    """The tags of a token, with the one outside of all labels first."""
    tags = [OUTSIDE]
    for label in labels:
        tags += [f"B-{label}", f"I-{label}"]
    return tags


def attribute_names(labels: Iterable[Label]) -> tuple[str, ...]:
    """The attributes that any of the labels bears, in the order in which they first appear."""
    names = chain.from_iterable(label.attributes for label in labels)
    return tuple(dict.fromkeys(names))


def is_flag(attribute: Attribute) -> bool:
    """A choice of one value is a yes or no: a boolean column, false where it was not chosen."""
    return attribute.kind is Kind.CHOICE and len(attribute.values) == 1
