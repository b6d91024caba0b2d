from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.corpus.store import Corpus, StoreError, dump, read_annotation
from annotate.corpus.store import write as write_file
from annotate.formats import convert
from annotate.formats.convert import ConvertError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre

Write = Callable[..., tuple[Article, Annotation]]


def test_there_and_back(corpus: Corpus, write: Write, schema: Schema) -> None:
    article, annotation = write(SENTENCE)
    rendered = convert.to_notation(corpus, article, "ana")
    converted = convert.from_notation(corpus, schema, article, "ben", rendered, "f")
    assert converted.changed
    assert converted.annotation.layers() == annotation.layers()
    assert read_annotation(corpus.annotation_path("ben", article.id)) == converted.annotation
    assert converted.annotation.provenance.tool == "inline notation"


def test_an_annotator_without_a_pass_gets_the_bare_text(corpus: Corpus, write: Write) -> None:
    article, _ = write("[m1:person|Ann] \\[AP\\] left.\n---\n")
    assert convert.to_notation(corpus, article, "new") == "Ann \\[AP\\] left.\n---\n"


def test_the_same_again_writes_nothing(corpus: Corpus, write: Write, schema: Schema) -> None:
    article, _ = write(SENTENCE)
    convert.from_notation(corpus, schema, article, "ben", SENTENCE, "f")
    before = corpus.annotation_path("ben", article.id).read_bytes()
    assert not convert.from_notation(corpus, schema, article, "ben", SENTENCE, "f").changed
    assert corpus.annotation_path("ben", article.id).read_bytes() == before


def test_a_changed_text_is_refused_and_says_where(
    corpus: Corpus, write: Write, schema: Schema
) -> None:
    article, _ = write(SENTENCE)
    with pytest.raises(
        ConvertError,
        match=r"f: not the article’s text: at its line 1 it reads 'grabbed.*change marks only",
    ):
        convert.from_notation(
            corpus, schema, article, "ben", SENTENCE.replace("seized", "grabbed"), "f"
        )


def test_what_is_not_valid_is_not_written(corpus: Corpus, write: Write, schema: Schema) -> None:
    article, _ = write(SENTENCE)
    converted = convert.from_notation(
        corpus, schema, article, "ben", SENTENCE.replace(" realis=actual", ""), "f"
    )
    assert [issue.code for issue in converted.issues] == ["attribute-missing", "attribute-missing"]
    assert not corpus.annotation_path("ben", article.id).exists()


def test_a_pass_made_elsewhere_is_not_written_over(
    corpus: Corpus, write: Write, schema: Schema
) -> None:
    article, _ = write(SENTENCE, annotator="ana")  # made with another tool
    with pytest.raises(ConvertError, match="made with test; give this pass another --annotator"):
        convert.from_notation(
            corpus, schema, article, "ana", SENTENCE.replace("min=12", "min=13"), "f"
        )


def test_an_article_is_looked_up_by_its_files_name(
    corpus: Corpus, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    article, _ = write(SENTENCE)
    write("Rain fell on [m1:place|Tak].\n---\n")
    read: list[str] = []
    plain = Corpus._read_article
    monkeypatch.setattr(
        Corpus, "_read_article", lambda self, path: read.append(path.stem) or plain(self, path)
    )
    assert convert.find(corpus, article.id) == article
    assert read == [article.id]
    assert corpus.find("nowhere") is None


def test_an_id_in_two_collections_is_refused(corpus: Corpus, write: Write) -> None:
    article, _ = write(SENTENCE)
    corpus.write_article(article.model_copy(update={"collection": "pilot"}))
    with pytest.raises(
        StoreError,
        match="the collections pilot and sample have an article of this id; remove one",
    ):
        corpus.find(article.id)


def test_a_notation_goes_into_a_folder_that_is_there(
    acre: Acre, write: Write, corpus: Corpus, tmp_path: Path
) -> None:
    article, _ = write(SENTENCE)
    (tmp_path / "out").mkdir()
    done = acre("convert", article.id, "-o", "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / f"{article.id}.acre").read_text() == convert.to_notation(
        corpus, article, None
    )


def test_a_pass_of_nobody_known_is_refused(
    acre: Acre, write: Write, declare: Callable[..., None], corpus: Corpus, tmp_path: Path
) -> None:
    article, _ = write(SENTENCE)
    path = tmp_path / f"{article.id}.acre"
    path.write_text(SENTENCE)
    wrong = acre("convert", path, "--annotator", "robot")
    assert wrong.returncode == 2
    assert (
        "annotators.yaml: no annotator 'robot'; add it there, with `kind: human` or `kind: machine`"
        in wrong.stderr
    )
    assert acre("convert", article.id, "--annotator", "robot").returncode == 2
    assert acre("convert", article.id, "--annotator", "ana").returncode == 0  # who has a pass
    declare("robot", kind="machine")
    assert acre("convert", path, "--annotator", "robot").returncode == 0
    assert read_annotation(corpus.annotation_path("robot", article.id)).provenance.kind == "machine"


def test_what_is_not_valid_does_not_stop_what_is(
    acre: Acre, write: Write, corpus: Corpus, tmp_path: Path
) -> None:
    bad, annotation = write("Rain fell on [m1:place|Tak].\n---\n")
    (mark,) = annotation.mentions
    changed = annotation.model_copy(
        update={"mentions": (mark.model_copy(update={"label": "castle"}),)}
    )
    write_file(corpus.annotation_path("ana", bad.id), dump(changed))
    torn, _ = write("Snow fell on [m1:place|Tak].\n---\n")
    write_file(corpus.annotation_path("ana", torn.id), b"{")
    good, _ = write(SENTENCE)
    done = acre("convert", "--to", "brat", "--output", "out")
    assert done.returncode == 1
    assert f"{bad.id}: m1: label-unknown" in done.stderr
    assert f"{torn.id}.json: " in done.stderr
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {good.id}
    assert "not written: 2, for the reasons above" in done.stdout


def test_a_shorter_notation_is_set_aside(corpus: Corpus, write: Write, schema: Schema) -> None:
    article, _ = write(SENTENCE)
    convert.from_notation(corpus, schema, article, "ben", SENTENCE, "f")
    shorter = SENTENCE.replace("m3 min=12 unit=people\n", "")
    converted = convert.from_notation(corpus, schema, article, "ben", shorter, "f")
    assert [issue.code for issue in converted.issues] == ["pass-shorter"]
    assert "5 answers in place of 7" in converted.issues[0].message
    assert convert.from_notation(corpus, schema, article, "ben", shorter, "f", force=True).changed
