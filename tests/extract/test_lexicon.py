"""Words that are triggers: every listed one matches where it stands, the longest wins, training corrects the list."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest
import spacy
import yaml
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from annotate.extract import docs, lexicon
from annotate.extract.lexicon import Match
from annotate.extract.lexicon_matcher import LexiconMatcher
from annotate.model.schema import Schema
from tests.conftest import ROOT
from tests.extract.conftest import blank

WORDS = yaml.safe_load((ROOT / "annotate" / "extract" / "triggers.yaml").read_text())
KINDS = (("verbs", "VERB"), ("nouns", "NOUN"))


def _doc(words: str, *readings: str) -> Doc:
    split = words.split()
    return Doc(blank().vocab, words=split, pos=list(readings) or ["VERB"] * len(split))


def _matches(words: str, *readings: str) -> list[tuple[int, int, str]]:
    return [match[:3] for match in lexicon.find(lexicon.load(), _doc(words, *readings))]


def test_every_type_of_the_schema_has_words_and_no_word_stands_under_two(schema: Schema) -> None:
    assert set(WORDS) == set(schema.events)
    for kind, reading in KINDS:
        listed = list(chain.from_iterable(kinds[kind] for kinds in WORDS.values()))
        assert sorted(listed) == sorted(set(listed))
        assert len(lexicon.load()[reading]) == len(listed)


@pytest.mark.parametrize("label", WORDS)
def test_every_word_is_found_where_it_stands(label: str) -> None:
    nlp = blank()
    for kind, reading in KINDS:
        for phrase in WORDS[label][kind]:
            words = [token.text for token in nlp(phrase.upper())]
            doc = Doc(nlp.vocab, words=words, pos=[reading] * len(words))
            assert lexicon.find(lexicon.load(), doc) == [Match(0, len(words), label, 1.0)], phrase


def test_inflected_words_are_known_by_their_lemma() -> None:
    read = ("NOUN", "VERB", "DET", "NOUN", "CCONJ", "VERB", "NUM", "NOUN")
    assert _matches("Rebels seized the town and shot 12 men", *read) == [
        (1, 2, "capture"),
        (5, 6, "assault"),
    ]
    assert _matches("killings of the wounded", "NOUN", "ADP", "DET", "ADJ") == [
        (0, 1, "death"),
        (3, 4, "injury"),
    ]


def test_of_words_that_overlap_the_longest_are_known() -> None:
    assert _matches("Air strikes went on", "PROPN", "NOUN", "VERB", "ADP") == [(0, 2, "air_strike")]
    assert _matches("They pulled out", "PRON", "VERB", "ADP") == [(1, 3, "withdrawal")]
    assert _matches("The cease - fire violations", "DET", "NOUN", "PUNCT", "NOUN", "NOUN") == [
        (1, 4, "agreement")
    ]


def test_how_a_word_is_read_decides_where_it_is_known() -> None:
    assert _matches("attack", "NOUN") == [(0, 1, "armed_clash")]
    assert _matches("attack", "VERB") == [(0, 1, "assault")]
    assert _matches("attack", "ADP") == []
    assert lexicon.find(lexicon.load(), Doc(blank().vocab)) == []


def _learned() -> lexicon.Lexicon:
    """*March* is three times no protest, *walked* a trigger that is not listed, *seized* once of another type."""
    seen: list[tuple[Doc, dict[int, str]]] = [(_doc("march", "NOUN"), {}) for _ in range(3)]
    seen += [
        (_doc("walked", "VERB"), {0: "displacement"}),
        (_doc("seized", "VERB"), {0: "abduction"}),
    ]
    return lexicon.learn(seen, WORDS)


def test_training_adds_words_and_drops_those_that_tell_of_nothing() -> None:
    listed, learned = lexicon.load(), _learned()
    assert "march" in listed["NOUN"]
    assert "march" not in learned["NOUN"]
    assert learned["VERB"]["march"] == ("protest", 1.0)
    assert learned["VERB"]["walk"] == ("displacement", 1.0)
    assert learned["VERB"]["seize"] == ("capture", pytest.approx(2 / 3))
    assert {*listed["VERB"]} | {"walk"} == {*learned["VERB"]}


def _marked(
    matcher: LexiconMatcher, *marks: tuple[str, int, int, float]
) -> set[tuple[str, int, int, float]]:
    doc = _doc("Rebels seized Lisk and walked on", "NOUN", "VERB", "PROPN", "CCONJ", "VERB", "ADV")
    group = SpanGroup(
        doc, name=docs.MARKS, spans=[Span(doc, start, end, label) for label, start, end, _ in marks]
    )
    group.attrs["scores"] = np.array([score for *_, score in marks])
    doc.spans[docs.MARKS] = group
    group = matcher(doc).spans[docs.MARKS]
    return {
        (span.label_, span.start, span.end, round(float(score), 2))
        for span, score in zip(group, group.attrs["scores"], strict=True)
    }


def test_the_component_puts_what_it_knows_in_the_place_of_what_was_found_there() -> None:
    words = LexiconMatcher("acre_words", [], alone=0.8)
    words.events, words.lexicon = ["abduction", "capture", "displacement"], _learned()
    known = {("capture", 1, 2, 0.67), ("displacement", 4, 5, 1.0)}
    assert _marked(words) == known
    other = (("place", 2, 3, 0.5), ("state_force", 1, 2, 0.5))
    assert _marked(words, *other, ("abduction", 1, 2, 0.9), ("capture", 1, 3, 0.9)) == {
        *known,
        *other,
    }
    assert _marked(words, ("abduction", 2, 3, 0.85), ("abduction", 5, 6, 0.7)) == {
        *known,
        ("abduction", 2, 3, 0.85),
    }
    assert _marked(LexiconMatcher("again", [], alone=0.8).from_bytes(words.to_bytes()), *other) == {
        *known,
        *other,
    }


def test_the_component_learns_from_examples_by_the_parts_of_speech_of_those_before_it() -> None:
    nlp = spacy.blank("en")

    @spacy.Language.component("all_verbs")
    def all_verbs(doc: Doc) -> Doc:
        for token in doc:
            token.pos_ = "VERB"
        return doc

    nlp.add_pipe("all_verbs")
    words: Any = nlp.add_pipe("acre_words", config={"tagged_by": ["all_verbs"], "alone": 0.8})
    reference = nlp.make_doc("Families walked across; a long walk began")
    marks = [Span(reference, 1, 2, "displacement"), Span(reference, 0, 1, "civilians")]
    reference.spans[docs.MARKS] = SpanGroup(reference, name=docs.MARKS, spans=marks)
    example = Example(nlp.make_doc(reference.text), reference)
    words.initialize(
        lambda: [example], nlp=nlp, schema_path=str(ROOT / "guidelines" / "schema.yaml")
    )
    assert words.lexicon["VERB"]["walk"] == ("displacement", 0.5)
    assert "family" not in words.lexicon["VERB"]
    assert not any(token.pos_ for token in example.predicted)
