"""The command line: parses, calls, prints, exits. Exit 0 clean, 1 issues found, 2 wrong usage."""

from annotate.cli import annotators, corpus, desks, extract, gold, score
from annotate.cli.common import (
    PROJECT,
    CorpusOption,
    StateOption,
    Told,
    app,
    err,
    run,
    say,
    show_counts,
)
from annotate.cli.corpus import show_build
from annotate.cli.desks import hold
from annotate.cli.score import show_diff

__all__ = [
    "PROJECT",
    "CorpusOption",
    "StateOption",
    "Told",
    "annotators",
    "app",
    "corpus",
    "desks",
    "err",
    "extract",
    "gold",
    "hold",
    "main",
    "run",
    "say",
    "score",
    "show_build",
    "show_counts",
    "show_diff",
]


def main() -> None:
    """The command `acre`."""
    run("acre", app)
