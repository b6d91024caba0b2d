from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import get_args

import pytest

from annotate.model import schema as schema_
from annotate.model.records import MARK_FIELDS, Annotation, Mark
from annotate.model.schema import MARK_LAYERS, SPAN_LAYERS, Layer, Schema, SchemaError
from tests.conftest import ROOT

SOURCE = ROOT / "guidelines" / "schema.yaml"


def _refused(tmp_path: Path, old: str, new: str) -> str:
    source = SOURCE.read_text(encoding="utf-8")
    assert old in source
    path = tmp_path / "schema.yaml"
    path.write_text(source.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SchemaError) as refused:
        schema_.load(path)
    return str(refused.value).replace(str(path), "schema.yaml")


def _line(words: str, source: str | None = None) -> int:
    return next(
        n for n, line in enumerate((source or SOURCE.read_text()).splitlines(), 1) if words in line
    )


def test_the_inventory_is_that_of_the_design(schema: Schema) -> None:
    assert len(schema.mentions) == 14
    assert len(schema.events) == 24
    assert len(schema.roles) == 12
    assert len(schema.zones) == 8
    assert set(schema.attribution) == {"source", "cue", "content"}
    used = {role for event in schema.events.values() for role in event.roles}
    assert used == set(schema.roles)
    assert schema.layer("capture") is Layer.EVENT
    assert schema.layer("nothing") is None


def test_each_event_has_a_crosswalk(schema: Schema) -> None:
    for name, event in schema.events.items():
        assert event.crosswalk.plover, name
    # The sixteen event types of PLOVER (Open Event Data Alliance, 2023).
    plover = {
        "AGREE",
        "CONSULT",
        "SUPPORT",
        "CONCEDE",
        "COOPERATE",
        "AID",
        "RETREAT",
        "REQUEST",
        "ACCUSE",
        "REJECT",
    }
    plover |= {"THREATEN", "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT"}
    assert {code for event in schema.events.values() for code in event.crosswalk.plover} <= plover


def test_fillers_are_expanded(schema: Schema) -> None:
    assert schema.fillers("capture", "object") == {"place", "facility"}
    assert "talks" in schema.fillers("refusal", "object")
    assert schema.fillers("capture", "instrument") == frozenset()


def test_an_unresolved_reference_is_named_with_file_line_and_key(tmp_path: Path) -> None:
    line = _line("confused_with: [civilians, state_force]")
    found = _refused(
        tmp_path,
        "confused_with: [civilians, state_force]",
        "confused_with: [civilian, state_force]",
    )
    assert (
        found == f"schema.yaml:{line}: mentions.person.confused_with: names 'civilian', which is no"
        " label; declare it or correct the name"
    )


def test_a_duplicate_is_named_with_both_lines(tmp_path: Path) -> None:
    first, again = _line("  armed_group:"), _line("  government:")
    found = _refused(tmp_path, "  government:\n", "  armed_group:\n")
    assert (
        f"schema.yaml:{again}: mentions.armed_group: given twice, first in line {first}; keep one"
        in found
    )


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    found = _refused(tmp_path, "    hotkey: p\n", "    hotkey: p\n    shortcut: p\n")
    assert (
        found
        == f"schema.yaml:{_line('hotkey: p') + 1}: mentions.person.shortcut: Extra inputs are not"
        " permitted"
    )


def test_a_missing_key_is_named_at_its_parent(tmp_path: Path) -> None:
    assert (
        _refused(tmp_path, "    hotkey: p\n", "")
        == f"schema.yaml:{_line('  person:')}: mentions.person.hotkey: Field required"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hotkey: p\n", "hotkey: s\n", "'s' is taken by mentions.person; choose another"),
        (
            "agent: {fillers: [armed_actor, government], gloss: who att",
            "agent: {fillers: [actors], gloss: who att",
            "names 'actors'",
        ),
        (
            "attributes: [value, distanced]",
            "attributes: [valeu, distanced]",
            "names 'valeu', which is no attribute",
        ),
        (
            "  cue:\n    definition",
            "  cues:\n    definition",
            "must hold exactly source, cue, content",
        ),
        ("\nversion: ", "\nversion: one", "version: String should match pattern"),
        ("mentions:\n", "mentions: [\n", "not YAML"),
    ],
)
def test_what_does_not_hold_together_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    if "gloss" in old:
        old, new = (
            old.replace("gloss: who", 'gloss: "who'),
            new.replace("gloss: who", 'gloss: "who'),
        )
    assert message in _refused(tmp_path, old, new)


