"""Every command once as its user runs it, in a process of its own; all other tests run it in theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import typer

from annotate.cli import app
from annotate.corpus.store import Corpus
from tests.conftest import SENTENCE, Acre

COMMANDS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "add": (("copy.txt", "--collection", "sample"), 0, "added sample/"),
    "adjudicate": ((), 0, ""),
    "agreement": ((), 0, "no article has two passes"),
    "assign": (("ana", "ben"), 0, "characters"),
    "backup": (("mine.tar.gz",), 2, "no desk 'desk'"),
    "build": ((), 0, "1 documents (train 1)"),
    "convert": (("--to", "brat", "--output", "brat"), 0, "1 documents written to brat as brat"),
    "diff": (("nowhere",), 2, "nowhere: no such folder, and no revision"),
    "extract": (("copy.txt",), 2, "nothing is built there to learn from; run acre build"),
    "init": (("mine",), 0, "made mine with"),
    "load": ((), 2, "no desk 'desk'"),
    "migrate": (("none",), 2, "none.yaml: no such migration"),
    "pull": ((), 2, "no desk 'desk'"),
    "qualify": (("ana",), 0, "Agreement with the reference"),
    "rehydrate": (("copy.txt",), 0, "0 texts put in place"),
    "restore": (("none.tar.gz",), 2, "none.tar.gz: no such file"),
    "review": ((), 0, "0 of 0"),
    "score": (("corpus/annotations/ana", "corpus/annotations/ana"), 0, "1 documents; 95 %"),
    "serve": (("--stop",), 2, "no desk 'desk'"),
    "site": ((), 0, "pages"),
    "split": ((), 0, "train"),
    "status": ((), 0, "1 articles with work"),
    "suggest": ((), 2, "no desk 'desk'"),
    "validate": ((), 0, "1 annotations checked"),
}


def test_no_command_is_left_out() -> None:
    assert set(typer.main.get_command(app).commands) == set(COMMANDS)  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
def test_it_runs(
    acre_process: Acre, corpus: Corpus, write: Callable[..., Any], command: str
) -> None:
    write(SENTENCE)
    (corpus.root.parent / "copy.txt").write_text("Guards left Lisk on Friday.\n")
    arguments, code, message = COMMANDS[command]
    done = acre_process(command, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_command_line_refuses_is_said_on_standard_error(acre_process: Acre) -> None:
    refused = acre_process("frobnicate")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "No such command" in refused.stderr
