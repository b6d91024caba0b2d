from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from annotate.corpus import store, validate
from annotate.corpus.articles import reading
from annotate.labelstudio import results, tasks
from annotate.model.issues import errors
from annotate.model.records import Annotation, Article, Provenance
from annotate.model.schema import Schema
from tests import strategies
from tests.conftest import SENTENCE

Write = Callable[..., tuple[Article, Annotation]]


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_goes_to_label_studio_comes_back(schema: Schema, data: st.DataObject) -> None:
    text, annotation = data.draw(strategies.annotated(schema))
    article = reading.article("t", text, reading.About("sample")).article
    # A text of signs alone is no article, and what looks like mojibake is mended.
    assume(article is not None and article.text == text)
    assert article is not None
    annotation = annotation.model_copy(update={"article": article.id, "sha256": article.sha256})
    sent = tasks.result(annotation, article, schema)
    pairs = [(entry["from_id"], entry["to_id"]) for entry in sent if entry["type"] == "relation"]
    assert len(pairs) == len(set(pairs))  # one relation of a pair survives an edit in the browser
    assert results.read(sent, article, schema, annotation.provenance) == (annotation, [])


@pytest.fixture
def read(
    write: Write, schema: Schema, made: Callable[..., Provenance]
) -> Callable[..., tuple[Annotation, list[tuple[str, str]]]]:
    article, annotation = write(SENTENCE)

    def read(change: Callable[[list[Any]], Any]) -> tuple[Annotation, list[tuple[str, str]]]:
        sent = tasks.result(annotation, article, schema)
        change(sent)
        back, issues = results.read(sent, article, schema, made())
        return back, [(issue.where, issue.code) for issue in issues]

    return read


def _entry(sent: list[Any], name: str, control: str = "label") -> Any:
    of_region = [entry for entry in sent if entry.get("id") == name]
    return next(entry for entry in of_region if entry.get("from_name") == control)


def _add_relation(**fields: Any) -> Callable[[list[Any]], Any]:
    return lambda sent: sent.append({"type": "relation"} | fields)


def _set(name: str, control: str = "label", **value: Any) -> Callable[[list[Any]], Any]:
    return lambda sent: _entry(sent, name, control)["value"].update(value)


