"""`guidelines/schema.yaml`, the one source for labels: read whole, refused whole where something does not resolve."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from annotate.model import plain_yaml
from annotate.model.issues import CODES, AcreError

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
Prose = Annotated[str, StringConstraints(min_length=10)]

ANY_MENTION = "any_mention"
ANY_EVENT = "any_event"
SAME_AS = "same_as"


class SchemaError(AcreError):
    """The schema does not hold together; each line says file, line, key and what to do."""


class Layer(enum.StrEnum):
    """The layers of an annotation, by the names that messages, reports and the record of gold use.

    The first five hold marks, each in a field of `Annotation` of its own; a label of the schema belongs to one of
    them. The others are what two annotations are compared by besides.
    """

    MENTION = "mention"
    EVENT = "event"
    SOURCE = "source"
    CUE = "cue"
    CONTENT = "content"
    ATTRIBUTION_SPAN = "attribution span"
    """Sources, cues and contents, counted together."""
    ATTRIBUTE = "attribute"
    ARGUMENT = "argument"
    ATTRIBUTION_LINK = "attribution link"
    COREFERENCE = "coreference"
    CLAIM = "claim"
    """An event with the source that reports it: derived, never stored."""

    @property
    def field(self) -> str:
        """The field of `Annotation` that holds the layer's marks."""
        return _FIELDS[self]

    @property
    def counted_as(self) -> Layer:
        """The layer of `UNIT_LAYERS` that the layer's marks are counted in."""
        return Layer.ATTRIBUTION_SPAN if self in ATTRIBUTION_SPANS else self


_FIELDS = {
    Layer.MENTION: "mentions",
    Layer.EVENT: "event_mentions",
    Layer.SOURCE: "sources",
    Layer.CUE: "cues",
    Layer.CONTENT: "attributions",
}
SPAN_LAYERS = tuple(_FIELDS)
"""The layers that hold marks, in the order of `Annotation`'s fields."""
ATTRIBUTION_SPANS = (Layer.SOURCE.value, Layer.CUE.value, Layer.CONTENT.value)
"""The labels of the attribution layers: each has its layer's name."""
MARK_LAYERS = (Layer.MENTION, Layer.EVENT, Layer.ATTRIBUTION_SPAN)
LINK_LAYERS = (Layer.ARGUMENT, Layer.ATTRIBUTION_LINK, Layer.COREFERENCE)
UNIT_LAYERS = (*MARK_LAYERS, Layer.ATTRIBUTE, *LINK_LAYERS)
"""What two annotations are compared by, unit by unit."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(_Frozen):
    """What a span can be labelled with."""

    definition: Prose
    colour: Colour
    hotkey: str
    confused_with: tuple[str, ...]
    attributes: tuple[str, ...]


class RoleFrame(_Frozen):
    """What a role means for one event type, and what may fill it."""

    fillers: tuple[str, ...] = Field(min_length=1)
    gloss: str


class Crosswalk(_Frozen):
    """The nearest categories of other event schemes; empty where there is none."""

    acled: tuple[str, ...]
    plover: tuple[str, ...]
    ucdp_ged: tuple[str, ...]
    muc4: tuple[str, ...]


class EventType(Label):
    """An event type with the roles it allows."""

    group: Name
    roles: dict[Name, RoleFrame]
    crosswalk: Crosswalk
    toll: Name | None = None
    """The role whose fillers count the people harmed: each is a row of the dataset's config `tolls`."""


class Role(_Frozen):
    """A role, over all event types."""

    definition: Prose
    confused_with: tuple[str, ...]


class Value(_Frozen):
    """One value of a choice."""

    definition: str
    hotkey: str


class Kind(enum.StrEnum):
    """How an attribute is answered."""

    CHOICE = "choice"
    NUMBER = "number"
    TEXT = "text"


class Attribute(_Frozen):
    """A property of a mention, an event mention or an attribution."""

    kind: Kind
    definition: Prose
    required: bool = False
    values: dict[str, Value] = {}
    pattern: str | None = None


