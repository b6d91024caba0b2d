"""Every real file of the corpus: it loads, it is written back byte for byte, its text is as the corpus keeps texts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from annotate import notation, store, text, validate
from annotate.issues import errors
from annotate.schema import Schema
from annotate.store import Corpus
from tests.conftest import ROOT

CORPUS = Corpus(ROOT / "corpus")
ANNOTATED = list(CORPUS.annotated())
ARTICLES = list(CORPUS.articles())


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.id)
def test_an_article_is_normal_tiled_and_written_back(article: store.Article, schema: Schema, tmp_path: Path) -> None:
    assert article.collection in CORPUS.collections()
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
    if article.text is not None:
        source = notation.render(article.text, annotation)
        assert notation.parse(source, schema, article.id, article.sha256, annotation.provenance) == (
            article.text,
            annotation,
        )


def test_the_sample_shows_every_layer(schema: Schema) -> None:
    layers = [{name for name, units in annotation.layers().items() if units} for _, annotation, _ in ANNOTATED]
    assert len(layers) >= 3
    assert all(
        found == {"mentions", "entities", "event_mentions", "events", "sources", "cues", "attributions"}
        for found in layers
    )
    attributes = {name for _, annotation, _ in ANNOTATED for mark in annotation.marks() for name in mark.attributes}
    assert attributes == set(schema.attributes)


def test_every_collection_that_keeps_its_texts_to_itself_is_ignored_by_git() -> None:
    for name, collection in CORPUS.collections().items():
        if not collection.ships_text:
            path = f"corpus/articles/{name}/some-article.txt"
            assert subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False).returncode == 0, path


def test_nothing_that_is_committed_names_a_machine_or_a_registry() -> None:
    listed = (
        subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    )
    hosts = "|".join(["py" + "pi", "python" + "hosted", "npm" + "js"])
    wanted = re.compile(rf"/(?:root|home)/|https?://[^\s\"']*(?:{hosts})\.".encode())
    for name in filter(None, listed):
        path = ROOT / name
        if path.is_file() and path.suffix not in (".png", ".parquet"):
            assert not wanted.search(path.read_bytes()), name
