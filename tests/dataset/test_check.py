"""The built dataset is compared with what the corpus builds now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.corpus import validate
from annotate.corpus.store import Corpus
from annotate.dataset import build
from annotate.dataset.check import DatasetCheck
from annotate.dataset.rows import ROWS
from annotate.model.issues import Issue
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import SENTENCE

Write = Callable[..., tuple[Article, Annotation]]


def _issues(
    corpus: Corpus,
    schema: Schema,
    on_rows: Callable[[str, int], None] = lambda what, number: None,
) -> list[Issue]:
    check = DatasetCheck(corpus, schema, on_rows)
    return list(validate.corpus(corpus, schema, also=[check]))


def test_a_dataset_just_built_is_what_the_corpus_builds(
    corpus: Corpus, schema: Schema, write: Write
) -> None:
    write(SENTENCE)
    article, annotation = write(
        SENTENCE.replace("Troops", "Rebels"), collection="local", published="2024-03-22"
    )
    corpus.write_annotation(annotation, article)
    build.build(corpus, schema)
    rows = Counter[str]()
    assert _issues(corpus, schema, lambda what, number: rows.update({what: number})) == []
    assert rows["rows"] == 2 * (1 + 1 + 2 + 1 + 1) + 2 * 2 - 2


def test_each_row_that_is_behind_is_named(corpus: Corpus, schema: Schema, write: Write) -> None:
    changed, _ = write(SENTENCE)
    gone, _ = write(SENTENCE.replace("Troops", "Rebels"))
    build.build(corpus, schema)
    corpus.annotation_path("ana", gone.id).unlink()
    path = corpus.annotation_path("ana", changed.id)
    path.write_text(path.read_text().replace('"min": 12', '"min": 11'))
    new, _ = write(SENTENCE.replace("Troops", "Guards"))
    issues = _issues(corpus, schema)
    assert {issue.where.partition(":")[0] for issue in issues} >= {
        f"data/{name}/train.parquet" for name in ROWS
    }
    of_documents = {
        issue.where.rpartition(": ")[2]: (issue.code, issue.message)
        for issue in issues
        if issue.where.startswith("data/documents/")
    }
    assert of_documents == {
        changed.id: (
            "dataset-behind",
            "mentions differ from what the corpus builds; run acre build",
        ),
        gone.id: ("dataset-behind", "the corpus builds no such rows; run acre build"),
        new.id: ("dataset-behind", "the corpus builds rows that are missing; run acre build"),
    }


def test_other_columns_and_a_damaged_file_are_said(
    corpus: Corpus, schema: Schema, write: Write
) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    path = corpus.root / build.data_path("claims", "train")
    pq.write_table(pa.table({"id": ["a"]}), path)
    assert [issue.code for issue in _issues(corpus, schema)] == ["dataset-behind"]
    stray = path.with_name("test.parquet")
    path.rename(stray)
    assert {issue.where for issue in _issues(corpus, schema)} == {
        "data/claims/test.parquet",
        "data/claims/train.parquet",
    }
    stray.rename(path)
    path.write_bytes(b"PAR1 and no more")
    assert [issue.code for issue in _issues(corpus, schema)] == ["file-unreadable"]
