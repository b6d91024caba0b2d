"""What the commands share: options, messages, counts, progress."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from annotate.labelstudio import server
from annotate.labelstudio.client import Client
from annotate.model import schema as schema_
from annotate.model.issues import AcreError, Issue, Severity, UsageError
from annotate.model.schema import Schema

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The command line of ACRE, Attributed Conflict REporting.",
)
# Without emoji: line 100 of a file, `:100:`, is no picture.
out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
CorpusOption = Annotated[
    Path, typer.Option("--corpus", help="The corpus folder.", envvar="ACRE_CORPUS")
]
SchemaOption = Annotated[
    Path | None,
    typer.Option(
        "--schema", help="The schema; by default guidelines/schema.yaml beside the corpus."
    ),
]
StateOption = Annotated[
    Path | None,
    typer.Option("--state", help="Where desks are kept; by default .acre beside the corpus."),
]
DeskOption = Annotated[str, typer.Option("--desk", help="The desk: a Label Studio of its own.")]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="A Label Studio that someone else runs, instead of a desk."),
]
TokenOption = Annotated[
    Path | None,
    typer.Option("--token-file", help="File with its access token; or give it in ACRE_TOKEN."),
]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        help=(
            "Folder of a trained pipeline or the package it is installed as, a lookup's .json, or"
            " lookup: words and rules of the corpus."
        ),
    ),
]
ProjectOption = Annotated[str, typer.Option("--project", help="Title of the Label Studio project.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
CORPUS = Path("corpus")
PROJECT = "ACRE"
DESK = "desk"


def run(program: str, command: Callable[[], Any]) -> None:
    """Run a command, and turn what went wrong into one line and an exit code."""
    try:
        command()
    except AcreError as error:
        err.print(f"{program}: {error}", style="red", markup=False)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        err.print(f"{program}: interrupted; run it again to go on")
        sys.exit(130)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


class Told:
    """Prints what a long command tells as it comes; keeps no more of it than the number of errors."""

    def __init__(self, as_json: bool = False, wrote: str = "wrote") -> None:
        self.errors = 0
        self._json, self._wrote = as_json, wrote

    def tell(self, found: Issue | str) -> None:
        """Print an issue, or the path in the corpus of a file that was written."""
        if isinstance(found, str):
            fields = {"written": found}
            line, style = f"{self._wrote} {found}", ""
        else:
            self.errors += found.severity is Severity.ERROR
            fields = {
                "where": found.where,
                "code": found.code,
                "severity": found.severity,
                "message": found.message,
            }
            line, style = f"{found.severity}: {found}", _STYLES[found.severity]
        if self._json:
            out.print(json.dumps(fields, ensure_ascii=False), markup=False)
        else:
            (err if style else out).print(line, style=style, markup=False)


_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def show_counts(counts: Mapping[str, int], as_json: bool = False) -> None:
    """What was counted, each by name; nothing at all is said too."""
    if as_json:
        out.print(
            json.dumps(
                {"counts": {name: count for name, count in sorted(counts.items()) if count}}
            ),
            markup=False,
        )
        return
    for name, count in sorted(counts.items()):
        if count:
            say(f"{count:>7} {name}")


def schema_of(path: Path | None, corpus: Path) -> Schema:
    """The named schema, or the one beside the corpus."""
    return schema_.load(path or corpus.parent / "guidelines" / "schema.yaml")


def client_of(desk: str, url: str | None, token_file: Path | None, home: Path) -> Client:
    """A connection to the address, or else to the desk."""
    if url:
        return Client(url.rstrip("/"), token_from(token_file))
    known = server.read(home, desk)
    return Client(known.url, known.token)


def token_from(path: Path | None) -> str:
    """The access token, from the file or from ACRE_TOKEN."""
    # Never an argument: the process list shows those to everyone on the machine.
    token = path.read_text(encoding="utf-8").strip() if path else os.environ.get("ACRE_TOKEN", "")
    if not token:
        raise UsageError(
            "--url needs an access token; give it in the variable ACRE_TOKEN or in a file with"
            " --token-file"
        )
    return token


def pseudonyms(
    given: Iterable[str] | None, desk: str, url: str | None, home: Path
) -> dict[str, str]:
    """By e-mail address: those given as EMAIL=PSEUDONYM, and the desk’s own account, which has the desk’s name."""
    annotators = {}
    if not url:
        email = server.read(home, desk).email
        annotators = {email: desk} if email else {}
    for pair in given or ():
        email, equals, name = pair.partition("=")
        if not equals or not email or not name:
            raise UsageError(f"--annotator {pair!r}: give it as EMAIL=PSEUDONYM")
        annotators[email.lower()] = name
    return annotators


def say(line: str) -> None:
    """Print a line as it is."""
    out.print(line, markup=False)


@contextmanager
def progress(what: str) -> Iterator[Callable[..., None]]:
    """A counter on a terminal, nothing in a pipe."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description} {task.completed:.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda count=1: progress.advance(task, count)
