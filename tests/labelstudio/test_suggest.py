"""What is suggested, what became of it, mark by mark; and that nothing is made of what nobody has read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.gold import sheets
from annotate.labelstudio import suggest
from annotate.model import graph, notation
from annotate.model.records import Annotation, Argument, Article, Provenance
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre

Write = Callable[..., tuple[Article, Annotation]]

OFFERED = """[m1:state_force|Troops] [e1:shelling|shelled] [m2:place|Tak] on [m3:place|Monday].
---
e1 agent:m1 realis=actual
"""


@pytest.fixture
def parsed(schema: Schema, made: Callable[..., Provenance]) -> Callable[[str], Annotation]:
    return lambda source: notation.parse(source, schema, "an-article", "0" * 64, made())[1]


@pytest.mark.parametrize(
    ("done", "fates"),
    [
        (OFFERED, {("state_force", "kept"): 1, ("shelling", "kept"): 1, ("place", "kept"): 2}),
        (
            OFFERED.replace("e1 agent:m1", "e1 agent:m1 target:m2"),  # a link more: the event is another
            {("state_force", "kept"): 1, ("shelling", "changed"): 1, ("place", "kept"): 2},
        ),
        (
            OFFERED.replace("m3:place", "m3:time"),
            {("state_force", "kept"): 1, ("shelling", "kept"): 1, ("place", "kept"): 1, ("place", "changed"): 1},
        ),
        (
            "[m1:state_force|Troops] [e1:shelling|shelled] Tak [m3:place|on Monday].\n---\ne1 agent:m1 realis=actual\n",
            {("state_force", "kept"): 1, ("shelling", "kept"): 1, ("place", "thrown away"): 1, ("place", "changed"): 1},
        ),
        (
            "Troops shelled [x1:person|Tak] on Monday.\n---\n",  # marked anew, by another id
            {
                ("state_force", "thrown away"): 1, ("shelling", "thrown away"): 1, ("place", "changed"): 1,
                ("place", "thrown away"): 1,
            },
        ),
        (
            OFFERED.replace(" on ", " [x1:time|on] "),
            {("state_force", "kept"): 1, ("shelling", "kept"): 1, ("place", "kept"): 2, ("time", "added"): 1},
        ),
    ],
)  # fmt: skip
def test_each_suggested_mark_has_one_fate(
    parsed: Callable[[str], Annotation], done: str, fates: dict[tuple[str, str], int]
) -> None:
    assert dict(suggest.fates(parsed(OFFERED), parsed(done))) == fates


def _changed(annotation: Annotation, layer: str, id_: str, **fields: Any) -> Annotation:
    """The annotation with other fields in one of its marks, as an extractor might have predicted it."""
    marks = getattr(annotation, layer)
    changed = tuple(mark.model_copy(update=fields) if mark.id == id_ else mark for mark in marks)
    return annotation.model_copy(update={layer: changed})


def _arguments(*pairs: str) -> dict[str, tuple[Argument, ...]]:
    """Of `agent:m1`."""
    ends = [pair.split(":") for pair in pairs]
    return {"arguments": tuple(Argument(role=role, target=target) for role, target in ends)}


@pytest.mark.parametrize(
    ("layer", "id_", "fields", "marks", "links", "code"),
    [
        # A mark that can't stand takes the links to it along; the event that it was the count of stays.
        (
            "mentions", "m3", {"attributes": {"min": 12, "max": 3, "unit": "people"}}, {"m3"}, {"e2 count m3"},
            "count-bounds",
        ),
        ("mentions", "m1", {"start": 0, "end": 9_999}, {"m1"}, {"e1 agent m1"}, "offset-range"),
        # An event without its realis, and the links from it.
        ("event_mentions", "e1", {"attributes": {}}, {"e1"}, {"e1 agent m1", "e1 object m2"}, "attribute-missing"),
        # Of an event's links, the one that the schema has not.
        ("event_mentions", "e1", _arguments("agent:m2", "object:m2"), set(), {"e1 agent m2"}, "role-filler"),
        ("event_mentions", "e1", _arguments("agent:m1", "count:m3"), set(), {"e1 count m3"}, "role-unknown"),
        ("attributions", "c1", {"cue": "h1"}, set(), {"c1 cue h1"}, "link-dangling"),
        ("attributions", "c1", {"source": "gone"}, set(), {"c1 source gone"}, "link-dangling"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_left_out_and_the_rest_is_offered(
    write: Write,
    schema: Schema,
    layer: str,
    id_: str,
    fields: dict[str, Any],
    marks: set[str],
    links: set[str],
    code: str,
) -> None:
    article, whole = write(SENTENCE)
    predicted = _changed(whole, layer, id_, **fields)
    scores = {mark.id: 0.5 for mark in whole.marks()}
    offer = suggest.offered(article, lambda _article: (predicted, scores), schema)
    assert {issue.code for issue in offer.issues} == {code}
    assert offer.left_out == Counter(
        {name: len(left) for name, left in (("marks", marks), ("links", links)) if left}
    )
    assert _sent(offer) == (
        {mark.id for mark in whole.marks()} - marks,
        _links(predicted) - links,
    )


def _sent(offer: suggest.Offer) -> tuple[set[str], set[str]]:
    """The marks and the links of a result."""
    result = offer.result or []
    links = {
        f"{entry['from_id']} {label} {entry['to_id']}"
        for entry in result
        if entry["type"] == "relation"
        for label in entry["labels"]
    }
    return {entry["id"] for entry in result if entry["type"] == "labels"}, links


def _links(annotation: Annotation) -> set[str]:
    return {
        " ".join((link.tail, link.label, link.head)) for link in graph.disassemble(annotation)[1]
    }


def test_of_two_circles_of_links_each_is_cut_and_told(write: Write, schema: Schema) -> None:
    """Each link is one that the schema has: only together they can't stand."""
    source = """[e1:refusal|refused] [e2:refusal|rejected] [e3:refusal|blocked] [e4:refusal|vetoed].
---
e1 realis=actual
e2 realis=actual
e3 realis=actual
e4 realis=actual
"""
    article, predicted = write(source)
    for one, other in (("e1", "e2"), ("e2", "e1"), ("e3", "e4"), ("e4", "e3")):
        predicted = _changed(predicted, "event_mentions", one, **_arguments(f"object:{other}"))
    offer = suggest.offered(article, lambda _article: (predicted, {}), schema)
    assert [issue.code for issue in offer.issues] == ["link-cycle", "link-cycle"]
    assert offer.left_out == {"links": 2}
    marks, links = _sent(offer)
    assert len(marks) == 4
    assert {link[:2] in ("e1", "e2") for link in links} == {True, False}


