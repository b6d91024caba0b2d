"""`scripts/benchmark_page.py` times the desk's page beside Label Studio's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from annotate.corpus import validate
from annotate.model import text
from annotate.model.issues import UsageError, errors
from annotate.model.schema import Schema
from scripts import benchmark_page
from tests.browser.page import find_chromium
from tests.conftest import Prepare


def test_an_article_of_several_has_the_marks_of_each_at_their_places(schema: Schema) -> None:
    article, annotation = benchmark_page.long_article(200, schema)
    assert len(list(annotation.marks())) >= 200
    assert {mark.text for mark in annotation.marks()} != {None}
    assert errors(list(validate.check(annotation, article, schema))) == []
    assert text.normalise(article.text or "")[0] == article.text


def test_more_marks_than_there_are_is_one_line(schema: Schema) -> None:
    with pytest.raises(UsageError, match="the corpus has no 100000 marks"):
        benchmark_page.long_article(100_000, schema)


@pytest.mark.server
@pytest.mark.browser
def test_both_pages_are_opened_and_marked(prepare: Prepare, tmp_path: Path) -> None:
    if find_chromium() is None:
        pytest.skip("Chromium is missing; install it, for example with: apt-get install chromium")
    prepare(tmp_path, benchmark_page.DESK)
    done = subprocess.run(
        [
            sys.executable,
            benchmark_page.__file__,
            "--marks",
            "1",
            "--repeat",
            "1",
            "--state",
            tmp_path,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "medians of 1 openings" in done.stdout
    assert "opens" in done.stdout
    assert "shows a new mark" in done.stdout
