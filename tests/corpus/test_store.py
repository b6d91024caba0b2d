from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus, StoreError
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article, withhold
from annotate.model.schema import Schema
from tests import strategies
from tests.conftest import ROOT, SENTENCE

Write = Callable[..., tuple[Article, Annotation]]


def test_an_article_is_read_as_it_was_written(corpus: Corpus, write: Write) -> None:
    article, annotation = write(SENTENCE, outlet="Meridian")
    assert list(corpus.articles()) == [article]
    assert corpus.article("sample", article.id) == article
    assert corpus.article("local", article.id) is None
    assert list(corpus.annotated()) == [(article, annotation, f"annotations/ana/{article.id}.json")]


def test_the_text_on_disk_is_exactly_its_utf8(corpus: Corpus, write: Write) -> None:
    article, _ = write("Žofia [m1:person|👩🏽‍⚕️] left.\n---\n")
    path = corpus.root / "articles" / "sample" / f"{article.id}.txt"
    assert path.read_bytes() == "Žofia 👩🏽‍⚕️ left.".encode()


def test_a_text_that_was_edited_is_refused(corpus: Corpus, write: Write) -> None:
    article, _ = write(SENTENCE)
    path = corpus.root / "articles" / "sample" / f"{article.id}.txt"
    path.write_text("another text", encoding="utf-8")
    with pytest.raises(
        StoreError, match=r"text-damaged: 12 code points.*restore the text, offsets point into it"
    ):
        list(corpus.articles())


def test_an_article_whose_text_is_withheld_keeps_length_and_hash(
    corpus: Corpus, write: Write
) -> None:
    article, _ = write(SENTENCE, collection="local")
    (corpus.root / "articles" / "local" / f"{article.id}.txt").unlink()
    (found,) = corpus.articles()
    assert found == article.model_copy(update={"text": None})


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_json_is_canonical_and_lossless(schema: Schema, data: st.DataObject) -> None:
    _text, annotation = data.draw(strategies.annotated(schema))
    for kept in (annotation, withhold(annotation)):
        written = store.dump(kept)
        again = Annotation.model_validate_json(written)
        assert again == kept
        assert store.dump(again) == written


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a" / "b.json"
    store.write(path, b"old")

    def killed(_handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        store.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in path.parent.iterdir()] == ["b.json"]


def test_what_a_killed_process_left_half_written_is_read_by_nothing(
    corpus: Corpus, write: Write, schema: Schema
) -> None:
    _, annotation = write(SENTENCE)
    path = corpus.root / "annotations" / "ana" / f"{annotation.article}.json"
    before = path.read_bytes()
    killed = (
        "import os, signal; from pathlib import Path; from annotate.corpus import store; "
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL); "
        f"store.write(Path({str(path)!r}), b'half')"
    )
    assert (
        subprocess.run([sys.executable, "-c", killed], cwd=ROOT, check=False).returncode
        == -signal.SIGKILL
    )
    (left,) = path.parent.glob(".*")
    assert path.read_bytes() == before
    assert [found for _, found, _ in corpus.annotated()] == [annotation]
    assert list(validate.corpus(corpus, schema)) == []
    assert left.suffix == ".part"  # as .gitignore has it


def test_files_that_are_written_together_are_all_put_in_place_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, gone = tmp_path / "one.json", tmp_path / "a" / "other.json", tmp_path / "gone.json"
    for path in (one, gone):
        store.write(path, b"old")
    batch = store.Batch()
    batch.write(one, b"first")
    batch.write(other, b"new")
    batch.remove(gone)
    batch.write(one, b"second")
    assert (one.read_bytes(), other.exists(), gone.exists()) == (b"old", False, True)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device", "a part's name")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(OSError, match=r"No space left on device: '.*(one|other)\.json'"):
            batch.commit()
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "gone.json",
        "one.json",
    ]
    assert one.read_bytes() == b"old"
    batch.commit()
    assert (one.read_bytes(), other.read_bytes(), gone.exists()) == (b"second", b"new", False)


def test_a_file_that_is_to_be_read_has_what_was_written_before(tmp_path: Path) -> None:
    batch = store.Batch()
    batch.write(tmp_path / "one", b"new")
    batch.write(tmp_path / "other", b"new")
    assert not batch.settled(tmp_path / "third").exists()
    assert list(tmp_path.iterdir()) == []
    assert batch.settled(tmp_path / "one").read_bytes() == b"new"


def test_an_unknown_collection_and_a_folder_that_is_no_corpus_are_named(
    corpus: Corpus, tmp_path: Path
) -> None:
    with pytest.raises(
        UsageError,
        match=r"no collection 'nope' \(.*qualification.*, sample.*\); declare it there first",
    ):
        corpus.collection("nope")
    with pytest.raises(UsageError, match=r"is .* a corpus"):
        Corpus(tmp_path).collections()


def test_names_from_a_server_do_not_lead_out_of_the_folder(corpus: Corpus) -> None:
    path = corpus.aside_path("../../x", "../../../etc/passwd", "7/8")
    assert path.resolve().is_relative_to((corpus.root / "aside").resolve())


def test_a_broken_annotation_is_named(corpus: Corpus, write: Write) -> None:
    article, _ = write(SENTENCE)
    corpus.annotation_path("ana", article.id).write_text('{"article": "x", "colour": 1}')
    with pytest.raises(StoreError, match=r"Field required; pull the task again"):
        list(corpus.annotated())


def test_a_time_out_of_the_calendar_is_named(corpus: Corpus, write: Write) -> None:
    """In UTC it is of the year 0."""
    article, _ = write(SENTENCE)
    path = corpus.annotation_path("ana", article.id)
    content = re.sub(
        rb'"updated": ?"[^"]+"', b'"updated":"0001-01-01T00:00:00+14:00"', path.read_bytes()
    )
    assert b"+14:00" in content
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"provenance\.updated: .*between the years 1 and 9999"):
        store.read_annotation(path)


def test_an_annotation_without_its_article_is_named(corpus: Corpus, write: Write) -> None:
    article, _ = write(SENTENCE)
    (corpus.root / "articles" / "sample" / f"{article.id}.yaml").unlink()
    with pytest.raises(StoreError, match="there is no article"):
        list(corpus.annotated())


def test_an_article_is_never_written_over_another(corpus: Corpus, write: Write) -> None:
    article, _ = write(SENTENCE)
    other = article.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(StoreError, match=r"another text has this id; nothing was written"):
        corpus.write_article(other)
    assert list(corpus.articles()) == [article]