def test_what_is_of_another_text_is_not_offered_at_all(write: Write, schema: Schema) -> None:
    article, annotation = write(SENTENCE)
    other = annotation.model_copy(update={"sha256": "0" * 64})
    offer = suggest.offered(article, lambda _article: (other, {}), schema)
    assert (offer.result, [issue.code for issue in offer.issues]) == (None, ["text-hash"])


def _began(corpus: Corpus, article: Article, annotator: str) -> None:
    path = corpus.annotation_path(annotator, article.id)
    old = store.read_annotation(path)
    provenance = old.provenance.model_copy(update={"started_from": "reader 1.0"})
    store.write(path, store.dump(old.model_copy(update={"provenance": provenance})))


def test_no_gold_of_passes_that_all_began_with_suggestions(
    acre: Acre, corpus: Corpus, write: Write
) -> None:
    article, _ = write(OFFERED, annotator="ana")
    write(OFFERED, annotator="ben")
    for annotator in ("ana", "ben"):
        _began(corpus, article, annotator)
    refused = acre("adjudicate", "--corpus", str(corpus.root))
    assert (
        "articles whose passes all began with suggestions: they need one that did not"
        in refused.stdout
    )
    assert corpus.gold(article.id) is None
    assert (
        "no article has two passes"
        in acre("agreement", "--unaided", "--corpus", str(corpus.root)).stdout
    )
    write(OFFERED, annotator="ida")  # began with the bare text
    acre("adjudicate", "--corpus", str(corpus.root))
    assert corpus.gold(article.id) is not None


def test_due_lets_pass_what_one_of_them_read_bare(
    corpus: Corpus, schema: Schema, write: Write
) -> None:
    article, one = write(OFFERED, annotator="ana")
    aided = one.model_copy(
        update={"provenance": one.provenance.model_copy(update={"started_from": "reader 1.0"})}
    )
    run = sheets.Run(corpus, schema, "gold", False, True, lambda event: None)
    documents: Any = [(article, [aided, aided]), (article, [aided, one])]
    assert list(sheets.due(run, iter(documents), True)) == documents[1:]


def test_without_suggestions_the_report_says_so(acre: Acre, corpus: Corpus) -> None:
    assert (
        acre("status", "--suggestions", "--corpus", str(corpus.root)).stdout
        == "no pass began with suggestions\n"
    )
