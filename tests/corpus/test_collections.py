"""An article whose collection is not declared: each command names its file and says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from annotate.cli.common import app
from annotate.corpus import store
from annotate.corpus.store import Corpus, StoreError
from annotate.labelstudio.matching import Articles
from annotate.labelstudio.results import Task
from annotate.model.records import Annotation, Article
from tests.conftest import SENTENCE

Write = Callable[..., tuple[Article, Annotation]]
MESSAGE = r"articles/strays/{}\.yaml: no collection 'strays' \(.*sample.*\); declare it in collections\.yaml"


@pytest.fixture
def stray(corpus: Corpus, write: Write) -> Article:
    """An article of a collection that `collections.yaml` does not name."""
    article, _annotation = write(SENTENCE, collection="strays")
    return article


@pytest.mark.parametrize(
    "command",
    [
        ["split"],
        ["rehydrate", "copy.txt"],
        ["score", "gold.jsonl", "gold.jsonl", "--split", "train"],
        ["assign", "ana", "ben"],
    ],
    ids=lambda command: command[0],
)
def test_a_command_refuses_it(
    corpus: Corpus,
    stray: Article,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "copy.txt").write_text(stray.text or "", encoding="utf-8")
    annotation = store.read_annotation(corpus.annotation_path("ana", stray.id))
    line = json.dumps(annotation.model_dump(mode="json"))
    (tmp_path / "gold.jsonl").write_text(f"{line}\n", encoding="utf-8")
    done = CliRunner().invoke(app, command)
    with pytest.raises(StoreError, match=MESSAGE.format(stray.id)):
        raise done.exception or AssertionError(done.output)


def test_a_build_leaves_it_out_by_name(
    corpus: Corpus, stray: Article, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(SENTENCE.replace("Troops", "Rebels"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["build"])
    assert done.exit_code == 1, done.exception
    assert f"articles/strays/{stray.id}.yaml: collection-unknown: no collection" in done.stderr
    assert "1 documents (train 1)" in done.stdout


def test_what_is_pulled_for_it_is_to_be_set_aside(corpus: Corpus, stray: Article) -> None:
    told = {
        "article": stray.id,
        "collection": "strays",
        "schema_version": "0.2.0",
        "text": stray.text,
    }
    match = Articles(corpus).of(Task(id=1, data=told, annotations=[], drafts=[]))
    assert match.article is None
    assert match.issue is not None
    assert match.issue.code == "article-unknown"
    assert "declare it in collections.yaml" in match.issue.message


def test_what_is_written_for_it_is_refused(corpus: Corpus, stray: Article) -> None:
    path = corpus.annotation_path("ana", stray.id)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=MESSAGE.format(stray.id)):
        corpus.write_annotation(store.read_annotation(path), stray)
    assert path.read_bytes() == before
