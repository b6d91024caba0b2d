"""What a killed process left goes with the next run, and what one at work has made stays."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from annotate.corpus import processes


def test_a_process_that_ended_does_not_live_though_nobody_asked_how(tmp_path: Path) -> None:
    """A start that takes over a server which was just killed would wait for it, and its folder would stay."""
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read()  # until it ends
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        left = tmp_path / f".working-{process.pid}-x"
        left.mkdir()
        assert not processes.lives(process.pid)
        processes.remove_left(tmp_path, ".working-")
        assert not left.exists()
    assert not processes.lives(process.pid)
    assert processes.lives(os.getpid())


@pytest.mark.parametrize("writer", ["", "x", "²", "-1", "9" * 30])
def test_a_name_without_a_number_of_a_process_is_nobody_s(writer: str) -> None:
    assert not processes.is_at_work(writer)


def test_a_working_folder_goes_in_the_end_and_spares_those_at_work(tmp_path: Path) -> None:
    at_work, older = tmp_path / f".working-{os.getpid()}-x", tmp_path / ".working-x1"
    for folder in (at_work, older):
        folder.mkdir()
    with processes.working_folder(tmp_path, ".working-") as mine:
        assert sorted(tmp_path.iterdir()) == sorted([at_work, mine])
    assert list(tmp_path.iterdir()) == [at_work]
