"""One rule, one code, one bad file: registered codes, files under tests/invalid/ and rows in the docs are the same set."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from annotate import validate
from annotate.issues import CODES, Issue
from annotate.labelstudio import results
from annotate.model import Annotation, Article, Provenance
from annotate.schema import Schema
from tests.conftest import ROOT

INVALID = sorted((ROOT / "tests" / "invalid").glob("*.json"))
# What only a server, or two passes of one annotator, can show: tested in test_load and test_pull.
SEEN_ELSEWHERE = {"annotator-unknown", "article-unknown", "pass-foreign", "pass-older", "task-repeated", "text-changed"}


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_bad_file_yields_exactly_its_code(path: Path, schema: Schema) -> None:
    fields = json.loads(path.read_text(encoding="utf-8"))
    article = Article.model_validate(fields["article"])
    found: list[Issue]
    if "result" in fields:  # as Label Studio sends it
        made = Provenance.model_validate(fields["provenance"])
        annotation, found = results.read(fields["result"], article, schema, made)
        found = [*found, *(validate.check(annotation, article, schema) if not found else [])]
    else:
        found = validate.check(Annotation.model_validate(fields["annotation"]), article, schema)
    assert {issue.code for issue in found} == {path.stem}
    for issue in found:
        assert issue.where
        assert ";" in issue.message, "a message says what to do"


def test_every_code_has_a_bad_file_or_a_test_that_meets_it() -> None:
    assert {path.stem for path in INVALID} | SEEN_ELSEWHERE == set(CODES)
    assert not {path.stem for path in INVALID} & SEEN_ELSEWHERE
    tests = "".join((ROOT / "tests" / name).read_text(encoding="utf-8") for name in ("test_load.py", "test_pull.py"))
    assert all(code in tests for code in SEEN_ELSEWHERE)


def test_every_code_has_a_row_in_the_docs() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \|", (ROOT / "docs" / "issues.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert rows == sorted(CODES)


def test_an_unregistered_code_can_not_be_raised() -> None:
    with pytest.raises(KeyError, match="register it"):
        Issue("here", "made-up", "no such thing")
