"""Which mentions are of one thing: what is joined by its words alone, and what is not."""

from __future__ import annotations

import pytest

from annotate.extract import coreference
from annotate.model.schema import Schema
from tests.extract.conftest import parsed


def _joined(source: str, schema: Schema) -> list[tuple[str, str]]:
    """Each mention that was joined to an earlier one, with that one, by their ids."""
    _article, annotation = parsed(f"{source}\n---\n", schema)
    place = {mark.id: mark.start for mark in annotation.marks()}
    links = coreference.coreferent(annotation.marks(), schema)
    text_of = {mark.id: mark.text or "" for mark in annotation.marks()}
    ordered = sorted(links, key=lambda link: place[link.head])
    return [(text_of[link.tail], text_of[link.head]) for link in ordered]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("[a:place|Lisk]", "[b:place|Lisk]"),
        ("[a:person|Mira Dareth, the minister]", "[b:person|Dareth]"),
        ("[a:person|General Anton Fallo]", "[b:person|the brigade’s Anton Fallo]"),
        ("[a:armed_group|the Tarn People’s Militia]", "[b:armed_group|the militia]"),
        ("[a:armed_group|the Lufira Liberation Front]", "[b:armed_group|the LLF]"),
        ("[a:state_force|the Orsenian Armed Forces (OAF)]", "[b:state_force|OAF]"),
        ("[a:government|the United States]", "[b:government|the U.S.]"),
        ("[a:place|Lisk, Orsenia]", "[b:place|Lisk]"),
        ("[a:place|the border town of Lisk]", "[b:place|Lisk]"),
        ("[a:place|Lisk]", "[b:place|the city of Lisk]"),
        ("[a:facility|Harmony Bridge]", "[b:facility|the bridge]"),
        ("[a:government|Korsk]", "[b:government|Korsk’s]"),
        ("[a:state_force|THE ARMY]", "[b:state_force|the army]"),
        ("[a:person|The mayor]", "[b:person|he]"),
    ],
)
def test_what_is_one_thing_is_joined(earlier: str, later: str, schema: Schema) -> None:
    text = [part.partition("|")[2][:-1] for part in (earlier, later)]
    assert _joined(f"They met {earlier} and {later} there.", schema) == [tuple(text)]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("[a:place|Iraq]", "[b:place|northern Iraq]"),
        ("[a:place|the river at Lisk]", "[b:place|Lisk]"),
        ("[a:state_force|the Orsenian Armed Forces]", "[b:state_force|the Rapid Support Forces]"),
        ("[a:armed_group|Hamas]", "[b:armed_group|several Hamas militants]"),
        ("[a:government|Korsk]", "[b:government|Korsk’s defence ministry]"),
        ("[a:person|A man]", "[b:person|A dentist]"),
        ("[a:person|President Dareth]", "[b:person|Dareth’s father]"),
        ("[a:armed_group|Tarn rebels]", "[b:armed_group|rebels]"),
        ("[a:place|Lisk]", "[b:government|Lisk]"),
        ("[a:time|Friday]", "[b:time|Friday]"),
        ("[a:place|the town of [b:place|Lisk]]", "nothing"),
        ("[a:person|the man who lost [b:person|his] leg]", "nothing"),
    ],
)
def test_what_only_looks_alike_is_not(earlier: str, later: str, schema: Schema) -> None:
    assert _joined(f"They met {earlier} and {later} there.", schema) == []


def test_each_is_joined_to_the_last_before_it(schema: Schema) -> None:
    source = "[a:state_force|The army] left [b:place|Lisk]; [c:state_force|it] said [d:state_force|the army] was late."
    assert _joined(source, schema) == [("The army", "it"), ("The army", "the army")]
