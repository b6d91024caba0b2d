"""One rule, one code, one bad file: codes, files under tests/invalid/ and rows in the docs are the same set."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus import rules, store, validate
from annotate.corpus.store import Corpus
from annotate.labelstudio import results
from annotate.model.issues import CODES, Issue
from annotate.model.records import Annotation, Article, Gold, Provenance
from annotate.model.schema import Schema
from tests.conftest import ROOT, SENTENCE

INVALID = sorted((ROOT / "tests" / "invalid").glob("*.json"))
# What only a server, two passes of one annotator, or a built dataset can show: tested where `test_every_code` looks.
SEEN_ELSEWHERE = {
    "choice-open",
    "lint-unknown",
    "migration-look",
    "review-gone",
    "review-reason",
    "sheet-stale",
    "sheet-unknown",
    "dataset-behind",
    "annotator-unknown",
    "article-unknown",
    "pass-foreign",
    "pass-older",
    "pass-shorter",
    "suggestions-unknown",
    "task-repeated",
    "task-unreadable",
    "text-changed",
}


PEAK = """
import sys, tracemalloc
from pathlib import Path
from annotate.corpus import validate
from annotate.corpus.store import Corpus
from annotate.model import schema
corpus = Corpus(Path(sys.argv[1]))
labels = schema.load(corpus.root.parent / "guidelines" / "schema.yaml")
list(validate.corpus(corpus, labels))
tracemalloc.start()
assert list(validate.corpus(corpus, labels)) == []
print(tracemalloc.get_traced_memory()[1])
"""


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_bad_file_yields_exactly_its_code(path: Path, schema: Schema, corpus: Corpus) -> None:
    found = list(_found(_bad(path, schema), schema, corpus))
    assert {issue.code for issue in found} == {path.stem}
    for issue in found:
        assert issue.where
        assert ";" in issue.message, "a message says what to do"


def _bad(path: Path, schema: Schema) -> dict[str, Any]:
    """A bad file is bad in one thing: its schema is the one that is, for which SCHEMA stands."""
    fields: dict[str, Any] = json.loads(
        path.read_text(encoding="utf-8").replace("SCHEMA", schema.version)
    )
    return fields


def _found(fields: dict[str, Any], schema: Schema, corpus: Corpus) -> Iterator[Issue]:
    """What the checks say of a bad file: a corpus's files, an article, a result of Label Studio, gold, or a pass."""
    if "files" in fields:
        for name, content in fields["files"].items():
            store.write(corpus.root / name, content.encode())
        yield from validate.corpus(corpus, schema)
        return
    article = Article.model_validate(fields["article"])
    if "result" in fields:
        made = Provenance.model_validate(fields["provenance"])
        annotation, issues = results.read(fields["result"], article, schema, made)
        yield from issues or validate.check(annotation, article, schema)
    elif "gold" in fields:
        yield from validate.check(Gold.model_validate(fields["gold"]), article, schema)
    elif "annotation" in fields:
        yield from validate.check(Annotation.model_validate(fields["annotation"]), article, schema)
    else:
        yield from rules.check_article(article, schema)


def test_gold_with_a_cluster_of_nothing_is_told_and_does_not_end_the_run(schema: Schema) -> None:
    fields = _bad(ROOT / "tests" / "invalid" / "record-idle.json", schema)
    gold = Gold.model_validate(
        fields["gold"] | {"entities": [{"id": "same-m1", "mentions": ["m1", "m99"]}]}
    )
    found = validate.check(gold, Article.model_validate(fields["article"]), schema)
    assert {issue.code for issue in found} == {"link-dangling"}


def test_a_folder_is_validated_in_a_stream(
    corpus: Corpus, schema: Schema, write: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsync", lambda handle: None)

    def peak() -> int:
        # In a process of its own: in this one, the interpreter's table of interned strings may double meanwhile.
        command = [sys.executable, "-c", PEAK, str(corpus.root)]
        return int(
            subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
        )

    for number in range(1000):
        write(SENTENCE.replace("Troops", f"Brigade {number:04}"))
        if number == 99:
            few = peak()
    # Names and eight bytes of each text's hash are all that may grow, some 300 bytes an article, and the interpreter's
    # table of interned names, which doubles now and then. A document with its annotation takes tens of thousands.
    assert peak() - few < 900 * 2000


def test_every_code_has_a_bad_file_or_a_test_that_meets_it() -> None:
    assert {path.stem for path in INVALID} | SEEN_ELSEWHERE == set(CODES)
    assert not {path.stem for path in INVALID} & SEEN_ELSEWHERE
    places = (
        "labelstudio/test_load.py",
        "labelstudio/test_pull.py",
        "labelstudio/test_pull_file.py",
        "gold/test_review.py",
        "gold/test_sheets.py",
        "corpus/test_migrate.py",
        "dataset/test_check.py",
        "formats/test_convert.py",
        "formats/test_foreign.py",
    )
    tests = "".join((ROOT / "tests" / name).read_text(encoding="utf-8") for name in places)
    assert all(code in tests for code in SEEN_ELSEWHERE)


def test_every_code_has_a_row_in_the_docs() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \|",
        (ROOT / "docs" / "issues.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    assert rows == sorted(CODES)


def test_an_unregistered_code_can_not_be_raised() -> None:
    with pytest.raises(KeyError, match="register it"):
        Issue("here", "made-up", "no such thing")
