"""The lookup-and-rule baseline learns words from a few articles and tells of others what grammar joins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.corpus import validate
from annotate.corpus.articles import reading
from annotate.extract import lookup
from annotate.extract.lookup import Lookup
from annotate.model import notation
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema

Write = Callable[..., Any]

TAUGHT = """\
[t1:state_force|The army] [e1:capture|seized] [t2:place|the town] on [t3:time|Friday], [h1:source|a medic] [q1:cue|said].

[t4:armed_group|The rebels] [e2:capture|seized] [t5:facility|the clinic]. [t6:state_force|The army] [e3:shelling|shelled] [t7:place|the hill].

[h2:source|[t8:government|The ministry]] [q2:cue|denied] that [c2:content|[t9:quantity|at least 12 people] were [e4:death|killed]].
---
e1 agent:t1 object:t2 time:t3 realis=actual
e2 agent:t4 object:t5 realis=actual
e3 agent:t6 target:t7 realis=actual
e4 count:t9 realis=actual
c2 source:h2 cue:q2 stance=denies style=indirect source_status=named
t9 min=12 unit=people
"""


@pytest.fixture
def model(write: Write, schema: Schema) -> Lookup:
    taught = TAUGHT.replace("[t1:state_force|", "[c1:content|[t1:state_force|").replace(
        "[t3:time|Friday],", "[t3:time|Friday]],"
    )
    taught += (
        "c1 source:h1 cue:q1 stance=asserts style=indirect source_status=anonymous\nt3"
        " value=2024-03-15\n"
    )
    return lookup.fit([write(taught)], schema)


def _told(model: Lookup, words: str, schema: Schema, write: Write) -> str:
    article, _ = write(f"{words}\n---\n")
    return notation.render(article.text or "", lookup.predict(model, article, schema))


def test_it_learns_what_words_are_called(model: Lookup) -> None:
    assert model.phrases["the army"] == "state_force"
    assert model.heads["rebel"] == "armed_group"
    assert model.triggers["VERB"]["seize"] == ("capture", 1.0)
    assert model.cues == {"deny": "denies", "say": "asserts"}


def test_it_tells_who_did_what_to_whom_and_according_to_whom(
    model: Lookup, schema: Schema, write: Write
) -> None:
    shown = _told(model, "The rebels seized the hill on Sunday, the ministry said.", schema, write)
    text, _, statements = shown.partition("\n---\n")
    marked = (
        "[m7:content|[m2:armed_group|The rebels] [m5:capture|seized] [m3:place|the hill] on"
        " [m1:time|Sunday]]"
    )
    assert marked in text.replace("[m8:", "[m7:"), shown
    assert "agent:m2 object:m3" in statements
    assert "time:m1" in statements
    assert "source_status=named stance=asserts style=indirect" in statements


def test_a_denial_a_quotation_and_a_negation_are_told(
    model: Lookup, schema: Schema, write: Write
) -> None:
    denied = _told(model, "The army denied that it had shelled the town.", schema, write)
    assert "stance=denies" in denied
    assert "realis=actual" in denied
    assert "style=direct" in _told(
        model, "“The rebels seized the town,” the army said.", schema, write
    )
    assert "realis=negated" in _told(model, "The army did not seize the town.", schema, write)
    assert "realis=future_or_hypothetical" in _told(
        model, "The army will seize the town.", schema, write
    )
    assert "source_status=unattributed" in _told(
        model, "The army has reportedly seized the town.", schema, write
    )


def test_an_infinitive_keeps_its_to(schema: Schema, write: Write) -> None:
    taught = "[h1:source|The ministry] [q1:cue|promised] [c1:content|to open the road].\n---\n"
    taught += "c1 source:h1 cue:q1 stance=commits style=indirect source_status=named\n"
    shown = _told(
        lookup.fit([write(taught)], schema), "The army promised to leave the hill.", schema, write
    )
    assert ":content|to [m1:withdrawal|leave] the hill]" in shown
    assert "stance=commits" in shown


def test_a_toll_has_its_bounds_and_the_counted_inside(
    model: Lookup, schema: Schema, write: Write
) -> None:
    shown = _told(model, "More than 40 rebels were killed.", schema, write)
    assert "quantity|More than 40 [" in shown
    assert "min=41 unit=people" in shown
    assert "count:" in shown


def test_a_credit_is_not_annotated(model: Lookup, schema: Schema, write: Write) -> None:
    shown = _told(
        model, "The army seized the town.\n\nSource: The army and agencies", schema, write
    )
    assert shown.count("state_force|") == 1


PIECES = [
    "The", "army", "seized", "“", "”", "rebels", ",", ".", "12", "said", "that", "Mira’s", "[", "]", "{", "denied", "killed",
    "(", "at", "least", "by", "on", "Friday",
]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "The",
                "army",
                "seized",
                "“",
                "”",
                "rebels",
                ",",
                ".",
                "12",
                "said",
                "that",
                "Mira’s",
                "[",
                "]",
                "\\",
                "denied",
                "killed",
                "(",
                "at",
                "least",
            ]
        ),
        max_size=25,
    )
)
def test_whatever_the_text_is_the_annotation_is_valid(
    words: list[str],
) -> None:
    from annotate.model import schema as schema_
    from tests.conftest import ROOT

    labels = schema_.load(ROOT / "guidelines" / "schema.yaml")
    about = reading.About(collection="sample")
    text = " ".join(words) or "x"
    article = reading.article("x", text, about).article
    if article is None:
        return
    known = Lookup(
        phrases={"the army": "state_force"}, heads={"rebel": "armed_group", "mira": "person"}, kinds={"PERSON": "person"},
        triggers={"VERB": {"seize": ("capture", 1.0), "kill": ("death", 1.0)}}, cues={"say": "asserts", "deny": "denies"},
        schema_version=labels.version,
    )  # fmt: skip
    found = lookup.predict(known, article, labels)
    issues = [
        issue for issue in validate.check(found, article, labels) if issue.severity == "error"
    ]
    assert issues == []
    assert lookup.predict(known, article, labels) == found


def test_two_fits_are_equal_and_survive_json(write: Write, schema: Schema, model: Lookup) -> None:
    assert Lookup.model_validate_json(model.model_dump_json()) == model


def test_it_is_scored_on_the_corpus_above_chance(schema: Schema) -> None:
    """Learned from the training split, it finds a third of the test split's mentions and a fifth of its events."""
    from annotate.corpus.store import Corpus, read_gold
    from annotate.measure import score
    from tests.conftest import ROOT

    corpus = Corpus(ROOT / "corpus")
    places = corpus.splits()
    articles = {
        article.id: article
        for article in corpus.articles()
        if article.id in places and article.text
    }
    splits: dict[str, list[tuple[Article, Annotation]]] = {"train": [], "test": []}
    for path in sorted((corpus.root / "annotations" / "alder").glob("*.json")):
        if path.stem in articles and places[path.stem].split in splits:
            splits[places[path.stem].split].append((articles[path.stem], read_gold(path)))
    model = lookup.fit(splits["train"], schema)
    cases = [
        score.Case(gold, (lookup.predict(model, article, schema),), None)
        for article, gold in splits["test"]
    ]
    found = {
        (row.layer, row.measure): row.f1.value or 0
        for row in score.score(cases, schema, samples=100).rows
        if row.averaging == "micro"
    }
    assert found["mention", "strict"] > 0.35
    assert found["event", "classified"] > 0.2
    assert found["attribution span", "strict"] > 0.4


def test_words_that_two_cues_claim_are_attributed_once(
    model: Lookup, schema: Schema, write: Write
) -> None:
    words = (
        "Police used batons and held between 40 and 60 people, according to the rights group Open"
        " Ledger; "
    )
    words += "police said no more than 20 were held."
    article, _ = write(f"{words}\n---\n")
    found = lookup.predict(model, article, schema)
    assert [(said.source is not None, said.cue is not None) for said in found.attributions] == [
        (True, True)
    ] * len(found.attributions)
    assert not [
        issue for issue in validate.check(found, article, schema) if issue.severity == "error"
    ]
