from __future__ import annotations

from collections.abc import Callable

from lxml import etree, html

from annotate.annotators import draw
from annotate.model import notation
from annotate.model.records import Provenance
from annotate.model.schema import Schema


def test_marked_text_reads_as_the_text_and_names_each_label(
    schema: Schema, made: Callable[..., Provenance]
) -> None:
    source = (
        "[a:person|one & <b> [b:place|two]{a} three] [e:capture|four].\n---\ne object:b"
        " realis=actual\n"
    )
    text, annotation = notation.parse(source, schema, "a", "0" * 64, made())
    drawn, listed = html.fragments_fromstring(draw.marked(text, annotation, schema))
    labels = [sub.text for sub in drawn.iter("sub")]
    assert labels == ["person", "place", "capture"]
    for sub in list(drawn.iter("sub")):
        sub.drop_tree()
    assert drawn.text_content() == text
    assert schema.labels["person"].colour in etree.tostring(drawn, encoding="unicode")
    assert listed.text_content() == "four: realis actual, object → two three"


def test_a_ladder_has_each_question_and_each_answer() -> None:
    drawn = etree.fromstring(
        draw.ladder(
            "Which?",
            [("Is it a & b?", "place"), ("Or c?", "time")],
            "neither",
            {"place": "#123456"},
        )
    )
    words = [text.text for text in drawn.iter("{*}text")]
    assert words == [
        "Which?",
        "Is it a & b?",
        "yes",
        "place",
        "no",
        "Or c?",
        "yes",
        "time",
        "no",
        "neither",
    ]
