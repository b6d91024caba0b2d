"""What `acre score` takes: any of ACRE's own forms, each document once, of gold's text and inside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.store import Corpus
from annotate.model.records import Annotation, Article
from tests.conftest import SENTENCE, Acre

Write = Callable[..., tuple[Article, Annotation]]


@pytest.fixture
def gold(corpus: Corpus, write: Write) -> tuple[Article, Annotation]:
    return write(SENTENCE, annotator="gold")


def _f1(acre: Acre, predicted: Path) -> float:
    done = acre("score", "corpus/annotations/gold", predicted, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    values: list[Any] = [
        row["f1"]["value"]
        for row in rows
        if (row["layer"], row["measure"], row["averaging"]) == ("mention", "strict", "micro")
    ]
    return float(values[0])


def test_what_extract_writes_is_scored(
    acre: Acre, corpus: Corpus, gold: tuple[Article, Annotation], tmp_path: Path
) -> None:
    """As annotations and in the notation; a text that has another name there is known by its hash."""
    assert acre("build").returncode == 0
    (tmp_path / "named.txt").write_text(gold[0].text or "")
    extract = ("extract", "named.txt", "--published", "2024-03-15", "--format")
    f1 = set()
    for format_, name in (("json", "a.json"), ("json", "b.jsonl"), ("acre", "named.acre")):
        done = acre(*extract, format_, "-o", name)
        assert done.returncode == 0, done.stderr
        f1.add(_f1(acre, tmp_path / name))
    annotation = json.loads((tmp_path / "a.json").read_text())
    (tmp_path / "renamed.json").write_text(json.dumps(annotation | {"article": "renamed"}))
    f1.add(_f1(acre, tmp_path / "renamed.json"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "named.acre").rename(tmp_path / "folder" / "named.acre")
    f1.add(_f1(acre, tmp_path / "folder"))
    assert len(f1) == 1
    assert f1.pop() > 0
    assert acre(*extract, "jsonl", "-o", "claims.jsonl").returncode == 0
    refused = acre("score", "corpus/annotations/gold", "claims.jsonl")
    assert refused.returncode == 2
    assert refused.stderr == (
        "acre: claims.jsonl: rows of claims, which do not hold all marks; give annotations, as acre"
        " extract --format json writes them\n"
    )


def test_gold_itself_may_be_one_file(
    acre: Acre, corpus: Corpus, gold: tuple[Article, Annotation]
) -> None:
    assert _f1(acre, corpus.annotation_path("gold", gold[0].id)) == 1.0


def test_a_document_is_given_once(
    acre: Acre, corpus: Corpus, gold: tuple[Article, Annotation], tmp_path: Path
) -> None:
    """On either side; and under another name it is the same document."""
    whole = json.loads(corpus.annotation_path("gold", gold[0].id).read_text())
    twice = [json.dumps(whole), json.dumps(whole | {"article": "renamed"})]
    (tmp_path / "twice.jsonl").write_text("\n".join([twice[0], twice[0]]))
    (tmp_path / "renamed.jsonl").write_text("\n".join(twice))
    once = corpus.root / "annotations" / "gold"
    for pair, name in (
        ((once, "twice.jsonl"), "twice.jsonl"),
        (("twice.jsonl", once), "twice.jsonl"),
        ((once, "renamed.jsonl"), "renamed.jsonl"),
    ):
        done = acre("score", *pair)
        expected = f"acre: {name}: {gold[0].id}: given twice; leave one of them out\n"
        assert (done.returncode, done.stderr) == (1, expected)


@pytest.mark.parametrize("is_withheld", [False, True])
def test_offsets_past_the_text_are_refused(
    acre: Acre, corpus: Corpus, write: Write, tmp_path: Path, is_withheld: bool
) -> None:
    from annotate.model.tokens import sentences

    article, _ = write(SENTENCE, collection="local", annotator="gold")
    if is_withheld:  # its length is then that of the tokens that are kept of it
        corpus.write_sentences(article, sentences(article))
        (corpus.root / "articles" / "local" / f"{article.id}.txt").unlink()
    mark = {"start": article.length - 1, "end": article.length + 1, "label": "place"}
    bare = {"id": article.id, "sha256": article.sha256, "mentions": [mark]}
    (tmp_path / "far.jsonl").write_text(json.dumps(bare))
    done = acre("score", "corpus/annotations/gold", "far.jsonl")
    assert done.returncode == 1
    assert done.stderr == (
        f"acre: far.jsonl: {article.id}: mentions-1: offset-range: place {article.length - 1}–"
        f"{article.length + 1} is past the text’s {article.length} code points; count offsets"
        " half-open, in code points of the article’s text\n"
    )
    bare["mentions"] = [mark | {"end": article.length}]
    (tmp_path / "far.jsonl").write_text(json.dumps(bare))
    assert acre("score", "corpus/annotations/gold", "far.jsonl").returncode == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.json", "[]", "bad.json:1: "),
        ("bad.json", "{\n", "bad.json:1: "),
        (
            "bad.json",
            '{"article": "a"}',
            "sha256: Field required; give an annotation, or one a line",
        ),
        ("bad.acre", "[m1:person|She left.\n---\n", "bad.acre:1:1: [m1:person| is never closed"),
        ("bad.acre", "[m1:ghost|She] left.\n---\n", "bad.acre:1:1: m1: "),
    ],
)
def test_what_is_no_annotation_is_one_line(
    acre: Acre,
    gold: tuple[Article, Annotation],
    tmp_path: Path,
    name: str,
    content: str,
    message: str,
) -> None:
    (tmp_path / name).write_text(content)
    done = acre("score", "corpus/annotations/gold", name)
    assert (done.returncode, done.stderr.count("\n"), message in done.stderr) == (1, 1, True), (
        done.stderr
    )
