"""The rules know the schema's labels by `labels.yaml` alone; a label that is missing is a message, not a crash."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml
from spacy.tokens import Span, SpanGroup

from annotate.extract import docs, labels, lookup
from annotate.extract.lexicon import Lexicon
from annotate.extract.lookup import Lookup
from annotate.model.issues import UsageError
from annotate.model.records import Annotation
from annotate.model.schema import ATTRIBUTION_SPANS, SAME_AS, Schema
from tests.conftest import ROOT
from tests.extract.conftest import Document, parsed

STRUCTURE = {*ATTRIBUTION_SPANS, SAME_AS}
"""What every schema has under these names."""


def _names(schema: Schema) -> set[str]:
    """Every name in the schema but for event types, whose words are in `triggers.yaml`, and what all schemas have."""
    names = {*schema.mentions, *schema.roles, *schema.attributes}
    for attribute in schema.attributes.values():
        names |= set(attribute.values)
    return names - STRUCTURE


def _renamed(node: Any, names: set[str], keys: bool = True) -> Any:
    """Plain data with a suffix on every value, and every key of a mapping, that is one of the names."""
    if isinstance(node, dict):
        renamed = {}
        for key, value in node.items():
            renamed[f"{key}_2" if keys and key in names else key] = _renamed(value, names, keys)
        return renamed
    if isinstance(node, list):
        return [_renamed(value, names, keys) for value in node]
    return f"{node}_2" if isinstance(node, str) and node in names else node


def _with_names(schema: Schema, names: set[str]) -> Schema:
    return Schema.model_validate(_renamed(schema.model_dump(mode="json"), names))


def _annotation(annotation: Annotation, names: set[str]) -> Annotation:
    """Labels, roles and attributes under their other names; fields of records keep theirs."""
    fields = _renamed(annotation.model_dump(mode="json"), names, keys=False)
    for layer in ("mentions", "event_mentions", "attributions"):
        for mark in fields[layer]:
            mark["attributes"] = {
                f"{name}_2" if name in names else name: value
                for name, value in mark["attributes"].items()
            }
    return Annotation.model_validate(fields)


def _write_labels(folder: Path, names: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a file with the other names; the keys, which are the parts that labels play, stay."""
    listed = yaml.safe_load(labels.FILE.read_text(encoding="utf-8"))
    file = folder / "labels.yaml"
    file.write_text(yaml.safe_dump(_renamed(listed, names, keys=False)), encoding="utf-8")
    monkeypatch.setattr(labels, "FILE", file)


def test_other_names_in_schema_and_file_give_the_same_annotation_under_other_names(
    taught: Document, schema: Schema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = _names(schema)
    article, annotation = taught
    unread, _ = parsed(f"{UNREAD}\n---\n", schema)
    expected = lookup.predict(lookup.fit([(article, annotation)], schema), unread, schema)
    _write_labels(tmp_path, names, monkeypatch)
    other = _with_names(schema, names)
    model = lookup.fit([(article, _annotation(annotation, names))], other)
    assert lookup.predict(model, unread, other) == _annotation(expected, names)
    assert {mark.label for mark in expected.mentions} >= {"quantity", "time", "armed_group"}
    assert expected.event_mentions[0].arguments
    assert expected.attributions[0].source


UNREAD = """\
The rebels seized the clinic on Friday, the ministry said. More than 40 rebels were killed by the army.

The ministry denied that the army will shell the hill."""


def test_event_types_that_no_list_has_words_for_are_learned(
    taught: Document, schema: Schema
) -> None:
    names = {"capture", "death", "shelling"}
    article, annotation = taught
    unread, _ = parsed(f"{UNREAD}\n---\n", schema)
    other = _with_names(schema, names)
    model = lookup.fit([(article, _annotation(annotation, names))], other)
    assert model.triggers.words["VERB"]["seize"] == {"capture_2": 1.0}
    assert (
        "overrun" not in model.triggers.words["VERB"]
    )  # listed under the type that is there no more
    predicted = lookup.predict(model, unread, other)
    assert "capture_2" in {mark.label for mark in predicted.event_mentions}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("quantity", r"labels\.yaml: quantity\.label: 'quantity' is no mention label of schema"),
        (
            "media",
            r"labels\.yaml: bodies: 'media' is no mention label of schema [\d.]+; write what",
        ),
        ("recipient", r"labels\.yaml: roles\.object: 'recipient' is no role of schema"),
        ("min", r"labels\.yaml: quantity\.min: 'min' is no attribute of quantity of schema"),
        ("negated", r"labels\.yaml: realis\.negated: 'negated' is no value of realis of schema"),
    ],
)
def test_a_name_that_the_schema_does_not_have_is_a_message(
    name: str, message: str, schema: Schema
) -> None:
    article, annotation = parsed(f"{UNREAD}\n---\n", schema)
    other = _with_names(schema, {name})
    with pytest.raises(UsageError, match=message):
        lookup.fit([(article, annotation)], other)


