"""What the commands share: options, and how they print."""

from __future__ import annotations

import datetime as dt
import json
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

import annotate
from annotate.corpus import store
from annotate.model import schema as schema_
from annotate.model import text
from annotate.model.issues import CODES, Issue, Severity, UsageError
from annotate.model.schema import Schema

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The command line of ACRE, Attributed Conflict REporting.",
)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        say(f"acre {annotate.__version__}")
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass  # what holds for all commands is done by the options' own callbacks


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
DeskOption = Annotated[
    str, typer.Option("--desk", help="The desk: an annotator's own Label Studio on this machine.")
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="A Label Studio that someone else runs, instead of a desk."),
]
TokenOption = Annotated[
    Path | None,
    typer.Option(
        "--token-file", help="File with the access token of --url; or set the variable ACRE_TOKEN."
    ),
]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        help=(
            "The extractor: the folder or the installed package of a trained pipeline, the .json"
            " of a trained lookup, or lookup, which learns one from the corpus."
        ),
    ),
]
ProjectOption = Annotated[str, typer.Option("--project", help="Title of the Label Studio project.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Write nothing; print what would change.")
]
PublishedOption = Annotated[str | None, typer.Option(help="Date of publication, as 2015-10-11.")]
CORPUS = Path("corpus")
DESK = "desk"


def schema_of(path: Path | None, corpus: Path) -> Schema:
    """The named schema, or the one beside the corpus."""
    return schema_.load(path or corpus.parent / "guidelines" / "schema.yaml")


def state_of(path: Path | None, corpus: Path) -> Path:
    """The named folder of desks, or the one beside the corpus."""
    return path or corpus.parent / ".acre"


def guidelines_of(schema: Path | None, corpus: Path) -> Path:
    """The folder of the named schema, or the one beside the corpus."""
    return schema.parent if schema else corpus.parent / "guidelines"


def end_as_interrupted() -> None:
    """From now on a SIGTERM ends the command as Ctrl+C does: what it began is taken down or taken away."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def date_of(published: str | None) -> dt.date | None:
    """The date that --published gives."""
    try:
        return dt.date.fromisoformat(published) if published else None
    except ValueError:
        raise UsageError(f"--published {published!r} is no date; give it as 2015-10-11") from None


class IssuePrinter:
    """Prints the issues and written files of a long command as they come; keeps only counts and an example of
    each code.

    With `sums`, errors alone are printed as they come; `sum_up` tells the rest at the end, a line for each
    code.
    """

    def __init__(self, as_json: bool = False, dry_run: bool = False, sums: bool = False) -> None:
        self.errors = 0
        self._json, self._wrote = as_json, "would write" if dry_run else "wrote"
        self._sums = sums and not as_json
        self._counts: Counter[tuple[Severity, str]] = Counter()
        self._examples: dict[tuple[Severity, str], Issue] = {}
        self._files: Counter[str] = Counter()

    def show(self, event: Issue | str) -> None:
        """Print an issue, or the path in the corpus of a file that was written."""
        if isinstance(event, str):
            self._show_file(event)
            return
        self.errors += event.severity is Severity.ERROR
        if self._json:
            say_json(
                {
                    "where": event.where,
                    "code": event.code,
                    "severity": event.severity,
                    "message": event.message,
                }
            )
        elif self._sums and event.severity is not Severity.ERROR:
            sort = event.severity, event.code
            self._counts[sort] += 1
            self._examples.setdefault(sort, event)
        else:
            complain(f"{event.severity}: {event}", _STYLES[event.severity])

    def _show_file(self, path: str) -> None:
        if self._json:
            say_json({"written": path})
        elif self._sums:
            self._files[path.rpartition("/")[0]] += 1
        else:
            say(f"{self._wrote} {path}")

    def sum_up(self, option: str) -> None:
        """Tell what was only counted: files by folder, issues by code; `option` lists them one by one."""
        for folder, count in sorted(self._files.items()):
            say(f"{self._wrote} {count} {'file' if count == 1 else 'files'} in {folder}/")
        for (severity, code), count in self._counts.most_common():
            times = f"{count} {severity}{'' if count == 1 else 's'}"
            complain(f"{times}: {code}: {CODES[code]}", _STYLES[severity])
            example = self._examples[severity, code]
            complain(f"  for example {example.where}: {example.message}", "dim")
        if self._counts:
            complain(f"{option} lists each", "dim")


_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def show_counts(counts: Mapping[str, int], as_json: bool = False) -> None:
    """Each count by name; those of nothing are left out."""
    some = {name: count for name, count in sorted(counts.items()) if count}
    if as_json:
        say_json({"counts": some})
        return
    for name, count in some.items():
        say(f"{count:>7} {name}")


def say(line: str) -> None:
    """Print a line as it is, but for what a terminal would obey: see `text.shown`."""
    typer.echo(text.shown(line))


_FEW = 8
"""With fewer documents a tenth of the intervals or more miss, as `scripts/coverage.py` measures it."""


def say_if_few(documents: int) -> None:
    """Where intervals come from so few documents that they promise too much, say what they are worth."""
    if 1 < documents < _FEW:
        say(
            f"{documents} documents are few: of 100 such intervals about 70 hold the true value at 3"
            " documents and 88 at 5, in place of 95; give 8 or more"
        )


def say_json(fields: Any) -> None:
    """Print an object in one line, for a program to read."""
    typer.echo(text.escaped_json(json.dumps(fields, ensure_ascii=False)))


def complain(line: str, style: str = "") -> None:
    """Print a line to standard error as `say` does."""
    err.print(text.shown(line), style=style, markup=False)


def deliver(content: str, path: Path | None) -> None:
    """Write the content to the file, or the same bytes to standard output."""
    if path is None:
        typer.echo(content.encode(), nl=False)
    else:
        write_output(path, content.encode())


def write_output(path: Path, content: bytes) -> None:
    """Write a file that the user named; UsageError where it can't be written."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)  # a device or a pipe: to be written to, not replaced
        else:
            store.write(path, content)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give another --output") from None


class _PlainTable(Table):
    """A table whose cells are shown as they are: names and words in them may come from an article or a server."""

    def add_row(self, *cells: Any, **kwargs: Any) -> None:
        """A row; in strings brackets are no markup, and what a terminal would obey is escaped."""
        super().add_row(*map(_plain, cells), **kwargs)


def _plain(cell: Any, style: str = "") -> Any:
    return Text(text.shown(cell), style) if isinstance(cell, str) else cell


def table(
    *headings: str, left: Iterable[str] = (), title: str | None = None, **style: Any
) -> Table:
    """An empty table; columns are set to the right, as numbers are, but for those on the `left`."""
    styled: dict[str, Any] = {"title_justify": "left", "box": box.SIMPLE_HEAD} | style
    empty = _PlainTable(title=_plain(title, "table.title"), **styled)
    for heading in headings:
        empty.add_column(heading, justify="left" if heading in left else "right")
    return empty


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


def counted(items: Iterable[T], step: Callable[[], None]) -> Iterator[T]:
    """The items, with a step for each."""
    for item in items:
        step()
        yield item