class Look(_Frozen):
    """Marks that a rule finds by their words or answers, and only a person can decide."""

    of: tuple[str, ...] = Field(min_length=1)
    """Labels, or layers of marks: `mention`, `event`, `source`, `cue`, `content`."""
    words: str = ""
    """A regular expression, met anywhere in the mark's words, whatever their case; empty means every mark."""
    answers: dict[str, str] = {}
    """By attribute, a regular expression that its answer meets, likewise; what is not answered is empty."""
    dated: bool = False
    """Only in an article whose date of publication is known."""
    ask: str = Field(min_length=10)
    """What to look for, with the page that decides."""

    @model_validator(mode="after")
    def _compiled(self) -> Self:
        for pattern in (self.words, *self.answers.values()):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
        return self

    @cached_property
    def _words(self) -> re.Pattern[str]:
        return re.compile(self.words, re.IGNORECASE)

    @cached_property
    def _answers(self) -> dict[str, re.Pattern[str]]:
        return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in self.answers.items()}

    def is_of(self, label: str, layer: Layer | None) -> bool:
        """Whether marks of the label, which is in the layer, can meet it."""
        return label in self.of or layer in self.of

    def is_met(self, words: str, attributes: Mapping[str, int | float | str]) -> bool:
        """Whether a mark with these words and answers, of one of its labels, is to be looked at."""
        return bool(self._words.search(words)) and all(
            pattern.search(str(attributes.get(name, ""))) for name, pattern in self._answers.items()
        )


class Schema(_Frozen):
    """All layers; the order of the file is the order on screen and in `ClassLabel`s."""

    version: Version
    filler_sets: dict[Name, tuple[str, ...]]
    mentions: dict[Name, Label]
    events: dict[Name, EventType]
    roles: dict[Name, Role]
    attribution: dict[Name, Label]
    links: dict[Name, Prose]
    attributes: dict[Name, Attribute]
    zones: dict[Name, Prose]
    silent_zones: tuple[str, ...] = ()
    """Kinds of zones in which nothing is marked."""
    lints: dict[str, Look] = {}
    """By the code of a warning, what is suspicious in gold by its words, in the language of the corpus."""

    def __hash__(self) -> int:
        """Equal schemas have one version: what is made of a schema can be kept by it (`functools.cache`)."""
        return hash(self.version)

    @cached_property
    def labels(self) -> dict[str, Label]:
        """Every span label, in the order of the screen."""
        return {**self.mentions, **self.attribution, **self.events}

    @cached_property
    def lints_of(self) -> dict[str, tuple[tuple[str, Look], ...]]:
        """By label, the lints that its marks can meet, by their codes; labels without any are left out."""
        lints = {
            label: tuple(
                (code, look)
                for code, look in self.lints.items()
                if look.is_of(label, self.layer(label))
            )
            for label in self.labels
        }
        return {label: looks for label, looks in lints.items() if looks}

    @cached_property
    def _fillers(self) -> dict[tuple[str, str], frozenset[str]]:
        sets = {name: frozenset(labels) for name, labels in self.filler_sets.items()}
        sets |= {ANY_MENTION: frozenset(self.mentions), ANY_EVENT: frozenset(self.events)}
        fillers: dict[tuple[str, str], frozenset[str]] = {}
        for event, event_type in self.events.items():
            for role, frame in event_type.roles.items():
                named = (sets.get(filler, frozenset([filler])) for filler in frame.fillers)
                fillers[event, role] = frozenset().union(*named)
        return fillers

    def fillers(self, event: str, role: str) -> frozenset[str]:
        """The labels that may fill the role of the event type; empty where the event has no such role."""
        return self._fillers.get((event, role), frozenset())

    @cached_property
    def tolls(self) -> dict[str, str]:
        """By event type, the role whose fillers count the people harmed."""
        return {name: event.toll for name, event in self.events.items() if event.toll is not None}

    def layer(self, label: str) -> Layer | None:
        """Where the label lives, or None for an unknown one."""
        if label in self.mentions:
            return Layer.MENTION
        if label in self.events:
            return Layer.EVENT
        return Layer(label) if label in self.attribution else None

    @cached_property
    def relations(self) -> tuple[str, ...]:
        """Every label that a link between two spans can carry: roles, then links, without repeats."""
        return tuple(dict.fromkeys([*self.roles, *self.links]))

    @cached_property
    def value_labels(self) -> frozenset[str]:
        """The labels whose marks are asked for a text or a number: a time’s value, a quantity’s bounds."""
        asked = {
            name for name, attribute in self.attributes.items() if attribute.kind is not Kind.CHOICE
        }
        return frozenset(
            name for name, label in self.labels.items() if not asked.isdisjoint(label.attributes)
        )

    def bearers(self, attribute: str) -> tuple[str, ...]:
        """The labels that can carry the attribute."""
        return tuple(name for name, label in self.labels.items() if attribute in label.attributes)


