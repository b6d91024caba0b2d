"""The command line: parses, calls, prints, exits. Exit 0 clean, 1 issues found, 2 wrong usage."""

import sys

from annotate.cli import annotators, backup, convert, corpus, desks, extract, gold, score
from annotate.cli.common import app, complain
from annotate.model.issues import AcreError

__all__ = [
    "annotators",
    "app",
    "backup",
    "convert",
    "corpus",
    "desks",
    "extract",
    "gold",
    "main",
    "score",
]


def main() -> None:
    """The command `acre`: what was refused is one line, and an exit code."""
    try:
        app(prog_name="acre")
    except AcreError as error:
        complain(f"acre: {error}", "red")
        sys.exit(error.exit_code)
