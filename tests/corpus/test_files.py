"""Every real file of the corpus: it loads, it is written back byte for byte, its text is as the corpus keeps texts."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus
from annotate.model import notation, text
from annotate.model.issues import errors
from annotate.model.records import CLUSTER_FIELDS, MARK_FIELDS
from annotate.model.schema import Schema
from scripts.sources import RECIPES, read
from tests.conftest import ROOT, SEED, SHARED
from tests.corpus.real import ANNOTATED, ARTICLES, COLLECTIONS, CORPUS


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.id)
def test_an_article_is_normal_tiled_and_written_back(
    article: store.Article, schema: Schema, tmp_path: Path
) -> None:
    assert article.collection in COLLECTIONS
    assert {zone.kind for zone in article.zones} <= set(schema.zones)
    copy = Corpus(tmp_path)
    copy.write_article(article)
    names = [f"{article.id}.yaml"] + ([f"{article.id}.txt"] if article.text is not None else [])
    for name in names:
        ours = CORPUS.root / "articles" / article.collection / name
        assert (tmp_path / "articles" / article.collection / name).read_bytes() == ours.read_bytes()
    if article.text is not None:
        assert text.is_normal(article.text)
        place = 0
        for zone in article.zones:
            assert article.text[place : zone.start].strip() == ""
            place = zone.end
        assert article.text[place:].strip() == ""


@pytest.mark.parametrize("annotated", ANNOTATED, ids=lambda annotated: annotated[2])
def test_an_annotation_is_valid_and_written_back(
    annotated: tuple[store.Article, store.Annotation, str], schema: Schema
) -> None:
    article, annotation, where = annotated
    assert errors(validate.check(annotation, article, schema)) == []
    assert store.dump(annotation) == (CORPUS.root / where).read_bytes()
    # Marks of withheld texts have no words.
    if article.text is not None and all(mark.text for mark in annotation.marks()):
        source = notation.render(article.text, annotation)
        letters, back = notation.parse(
            source, schema, article.id, article.sha256, annotation.provenance
        )
        # Gold's record is not in the notation.
        assert (letters, back.layers()) == (article.text, annotation.layers())


def test_the_sample_shows_every_layer(schema: Schema) -> None:
    own = [
        annotation for _, annotation, _ in ANNOTATED if annotation.provenance.annotator == "sample"
    ]
    layers = [{name for name, units in annotation.layers().items() if units} for annotation in own]
    assert len(layers) >= 3
    assert all(found == {*MARK_FIELDS, *CLUSTER_FIELDS} for found in layers)
    attributes = {
        name for annotation in own for mark in annotation.marks() for name in mark.attributes
    }
    assert attributes == set(schema.attributes)


def test_every_collection_that_keeps_its_texts_to_itself_is_ignored_by_git() -> None:
    paths = {
        f"corpus/articles/{name}/some-article.txt"
        for name, collection in COLLECTIONS.items()
        if not collection.ships_text
    }
    assert paths
    assert _ignored(paths) == paths


def test_a_text_of_a_collection_that_git_was_not_told_of_is_ignored() -> None:
    new = "corpus/articles/a-new-collection/some-article"
    shipped = {
        f"corpus/articles/{article.collection}/{article.id}.txt"
        for article in ARTICLES
        if COLLECTIONS[article.collection].ships_text
    }
    assert _ignored({f"{new}.txt", f"{new}.yaml", *shipped}) == {f"{new}.txt"}


def _ignored(paths: set[str]) -> set[str]:
    """Those of the paths that git ignores."""
    command = ["git", "check-ignore", "--no-index", "--stdin"]
    done = subprocess.run(
        command, cwd=ROOT, input="\n".join(paths), capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return set(done.stdout.splitlines())


def _tracked() -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    yield from (ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())


def test_no_withheld_text_is_committed() -> None:
    for path in _tracked():
        if path.suffix == ".txt" and path.is_relative_to(CORPUS.root / "articles"):
            assert COLLECTIONS[path.parent.name].ships_text, path
    withheld = [
        article.text
        for article in ARTICLES
        if article.text and not COLLECTIONS[article.collection].ships_text
    ]
    _assert_absent(withheld)


@pytest.mark.skipif(
    not SHARED.exists(), reason="the reference article is not at ../shared, nor is re3d"
)
def test_no_sentence_of_the_real_texts_is_committed() -> None:
    texts = [SEED.read_text(encoding="utf-8")]
    for source in RECIPES:
        texts += [row["text"] for row in read(source, [SHARED / source])]
    assert len(texts) > 220
    _assert_absent(texts)


def _assert_absent(texts: list[str]) -> None:
    """No long line or sentence of the texts is in a file that is committed."""
    content = "\n".join(
        path.read_bytes().decode(errors="ignore")
        for path in _tracked()
        if path.suffix != ".parquet"
    )
    # To search for each sentence takes minutes: only those are searched for of which five words stand there.
    by_words: dict[tuple[str, ...], list[str]] = {}
    for letters in texts:
        for sentence in re.split(r"\n|(?<=[.!?”]) ", text.normalise(letters)[0]):
            inner = sentence.split()[1:-1]
            if len(sentence) >= 60 and len(inner) >= 5:
                by_words.setdefault(tuple(inner[:5]), []).append(sentence)
            elif len(sentence) >= 60:
                assert sentence not in content
    words = content.split()
    for five in zip(*(words[first:] for first in range(5)), strict=False):
        for sentence in by_words.get(five, ()):
            assert sentence not in content


def test_a_sentence_that_is_committed_would_be_found() -> None:
    read_me = (ROOT / "README.md").read_text(encoding="utf-8")
    line = next(line for line in read_me.splitlines() if len(line.split()) > 12)
    with pytest.raises(AssertionError):
        _assert_absent([line])


def test_nothing_that_is_committed_names_a_machine_or_a_registry() -> None:
    hosts = "|".join(["py" + "pi", "python" + "hosted", "npm" + "js"])
    wanted = re.compile(rf"/(?:root|home)/|https?://[^\s\"']*(?:{hosts})\.".encode())
    for path in _tracked():
        if path.suffix not in (".png", ".parquet"):
            assert not wanted.search(path.read_bytes()), path
