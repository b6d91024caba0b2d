"""Words that are triggers: every listed one matches where it stands, the longest wins, training corrects the list."""

from __future__ import annotations

from itertools import chain

import pytest
import yaml
from spacy.tokens import Doc

from annotate.extract import lexicon
from annotate.extract.lexicon import Match
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
        assert len(lexicon.load().words[reading]) == len(listed)


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


def test_what_is_no_word_of_its_own_is_no_trigger() -> None:
    """An adjective before its noun, and a part of a name; in capitals nearly all nouns are called names."""
    munition = ("DET", "ADJ", "NOUN", "ADP", "NOUN")
    assert _matches("an advanced type of munition", *munition) == []
    assert _matches(
        "the Maran National Coalition met", "DET", "PROPN", "PROPN", "PROPN", "VERB"
    ) == [(4, 5, "talks")]
    assert _matches("a renewed use of force", "DET", "ADJ", "NOUN", "ADP", "NOUN") == []
    assert _matches("an attempt against it", "DET", "NOUN", "ADP", "PRON") == []
    assert _matches("MARAN ATTACK", "PROPN", "PROPN") == [(1, 2, "armed_clash")]
    assert _matches("they were wounded", "PRON", "AUX", "ADJ") == [(2, 3, "injury")]


def _learned() -> lexicon.Lexicon:
    """*March* is three times no protest, *walked* a trigger that is not listed, *seized* once of another type."""
    seen: list[tuple[Doc, dict[int, str]]] = [(_doc("march", "NOUN"), {}) for _ in range(3)]
    seen += [
        (_doc("walked", "VERB"), {0: "displacement"}),
        (_doc("seized", "VERB"), {0: "abduction"}),
    ]
    return lexicon.learn(seen, WORDS)


def test_training_adds_words_and_drops_those_that_tell_of_nothing() -> None:
    listed, learned = lexicon.load().words, _learned().words
    assert "march" in listed["NOUN"]
    assert "march" not in learned["NOUN"]
    assert learned["VERB"]["march"] == {"protest": 1.0}
    assert learned["VERB"]["walk"] == {"displacement": 1.0}
    assert learned["VERB"]["seize"] == {
        "abduction": pytest.approx(1 / 3),
        "capture": pytest.approx(2 / 3),
    }
    assert {*listed["VERB"]} | {"walk"} == {*learned["VERB"]}


def test_a_word_of_several_types_is_of_that_which_the_words_around_it_tell_of() -> None:
    """No type has half of its occurrences, and it is found all the same."""
    seen: list[tuple[Doc, dict[int, str]]] = []
    for label, around in (
        ("explosion", "suicide bomber"),
        ("air_strike", "fighter jets"),
        ("armed_clash", "rebels front"),
    ):
        read = ("NOUN", "NOUN", "NOUN")
        seen += [(_doc(f"{around} attack", *read), {2: label}) for _ in range(6)]
    learned = lexicon.learn(seen, WORDS)
    assert max(learned.words["NOUN"]["attack"].values()) < 0.5

    def found(words: str) -> list[str]:
        read = ["NOUN"] * len(words.split())
        return [match.type for match in lexicon.find(learned, _doc(words, *read))]

    assert found("bomber attack") == ["explosion"]
    assert found("jets attack") == ["air_strike"]
    assert found("front attack") == ["armed_clash"]


def test_what_the_list_says_of_a_word_as_a_verb_and_as_a_noun() -> None:
    words = ("Rebels", "PULLED", "OUT", "before", "the", "attack")
    assert lexicon.readings(words) == {
        (1, 3): ("withdrawal", ""),
        (5, 6): ("assault", "armed_clash"),
    }
    assert lexicon.readings(()) == {}