_DIGITS = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)
_LARGEST = 2**63 - 1


def is_number(value: object) -> bool:
    """Whether every later step can hold it: finite, and within 64 bits; a truth value is none."""
    return type(value) in (int, float) and -_LARGEST <= value <= _LARGEST  # type: ignore[operator]


def number(words: str) -> int | float | None:
    """The number that ASCII digits tell; None of all else, such as 1_000, ١٢, nan or what 64 bits can't hold.

    >>> number("12"), number("-1.5e3"), number("1_000")
    (12, -1500.0, None)
    """
    if not _DIGITS.fullmatch(words):
        return None
    value = int(words) if words.lstrip("+-").isdecimal() else float(words)
    return value if is_number(value) else None


def load(path: Path) -> Schema:
    """Read the schema; SchemaError lists every fault as `file:line: key: what to do`."""
    try:
        node = plain_yaml.compose(path.read_text(encoding="utf-8"))
        lines: dict[tuple[str, ...], int] = {}
        faults: list[tuple[tuple[str, ...], str]] = []
        document = _plain(node, (), lines, faults)
    except FileNotFoundError:
        raise SchemaError(f"{path}: no such file; the schema belongs there") from None
    except OSError as error:
        raise SchemaError(f"{path}: {error.strerror}; the schema belongs there") from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise SchemaError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    schema = None
    if not faults:
        try:
            schema = Schema.model_validate(document)
        except ValidationError as error:
            faults = [(tuple(map(str, e["loc"])), e["msg"]) for e in error.errors()]
        else:
            faults = list(_unresolved(schema))
    if faults or schema is None:
        raise SchemaError("\n".join(_fault(path, lines, key, message) for key, message in faults))
    return schema


def _fault(
    path: Path, lines: dict[tuple[str, ...], int], key: tuple[str, ...], message: str
) -> str:
    # A missing key has no line of its own: its parent's is the place to look.
    known = next((key[:n] for n in range(len(key), -1, -1) if key[:n] in lines), ())
    return f"{path}:{lines.get(known, 1)}: {'.'.join(key) or 'schema'}: {message}"


def _plain(
    node: Any,
    key: tuple[str, ...],
    lines: dict[tuple[str, ...], int],
    faults: list[tuple[tuple[str, ...], str]],
) -> Any:
    """The node's plain value; notes the line of each key and each duplicate."""
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            child = (*key, str(key_node.value))
            if key_node.value in mapping:
                message = f"given twice, first in line {lines[child]}; keep one"
                lines[child] = key_node.start_mark.line + 1
                faults.append((child, message))
                continue
            lines[child] = key_node.start_mark.line + 1
            mapping[key_node.value] = _plain(value_node, child, lines, faults)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        values = [_plain(child, key, lines, faults) for child in node.value]
        doubles = sorted({str(value) for value in values if values.count(value) > 1})
        faults += [(key, f"lists {double!r} twice; keep one") for double in doubles]
        return values
    if node is None:
        return {}
    return (
        node.value if node.tag.endswith((":str", ":int", ":float")) else yaml.safe_load(node.value)
    )


