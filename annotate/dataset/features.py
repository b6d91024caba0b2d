"""The columns of each config, generated from the schema."""

from __future__ import annotations

from typing import Any

from datasets import ClassLabel, Features, List, Value

from annotate.schema import Attribute, Kind, Label, Schema


def documents(schema: Schema) -> Features:
    """A document with all layers nested; offsets are half-open code points of `text`."""
    return Features(
        {
            "id": Value("string"),
            "collection": Value("string"),
            "title": Value("string"),
            "outlet": Value("string"),
            "url": Value("string"),
            "published": Value("string"),
            "language": Value("string"),
            "licence": Value("string"),
            "text": Value("string"),
            "length": Value("int64"),
            "sha256": Value("string"),
            "zones": List(
                {"kind": ClassLabel(names=list(schema.zones)), "start": Value("int64"), "end": Value("int64")}
            ),
            "mentions": List(
                _mark(ClassLabel(names=list(schema.mentions)))
                | {"entity": Value("string")}
                | _attributes(schema, schema.mentions)
            ),
            "event_mentions": List(
                _mark(ClassLabel(names=list(schema.events)))
                | {"event": Value("string")}
                | _attributes(schema, schema.events)
                | {"arguments": List({"role": ClassLabel(names=list(schema.roles)), "target": Value("string")})}
            ),
            "sources": List(_mark()),
            "cues": List(_mark()),
            "attributions": List(
                _mark()
                | {"source": Value("string"), "cue": Value("string")}
                | _attributes(schema, {"content": schema.attribution["content"]})
            ),
            "adjudicated": Value("bool"),
            "provenance": {
                "annotator": Value("string"),
                "kind": ClassLabel(names=["human", "machine"]),
                "tool": Value("string"),
                "schema_version": Value("string"),
                "created": Value("string"),
                "updated": Value("string"),
                "seconds": Value("float64"),
                "migrations": List(Value("string")),
                "made_from": List(Value("string")),
            },
        }
    )


def _mark(label: ClassLabel | None = None) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "id": Value("string"),
        "start": Value("int64"),
        "end": Value("int64"),
        "text": Value("string"),
    }
    return columns | ({"label": label} if label is not None else {})


def _attributes(schema: Schema, labels: dict[str, Any]) -> dict[str, Any]:
    return {name: _column(schema.attributes[name]) for name in attribute_names(labels)}


def attribute_names(labels: dict[str, Label]) -> tuple[str, ...]:
    """The attributes that any of the labels bears, in the order in which they first appear."""
    return tuple(dict.fromkeys(name for label in labels.values() for name in label.attributes))


def is_flag(attribute: Attribute) -> bool:
    """A choice of one value is a yes or no: a boolean column, false where it was not chosen."""
    return attribute.kind is Kind.CHOICE and len(attribute.values) == 1


def _column(attribute: Attribute) -> Any:
    if is_flag(attribute):
        return Value("bool")
    if attribute.kind is Kind.CHOICE:
        return ClassLabel(names=list(attribute.values))
    return Value("float64" if attribute.kind is Kind.NUMBER else "string")
