"""How a script of this folder starts and ends at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import typer

from annotate.model import ending


def run(command: Callable[..., None]) -> None:
    """Run the script's command with the arguments of this process; what was refused is one line and an exit code."""
    ending.run(lambda: typer.run(command), Path(sys.argv[0]).stem)
