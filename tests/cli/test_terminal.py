"""What came from a server, a file or an article is shown on the terminal, never obeyed by it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.cli import common
from annotate.corpus.store import Corpus
from annotate.labelstudio import tasks
from annotate.model import text
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r[/red]"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("part", ["id", "from_name", "to_name", "type", "labels", "meta", "answer"])
def test_what_an_annotation_holds_moves_no_cursor(
    acre: Acre,
    corpus: Corpus,
    write: Callable[..., Any],
    schema: Schema,
    declare: Callable[..., None],
    tmp_path: Path,
    part: str,
) -> None:
    declare("ana")
    article, annotation = write(SENTENCE)
    result = json.loads(json.dumps(tasks.result(annotation, article, schema)))
    answers = [region for region in result if region.get("from_name") == "unit"]
    if part == "answer":
        answers[0]["value"]["text"] = [HOSTILE, HOSTILE]
    elif part == "labels":
        result[0]["value"]["labels"] = [HOSTILE, HOSTILE]
    elif part == "meta":
        result[0]["meta"] = HOSTILE
    else:
        result[0][part] = HOSTILE
    moment = "2026-01-02T00:00:00Z"
    submitted = {
        "id": 1, "result": result, "completed_by": 1, "was_cancelled": False, "created_at": moment,
        "updated_at": moment,
    }  # fmt: skip
    task = {"id": 7, "data": tasks.data(article, schema), "annotations": [submitted]}
    (tmp_path / "export.json").write_text(json.dumps([task]))
    command = ("pull", "--file", "export.json", "--annotator", "1=ana")
    for done in (
        acre(*command),
        acre(*command, "--list"),
        acre(*command, "--json"),
        acre("status"),
    ):
        shown = done.stdout + done.stderr
        assert "Traceback" not in shown
        assert OBEYED.sub("", shown) == shown
    assert list((corpus.root / "aside").rglob("*.json"))


def test_a_table_shows_brackets_and_controls_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = common.table("word", title=f"of {HOSTILE}")
    shown.add_row(HOSTILE)
    with common.out.capture() as printed:
        common.out.print(shown)
    assert OBEYED.sub("", printed.get()) == printed.get()
    assert printed.get().count("[/red]") == 2


@pytest.mark.parametrize("letters", [HOSTILE, "\ud800", "a\tb\nc", "👩\u200d🔬 اَلر e\u0301"])
def test_escapes_are_of_the_same_value(letters: str) -> None:
    assert json.loads(text.escaped_json(json.dumps({"a": letters}, ensure_ascii=False))) == {
        "a": letters
    }
    shown = text.shown(letters)
    assert shown.encode().decode("utf-8") == shown
    assert (shown == letters) == (OBEYED.search(letters) is None and letters != "\ud800")
