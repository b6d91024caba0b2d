"""The maintainers' job in one command: pull from every server, validate, write corpus/annotations/, build.

    python scripts/export.py scripts/servers.example.yaml --dry-run

The config names servers, never secrets: a desk of this machine by its name, any other by URL and a file that holds its
token. A server that can't be pulled, for whatever reason, does not stop the others; the report names it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from annotate import cli
from annotate.corpus import validate
from annotate.corpus.store import Corpus
from annotate.labelstudio import pull as pull_
from annotate.labelstudio import server
from annotate.labelstudio.client import Client
from annotate.model import schema as schema_
from annotate.model.issues import AcreError, UsageError
from annotate.model.schema import Schema

ROOT = Path(__file__).parents[1]


class Server(BaseModel):
    """One Label Studio to pull from."""

    model_config = ConfigDict(extra="forbid")

    desk: str | None = None
    """A desk of this machine; its account is the annotator of the desk's name."""
    url: str | None = None
    token_file: Path | None = None
    """Relative to the config."""
    project: str = cli.PROJECT
    annotators: dict[str, str] = {}
    """Pseudonym of each account, by e-mail address."""

    @model_validator(mode="after")
    def _one_way(self) -> Server:
        if (self.desk is None) == (self.url is None) or (self.url is None) != (
            self.token_file is None
        ):
            raise ValueError("give either desk, or url and token_file")
        return self


class Servers(BaseModel):
    """The config file."""

    model_config = ConfigDict(extra="forbid")

    servers: list[Server]


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
    corpus: cli.CorpusOption = ROOT / "corpus",
    state: cli.StateOption = None,
) -> None:
    """Pull, validate, write, build, and report what was kept, what was set aside, and why."""
    folder, schema = Corpus(corpus), schema_.load(corpus.parent / "guidelines" / "schema.yaml")
    told, counts, unreached = (
        cli.Told(wrote="would write" if dry_run else "wrote"),
        Counter[str](),
        [],
    )
    for entry in read(config).servers:
        name = entry.desk or entry.url or ""
        try:
            counts += _pull(
                entry,
                config,
                folder,
                schema,
                state or corpus.parent / ".acre",
                everything,
                dry_run,
                told,
            )
        except (
            Exception
        ) as error:  # whatever it is: the others' annotations are as good as they were
            unreached.append(name)
            kind = "" if isinstance(error, AcreError) else f"{type(error).__name__}: "
            cli.err.print(
                f"{name}: {kind}{' '.join(str(error).split())}", style="red", markup=False
            )
    cli.show_counts(counts)
    cli.err.print(
        f"{told.errors} errors; servers not pulled: {', '.join(unreached) or 'none'}", markup=False
    )
    if not dry_run:
        _validate(folder, schema, told)
        from annotate.dataset import build

        report = build.build(folder, schema)
        for issue in report.issues:
            told.tell(issue)
        cli.show_build(report, corpus)
    raise typer.Exit(1 if told.errors or unreached else 0)


def read(path: Path) -> Servers:
    """The config; UsageError says what is wrong with it."""
    try:
        return Servers.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; copy scripts/servers.example.yaml and name your servers"
        ) from None
    except (yaml.YAMLError, ValidationError) as error:
        first = (
            error.errors()[0]
            if isinstance(error, ValidationError)
            else {"loc": (), "msg": str(error)}
        )
        raise UsageError(
            f"{path}: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}"
        ) from None


def _pull(
    entry: Server,
    config: Path,
    corpus: Corpus,
    schema: Schema,
    state: Path,
    everything: bool,
    dry: bool,
    told: cli.Told,
) -> Counter[str]:
    annotators = {email.lower(): name for email, name in entry.annotators.items()}
    if entry.desk is not None:
        desk = server.read(state, entry.desk)
        client = Client(desk.url, desk.token)
        annotators |= {desk.email: desk.name} if desk.email else {}
    else:
        assert entry.url is not None
        assert entry.token_file is not None
        try:
            token = (
                (config.parent / entry.token_file.expanduser()).read_text(encoding="utf-8").strip()
            )
        except OSError as error:
            raise UsageError(
                f"{entry.token_file}: {error.strerror}; put the access token there"
            ) from None
        client = Client(entry.url, token)
    return pull_.pull(client, entry.project, corpus, schema, annotators, everything, dry, told.tell)


def _validate(corpus: Corpus, schema: Schema, told: cli.Told) -> None:
    checked: Counter[str] = Counter()
    for found in validate.corpus(corpus, schema, lambda what: checked.update([f"{what} checked"])):
        told.tell(found)
    cli.show_counts(checked)


if __name__ == "__main__":
    cli.run("export", lambda: typer.run(export))
