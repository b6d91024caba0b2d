from __future__ import annotations

from collections.abc import Callable

import pytest

from annotate.corpus.store import Corpus, read_annotation
from annotate.formats import convert
from annotate.formats.convert import ConvertError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import SENTENCE

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