def _unresolved(schema: Schema) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every reference that points to nothing, and every name, colour or hotkey that stands for two things."""
    mentions, events = set(schema.mentions), set(schema.events)
    sets = {*schema.filler_sets, ANY_MENTION, ANY_EVENT}

    def unknown(
        key: tuple[str, ...], names: tuple[str, ...], known: set[str], what: str
    ) -> Iterator[tuple[tuple[str, ...], str]]:
        for name in names:
            if name not in known:
                yield key, f"names {name!r}, which is no {what}; declare it or correct the name"

    for name, labels in schema.filler_sets.items():
        yield from unknown(
            ("filler_sets", name), labels, mentions | events, "mention label or event type"
        )
        if name in mentions | events | {ANY_MENTION, ANY_EVENT}:
            yield ("filler_sets", name), "is also a label or a built-in set; choose another name"
    for section, table in (
        ("mentions", schema.mentions),
        ("events", schema.events),
        ("attribution", schema.attribution),
    ):
        for name, label in table.items():
            key = (section, name)
            yield from unknown(
                (*key, "confused_with"), label.confused_with, set(schema.labels), "label"
            )
            yield from unknown(
                (*key, "attributes"), label.attributes, set(schema.attributes), "attribute"
            )
    for name, event in schema.events.items():
        yield from unknown(("events", name, "roles"), tuple(event.roles), set(schema.roles), "role")
        if event.toll is not None and event.toll not in event.roles:
            message = f"names {event.toll!r}, which is no role of {name}; name one of its own"
            yield ("events", name, "toll"), message
        for role, frame in event.roles.items():
            yield from unknown(
                ("events", name, "roles", role),
                frame.fillers,
                mentions | events | sets,
                "label or filler set",
            )
    for name, role_entry in schema.roles.items():
        yield from unknown(
            ("roles", name, "confused_with"), role_entry.confused_with, set(schema.roles), "role"
        )
    for name, attribute in schema.attributes.items():
        if not schema.bearers(name):
            yield (
                ("attributes", name),
                "no label has it; list it under a label's `attributes` or remove it",
            )
        if (attribute.kind is Kind.CHOICE) != bool(attribute.values):
            yield (
                ("attributes", name, "values"),
                "a choice needs values, and only a choice has them",
            )
        if attribute.pattern is not None and not _compiles(attribute.pattern):
            yield ("attributes", name, "pattern"), "is no regular expression; correct it"
    yield from unknown(("silent_zones",), schema.silent_zones, set(schema.zones), "zone")
    for name, look in schema.lints.items():
        if name not in CODES:
            yield (
                ("lints", name),
                "is no code of a finding; register it in annotate/model/issues.py",
            )
        for field, message in unresolved_look(look, schema):
            yield ("lints", name, field), message
    if set(schema.attribution) != set(ATTRIBUTION_SPANS):
        yield ("attribution",), f"must hold exactly {', '.join(ATTRIBUTION_SPANS)}"
    if set(schema.links) != {"source", "cue", SAME_AS}:
        yield ("links",), f"must hold exactly source, cue, {SAME_AS}"
    yield from _doubles(schema)


def unresolved_look(look: Look, schema: Schema) -> Iterator[tuple[str, str]]:
    """(field, what is wrong with it) for each label and attribute that the schema does not have."""
    for label in look.of:
        if label not in schema.labels and label not in SPAN_LAYERS:
            message = f"{label!r} is no label or layer of schema {schema.version}; correct the name"
            yield "of", message
    for attribute in look.answers:
        if attribute not in schema.attributes:
            yield "answers", f"{attribute!r} is not in schema {schema.version}; correct the name"


def _doubles(schema: Schema) -> Iterator[tuple[tuple[str, ...], str]]:
    sections: dict[str, Mapping[str, Label]] = {
        "mentions": schema.mentions,
        "events": schema.events,
        "attribution": schema.attribution,
    }
    labels: list[tuple[tuple[str, ...], Label]] = []
    for section, table in sections.items():
        labels += [((section, name), label) for name, label in table.items()]
    values: list[tuple[tuple[str, ...], Value]] = []
    for name, attribute in schema.attributes.items():
        for value, answer in attribute.values.items():
            values.append((("attributes", name, "values", value), answer))
    seen: dict[str, str] = {}
    for key, _label in labels:
        if key[1] in seen:
            yield key, f"is also in {seen[key[1]]}; a label's name is unique over all layers"
        seen[key[1]] = key[0]
    for field, entries in (("hotkey", [*labels, *values]), ("colour", labels)):
        taken: dict[str, tuple[str, ...]] = {}
        for key, entry in entries:
            mark = getattr(entry, field)
            if mark in taken:
                yield (*key, field), f"{mark!r} is taken by {'.'.join(taken[mark])}; choose another"
            taken[mark] = key


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
