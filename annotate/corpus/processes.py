"""What a killed process left goes with the next run: who makes something for a while puts its number in the name."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


def lives(pid: int) -> bool:
    """Whether the process runs. One that has ended stays in the system's list until its parent asks how."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def is_at_work(writer: str) -> bool:
    """Whether the process whose number this is, as a name has it, runs; what is no number is nobody."""
    return writer.isascii() and writer.isdigit() and lives(int(writer))


@contextmanager
def working_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A folder in `parent`, the user's alone, which goes when this ends; what killed ones left goes now."""
    remove_left(parent, prefix)
    with tempfile.TemporaryDirectory(dir=parent, prefix=f"{prefix}{os.getpid()}-") as folder:
        yield Path(folder)


def remove_left(parent: Path, prefix: str) -> None:
    """Remove the working folders whose processes run no more."""
    for folder in parent.glob(f"{prefix}*"):
        if not is_at_work(folder.name.removeprefix(prefix).partition("-")[0]):
            shutil.rmtree(folder, ignore_errors=True)
