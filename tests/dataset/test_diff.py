"""A diff names every change once, in the words of the one who made it, and an equal corpus has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.corpus.store import Collection
from annotate.dataset import diff, reading
from annotate.dataset.document import Document
from annotate.dataset.rows import documents
from annotate.model import graph, notation
from annotate.model import schema as schema_
from annotate.model.records import Annotation, Article, Provenance, Zone
from tests.conftest import ROOT, SENTENCE
from tests.strategies import annotated

SCHEMA = schema_.load(ROOT / "guidelines" / "schema.yaml")
INVENTED = Collection(
    title="t",
    origin="o",
    text_kind="invented",
    written_by="machine",
    licence="CC-BY-4.0",
    ships_text=True,
)
SEIZED, TROOPS, DIED = (
    "capture 7–13 “seized”",
    "state_force 0–6 “Troops”",
    "content 19–35 “at least 12 died”",
)
GONE = ("mention", "removed", TROOPS, None)
Made = Callable[..., Provenance]


def _row(text: str, annotation: Annotation, name: str = "a") -> Any:
    zones = (Zone(kind="paragraph", start=0, end=len(text)),)
    article = Article(
        id=name,
        collection="c",
        title="t",
        length=len(text),
        sha256=annotation.sha256,
        zones=zones,
        text=text,
    )
    (row,) = documents(Document(article, annotation, INVENTED, (), False, text), SCHEMA)
    return row


def _of(source: str, made: Made, name: str = "a") -> Any:
    return _row(*notation.parse(source, SCHEMA, name, "0" * 64, made()), name)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_row_gives_its_annotation_back_and_does_not_differ_from_itself(
    data: st.DataObject,
) -> None:
    text, annotation = data.draw(annotated(SCHEMA))
    row = _row(text, annotation, annotation.article)
    back = reading.annotation(row, SCHEMA)
    as_floats = {**annotation.model_dump(), "provenance": None}
    assert {**back.model_dump(), "provenance": None} == as_floats
    assert diff.diff([row], [row], SCHEMA).is_empty
    assert graph.disassemble(back) == graph.disassemble(annotation)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("[m2:place|Tak]", "[m2:facility|Tak]"), [("mention", "relabelled", "place 14–17 “Tak”", "facility")]),
        (("[m3:quantity|at least 12]", "at least [m3:quantity|12]"),
         [("mention", "moved", "quantity 19–30 “at least 12”", "quantity 28–30 “12”")]),
        (("e1 agent:m1 object:m2", "e1 object:m2"),
         [("event", "re-argued", f"{SEIZED}: agent={TROOPS}", f"{SEIZED}: –")]),
        (("e1 agent:m1", "e1 target:m1"),
         [("event", "re-argued", f"{SEIZED}: agent={TROOPS}", f"{SEIZED}: target={TROOPS}")]),
        (("stance=asserts", "stance=denies"),
         [("attribution span", "re-answered", f"{DIED}: stance=asserts", "stance=denies")]),
        (("c1 source:h1 cue:q1", "c1 source:h1"),
         [("attribution span", "re-argued", f"{DIED}: cue=cue 45–49 “said”", f"{DIED}: –")]),
        (("[m1:state_force|Troops]", "Troops"),
         [("event", "re-argued", f"{SEIZED}: agent=(gone)", f"{SEIZED}: –"), GONE]),
        (("same", "same"), []),
    ],
)  # fmt: skip
def test_a_change_is_told_as_what_it_is(
    change: tuple[str, str], expected: list[Any], made: Made
) -> None:
    new = SENTENCE.replace(*change)
    if "state_force|Troops" in change[0]:
        new = new.replace("e1 agent:m1 object", "e1 object")
    result = diff.diff([_of(SENTENCE, made)], [_of(new, made)], SCHEMA)
    assert sorted((c.layer, c.kind, c.was, c.now) for c in result.changes) == expected
    assert result.same == (not expected)
    back = diff.diff([_of(new, made)], [_of(SENTENCE, made)], SCHEMA)
    assert len(back.changes) == len(result.changes)


def test_documents_that_come_go_or_are_described_otherwise(made: Made) -> None:
    one, two = _of(SENTENCE, made, "one"), _of(SENTENCE, made, "two")
    result = diff.diff([one], [two], SCHEMA)
    assert (result.added, result.removed, result.same) == (["two"], ["one"], 0)
    result = diff.diff([one], [one | {"outlet": "Meridian"}], SCHEMA)
    assert result.described == {"one": ["outlet"]}
    former = {name: value for name, value in one.items() if name != "cites"}  # as of 0.1.0
    assert diff.diff([former], [one], SCHEMA).described == {}
    cited = diff.diff([former], [one | {"cites": ["Meridian"]}], SCHEMA)
    assert cited.described == {"one": ["cites"]}
    assert result.before["documents"] == result.after["documents"] == 1
    # Ids are no difference: gold that was adjudicated anew may number its marks anew.
    renamed = _of(SENTENCE.replace("m2", "m22").replace("e1", "e11"), made, "one")
    assert diff.diff([one], [renamed], SCHEMA).is_empty
