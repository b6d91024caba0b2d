from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.annotators import guidelines, qualify
from annotate.corpus import validate
from annotate.corpus.store import Corpus
from annotate.formats import convert
from annotate.model.issues import errors
from annotate.model.schema import UNIT_LAYERS, Schema
from tests.conftest import ROOT

SET = ROOT / "guidelines" / "qualification"
REFERENCES = sorted(SET.glob("*.acre"))


@pytest.fixture
def annotator(corpus: Corpus, schema: Schema) -> Callable[..., str]:
    """Makes an annotator whose passes are the reference, changed."""
    for article in Corpus(ROOT / "corpus").articles():
        if article.collection == "qualification":
            corpus.write_article(article)

    def make(
        name: str, change: Callable[[str], str] = lambda source: source, only: str = ""
    ) -> str:
        for path in REFERENCES:
            if path.stem.startswith(only):
                article = convert.find(corpus, path.stem)
                convert.from_notation(
                    corpus,
                    schema,
                    article,
                    name,
                    change(path.read_text(encoding="utf-8")),
                    path.name,
                )
        return name

    return make


def test_the_set_is_six_articles_with_a_ruling_for_each_hard_mark(schema: Schema) -> None:
    references = list(qualify.read_reference(SET, Corpus(ROOT / "corpus"), schema))
    assert len(references) == 6
    pages = {f"{page.kind}/{page.subject}" for page in guidelines.read(ROOT / "guidelines")}
    for article, annotation, rulings in references:
        assert errors(validate.check(annotation, article, schema)) == []
        assert len(rulings) >= 8
        assert set(rulings) <= {mark.id for mark in annotation.marks()}
        for ruling in rulings.values():
            cited = re.findall(r"\b(?:labels|roles|topics)/[a-z_-]+", ruling)
            assert cited, f"{article.id}: {ruling!r} names no page"
            assert set(cited) <= pages


def test_the_qualification_set_is_not_in_the_dataset() -> None:
    assert not Corpus(ROOT / "corpus").collections()["qualification"].in_dataset


def test_the_reference_agrees_with_itself(
    corpus: Corpus, schema: Schema, annotator: Callable[..., str]
) -> None:
    result = qualify.qualify(annotator("same"), SET, corpus, schema)
    assert (result.differences, result.unannotated) == ([], [])
    assert [result.f1(layer) for layer in UNIT_LAYERS] == [1.0] * len(UNIT_LAYERS)


def test_each_difference_is_shown_in_the_notation_with_its_ruling(
    corpus: Corpus, schema: Schema, annotator: Callable[..., str]
) -> None:
    def change(source: str) -> str:
        source = source.replace("[m5:state_force|Regime troops]", "[m5:armed_group|Regime troops]")
        source = source.replace(
            "e5 agent:m17 place:m18 realis=generic", "e5 agent:m17 realis=actual"
        )
        return source.replace("same m14 m16\n", "")

    result = qualify.qualify(annotator("ana", change, "liberated"), SET, corpus, schema)
    assert len(result.unannotated) == 5
    differences = {(d.unit.layer, d.unit.label, d.missing): d for d in result.differences}
    assert set(differences) == {
        ("mention", "armed_group", False),
        ("mention", "state_force", True),
        ("attribute", "realis", False),
        ("attribute", "realis", True),
        ("argument", "place", True),
        ("coreference", "same", True),
    }
    wrong = differences["mention", "armed_group", False]
    assert "[m5:armed_group|Regime troops], as people here call" in wrong.shown
    assert wrong.ruling.startswith("“Regime” is a word of people there")
    assert differences["attribute", "realis", True].shown.endswith("e5 realis=generic")
    lost = differences["argument", "place", True]
    assert lost.shown.endswith("e5 place:m18")
    assert lost.ruling == "roles/place: Where did it happen? That is the place."
    assert differences["coreference", "same", True].ruling.startswith(
        "topics/coreference: Do two mentions speak of the very same"
    )
    # 34 mentions in the reference, 34 given, 33 matched: F1 = 2·33 / 68; of state forces 4, 3 and 3.
    assert result.f1("mention") == pytest.approx(66 / 68)
    assert result.f1("mention", "state_force") == pytest.approx(6 / 7)
    assert result.f1("mention", "weapon") is None


def test_a_reference_whose_text_was_edited_is_refused(
    corpus: Corpus, schema: Schema, annotator: Callable[..., str], tmp_path: Path
) -> None:
    annotator("ana")
    folder = tmp_path / "guidelines" / "qualification"
    folder.mkdir(parents=True)
    for path in REFERENCES:
        (folder / path.name).with_suffix(".yaml").write_bytes(
            path.with_suffix(".yaml").read_bytes()
        )
        (folder / path.name).write_text(
            path.read_text(encoding="utf-8").replace("\n---\n", " More.\n---\n", 1),
            encoding="utf-8",
        )
    with pytest.raises(qualify.AcreError, match="its text is not that of article"):
        list(qualify.read_reference(folder, corpus, schema))


def test_a_pass_that_is_not_valid_is_named(
    corpus: Corpus, schema: Schema, annotator: Callable[..., str]
) -> None:
    annotator("ana", only="liberated")
    (path,) = (corpus.root / "annotations" / "ana").glob("*.json")
    path.write_text(
        path.read_text(encoding="utf-8").replace('"target": "m8"', '"target": "m99"'),
        encoding="utf-8",
    )
    with pytest.raises(qualify.AcreError, match="not valid, so it can't be compared"):
        qualify.qualify("ana", SET, corpus, schema)
