"""Which articles `acre load` puts into Label Studio."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from annotate.corpus.store import Corpus
from annotate.labelstudio import load
from annotate.model.issues import UsageError
from tests.conftest import SENTENCE

Write = Callable[..., Any]


@pytest.fixture
def ids(corpus: Corpus, write: Write) -> dict[str, str]:
    """Three articles: of the sample, of the qualification set, and one of withheld text that is not here."""
    articles = {
        name: write(SENTENCE.replace("Troops", name.title()), collection=name)[0]
        for name in ("sample", "qualification", "local")
    }
    (corpus.root / "articles" / "local" / f"{articles['local'].id}.txt").unlink()
    return {name: article.id for name, article in articles.items()}


def test_by_default_it_is_what_goes_into_the_dataset(corpus: Corpus, ids: dict[str, str]) -> None:
    selection = load.Selection(corpus)
    assert [article.id for article in selection] == [ids["sample"]]
    assert (selection.withheld, selection.unknown) == ([ids["local"]], set())


def test_what_is_named_is_taken_wherever_it_is(corpus: Corpus, ids: dict[str, str]) -> None:
    selection = load.Selection(corpus, [ids["qualification"], ids["local"], "nobody"])
    assert [article.id for article in selection] == [ids["qualification"]]
    assert (selection.withheld, selection.unknown) == ([ids["local"]], {"nobody"})
    selection = load.Selection(corpus, collection="qualification")
    assert [article.id for article in selection] == [ids["qualification"]]


def test_both_an_id_and_a_collection_must_fit(corpus: Corpus, ids: dict[str, str]) -> None:
    selection = load.Selection(corpus, [ids["sample"]], "qualification")
    assert (list(selection), selection.unknown) == ([], set())


def test_a_desk_gets_what_is_assigned_to_it(corpus: Corpus, ids: dict[str, str]) -> None:
    assert load.assigned(corpus, "ana") == frozenset()
    corpus.write_assignments({ids["sample"]: ("ana", "ben"), ids["local"]: ("ben",)})
    assert load.assigned(corpus, "ana") == {ids["sample"]}
    with pytest.raises(UsageError, match=r"assignments\.csv: nothing is assigned to eva; assign"):
        load.assigned(corpus, "eva")
