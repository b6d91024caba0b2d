"""Names and nouns of the gazetteer, where they stand in a text; every kind but three is a label of the schema."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from annotate.extract import countries, gazetteer
from annotate.model.schema import Layer, Schema

_OTHER_KINDS = {gazetteer.STATE, gazetteer.CAPITAL, gazetteer.NATIONALITY}


def _found(nlp: Any, text: str) -> list[tuple[str, str]]:
    doc = nlp.make_doc(text)
    return [(doc[start:end].text, label) for start, end, label in gazetteer.find(doc)]


def test_every_kind_is_a_mention_label_or_one_of_three(schema: Schema) -> None:
    labels = set(gazetteer.kinds()) - _OTHER_KINDS

    assert labels == set(gazetteer.kinds()) & set(schema.labels)
    assert {schema.layer(label) for label in labels} == {Layer.MENTION}
    assert labels == set(schema.mentions) - set(schema.value_labels)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # The longest, and nothing in it.
        ("Reuters asked the Sudan Liberation Army.", ["media", "armed_group"]),
        # A noun in the plural; one that is listed in the plural alone.
        ("A villager fled; villagers hid two rifles.", ["person", "civilians", "weapon"]),
        # Accents and apostrophes are written or not.
        ("Medecins Sans Frontieres left Bogotá.", ["civil_society", "capital"]),
        ("They left Côte d’Ivoire.", ["state"]),
        # A name is matched as it is written, a noun in any case.
        ("Hospitals, amnesty and the us.", ["facility"]),
        ("The Iraqi parliament met in Iraq.", ["nationality", "government", "state"]),
    ],
)
def test_the_longest_name_or_noun_is_found(nlp: Any, text: str, found: list[str]) -> None:
    assert [label for _words, label in _found(nlp, text)] == found


def test_in_capitals_a_name_is_found_unless_it_is_a_word_there(nlp: Any) -> None:
    assert _found(nlp, "THE WHO TOLD MEDECINS SANS FRONTIERES OF US IN HAVANA.") == [
        ("MEDECINS SANS FRONTIERES", "civil_society"),
        ("HAVANA", "capital"),
    ]
    assert _found(nlp, "The WHO agrees.") == [("WHO", "intergovernmental")]


def test_matches_are_sorted_and_apart(nlp: Any) -> None:
    matches = gazetteer.find(nlp.make_doc("US Army border guards of the UN Security Council " * 3))

    assert len(matches) == 9
    assert all(before.end <= after.start for before, after in pairwise(matches))


def test_features_are_one_where_a_token_is_in_a_match(nlp: Any) -> None:
    array = gazetteer.features(nlp.make_doc("The White House slept."))

    column = gazetteer.kinds().index("government")
    assert array.shape == (5, len(gazetteer.kinds()))
    assert array[:, column].tolist() == [0, 1, 1, 0, 0]
    assert array.sum() == 2
    assert gazetteer.features(nlp.make_doc("")).shape == (0, len(gazetteer.kinds()))


def test_countries_have_states_capitals_and_nationalities_apart() -> None:
    known = countries.load()

    assert {"Iraq", "Gambia", "South Sudan"} <= set(known.states)
    assert {"Damascus", "Vatican City"} <= set(known.capitals)
    assert {"Syrian", "Antiguan", "Barbudan"} <= set(known.state_of)
    assert all(name and "," not in name for name in known.state_of)
