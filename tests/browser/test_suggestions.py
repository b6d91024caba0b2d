"""Suggestions at the annotator's desk: one kept, one corrected, one thrown away; dataset and report say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from annotate.annotators import status
from annotate.corpus import store
from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus
from annotate.dataset import build
from annotate.extract import service
from annotate.extract.extractors import Extractor
from annotate.labelstudio import load, pull, suggest
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model import notation
from annotate.model.records import Annotation, Article, Provenance
from annotate.model.schema import Schema
from tests.browser.page import LabellingPage
from tests.conftest import Acre
from tests.strategies import WHEN

pytestmark = [pytest.mark.server, pytest.mark.browser]

OFFERED = """[m1:state_force|Troops] [e1:shelling|shelled] [m2:place|Tak] at night. \
[m3:person|Rebels] left it on [m4:place|Monday].
---
e1 agent:m1 target:m2 realis=actual
"""


@pytest.fixture
def article(corpus: Corpus, schema: Schema) -> Article:
    made = Provenance(
        annotator="nobody",
        kind="machine",
        tool="test",
        schema_version=schema.version,
        created=WHEN,
        updated=WHEN,
    )
    text, _annotation = notation.parse(OFFERED, schema, "an-article", "0" * 64, made)
    found = reading.article("test", text, reading.About("sample", outlet="Paper")).article
    assert found is not None
    corpus.write_article(found)
    return found


def _extractor(schema: Schema) -> Extractor:
    """Says of the article what OFFERED says."""

    def predict(article: Article) -> tuple[Annotation, dict[str, float]]:
        made = Provenance(
            annotator="reader",
            kind="machine",
            tool="test",
            schema_version=schema.version,
            created=WHEN,
            updated=WHEN,
        )
        _text, annotation = notation.parse(OFFERED, schema, article.id, article.sha256, made)
        return annotation, {mark.id: 0.75 for mark in annotation.marks()}

    return Extractor("reader", "1.0", predict)


def _work(labelling: LabellingPage, project: int) -> None:
    """Keep most, make the rebels an armed group, throw Monday away, and submit."""
    labelling.open_next(project)
    assert labelling.count() == 5
    labelling.select("Rebels")
    labelling.relabel("armed_group")
    labelling.select("Monday")
    labelling.press("Backspace")
    assert labelling.count() == 4
    labelling.submit()


def test_one_is_kept_one_corrected_one_thrown_away(
    corpus: Corpus,
    schema: Schema,
    desk: Desk,
    labelling: LabellingPage,
    article: Article,
    acre: Acre,
    tmp_path: Path,
) -> None:
    client, title, extractor = Client(desk.url, desk.token), "Suggested", _extractor(schema)
    project = load.load(client, title, [article], schema).project
    told: list[Any] = []

    def offer() -> dict[str, int]:
        return dict(
            suggest.suggest(
                client, title, [article], extractor.predict, extractor.title, schema, told.append
            )
        )

    assert (offer(), offer(), told) == ({"suggested": 1}, {"unchanged": 1}, [])
    assert {
        region["score"] for region in client.predictions(project)[0]["result"] if "value" in region
    } == {0.75}
    assert (
        pull.pull(client, title, corpus, schema, {desk.email or "": "ana"})["new"] == 0
    )  # a suggestion is no annotation
    _work(labelling, project)
    assert offer() == {"left as they are: somebody works on them": 1}
    assert (
        pull.pull(client, title, corpus, schema, {desk.email or "": "ana"}, everything=True)["new"]
        == 1
    )

    done = store.read_annotation(corpus.annotation_path("ana", article.id))
    assert done.provenance.started_from == "reader 1.0"
    assert {(mark.label, mark.text) for mark in done.marks()} == {
        ("state_force", "Troops"), ("shelling", "shelled"), ("place", "Tak"), ("armed_group", "Rebels"),
    }  # fmt: skip
    build.build(corpus, schema)
    (row,) = load_dataset(
        str(corpus.root), "documents", split="train", cache_dir=str(tmp_path / "cache")
    )
    assert [mention["text"] for mention in row["mentions"]] == ["Troops", "Tak", "Rebels"]
    assert [argument["role"] for argument in row["event_mentions"][0]["arguments"]] != []
    assert row["provenance"]["started_from"] == "reader 1.0"
    assert not row["adjudicated"]

    shown = acre("status", "--suggestions", "--json", "--corpus", str(corpus.root))
    labels = json.loads(shown.stdout)["reader 1.0"]["labels"]
    fates = {found["label"]: [found[fate] for fate in suggest.FATES] for found in labels}
    assert fates == {
        "person": [0, 1, 0, 0],
        "place": [1, 0, 1, 0],
        "shelling": [1, 0, 0, 0],
        "state_force": [1, 0, 0, 0],
    }
    assert status.status(corpus).annotators["ana"].done == 1


def test_a_suggestion_looks_like_one_until_it_is_kept_changed_or_thrown_away(
    corpus: Corpus,
    schema: Schema,
    desk: Desk,
    labelling: LabellingPage,
    article: Article,
    acre: Acre,
    state: Path,
) -> None:
    client, title, extractor = Client(desk.url, desk.token), "Looked at", _extractor(schema)
    project = load.load(client, title, [article], schema).project
    assert project is not None
    suggest.suggest(client, title, [article], extractor.predict, "reader 1.0", schema, print)
    labelling.open_next(project)
    labelling.notice("suggestions", "not looked at: 5.")
    look = """(words) => {
      const marks = [...document.querySelectorAll('.acre-text .htx-highlight')];
      const mark = marks.find((found) => found.textContent === words);
      const { backgroundColor, outlineStyle } = getComputedStyle(mark);
      return [backgroundColor, outlineStyle, getComputedStyle(mark, '::after').content];
    }"""

    def looks(words: str) -> list[str]:
        return list(labelling.page.evaluate(look, words))

    offered = looks("Troops")
    assert offered[:2] == ["rgba(0, 0, 0, 0)", "dashed"]
    assert "75 %" in offered[2]

    # Where words are selected by keys, Enter is for them, and keeps nothing.
    labelling.press("ArrowRight")
    labelling.press("Enter")
    assert labelling.selected() == ["Troops"]
    labelling.press("u")

    # The first key goes to the first; then each keeps or throws away one, and goes on.
    labelling.press("Enter")
    assert labelling.selected() == ["Troops"]
    labelling.notice("suggestions", "not looked at: 5.")
    before = labelling.actions
    labelling.press("Enter")
    assert labelling.selected() == ["shelled"]
    labelling.notice("suggestions", "not looked at: 4.")
    assert labelling.actions - before == 1
    kept = looks("Troops")
    assert (kept[0] != "rgba(0, 0, 0, 0)", kept[1], "75 %" in kept[2]) == (True, "none", False)
    labelling.select("Monday")
    labelling.press("Backspace")
    labelling.notice("suggestions", "not looked at: 3.")
    assert labelling.selected() == ["shelled"]  # after the last comes the first
    labelling.select("Rebels")
    labelling.relabel("armed_group")  # who changes one has looked at it
    labelling.notice("suggestions", "not looked at: 2.")
    labelling.notice("saved", "Not saved yet")
    labelling.notice_gone("saved")
    labelling.page.reload()  # the draft knows
    labelling.notice("suggestions", "not looked at: 2.")
    labelling.submit()

    pulled = acre("pull", "--desk", "ana", "--state", state, "--project", title)
    assert "2 suggestions in these that nobody looked at" in pulled.stdout
    done = store.read_annotation(corpus.annotation_path("ana", article.id))
    assert (done.provenance.started_from, done.provenance.untouched) == ("reader 1.0", 2)
    assert "of the kept, 2 were submitted as offered" in acre("status", "--suggestions").stdout
    report = json.loads(acre("status", "--suggestions", "--json").stdout)
    assert report["reader 1.0"]["untouched"] == 2


def test_a_service_answers_the_page_just_opened_and_nobody_waits_for_one_that_is_down(
    corpus: Corpus, schema: Schema, desk: Desk, labelling: LabellingPage, article: Article
) -> None:
    import threading

    client, title = Client(desk.url, desk.token), "Served"
    project = load.load(client, title, [article], schema).project
    told: list[str] = []
    server = service.listen(service.Service(_extractor(schema), corpus, schema, told.append), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        client.add_service(project, f"http://127.0.0.1:{server.server_address[1]}", "reader 1.0")
        client.update_project(
            project,
            {
                "show_collab_predictions": True,
                "evaluate_predictions_automatically": True,
                "model_version": "reader 1.0",
            },
        )
        labelling.open_next(project)
        labelling.page.wait_for_timeout(1500)
        assert labelling.count() == 5
    finally:
        server.shutdown()
        server.server_close()
    other = reading.article("test", "Nobody came.", reading.About("sample")).article
    assert other is not None
    corpus.write_article(other)
    load.load(client, title, [article, other], schema)
    (task,) = (
        task
        for page in client.tasks(project)
        for task in page
        if task["data"]["article"] == other.id
    )
    labelling.open_task(project, task["id"])
    assert labelling.count() <= 0
    labelling.mark("p", "Nobody")
    labelling.submit()
