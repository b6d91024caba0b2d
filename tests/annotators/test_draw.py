from __future__ import annotations

from lxml import etree

from annotate.annotators import draw


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
