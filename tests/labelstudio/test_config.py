from __future__ import annotations

import json
from typing import Any

from lxml import etree, html

from annotate.labelstudio import config
from annotate.model.schema import Label, Schema


def test_every_label_value_and_relation_is_there_once_with_its_key_and_its_tooltip(
    schema: Schema,
) -> None:
    root = etree.fromstring(config.build(schema))
    labels = {label.get("value"): label for label in root.iter("Label")}
    assert list(labels) == list(schema.labels)
    for name, label in schema.labels.items():
        assert labels[name].get("hotkey") == label.hotkey
        assert labels[name].get("background") == label.colour
        assert labels[name].get("hint", "").startswith(label.definition)
    assert [relation.get("value") for relation in root.iter("Relation")] == list(schema.relations)
    assert len(list(root.iter("Labels"))) == 1  # with two, one region can carry a label of each


def test_a_question_is_put_only_where_its_label_is_and_required_on_the_control(
    schema: Schema,
) -> None:
    root = etree.fromstring(config.build(schema))
    controls = {
        control.get("name"): control for control in root.iter("Choices", "Number", "TextArea")
    }
    assert set(controls) == set(schema.attributes)
    for name, attribute in schema.attributes.items():
        control = controls[name]
        assert control.get("perRegion") == "true"
        assert control.get("whenTagName") == config.LABELS
        assert set((control.get("whenLabelValue") or "").split(",")) == set(schema.bearers(name))
        assert (control.get("required") == "true") == attribute.required


def test_offsets_are_by_symbol_in_a_text_tag(schema: Schema) -> None:
    (text,) = etree.fromstring(config.build(schema)).iter("Text")
    assert text.get("granularity") == "symbol"


def test_a_new_label_needs_no_python(schema: Schema) -> None:
    label = Label(
        definition="A bridge of any kind.",
        colour="#123456",
        hotkey="9",
        confused_with=(),
        attributes=("distanced",),
    )
    more = schema.model_copy(update={"mentions": schema.mentions | {"bridge": label}})
    for cached in ("labels", "_fillers", "relations"):
        more.__dict__.pop(cached, None)
    assert 'value="bridge"' in config.build(more)
    assert "A bridge of any kind." in config.instructions(more)
    assert config.answers(config.build(more)) != config.answers(config.build(schema))


def test_looks_are_no_answers(schema: Schema) -> None:
    built = config.build(schema)
    assert config.answers(built.replace("72ch", "80ch")) == config.answers(built)


def test_definitions_are_escaped(schema: Schema) -> None:
    person = schema.mentions["person"].model_copy(
        update={"definition": 'A <b>"person" & more</b>, no doubt.'}
    )
    more = schema.model_copy(update={"mentions": schema.mentions | {"person": person}})
    for cached in ("labels", "_fillers", "relations"):
        more.__dict__.pop(cached, None)
    hints = [label.get("hint") for label in etree.fromstring(config.build(more)).iter("Label")]
    assert hints[0] is not None
    assert hints[0].startswith('A <b>"person" & more</b>, no doubt.')
    assert "<b>" not in html.fromstring(config.instructions(more)).xpath("string(//tr[1]/td[3]/b)")


def test_every_label_leads_to_its_page(schema: Schema) -> None:
    links = html.fromstring(config.instructions(schema)).xpath("//td//a/@href")
    assert links == [f"/guidelines/labels/{name}.html" for name in schema.labels]


def test_what_the_page_must_know_of_the_schema_is_in_the_configuration(schema: Schema) -> None:
    facts = _facts(config.build(schema))
    for event, roles in schema.events.items():
        assert set(facts["links"][event]) == set(roles.roles)
        for role, said in facts["links"][event].items():
            assert set(said["fillers"]) == schema.fillers(event, role)
            assert said["means"] == roles.roles[role].gloss
    assert {role: said["fillers"] for role, said in facts["links"]["content"].items()} == {
        "source": ["source"],
        "cue": ["cue"],
    }
    assert facts["layers"] == {name: schema.layer(name) for name in schema.labels}
    assert facts["order"] == list(schema.relations)
    for name, entry in (schema.roles | schema.attributes).items():
        assert facts["means"][name] == entry.definition


def test_markup_and_quotes_in_the_schema_leave_the_style_sheet_whole(schema: Schema) -> None:
    text = "</style> a \"b\" & 'c' \\ {d"
    more = schema.model_copy(update={"links": schema.links | {"same_as": text}})
    built = config.build(more)
    assert _facts(built)["means"]["same_as"] == text
    (style,) = etree.fromstring(built).iter("Style")
    assert not set("<>&") & set(str(style.text).partition("--acre-schema")[2])


def _facts(configuration: str) -> Any:
    (style,) = etree.fromstring(configuration).iter("Style")
    written = str(style.text).partition("--acre-schema: ")[2].rpartition("; }")[0]
    return json.loads(written)


def test_what_is_typed_says_what_goes_in_and_answers_and_roles_are_in_the_instructions(
    schema: Schema,
) -> None:
    shown = [
        header.get("value") for header in etree.fromstring(config.build(schema)).iter("Header")
    ]
    told = html.fromstring(config.instructions(schema)).text_content()
    for name, attribute in schema.attributes.items():
        assert (attribute.definition in shown) == (not attribute.values), name
        assert attribute.definition in told
        assert all(value.definition in told for value in attribute.values.values())
    assert all(role.definition in told for role in schema.roles.values())


def test_no_kind_of_zone_ends_the_string_or_the_style_sheet() -> None:
    """It is what an article's file says."""
    assert 'content: "headline ×2"' in config.zone_style([(0, "headline ×2")])
    style = config.zone_style([(0, '"; } </style><img src=//elsewhere> \\')])
    body = style.removeprefix("<style>").removesuffix("</style>")
    assert "<" not in body
    assert body.count('"') == 2
    assert "\\22 \\3b " in body
    assert body.endswith('\\5c "; }')
