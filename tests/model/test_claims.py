"""Who claims what: the kinds of rows that misled, each as a small article in the notation."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from annotate.model import claims as claims_
from annotate.model import clauses, notation
from annotate.model.claims import Claim
from annotate.model.records import Annotation, Provenance
from annotate.model.schema import Schema

Told = tuple[str, str, str | None, str | None]
"""Source, trigger, stance, and the trigger of the event that it is told under."""
Tell = Callable[..., list[Told]]


@pytest.fixture
def parse(
    schema: Schema, made: Callable[..., Provenance]
) -> Callable[[str], tuple[str, Annotation]]:
    """An article in the notation; where nothing is said of an event it is actual, of a content it is indirect."""

    def parse(source: str) -> tuple[str, Annotation]:
        lines = [source if "\n---\n" in source else f"{source}\n---"]
        for name, label in re.findall(r"\[([a-z]\d+):([a-z_]+)\|", source):
            if label in schema.events and not re.search(rf"^{name}\b.*realis=", source, re.M):
                lines.append(f"{name} realis=actual")
            elif label == "content":
                lines.append(f"{name} style=indirect source_status=named")
        return notation.parse("\n".join(lines), schema, "x", "0" * 64, made())

    return parse


@pytest.fixture
def claims(parse: Callable[[str], tuple[str, Annotation]]) -> Callable[..., list[Claim]]:
    def claims(source: str, withheld: bool = False) -> list[Claim]:
        text, annotation = parse(source)
        return list(claims_.claims(annotation, None if withheld else text))

    return claims


@pytest.fixture
def tell(parse: Callable[[str], tuple[str, Annotation]]) -> Tell:
    """The claims of an article in the notation."""

    def tell(source: str, withheld: bool = False) -> list[Told]:
        text, annotation = parse(source)
        words = {mark.id: mark.slice(text) for mark in annotation.marks()}
        return [
            (
                words.get((claim.chain[0].source or "") if claim.chain else "", "–"),
                words[claim.event.id],
                "mentioned" if claim.is_mentioned else claim.stance,
                claim.under and words[claim.under],
            )
            for claim in claims_.claims(annotation, None if withheld else text)
        ]

    return tell


def test_who_suspends_talks_does_not_commit_to_talks(tell: Tell) -> None:
    told = """[h1:source|Mbaku] [q1:cue|announced] [c1:content|the Front would [e1:refusal|suspend] all \
[e2:talks|talks] until those responsible had been named].
---
e1 object:e2 realis=future_or_hypothetical
e2 realis=future_or_hypothetical
c1 source:h1 cue:q1 stance=commits"""
    expected = [("Mbaku", "suspend", "commits", None), ("Mbaku", "talks", "mentioned", "suspend")]
    assert tell(told) == expected
    assert tell(told, withheld=True) == expected  # the link says it, with no need of the words


def test_a_condition_is_not_promised(tell: Tell) -> None:
    told = """[h1:source|The sheikh] [q1:cue|announced] [c1:content|they would [e1:withdrawal|go home] by Friday \
unless an officer was [e2:detention|put on trial]].
---
e1 realis=future_or_hypothetical
e2 realis=future_or_hypothetical
c1 source:h1 cue:q1 stance=commits"""
    assert tell(told) == [
        ("The sheikh", "go home", "commits", None),
        ("The sheikh", "put on trial", "mentioned", "go home"),
    ]
    # Without the words nothing tells the condition from the promise.
    assert [stance for _source, _words, stance, _under in tell(told, withheld=True)] == [
        "commits",
        "commits",
    ]


def test_who_condemns_a_ban_does_not_deny_it(tell: Tell) -> None:
    assert tell(
        """[h1:source|Mbaku] [q1:cue|laughed off] [c1:content|the [e1:sanction|ban]].
---
c1 source:h1 cue:q1 stance=condemns"""
    ) == [("Mbaku", "ban", "condemns", None)]


def test_what_is_told_of_a_place_is_not_demanded(tell: Tell) -> None:
    assert tell(
        """People are [q1:cue|asked] [c1:content|not to approach the dam, where the enemy may have \
[e1:deployment|laid] charges].
---
e1 realis=future_or_hypothetical
c1 cue:q1 stance=demands"""
    ) == [("–", "laid", "mentioned", None)]


def test_what_has_happened_is_not_demanded(tell: Tell) -> None:
    told = """[h1:source|The ministry] [q1:cue|demanded] [c1:content|a plan [e1:agreement|adopted] in 2012 be revived].
