from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.model import graph, notation
from annotate.model.notation import NotationError
from annotate.model.records import Annotation, Provenance
from annotate.model.schema import Schema
from tests import strategies
from tests.conftest import SENTENCE


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_parse_and_render_are_inverse(schema: Schema, data: st.DataObject) -> None:
    text, annotation = data.draw(strategies.annotated(schema))
    source = notation.render(text, annotation)
    assert notation.parse(source, schema, "a", annotation.sha256, annotation.provenance) == (
        text,
        annotation,
    )


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_assemble_and_disassemble_are_inverse(schema: Schema, data: st.DataObject) -> None:
    _text, annotation = data.draw(strategies.annotated(schema))
    marks, links = graph.disassemble(annotation)
    again, issues = graph.assemble(
        marks, links, schema, "a", annotation.sha256, annotation.provenance
    )
    assert issues == []
    assert again == annotation


@pytest.fixture
def parse(
    schema: Schema, made: Callable[..., Provenance]
) -> Callable[[str], tuple[str, Annotation]]:
    return lambda source: notation.parse(source, schema, "a", "0" * 64, made(), "f")


def test_it_reads_as_it_looks(parse: Callable[[str], tuple[str, Annotation]]) -> None:
    text, annotation = parse(SENTENCE)
    assert text == "Troops seized Tak; at least 12 died, a medic said."
    assert [(m.label, m.text) for m in annotation.mentions] == [
        ("state_force", "Troops"),
        ("place", "Tak"),
        ("quantity", "at least 12"),
    ]
    (said,) = annotation.attributions
    assert (said.text, said.source, said.cue) == ("at least 12 died", "h1", "q1")
    assert annotation.mentions[2].attributes == {"min": 12, "unit": "people"}


def test_marks_may_cross_and_brackets_are_escaped(
    parse: Callable[[str], tuple[str, Annotation]],
) -> None:
    text, annotation = parse(
        "[a:person|one [b:place|two]{a} three] \\[AP\\] \\{x} \\\\\n\\---\nlast\n---\n"
    )
    assert text == "one two three [AP] {x} \\\n---\nlast"
    assert [(m.id, m.text) for m in annotation.mentions] == [("a", "one two"), ("b", "two three")]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a [b c", "f:1:3: a mark opens with [id:label| ; write \\[ for a bracket"),
        ("one\ntwo [m1:person|Ann", "f:2:5: [m1:person| is never closed; add ]"),
        ("x]", "f:1:2: ] closes no open mark; write \\] for a bracket"),
        ("[m1:person|A]{m2}", "f:1:13: ] closes no open mark m2; write \\] for a bracket"),
        ("[m1:person|]", "f:1:1: [m1:person| marks nothing; put words in it or remove it"),
        ("[m1:person|A] [m1:person|B]", "f:1:15: the id m1 is taken; give each mark its own"),
        ("[m1:human|A]", "f:1:1: m1: 'human' is no label of schema "),
        ("a \\b", "f:1:3: a backslash stands only before [ ] { \\ or a line of ---; double it"),
        ("[m1:person|A]\n---\nm2 distanced=yes", "f:3:1: m2 is no mark of the text; correct the id"),
        ("[m1:person|A]\n---\nm1 agent:m3", "f:3:4: m3 is no mark of the text; correct the id"),
        ("[m1:person|A]\n---\nm1 far=yes", "f:3:4: 'far' is no attribute of the schema; correct it"),
        (
            "[m1:person|A]\n---\nm1 so said",
            'f:3:4: expected role:id or name=value; put a value of several words in "quotes"',
        ),
        ("[m1:person|A]\n---\nsame m1", "f:3:5: same joins two marks or more; name them"),
        (
            "[m1:person|A] [m2:place|B]\n---\nm1 agent:m2",
            "f:1:1: m1: a link 'agent' can't go from a mention to a mention; turn it round or",
        ),
    ],
)  # fmt: skip
def test_an_error_names_line_and_column(
    parse: Callable[[str], tuple[str, Annotation]], source: str, message: str
) -> None:
    with pytest.raises(NotationError) as refused:
        parse(source)
    assert str(refused.value).startswith(message)
