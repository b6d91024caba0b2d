"""What became of suggestions, mark by mark; and that nothing is made of what nobody has read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.gold import sheets
from annotate.labelstudio import suggest
from annotate.model import notation
from annotate.model.records import Annotation, Article, Provenance
from annotate.model.schema import Schema
from tests.conftest import Acre

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
