"""The command line: parses, calls, prints, exits. Exit 0 clean, 1 issues found, 2 wrong usage."""

from annotate.cli import annotators, corpus, desks, gold
from annotate.cli.common import PROJECT, CorpusOption, StateOption, Told, app, err, run, show_counts
from annotate.cli.corpus import show_build
from annotate.cli.desks import hold

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
    "gold",
    "hold",
    "main",
    "run",
    "show_build",
    "show_counts",
]


def main() -> None:
    """The command `acre`."""
    run("acre", app)