@pytest.mark.parametrize(
    ("change", "issues"),
    [
        (_set("m1", labels=["person", "place"]), [("m1", "label-several"), ("e1", "link-dangling")]),
        (_set("m1", labels=[]), [("m1", "label-missing"), ("e1", "link-dangling")]),
        (_set("m2", labels=["castle"]), [("m2", "label-unknown"), ("e1", "link-dangling")]),
        (_set("m1", end=9999), [("m1", "offset-range"), ("e1", "link-dangling")]),
        (_set("m1", start=-1), [("m1", "offset-range"), ("e1", "link-dangling")]),
        (_set("m1", start=1.5), [("m1", "offset-range"), ("e1", "link-dangling")]),
        (_set("m1", start=None), [("m1", "offset-range"), ("e1", "link-dangling")]),
        (_set("e1", "realis", choices=["actual", "generic"]), [("e1", "attribute-value")]),
        (_set("m3", "min", number="12"), [("m3", "attribute-value")]),
        (_set("m3", "unit", text=["people", "soldiers"]), [("m3", "attribute-value")]),
        (lambda sent: _entry(sent, "e1", "realis").update(from_name="mood"), [("e1", "attribute-unknown")]),
        (lambda sent: sent.append("?"), [("result", "result-malformed")]),
        (lambda sent: _entry(sent, "m2").update(id="a b"), [("a b", "result-malformed"), ("e1", "link-dangling")]),
        (_add_relation(from_id="e1"), [("e1", "result-malformed")]),
        (_add_relation(from_id="e1", to_id="m3"), [("e1", "link-unlabelled")]),
        (_add_relation(from_id="e1", to_id="zz", labels=["time"]), [("e1", "link-dangling")]),
        (_add_relation(from_id="m1", to_id="e1", labels=["time"]), [("m1", "link-misplaced")]),
        (_add_relation(from_id="m1", to_id="e1", labels=["same_as"]), [("m1", "link-misplaced")]),
        (lambda sent: sent.append(_entry(sent, "m1") | {}), [("m1", "id-duplicate")]),
        (lambda sent: _entry(sent, "m1").update(meta={"text": ["unsure"]}), [("m1", "region-note")]),
        (lambda sent: sent.append({**_entry(sent, "e1", "realis"), "id": "m1"}), [("m1", "answer-stale")]),
        (lambda sent: sent.append({**_entry(sent, "e1", "realis"), "id": "m9"}), [("m9", "label-missing")]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(
    read: Callable[..., Any], change: Callable[[list[Any]], Any], issues: list[tuple[str, str]]
) -> None:
    assert read(change)[1] == issues


def test_words_that_stand_elsewhere_are_refused(read: Callable[..., Any]) -> None:
    assert read(_set("m1", text="Armies"))[1] == [("m1", "mark-text"), ("e1", "link-dangling")]


@pytest.mark.parametrize("words", ["Troops\\n", " Troops ", None, ["a note"]])
def test_label_studios_own_way_of_telling_words_is_no_difference(
    read: Callable[..., Any], words: Any
) -> None:
    annotation, issues = read(_set("m1", text=words))
    assert annotation.mentions[0].text == "Troops"
    assert issues == []


def test_a_note_in_place_of_a_regions_words_is_no_evidence(read: Callable[..., Any]) -> None:
    annotation, issues = read(_set("m3", text="people"))  # what was typed as its unit
    assert issues == []
    assert "at least 12" in {mention.text for mention in annotation.mentions}


def test_offsets_in_utf16_units_are_moved_and_named(
    write: Write, schema: Schema, made: Callable[..., Provenance]
) -> None:
    article, annotation = write("🚁 [m1:armed_group|Rebels] left 🏥 [m2:place|Tak].\n---\n")
    sent = tasks.result(annotation, article, schema)
    for entry, shift in zip(sent, (1, 2), strict=True):
        entry["value"] |= {
            "start": entry["value"]["start"] + shift,
            "end": entry["value"]["end"] + shift,
        }
    back, issues = results.read(sent, article, schema, made())
    assert back.layers() == annotation.layers()
    assert [(issue.where, issue.code, issue.severity) for issue in issues] == [
        ("m1, m2", "mark-text", "warning")
    ]
    assert "count UTF-16 units" in issues[0].message


def test_a_relation_drawn_the_other_way_is_read_by_its_direction(read: Callable[..., Any]) -> None:
    def turn(sent: list[Any]) -> None:
        for entry in sent:
            if entry["type"] == "relation" and entry["labels"] == ["agent"]:
                entry.update(from_id=entry["to_id"], to_id=entry["from_id"], direction="left")

    annotation, issues = read(turn)
    assert issues == []
    assert [argument.role for argument in annotation.event_mentions[0].arguments] == [
        "agent",
        "object",
    ]


def test_a_second_source_of_one_content_is_named(read: Callable[..., Any]) -> None:
    def add(sent: list[Any]) -> None:
        sent.append({**_entry(sent, "h1"), "id": "h2"})
        sent.append({"type": "relation", "from_id": "c1", "to_id": "h2", "labels": ["source"]})

    assert read(add)[1] == [("c1", "link-repeated")]


@pytest.mark.parametrize(
    "change",
    [
        lambda sent: _entry(sent, "m1").update(meta="unsure"),
        lambda sent: _entry(sent, "m1").update(from_name=["label"]),
        lambda sent: _entry(sent, "m1").update(id=["m1"]),
        lambda sent: _entry(sent, "m1").update(value="Troops"),
        lambda sent: _entry(sent, "m1")["value"].update(labels=["\ud800"]),
    ],
)
def test_a_region_of_another_shape_is_named_and_the_others_are_read(
    read: Callable[..., Any], change: Callable[[list[Any]], Any]
) -> None:
    annotation, issues = read(change)
    assert [code for _where, code in issues] == ["result-malformed", "link-dangling"]
    assert [mark.id for mark in annotation.mentions] == ["m2", "m3"]


@pytest.mark.parametrize("result", [None, {}, "m1", 5])
def test_a_result_that_is_no_list_is_named(
    result: Any, write: Write, schema: Schema, made: Callable[..., Provenance]
) -> None:
    article, _annotation = write(SENTENCE)
    assert [issue.code for issue in results.read(result, article, schema, made())[1]] == [
        "result-malformed"
    ]


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_shape_a_result_has_it_is_read_or_named(
    data: st.DataObject, write: Write, schema: Schema, made: Callable[..., Provenance]
) -> None:
    article, annotation = write(SENTENCE)
    sent = data.draw(strategies.damaged(st.just(tasks.result(annotation, article, schema))))
    back, issues = results.read(sent, article, schema, made())
    for issue in issues:
        assert str(issue).encode()  # it can be printed
    if not errors(issues):
        list(validate.check(back, article, schema))
        assert Annotation.model_validate_json(store.dump(back)) == back
