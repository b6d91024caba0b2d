"""However a file of the corpus, or a text that is added, is damaged: lines and an exit code, never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.corpus.articles import reading
from annotate.corpus.articles.reading import About
from annotate.corpus.store import Corpus, SplitRow
from annotate.model.records import Annotation, Article
from tests import strategies
from tests.conftest import SENTENCE, Acre

Write = Callable[..., tuple[Article, Annotation]]
FILES = (
    "collections.yaml", "annotators.yaml", "splits.csv", "assignments.csv", "articles/sample/{id}.yaml",
    "articles/sample/{id}.txt", "articles/local/{withheld}.sentences.json", "annotations/ana/{id}.json",
    "../guidelines/schema.yaml",
)  # fmt: skip
COMMANDS = (("validate",), ("split", "--dry-run"), ("status",), ("convert", "{id}"), ("agreement",))
MANY = settings(
    max_examples=15 * strategies.EFFORT,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(MANY, max_examples=150 * strategies.EFFORT)
@given(data=st.data())
def test_no_bytes_of_a_text_bring_it_down(tmp_path: Path, data: st.DataObject) -> None:
    text = (
        b"Barge sinks\n\nAn old ferry sank at Brel on Monday, a nurse said.\nPhotograph: Ana Mirel"
    )
    path = tmp_path / "text.txt"
    path.write_bytes(data.draw(strategies.damaged_bytes(text)))
    for found in reading.read(path, About("sample")):
        assert (found.article is None) != (found.error is None)
        assert "\n" not in (found.error or "")


@pytest.fixture
def names(
    write: Write,
    declare: Callable[..., None],
    acre: Acre,
    corpus: Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """The ids of an article and of a withheld one, in a corpus that has one of every file that people edit."""
    monkeypatch.setattr("os.fsync", lambda handle: None)
    article, _annotation = write(SENTENCE)
    declare("ana", "ben")
    path = tmp_path / "own.txt"
    path.write_text("Guns fell silent in Brel on Monday, a nurse said.", encoding="utf-8")
    assert acre("add", path, "--collection", "local").returncode == 0
    (withheld,) = (other.id for other in corpus.articles() if other.collection == "local")
    corpus.write_splits(
        {article.id: SplitRow(article.id, "train"), withheld: SplitRow("s", "test")}
    )
    corpus.write_assignments({article.id: ("ana", "ben")})
    return {"id": article.id, "withheld": withheld}


@pytest.mark.parametrize("name", FILES)
@MANY
@given(data=st.data())
def test_no_bytes_of_a_file_of_the_corpus_bring_a_command_down(
    name: str, data: st.DataObject, names: dict[str, str], acre: Acre, corpus: Corpus
) -> None:
    path = corpus.root / name.format(**names)
    whole = path.read_bytes()
    try:
        path.write_bytes(data.draw(strategies.damaged_bytes(whole)))
        command = data.draw(st.sampled_from(COMMANDS))
        done = acre(*(part.format(**names) for part in command))
        assert done.returncode in (0, 1, 2)
        assert done.returncode == 0 or done.stderr or done.stdout
    finally:
        path.write_bytes(whole)
