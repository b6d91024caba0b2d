"""Which label of the schema plays which part in the rules: `labels.yaml`, checked against the schema in use.

Sources, cues and contents are not named there: `schema.Layer` has them, and every schema must.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from annotate.model import plain_yaml
from annotate.model.issues import UsageError
from annotate.model.records import Record
from annotate.model.schema import Layer, Schema

FILE = Path(__file__).with_name("labels.yaml")


class Quantity(Record):
    """The mention label of quantities, and its attributes."""

    label: str
    min: str
    max: str
    unit: str


class Time(Record):
    """The mention label of times, and its attribute."""

    label: str
    value: str


class Realis(Record):
    """Whether an event is reported as having happened."""

    attribute: str
    actual: str
    negated: str
    hypothetical: str


class Stance(Record):
    """What a source does with a content."""

    attribute: str
    asserted: str
    denied: str
    doubted: str
    demanded: str
    committed: str
    asked: str
    condemned: str
    welcomed: str
    regretted: str


class Style(Record):
    """How a content is quoted."""

    attribute: str
    direct: str
    indirect: str
    mixed: str


class SourceStatus(Record):
    """Whether the text says who the source of a content is."""

    attribute: str
    named: str
    anonymous: str
    unattributed: str


class Flag(Record):
    """An attribute with one value, which a mark has or not."""

    attribute: str
    value: str


class Roles(Record):
    """Roles that a mention may fill, the likeliest first, by how it hangs on the trigger."""

    subject: tuple[str, ...]
    object: tuple[str, ...]
    repeatable: tuple[str, ...]
    """Roles that several mentions may fill for one trigger."""
    by_dependency: dict[str, tuple[str, ...]]
    by_preposition: dict[str, tuple[str, ...]]


class Labels(Record):
    """The parts that labels play; `labels.yaml` says of each what it is."""

    quantity: Quantity
    time: Time
    realis: Realis
    stance: Stance
    style: Style
    source_status: SourceStatus
    unverified: Flag
    distanced: Flag
    learned_attributes: tuple[str, ...]
    speaking_place: str
    people: tuple[str, ...]
    bodies: tuple[str, ...]
    named_after_persons: tuple[str, ...]
    named_after_places: tuple[str, ...]
    places: tuple[str, ...]
    gazetteer: dict[str, str]
    roles: Roles


def names() -> Labels:
    """The labels of `FILE`, whatever schema is in use."""
    return _read(FILE)


def load(schema: Schema) -> Labels:
    """The labels of `FILE`; UsageError lists every one that the schema does not have."""
    labels = names()
    problems = [
        f"{FILE}: {key}: {name!r} is no {what} of schema {schema.version};"
        " write what the schema calls it, or take it off the list"
        for key, name, what in _unknown(labels, schema)
    ]
    if problems:
        raise UsageError("\n".join(problems))
    return labels


@cache
def _read(path: Path) -> Labels:
    try:
        return Labels.model_validate(plain_yaml.load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        problems = [
            f"{path}: {'.'.join(map(str, entry['loc']))}: {entry['msg']}; correct the entry"
            for entry in error.errors()
        ]
        raise UsageError("\n".join(problems)) from None
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {' '.join(str(error).split())}; restore the file") from None


Unknown = tuple[str, str, str]
"""The key in the file, the name that stands there, and what the schema does not have by that name."""


def _unknown(labels: Labels, schema: Schema) -> Iterator[Unknown]:
    mentions = {
        "quantity.label": [labels.quantity.label],
        "time.label": [labels.time.label],
        "speaking_place": [labels.speaking_place],
        "people": labels.people,
        "bodies": labels.bodies,
        "named_after_persons": labels.named_after_persons,
        "named_after_places": labels.named_after_places,
        "places": labels.places,
    }
    for key, names in mentions.items():
        yield from _missing(key, names, schema.mentions, "mention label")
    yield from _missing(
        "learned_attributes", labels.learned_attributes, schema.attributes, "attribute"
    )
    yield from _unknown_attributes(labels, schema)
    yield from _unknown_values(labels, schema)
    roles = labels.roles
    for key in ("subject", "object", "repeatable"):
        yield from _missing(f"roles.{key}", getattr(roles, key), schema.roles, "role")
    for table in ("by_dependency", "by_preposition"):
        for key, names in getattr(roles, table).items():
            yield from _missing(f"roles.{table}.{key}", names, schema.roles, "role")


def _unknown_attributes(labels: Labels, schema: Schema) -> Iterator[Unknown]:
    """Attributes that a rule gives to a label which does not have them."""
    content = Layer.CONTENT.value
    attributes = [
        ("quantity.min", labels.quantity.min, labels.quantity.label),
        ("quantity.max", labels.quantity.max, labels.quantity.label),
        ("quantity.unit", labels.quantity.unit, labels.quantity.label),
        ("time.value", labels.time.value, labels.time.label),
        ("stance.attribute", labels.stance.attribute, content),
        ("style.attribute", labels.style.attribute, content),
        ("source_status.attribute", labels.source_status.attribute, content),
        ("unverified.attribute", labels.unverified.attribute, content),
    ]
    for key, name, label in attributes:
        if label in schema.labels:
            known = schema.labels[label].attributes
            yield from _missing(key, [name], known, f"attribute of {label}")
    for key, name in (
        ("realis.attribute", labels.realis.attribute),
        ("distanced.attribute", labels.distanced.attribute),
    ):
        yield from _missing(key, [name], schema.attributes, "attribute")


def _unknown_values(labels: Labels, schema: Schema) -> Iterator[Unknown]:
    for part in ("realis", "stance", "style", "source_status", "unverified", "distanced"):
        fields: dict[str, str | tuple[str, ...]] = dict(getattr(labels, part))
        attribute = str(fields.pop("attribute"))
        if attribute in schema.attributes:
            known = schema.attributes[attribute].values
            for key, value in fields.items():
                values = [value] if isinstance(value, str) else value
                yield from _missing(f"{part}.{key}", values, known, f"value of {attribute}")


def _missing(
    key: str, names: Iterable[str], known: Collection[str], what: str
) -> Iterator[Unknown]:
    for name in names:
        if name not in known:
            yield key, name, what
