"""Withheld texts come back from the user's own copy, to the letter or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from annotate.corpus import rehydrate
from annotate.corpus.store import Corpus
from tests.conftest import SENTENCE, SHARED, Acre

Write = Callable[..., Any]
TEXT = (
    "Troops seized Tak; at least 12 died, a medic said.\n\nThe army is silent. It was raining on"
    " Friday.\n\nNobody came."
)
RE3D = SHARED / "re3d"


@pytest.fixture
def withheld(corpus: Corpus, acre: Acre, tmp_path: Path) -> Any:
    """An article as `acre add` leaves it where its text may not be redistributed, and as a clone has it."""
    (tmp_path / "article.txt").write_text(TEXT)
    assert acre("add", "article.txt", "--collection", "local").returncode == 0
    (article,) = corpus.articles()
    (corpus.root / "articles" / "local" / f"{article.id}.txt").unlink()
    (tmp_path / "article.txt").unlink()
    return next(corpus.articles())


def test_a_clone_holds_no_word_of_it(withheld: Any, corpus: Corpus) -> None:
    assert withheld.text is None
    committed = "".join(
        path.read_text() for path in (corpus.root / "articles").rglob("*") if path.is_file()
    )
    assert not any(word in committed for word in ("Troops", "medic", "silent"))
    sentences = corpus.sentences(withheld)
    assert sentences is not None
    assert [TEXT[s.start : s.end] for s in sentences][1:3] == [
        "The army is silent.",
        "It was raining on Friday.",
    ]


@pytest.mark.parametrize(
    "letters", [TEXT, f"\ufeff{TEXT}\r\n".replace("\n\n", "\r\n \r\n"), f"\n{TEXT}  \n"]
)
def test_a_copy_that_is_the_same_once_normalised_is_taken(
    withheld: Any, corpus: Corpus, tmp_path: Path, letters: str
) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "saved.txt").write_bytes(letters.encode())
    (tmp_path / "copy" / "notes.txt").write_text("Something else altogether.")
    report = rehydrate.rehydrate(corpus, [tmp_path / "copy"])
    assert (report.restored, report.other, report.missing) == ([withheld.id], 1, [])
    assert next(corpus.articles()).text == TEXT
    assert rehydrate.rehydrate(corpus, [tmp_path / "copy"]).present == [withheld.id]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("The army is silent", "The troops are silent"),
            "line 3, column 1: “The troops are silent.” is not what stands at 52–71 of the article; they part at "
            "line 3, column 5, “troops” of 6 characters, where the article, at 56, has a token of 4",
        ),
        (
            ("Friday", "Sunday"),
            "line 3, column 21: “It was raining on Sunday.” is not what stands at 72–97 of the article; the first "
            "6 tokens have the same lengths",
        ),
        (("\n\nNobody came.", ""), "99–111 of the article (1 sentences) is missing after line 3, column 46"),
        (("Nobody came.", "Nobody came. So they left."), "line 5, column 14: “So they left.” is not in the article"),
        (
            ("silent. It", "silent.\n\nIt"),
            "every sentence is the same: it differs in white space or line breaks between them",
        ),
    ],
)  # fmt: skip
def test_a_near_copy_is_never_taken_and_is_told_where_it_differs(
    withheld: Any, corpus: Corpus, tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    assert change[0] in TEXT
    (tmp_path / "copy.txt").write_text(TEXT.replace(*change))
    report = rehydrate.rehydrate(corpus, [tmp_path / "copy.txt"])
    assert (report.restored, report.missing) == ([], [withheld.id])
    head, *differences = report.near
    assert head.startswith(f"{tmp_path / 'copy.txt'}: near-copy of {withheld.id}: ")
    assert [line.strip() for line in differences] == [told]
    assert next(corpus.articles()).text is None


def test_the_command_builds_a_dataset_with_the_texts_elsewhere(
    corpus: Corpus, write: Write, acre: Acre, tmp_path: Path
) -> None:
    article, annotation = write(SENTENCE, collection="local")
    corpus.write_annotation(annotation, article)
    (corpus.root / "articles" / "local" / f"{article.id}.txt").unlink()
    assert article.text is not None
    (tmp_path / "documents.json").write_text(
        json.dumps({"_id": "X", "sourceUrl": "https://example.org/a", "text": article.text})
    )
    inside = acre("rehydrate", "documents.json", "--output", "corpus")
    assert inside.returncode == 2
    assert "is the corpus itself" in inside.stderr
    done = acre("rehydrate", "documents.json", "--output", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1 texts put in place")
    rows = load_dataset(
        str(tmp_path / "mine"), "claims", split="real", cache_dir=str(tmp_path / "cache")
    )
    assert [row["text"] for row in rows] == ["seized", "died"]
    (document,) = load_dataset(
        str(tmp_path / "mine"), split="real", cache_dir=str(tmp_path / "cache")
    )
    assert all(
        document["text"][mark["start"] : mark["end"]] == mark["text"]
        for mark in document["mentions"]
    )
    # The corpus's own build goes on withholding, though the text is here.
    assert acre("build").returncode == 0
    (document,) = load_dataset(str(corpus.root), split="real", cache_dir=str(tmp_path / "cache"))
    assert document["text"] is None
    again = acre("rehydrate", "nowhere")
    assert (again.returncode, "nowhere: no such file or folder" in again.stderr) == (2, True)


@pytest.mark.skipif(
    not RE3D.exists(), reason="the reference article is not at ../shared, nor is re3d"
)
def test_re3d_comes_back_from_its_own_files(corpus: Corpus, acre: Acre) -> None:
    added = acre("add", RE3D / "CENTCOM" / "documents.json", "--collection", "local")
    assert added.returncode == 0, added.stderr
    texts = {
        path.stem: path.read_bytes() for path in (corpus.root / "articles" / "local").glob("*.txt")
    }
    assert len(texts) == 23
    for name in texts:
        (corpus.root / "articles" / "local" / f"{name}.txt").unlink()
    done = acre("rehydrate", RE3D)
    assert done.returncode == 0, done.stderr
    assert (
        done.stdout == "23 texts put in place, 0 were here already, 67 are of no withheld article\n"
    )
    assert {
        path.stem: path.read_bytes() for path in (corpus.root / "articles" / "local").glob("*.txt")
    } == texts
