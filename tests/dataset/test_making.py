"""A build has the same bytes whoever makes its parts, and whether or not they were made before."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.corpus.store import Corpus
from annotate.dataset import build, making, parts
from annotate.dataset.cache import Cache
from annotate.dataset.features import CONFIGS, features
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from scripts.copies import copies
from tests.conftest import SENTENCE, Acre

Write = Callable[..., tuple[Article, Annotation]]
DOCUMENTS, TWICE = 30, 3
"""More than are made at a time; so many of them have two passes, the others one."""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    corpus = copies(tmp_path_factory.mktemp("copies"), DOCUMENTS)
    for number in range(TWICE, DOCUMENTS):
        corpus.annotation_path("birch", f"copy-{number}").unlink()
    return corpus


def _bytes(root: Path) -> dict[str, str]:
    """The hash of each file that a build writes."""
    written = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in written
        if path.suffix in (".parquet", ".md", ".svg") or path.name == "croissant.json"
    }


def test_one_process_or_two_and_parts_of_one_article_or_many_give_the_same_bytes(
    copied: Corpus, schema: Schema, tmp_path: Path
) -> None:
    ways = {"one": (1, False), "two": (2, False), "kept by two": (2, True)}
    reports = {}
    for name, (workers, cached) in ways.items():
        shutil.rmtree(copied.root / "aside", ignore_errors=True)
        output = tmp_path / name
        reports[name] = build.build(copied, schema, output=output, workers=workers, cached=cached)
    assert reports["one"].documents == {"train": DOCUMENTS - TWICE}
    assert len(reports["one"].undecided) == TWICE
    for name in ways:
        assert _bytes(tmp_path / name) == _bytes(tmp_path / "one"), name
        assert reports[name] == reports["one"], name


def test_only_what_was_changed_is_made_again(
    copied: Corpus, schema: Schema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.build(copied, schema, output=tmp_path / "before", cached=True)
    changed = copied.annotation_path("alder", "copy-8")
    changed.write_text(changed.read_text().replace('"armed_group"', '"state_force"'))
    made: list[list[parts.Name]] = []

    def make(jobs: list[list[parts.Name]]) -> list[parts.Part]:
        made.extend(jobs)
        return real(jobs)

    real = making._make
    monkeypatch.setattr(making, "_make", make)
    build.build(copied, schema, output=tmp_path / "after", cached=True)
    assert [name for (name, _collection), *_ in made] == ["copy-8"]
    build.build(copied, schema, output=tmp_path / "full")
    assert _bytes(tmp_path / "after") == _bytes(tmp_path / "full") != _bytes(tmp_path / "before")


@pytest.mark.parametrize(
    "change",
    ["the split", "the collection", "another pass", "the text's metadata", "the schema"],
)
def test_whatever_a_part_depends_on_changes_its_key(
    corpus: Corpus, write: Write, schema: Schema, change: str
) -> None:
    article, _ = write(SENTENCE)
    name = (article.id, article.collection)
    before = Cache(corpus, schema).key(name)
    assert Cache(corpus, schema).key(name) == before
    if change == "the split":
        corpus.splits_path.write_text(f"article,story,split\n{article.id},{article.id},test\n")
    elif change == "the collection":
        path = corpus.root / "collections.yaml"
        path.write_text(path.read_text().replace("licence: ", "licence: other-", 1))
    elif change == "another pass":
        write(SENTENCE, annotator="ben")
    elif change == "the text's metadata":
        path = corpus.root / "articles" / article.collection / f"{article.id}.yaml"
        path.write_text(path.read_text() + "\n")
    else:
        schema = schema.model_copy(update={"silent_zones": ("headline",)})
    assert Cache(corpus, schema).key(name) != before


def test_a_damaged_part_is_made_again_and_one_of_no_article_goes(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(SENTENCE)
    build.build(corpus, schema, output=tmp_path / "one", cached=True)
    kept = corpus.built_path(article.id)
    whole = kept.read_bytes()
    stray = corpus.built_path("gone")
    stray.write_bytes(whole)
    kept.write_bytes(whole[:-20])
    build.build(corpus, schema, output=tmp_path / "two", cached=True)
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")
    assert kept.read_bytes() == whole
    assert not stray.exists()


def test_nothing_is_kept_under_the_key_of_what_was_changed_meanwhile(
    corpus: Corpus, write: Write, schema: Schema
) -> None:
    article, _ = write(SENTENCE)
    name = (article.id, article.collection)
    cache = Cache(corpus, schema)
    key = cache.key(name)
    write(SENTENCE, annotator="ben")
    cache.keep(name, key, b"what is made of both")
    assert not corpus.built_path(article.id).exists()


def test_a_row_has_the_columns_of_its_config(copied: Corpus, schema: Schema) -> None:
    part = parts.PartMaker(copied, schema).of_names([("copy-3", "pilot")])
    (example,) = part.examples
    for config in CONFIGS:
        columns = features(config, schema)
        assert set(example[config.name].row) == set(columns), config.name
        (rows,) = (rows for rows in part.rows if rows.config == config.name)
        assert rows.number == part.report.rows[config.name]


def test_a_full_build_is_asked_for_by_an_option(corpus: Corpus, write: Write, acre: Acre) -> None:
    article, _ = write(SENTENCE)
    assert acre("build", "--no-cache", "--workers", "2").returncode == 0
    assert not corpus.built_path(article.id).exists()
    assert acre("build").returncode == 0
    assert corpus.built_path(article.id).exists()
