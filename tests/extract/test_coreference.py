"""Which mentions are of one thing: what is joined by its words alone, and what is not."""

from __future__ import annotations

import pytest

from annotate.extract import coreference
from annotate.model import graph
from annotate.model.schema import Schema
from tests.extract.conftest import parsed


def _joined(source: str, schema: Schema) -> list[tuple[str, str]]:
    """Each mention that was joined to an earlier one, with that one, by their ids."""
    article, annotation = parsed(source if "\n---\n" in source else f"{source}\n---\n", schema)
    place = {mark.id: mark.start for mark in annotation.marks()}
    marks, given = graph.disassemble(annotation)
    links = coreference.coreferent(marks, given, article, schema)
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
        ("[a:state_force|the Orsenian Army (OA)]", "[b:state_force|the Orsenian Army]"),
        ("[a:civil_society|Harbour Watch]", "[b:civil_society|the research group Harbour Watch]"),
        ("[a:facility|the U.S. embassy]", "[b:facility|the United States embassy]"),
        ("[a:government|Syria]", "[b:government|the Syrian government]"),
        ("[a:state_force|Iraq’s army]", "[b:state_force|the Iraqi army]"),
        ("[a:state_force|the army of Iraq]", "[b:state_force|the Iraqi army]"),
        ("[a:government|the Syrian regime]", "[b:government|the Syrian administration]"),
        ("[a:person|PRESIDENT ILAN DARETH CORRIN]", "[b:person|DARETH]"),
        ("[a:person|President Ilan Dareth of Orsenia]", "[b:person|Korsk’s Ilan Dareth]"),
        ("[a:person|President Ilan Dareth]", "[b:person|the President]"),
        ("[a:armed_group|the Front]", "[b:armed_group|the rebels]"),
        ("[a:place|Iraq]", "[b:place|the country]"),
        ("[a:place|Lisk]", "[b:place|the town]"),
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
        ("[a:person|Ana Dareth]", "[b:person|Ilan Dareth]"),
        ("[a:armed_group|the Front]", "[b:armed_group|the patrol]"),
        ("[a:place|Lisk]", "[b:place|the country]"),
        ("[a:place|Iraq]", "[b:place|the town]"),
        ("[a:government|the ministry of Defence]", "[b:government|Defence]"),
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


@pytest.mark.parametrize(
    ("source", "joined"),
    [
        (
            "[a:government|Korsk] and [b:government|Orsenia] met. [c:government|It] left.",
            ("Korsk", "It"),
        ),
        (
            "[a:person|A clerk] met [b:person|a miller]; [c:person|he] left.",
            ("A clerk", "he"),
        ),
        (
            "[a:person|Mira] said [b:person|she] met [c:person|Ilan]. [d:person|He] left.",
            ("Ilan", "He"),
        ),
    ],
)
def test_a_pronoun_is_the_first_of_its_sentence_or_of_the_one_before(
    source: str, joined: tuple[str, str], schema: Schema
) -> None:
    """None whom *she* was said of is *he*."""
    assert _joined(source, schema)[-1] == joined


def test_the_us_is_no_pronoun(schema: Schema) -> None:
    source = (
        "[a:government|Korsk] met [b:government|the United States]. [c:government|US] envoys left."
    )
    assert _joined(source, schema) == [("the United States", "US")]


def test_a_name_inside_a_longer_one_does_not_hide_what_stands_before(schema: Schema) -> None:
    source = "[a:place|Lisk] burned. In [b:place|the town of [c:place|Lisk]] nobody slept."
    assert _joined(source, schema) == [("Lisk", "the town of Lisk"), ("Lisk", "Lisk")]


def test_a_headline_has_short_forms(schema: Schema) -> None:
    """Not of places: “northern Iraq” is not Iraq."""
    body = "Nobody saw [c:state_force|the Orsenian army] in [d:place|northern Iraq]."
    source = f"[a:state_force|Army] enters [b:place|Iraq]\n\n{body}"
    assert _joined(source, schema) == [("Army", "the Orsenian army")]


def test_what_a_headline_tells_is_told_again(schema: Schema) -> None:
    source = "[e1:shelling|Shells] hit a mill\n\nNobody died when the mill was [e2:shelling|hit].\n---\n{}"
    told = "e1 realis=actual\ne2 realis={}\n"
    joined = _joined(source.format(told.format("actual")), schema)
    assert joined == [("Shells", "hit")]
    assert _joined(source.format(told.format("negated")), schema) == []


@pytest.mark.parametrize(
    ("pointing", "day", "joined"),
    [
        ("The attack", "Friday", [("raided", "attack")]),
        ("Another attack", "Friday", []),
        ("The attack", "Sunday", []),
    ],
)
def test_the_attack_is_one_that_was_told_before(
    pointing: str, day: str, joined: list[tuple[str, str]], schema: Schema
) -> None:
    """No role may be filled by different things."""
    trigger = pointing.replace("attack", "[e2:assault|attack]")
    source = (
        "A mill\n\nRebels [e1:assault|raided] it on [t1:time|Friday].\n\n"
        f"{trigger} of [t2:time|{day}] was long.\n---\n"
        "e1 time:t1 realis=actual\ne2 time:t2 realis=actual\n"
    )
    assert _joined(source, schema) == joined
