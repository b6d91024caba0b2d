"""The command line: parses, calls, prints, exits. Exit 0 clean, 1 issues found, 2 wrong usage."""

from annotate.cli import (
    annotators,
    backup,
    convert,
    corpus,
    desks,
    extract,
    gold,
    pull,
    review,
    score,
    site,
)
from annotate.cli.common import app

__all__ = [
    "annotators",
    "app",
    "backup",
    "convert",
    "corpus",
    "desks",
    "extract",
    "gold",
    "pull",
    "review",
    "score",
    "site",
]
