"""The maintainers' job in one command: pull from every server, validate, write corpus/annotations/, build.

    python scripts/export.py scripts/servers.example.yaml --dry-run

The config names servers, never secrets: a desk of this machine by its name, any other by URL and a file that holds its
token. A server that can't be pulled, for whatever reason, does not stop the others; the report names it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from annotate.corpus import validate
from annotate.corpus.store import Corpus
from annotate.dataset import build
from annotate.formats import labelstudio
from annotate.labelstudio import pull as pull_
from annotate.labelstudio import server
from annotate.labelstudio.client import connect
from annotate.labelstudio.load import PROJECT
from annotate.labelstudio.source import Server, in_words
from annotate.model import plain_yaml
from annotate.model import schema as schema_
from annotate.model.issues import AcreError, Issue, Severity, UsageError
from annotate.model.schema import Schema
from scripts import terminal

ROOT = Path(__file__).parents[1]


class Entry(BaseModel):
    """One Label Studio to pull from."""

    model_config = ConfigDict(extra="forbid")

    desk: str | None = None
    """A desk of this machine; its account is the annotator of the desk's name."""
    url: str | None = None
    token_file: Path | None = None
    """Relative to the config."""
    project: str = PROJECT
    annotators: dict[str, str] = {}
    """Pseudonym of each account, by e-mail address."""

    @model_validator(mode="after")
    def _one_way(self) -> Entry:
        if (self.desk is None) == (self.url is None) or (self.url is None) != (
            self.token_file is None
        ):
            raise ValueError("give either desk, or url and token_file")
        return self


class Servers(BaseModel):
    """The config file."""

    model_config = ConfigDict(extra="forbid")

    servers: list[Entry]


def export(
    config: Annotated[
        Path, typer.Argument(help="The servers to pull from; see scripts/servers.example.yaml.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what would change.")
    ] = False,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Look at every task, not only at those touched since the last pull."
        ),
    ] = False,
    corpus: Annotated[Path, typer.Option(help="The corpus folder.")] = ROOT / "corpus",
    state: Annotated[
        Path | None, typer.Option(help="Where desks are kept; by default .acre beside the corpus.")
    ] = None,
) -> None:
    """Pull, validate, write, build, and report what was kept, what was set aside, and why."""
    folder, schema = Corpus(corpus), schema_.load(corpus.parent / "guidelines" / "schema.yaml")
    output, counts, unreached = _Output(dry_run), Counter[str](), list[str]()
    for entry in read(config).servers:
        try:
            counts += _pull(
                entry, config.parent, state or corpus.parent / ".acre", folder, schema,
                everything, output,
            )  # fmt: skip
        # Whatever it is: the annotations of the other servers are as good as they were.
        except Exception as error:
            name = entry.desk or entry.url or ""
            unreached.append(name)
            kind = "" if isinstance(error, AcreError) else f"{type(error).__name__}: "
            print(f"{name}: {kind}{' '.join(str(error).split())}", file=sys.stderr)
    _print_counts(counts)
    print(
        f"{output.errors} errors; servers not pulled: {', '.join(unreached) or 'none'}",
        file=sys.stderr,
    )
    if not dry_run:
        checked: Counter[str] = Counter()
        for issue in validate.corpus(folder, schema, lambda what: checked.update([what])):
            output.show(issue)
        _print_counts({f"{what} checked": count for what, count in checked.items()})
        report = build.build(folder, schema)
        for issue in report.issues:
            output.show(issue)
        for line in report.lines(corpus):
            print(line)
    raise typer.Exit(1 if output.errors or unreached else 0)


@dataclass
class _Output:
    """Prints issues, and the files that were written."""

    dry_run: bool
    errors: int = 0

    def show(self, event: Issue | str) -> None:
        if isinstance(event, Issue):
            self.errors += event.severity is Severity.ERROR
            print(f"{event.severity}: {event}", file=sys.stderr)
        else:
            print(f"{'would write' if self.dry_run else 'wrote'} {event}")


def _print_counts(counts: Mapping[str, int]) -> None:
    for name, count in sorted(counts.items()):
        if count:
            print(f"{count:>7} {name}")


def read(path: Path) -> Servers:
    """The config; UsageError says what is wrong with it."""
    try:
        return Servers.model_validate(plain_yaml.load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; copy scripts/servers.example.yaml and name your servers"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = (
            error.errors()[0]
            if isinstance(error, ValidationError)
            else {"loc": (), "msg": str(error)}
        )
        raise UsageError(
            f"{path}: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}"
        ) from None


def _pull(
    entry: Entry,
    folder: Path,
    state: Path,
    corpus: Corpus,
    schema: Schema,
    everything: bool,
    output: _Output,
) -> Counter[str]:
    """Pull from one server, and say since when it was asked; a relative token file is in that folder."""
    token = folder / entry.token_file.expanduser() if entry.token_file else None
    client = connect(state, entry.desk or "", entry.url, token)
    for name in entry.annotators.values():
        corpus.declared(name)
    annotators = {email.lower(): name for email, name in entry.annotators.items()}
    if entry.desk is not None:
        annotators |= server.read(state, entry.desk).accounts
    source = Server(client, entry.project, corpus, everything, output.dry_run)
    counts = pull_.pull_from(
        source, corpus, schema, annotators, output.dry_run, output.show, reader=labelstudio.reader(schema)
    )  # fmt: skip
    print(f"{entry.desk or entry.url}: {in_words(source.asked())}")
    return counts


if __name__ == "__main__":
    terminal.run(export)
