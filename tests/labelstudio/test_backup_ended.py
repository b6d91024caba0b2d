"""A copy that is ended, or killed, in the midst: the login that it holds stays the user's alone, and goes."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from annotate.__main__ import main
from annotate.corpus.store import Corpus
from annotate.labelstudio import backup, desks

INTERRUPTED = 130
TABLES = """
CREATE TABLE task (id, project_id, data);
CREATE TABLE task_completion (id, task_id, completed_by_id, was_cancelled, lead_time, result);
CREATE TABLE tasks_annotationdraft (id, task_id, annotation_id, user_id, result);
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with a desk whose server is not up."""
    state = tmp_path / "state"
    desks.keep(state, desks.new("eva"))
    data = desks.data_folder(state, "eva")
    data.mkdir()
    with closing(sqlite3.connect(data / desks.SQLITE)) as connection:
        connection.executescript(TABLES)
    return state


def _ended_by(
    sent: signal.Signals, state: Path, corpus: Corpus, target: Path
) -> tuple[int, list[int]]:
    """`acre backup` gets the signal when all is copied: how it ended, and the modes of the folders that it left."""

    def signalled(_folder: Path, _path: Path) -> None:
        os.kill(os.getpid(), sent)
        time.sleep(60)

    child = os.fork()
    if child == 0:
        backup._pack = signalled
        options = ("--state", str(state), "--corpus", str(corpus.root))
        # A shell that puts work into the background has it ignore Ctrl+C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["acre", "backup", "eva", str(target), *options]
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            main()
        except SystemExit as end:
            os._exit(int(end.code or 0))
        finally:
            os._exit(99)
    _pid, status = os.waitpid(child, 0)
    left = [path for path in state.iterdir() if path.name.startswith(".copying-")]
    assert all((path / "desks" / "eva" / "desk.json").exists() for path in left)
    return os.waitstatus_to_exitcode(status), [path.stat().st_mode & 0o777 for path in left]


def test_a_copy_that_is_ended_leaves_no_login_and_a_killed_ones_goes_with_the_next(
    state: Path, corpus: Corpus, tmp_path: Path
) -> None:
    target = tmp_path / "copy.tar.gz"
    for sent in (signal.SIGTERM, signal.SIGINT):
        assert _ended_by(sent, state, corpus, target) == (INTERRUPTED, [])
    runs: tuple[Callable[[], object], ...] = (
        lambda: backup.back_up(state, ["eva"], target, corpus),
        lambda: backup.automatic(state, "eva", corpus, kept=0),  # as acre serve --copies 0 does
    )
    for again in runs:
        assert _ended_by(signal.SIGKILL, state, corpus, target) == (-signal.SIGKILL, [0o700])
        at_work = state / f".copying-{os.getppid()}-x"
        at_work.mkdir()
        again()
        assert list(state.glob(".copying-*")) == [at_work]
        at_work.rmdir()
