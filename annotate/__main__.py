"""`python -m annotate` is `acre`."""

import gc

from annotate.model import ending

_NEW_OBJECTS = 100_000
"""Lists, dicts and records, after which Python looks for those that only hold one another. Commands make millions and
leave few such; to look after each 700, as is usual, takes a tenth of the time."""


def main() -> None:
    """The command `acre`: what was refused, failed or was interrupted is one line, and an exit code."""
    ending.run(_command, "acre")


def _command() -> None:
    gc.set_threshold(_NEW_OBJECTS)
    from annotate.cli import app  # takes a moment, in which it may be interrupted too

    app(prog_name="acre")


if __name__ == "__main__":
    main()
