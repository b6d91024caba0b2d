"""Adding an article that is there already tells how far the work on it is, and what comes next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.corpus import store
from annotate.corpus.store import Corpus, SplitRow
from annotate.labelstudio import load
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model.records import Annotation, Article, Gold
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre

Write = Callable[..., tuple[Article, Annotation]]


def _again(acre: Acre, article: Article, folder: Path) -> dict[str, str]:
    """What `acre add` says of the article's text, given once more, by name."""
    path = folder / "the same.txt"
    path.write_text(article.text or "", encoding="utf-8")
    done = acre("add", path, "--collection", article.collection)
    first, *lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert first == f"already there: {path} is {article.collection}/{article.id}; nothing added"
    pairs = [line.strip().partition(": ") for line in lines]
    return {name: value for name, _colon, value in pairs}


def test_of_an_article_that_nobody_worked_on(
    acre: Acre, write: Write, corpus: Corpus, tmp_path: Path
) -> None:
    article, _annotation = write(SENTENCE)
    corpus.annotation_path("ana", article.id).unlink()
    assert _again(acre, article, tmp_path) == {
        "text": "here", "annotated by": "nobody", "gold": "no", "split": "none", "next": f"acre load {article.id}",
    }  # fmt: skip


def test_of_an_article_with_passes_then_gold_and_a_split(
    acre: Acre, write: Write, corpus: Corpus, tmp_path: Path
) -> None:
    article, annotation = write(SENTENCE)
    corpus.write_assignments({article.id: ("ana", "ben")})
    one = _again(acre, article, tmp_path)
    assert (one["assigned to"], one["annotated by"], one["next"]) == (
        "ana, ben", "ana", f"acre build, or a second pass and then: acre adjudicate {article.id}",
    )  # fmt: skip
    write(SENTENCE, annotator="ben")
    two = _again(acre, article, tmp_path)
    assert (two["annotated by"], two["next"]) == ("ana, ben", f"acre adjudicate {article.id}")
    gold = Gold(**annotation.model_dump())
    store.write(corpus.gold_path(article.id), store.dump(gold))
    assert _again(acre, article, tmp_path)["next"] == "acre split"
    corpus.write_splits({article.id: SplitRow(article.id, "test")})
    done = _again(acre, article, tmp_path)
    assert (done["gold"], done["split"], done["next"]) == ("yes", "test", "acre build")


def test_of_an_article_whose_text_is_withheld_and_not_here(
    acre: Acre, corpus: Corpus, tmp_path: Path
) -> None:
    path = tmp_path / "own copy.txt"
    path.write_text("Guns fell silent in Brel on Monday, a nurse said.", encoding="utf-8")
    assert acre("add", path, "--collection", "local").returncode == 0
    (article,) = corpus.articles()
    (text,) = corpus.root.glob("articles/local/*.txt")
    text.unlink()
    shown = _again(
        acre, article.model_copy(update={"text": path.read_text(encoding="utf-8")}), tmp_path
    )
    assert shown["text"] == "withheld, and not here"
    assert shown["next"] == f"acre rehydrate '{tmp_path / 'the same.txt'}'"
    assert acre(*shown["next"].replace("'", "").split(" ", 2)[1:]).returncode == 0
    assert (
        _again(
            acre, article.model_copy(update={"text": text.read_text(encoding="utf-8")}), tmp_path
        )["text"]
        == "here"
    )


@pytest.mark.server
def test_of_an_article_that_is_loaded_at_a_desk(
    acre: Acre,
    write: Write,
    corpus: Corpus,
    schema: Schema,
    client: Client,
    desk: Desk,
    state: Path,
    tmp_path: Path,
) -> None:
    article, _annotation = write(SENTENCE)
    corpus.annotation_path("ana", article.id).unlink()
    load.load(client, load.PROJECT, [article], schema)
    (tmp_path / ".acre").symlink_to(state)
    shown = _again(acre, article, tmp_path)
    assert shown["loaded"].startswith(f"{desk.url}/projects/")
    assert shown["next"] == "acre pull, once it is labelled"