def test_a_missing_schema_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="no such file; the schema belongs there"):
        schema_.load(tmp_path / "schema.yaml")


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _oklab(colour: str) -> tuple[float, float, float]:
    """Björn Ottosson, A perceptual color space for image processing (2020)."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    ll = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * ll + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * ll - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * ll + 0.7827717662 * m - 0.8086757660 * s,
    )


def test_colours_are_readable_on_white_and_in_dark_mode(schema: Schema) -> None:
    # 3 : 1 is what WCAG 2.2 asks of graphical objects; #262522 is the page in Label Studio's dark mode.
    for name, label in schema.labels.items():
        assert _contrast(label.colour, "#ffffff") >= 3, name
        assert _contrast(label.colour, "#262522") >= 3, name
        # A selected mark is filled with its colour, its words are black on it.
        assert _contrast(label.colour, "#000000") >= 3, name


def test_colours_can_be_told_apart(schema: Schema) -> None:
    for (one, a), (other, b) in itertools.combinations(schema.labels.items(), 2):
        distance = (
            sum((x - y) ** 2 for x, y in zip(_oklab(a.colour), _oklab(b.colour), strict=True))
            ** 0.5
        )
        assert distance > 0.06, f"{one} and {other}"


# Full severity, on linear RGB: Machado, Oliveira and Fernandes, A physiologically-based model for simulation of color
# vision deficiency (2009).
SEEN_AS = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def _lab_of_mark(colour: str, eyes: str) -> tuple[float, float, float]:
    """CIE L*a*b* of a mark's background, which is its colour at 30 % on white, as such eyes see it."""
    parts = (round(0.3 * int(colour[i : i + 2], 16) + 0.7 * 255) / 255 for i in (1, 3, 5))
    linear = [((part + 0.055) / 1.055) ** 2.4 for part in parts]  # all are light
    seen = [
        min(1.0, max(0.0, sum(x * y for x, y in zip(row, linear, strict=True))))
        for row in SEEN_AS[eyes]
    ]
    white = ((0.4339, 0.3763, 0.1899), (0.2126, 0.7152, 0.0722), (0.0175, 0.1095, 0.8728))
    x, y, z = (sum(a * b for a, b in zip(row, seen, strict=True)) ** (1 / 3) for row in white)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("eyes", SEEN_AS)
def test_marks_of_one_group_can_be_told_apart_by_all_eyes(schema: Schema, eyes: str) -> None:
    groups = [schema.mentions, schema.attribution]
    for name in {event.group for event in schema.events.values()}:
        groups.append({key: event for key, event in schema.events.items() if event.group == name})
    least = 8 if eyes == "all cones" else 4  # ΔE*ab; 2.3 is about what is just seen
    for group in groups:
        for (one, a), (other, b) in itertools.combinations(group.items(), 2):
            difference = math.dist(_lab_of_mark(a.colour, eyes), _lab_of_mark(b.colour, eyes))
            assert difference >= least, f"{one} and {other}"


def test_hotkeys_are_unique_on_screen_and_none_is_the_editors_own(schema: Schema) -> None:
    keys = [label.hotkey for label in schema.labels.values()]
    keys += [
        value.hotkey
        for attribute in schema.attributes.values()
        for value in attribute.values.values()
    ]
    assert len(keys) == len(set(keys))
    assert not {"u", "enter", "escape", "backspace", "delete", "-", "*"} & set(keys)


def test_every_field_of_an_annotation_that_holds_marks_belongs_to_one_layer(schema: Schema) -> None:
    fields = Annotation.model_fields
    holding = [
        name
        for name, field in fields.items()
        if any(issubclass(kind, Mark) for kind in get_args(field.annotation) if kind is not ...)
    ]
    assert holding == list(MARK_FIELDS)
    assert {schema.layer(label) for label in schema.labels} == set(SPAN_LAYERS)
    assert {layer.counted_as for layer in SPAN_LAYERS} == set(MARK_LAYERS)
