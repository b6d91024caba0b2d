"""What a command reads: each file of the corpus once, and one article where one is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from annotate.cli.common import app
from annotate.corpus.store import Corpus
from annotate.model import tokens
from annotate.model.records import Annotation, Article
from tests.conftest import SENTENCE

Write = Callable[..., tuple[Article, Annotation]]
KEPT = ("articles", "annotations", "gold")


@pytest.fixture
def reads(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file of an article or an annotation is read, by its path in the corpus."""
    counts: Counter[str] = Counter()

    def counting(method: str) -> None:
        original: Any = getattr(Path, method)

        def read(path: Path, *arguments: Any, **options: Any) -> Any:
            if path.is_relative_to(corpus.root) and path.relative_to(corpus.root).parts[0] in KEPT:
                counts[str(path.relative_to(corpus.root))] += 1
            return original(path, *arguments, **options)

        monkeypatch.setattr(Path, method, read)

    for method in ("read_text", "read_bytes"):
        counting(method)
    return counts


@pytest.fixture
def filled(corpus: Corpus, write: Write) -> Corpus:
    """A corpus with two passes over each of two articles, gold of one, and a withheld text with its sentences."""
    for name in ("Troops", "Rebels"):
        write(SENTENCE.replace("Troops", name))
        write(SENTENCE.replace("Troops", name), annotator="ben")
    withheld, annotation = write(SENTENCE.replace("Troops", "Guards"), collection="local")
    corpus.write_annotation(annotation, withheld)
    corpus.write_sentences(withheld, tokens.sentences(withheld))
    for command in ("adjudicate", "split", "build"):
        assert _run(corpus, command) == 0
    return corpus


def _run(corpus: Corpus, *arguments: str) -> int:
    done = CliRunner().invoke(app, [*arguments, "--corpus", str(corpus.root)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code


@pytest.mark.parametrize("command", ["validate", "build"])
def test_a_command_reads_each_file_once(filled: Corpus, reads: Counter[str], command: str) -> None:
    assert _run(filled, command) == 0
    files = [path for name in KEPT for path in (filled.root / name).rglob("*.*") if path.is_file()]
    assert len(files) == 3 * 2 + 1 + 5 + 2  # articles, sentences, passes, gold
    assert dict(reads) == {str(path.relative_to(filled.root)): 1 for path in files}


def test_one_article_is_found_without_reading_the_others(
    filled: Corpus, reads: Counter[str]
) -> None:
    article = next(filled.articles())
    reads.clear()
    assert filled.find(article.id) == article
    assert set(reads) == {
        f"articles/{article.collection}/{article.id}{suffix}" for suffix in (".yaml", ".txt")
    }