---
c1 source:h1 cue:q1 stance=demands"""
    assert tell(told) == [("The ministry", "adopted", "mentioned", None)]
    assert tell(told, withheld=True) == [("The ministry", "adopted", "mentioned", None)]


def test_a_denial_in_the_articles_own_voice_is_a_claim_on_what_it_denies(
    claims: Callable[..., list[Claim]],
) -> None:
    told, denied = claims(
        """[c2:content|[q1:cue|Reports] by [h1:source|the Monitor] about [c1:content|an alleged [e1:air_strike|strike] \
on a school] are a fabrication].
---
c1 source:h1 cue:q1 stance=asserts
c2 stance=denies"""
    )
    assert (told.stance, told.happened, told.is_of_outlet) == ("asserts", True, False)
    assert [outer.id for outer in told.chain] == ["c1", "c2"]
    assert (denied.stance, denied.happened, denied.is_of_outlet) == ("denies", False, True)
    assert (denied.event, [outer.id for outer in denied.chain]) == (told.event, ["c2"])


@pytest.mark.parametrize(
    "words", ["it", "this", "the accusation", "all these allegations", "“the claim”"]
)
def test_who_denies_what_another_has_just_said_denies_the_event(tell: Tell, words: str) -> None:
    told = f"""[h1:source|A driver] [q1:cue|said] [c1:content|two men were [e1:assault|shot]]. \
[h2:source|Thol] [q2:cue|denied] [c2:content|{words}].
---
c1 source:h1 cue:q1 stance=asserts
c2 source:h2 cue:q2 stance=denies"""
    assert tell(told) == [("A driver", "shot", "asserts", None), ("Thol", "shot", "denies", None)]
    assert tell(told, withheld=True) == [("A driver", "shot", "asserts", None)]


@pytest.mark.parametrize(
    ("before", "denial"),
    [
        ("stance=commits", "the accusation"),  # a promise is not denied
        ("stance=asserts", "the rest"),  # not what was just said
        ("stance=asserts", "having troops there"),
    ],
)
def test_no_other_denial_is_taken_for_one_of_the_event(
    tell: Tell, before: str, denial: str
) -> None:
    told = f"""[h1:source|A driver] [q1:cue|said] [c1:content|two men would be [e1:assault|shot]]. \
[h2:source|Thol] [q2:cue|denied] [c2:content|{denial}].
---
e1 realis=future_or_hypothetical
c1 source:h1 cue:q1 {before}
c2 source:h2 cue:q2 stance=denies"""
    assert [source for source, *_rest in tell(told)] == ["A driver"]


def test_who_reports_a_claim_to_deny_it_denies_its_event(tell: Tell) -> None:
    assert tell(
        """[h1:source|The source] [q1:cue|stressed]: [c1:content|reports of [h2:source|hostile channels] that \
[q2:cue|claim] [c2:content|it [e1:assault|seized] lorries] are lies].
---
c1 source:h1 cue:q1 stance=denies
c2 source:h2 cue:q2 stance=asserts"""
    ) == [
        ("hostile channels", "seized", "asserts", None),
        ("The source", "seized", "denies", None),
    ]


def test_who_denies_a_denial_says_nothing_of_the_event(tell: Tell) -> None:
    assert tell(
        """[h1:source|He] [q1:cue|rejected] [c1:content|that [h2:source|they] had [q2:cue|denied] \
[c2:content|having [e1:shelling|fired]]].
---
c1 source:h1 cue:q1 stance=denies
c2 source:h2 cue:q2 stance=denies"""
    ) == [("they", "fired", "denies", None)]


def test_a_denial_of_what_did_not_happen_says_that_it_did(
    claims: Callable[..., list[Claim]],
) -> None:
    (claim,) = claims(
        """[h1:source|It] [q1:cue|denied] [c1:content|that nobody had been [e1:death|killed]].
---
e1 realis=negated
c1 source:h1 cue:q1 stance=denies"""
    )
    assert (claim.stance, claim.happened) == ("denies", True)
    (claim,) = claims(
        """[h1:source|He] [q1:cue|insisted]: [c1:content|nobody has [e1:alliance|defected]].
---
e1 realis=negated
c1 source:h1 cue:q1 stance=asserts"""
    )
    assert (claim.stance, claim.happened) == ("asserts", False)


def test_an_event_told_twice_in_one_clause_is_one_claim(claims: Callable[..., list[Claim]]) -> None:
    told = """[m1:intergovernmental|The Concord] [e1:sanction|slaps] an [e2:sanction|embargo] on \
