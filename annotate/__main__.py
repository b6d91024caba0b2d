"""`python -m annotate` is `acre`."""

from annotate.model import ending


def main() -> None:
    """The command `acre`: what was refused, failed or was interrupted is one line, and an exit code."""
    ending.run(_command, "acre")


def _command() -> None:
    from annotate.cli import app  # takes a moment, in which it may be interrupted too

    app(prog_name="acre")


if __name__ == "__main__":
    main()