def test_a_file_that_lacks_a_part_is_a_message(
    schema: Schema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "labels.yaml"
    file.write_text("speaking_place: government\n", encoding="utf-8")
    monkeypatch.setattr(labels, "FILE", file)
    with pytest.raises(UsageError, match=r"labels\.yaml: quantity: Field required; correct"):
        labels.load(schema)


def test_a_lookup_of_other_labels_is_a_message(schema: Schema) -> None:
    """*Weapon* is no label of the rules: only the model knows it."""
    article, _ = parsed("The rifles lay there.\n---\n", schema)
    model = Lookup(
        phrases={"the rifles": "weapon"}, heads={}, kinds={},
        triggers=Lexicon(words={"VERB": {}, "NOUN": {}}), cues={}, schema_version=schema.version,
    )  # fmt: skip
    assert [mark.label for mark in lookup.predict(model, article, schema).mentions] == ["weapon"]
    with pytest.raises(UsageError, match=r"lookup was trained with other labels .*'weapon' is no"):
        lookup.predict(model, article, _with_names(schema, {"weapon"}))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "weapon",
            "'weapon' is no label of schema .*; train it anew with: python scripts/train.py",
        ),
        ("instrument", "a link 'instrument' can't go from a event to a mention"),
        ("generic", "'realis' has no value 'generic'"),
        ("stance", "'content' has no attribute 'stance'"),
    ],
)
def test_a_pipeline_of_other_labels_is_a_message(
    name: str, message: str, nlp: Any, schema: Schema, tmp_path: Path, monkeypatch: Any
) -> None:
    """What a trained pipeline predicted, of which the schema has one name no more."""
    article, _ = parsed("Rifles kill, they say.\n---\n", schema)
    (doc,) = docs.zones(article, schema, nlp)
    marks = [Span(doc, 0, 1, "weapon"), Span(doc, 1, 2, "death"), Span(doc, 0, 2, "content")]
    doc.spans[docs.MARKS] = SpanGroup(doc, name=docs.MARKS, spans=marks)
    doc.user_data[docs.RELATIONS] = [docs.Relation(1, "instrument", 0)]
    doc.user_data[docs.ATTRIBUTES] = {1: {"realis": "generic"}, 2: {"stance": "asserts"}}
    provenance = docs.provenance("small", "1", schema)
    predicted, _scores = docs.annotation(article, [doc], schema, provenance)
    assert predicted.event_mentions[0].arguments
    _write_labels(tmp_path, {name}, monkeypatch)
    with pytest.raises(UsageError, match=f"small was trained with other labels.*{message}"):
        docs.annotation(article, [doc], _with_names(schema, {name}), provenance)


OTHER_WORDS = {
    ("grammar.py", "agent"),  # a dependency of the parser
    ("names.py", "place"),  # a kind of name in names.yaml
    ("quantities.py", "civilians"),  # nouns
    ("quantities.py", "person"),
    ("times.py", "time"),  # a word of times: local time
}


def test_no_label_of_the_schema_stands_in_the_code(schema: Schema) -> None:
    names = {*_names(schema), *schema.events, *STRUCTURE}
    spelled = set()
    for path in (ROOT / "annotate" / "extract").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in names:
                spelled.add((path.name, node.value))
    # In labels.py the parts are named that labels play.
    assert {entry for entry in spelled if entry[0] != "labels.py"} == OTHER_WORDS