[m2:government|Kasende]. The [e3:sanction|measure] is new.
---
e1 agent:m1
e2 agent:m1 target:m2
same e1 e2 e3"""
    first, second = claims(told)
    assert (first.event.id, [double.id for double in first.doubles]) == ("e2", ["e1"])
    assert (second.event.id, second.doubles) == ("e3", ())


@pytest.mark.parametrize(
    ("stance", "content", "mentioned"),
    [
        # An assertion is of every fact told in it, and of what else is told in its main clause.
        ("asserts", "rebels [e1:capture|came] after troops had [e2:withdrawal|left]", []),
        ("asserts", "rebels [e1:advance|advance] to [e2!:siege|isolate] the town", ["e2"]),
        ("asserts", "[e1:air_strike|strikes] undermine efforts to reach a [e2!:agreement|settlement]", ["e2"]),
        ("asserts", "if the dam [e1!:damage|breaks], thousands will have to be [e2!:displacement|moved]", ["e1"]),
        ("asserts", "a [e1:agreement|truce] is to be [e2!:agreement|signed]", []),
        # Of no other stance is a clause under the head.
        ("commits", "to [e1!:armed_clash|storm] it unless those who [e2:abduction|vanished] are [e3!:detention|freed]",
         ["e2", "e3"]),
        ("commits", "it would [e1!:withdrawal|leave] the dam, which it had [e2:capture|seized]", ["e2"]),
        ("commits", "it would [e1!:withdrawal|leave] before [m1:time|dawn] and [e2!:detention|free] them", []),
        ("commits", "if they [e1!:capture|came], it would [e2!:withdrawal|leave], and then [e3!:talks|talk]", ["e1"]),
        ("demands", "that they [e1!:withdrawal|leave] and that prisoners be [e2!:detention|freed]", []),
        ("demands", "to [e1!:withdrawal|leave]; who [e2!:assault|shoots] will answer for it", []),
        ("denies", "having [e1:shelling|fired] at the town", []),
        ("denies", "the men who [e1:assault|attacked] the camp had [e2:withdrawal|fled]", ["e1"]),
        ("denies", "responsibility for the [e1:assault|attack]", ["e1"]),
        ("doubts", "who had [e1:deployment|laid] them", []),
        ("condemns", "the [e1:assault|attack] that [e2:death|killed] six, and the [e3:explosion|bombing] in Diyala",
         ["e2"]),
        ("welcomes", "those who [e1:capture|freed] the town", []),
        ("welcomes", "news that rebels [e1:capture|freed] the town", []),
    ],
)  # fmt: skip
def test_a_stance_is_of_the_head(
    claims: Callable[..., list[Claim]], stance: str, content: str, mentioned: list[str]
) -> None:
    """“!” marks what is yet to come."""
    names = re.findall(r"\[(e\d)!", content)
    future = "".join(f"{name} realis=future_or_hypothetical\n" for name in names)
    told = claims(
        f"[h1:source|She] [q1:cue|spoke]: [c1:content|{content.replace('!:', ':')}].\n---\n"
        f"{future}c1 source:h1 cue:q1 stance={stance}"
    )
    assert [claim.event.id for claim in told if claim.is_mentioned] == mentioned
    assert all((claim.stance is None) == claim.is_mentioned for claim in told)


def test_a_language_without_lists_has_no_clauses(
    parse: Callable[[str], tuple[str, Annotation]],
) -> None:
    text, annotation = parse(
        """[h1:source|She] [q1:cue|promised] [c1:content|to [e1:withdrawal|leave] if they were [e2:detention|freed]].
---
e1 realis=future_or_hypothetical
e2 realis=future_or_hypothetical
c1 source:h1 cue:q1 stance=commits"""
    )
    english = [claim.is_mentioned for claim in claims_.claims(annotation, text, "en")]
    other = [claim.is_mentioned for claim in claims_.claims(annotation, text, "mt")]
    assert (english, other) == ([False, True], [False, False])


def test_the_labels_of_the_lists_are_the_schemas(schema: Schema) -> None:
    lists = clauses.lists()
    stances = schema.attributes[lists.stance.attribute].values
    realis = schema.attributes[lists.realis.attribute].values
    named = [
        *lists.stance.asserting,
        *lists.stance.denying,
        *lists.stance.judging,
        *lists.stance.of_what_is_to_come,
    ]
    assert set(named) <= set(stances)
    assert {lists.realis.happened, lists.realis.did_not_happen} <= set(realis)
    assert lists.time in schema.mentions
