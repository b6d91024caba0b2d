"""Copies of desks: backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annotate.cli.common import (
    CORPUS,
    DESK,
    CorpusOption,
    StateOption,
    app,
    complain,
    end_as_interrupted,
    say,
    state_of,
)
from annotate.corpus.store import Corpus
from annotate.labelstudio import backup as backup_
from annotate.labelstudio import desks
from annotate.model.issues import UsageError


@app.command()
def backup(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[DESK] FILE", help=f"The desk, by default {DESK}, and the file to write."
        ),
    ],
    all_: Annotated[bool, typer.Option("--all", help="All desks of this machine.")] = False,
    secrets: Annotated[
        bool,
        typer.Option(
            "--secrets/--no-secrets",
            help="With the desks' passwords and tokens, so that their logins stay; or without.",
        ),
    ] = True,
    corpus: CorpusOption = CORPUS,
    state: StateOption = None,
) -> None:
    """Copy a desk, while its server runs, and what the corpus has set aside, to one file: see acre restore."""
    home = state_of(state, corpus)
    if len(what) > 2 or (all_ and len(what) > 1):
        raise UsageError("give one desk, or --all, and one file: acre backup DESK FILE")
    names = _with_data(home) if all_ else [what[0] if len(what) == 2 else DESK]
    path = Path(what[-1])
    if not names:
        raise UsageError(f"no desk in {home} has data; nothing to copy")
    end_as_interrupted()
    for copied in backup_.back_up(home, names, path, Corpus(corpus), secrets):
        say(f"{copied.desk}: {copied}")
    kind = "with passwords and tokens: keep it private" if secrets else "without passwords"
    say(f"copied to {path}, {kind}")


def _with_data(state: Path) -> list[str]:
    """The desks that have a Label Studio of their own."""
    return [name for name in desks.names(state) if desks.data_folder(state, name).is_dir()]


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that acre backup or acre serve made.")],
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Move desks of the same names aside; stop their servers first."
        ),
    ] = False,
    database: Annotated[
        str | None,
        typer.Option(
            envvar="ACRE_DATABASE",
            help="The PostgreSQL server for desks that had their data on one; by default the same.",
        ),
    ] = None,
    corpus: CorpusOption = CORPUS,
    state: StateOption = None,
) -> None:
    """Make the desks of a copy again; each mark is compared with what the copy says it had."""
    home = state_of(state, corpus)
    end_as_interrupted()
    for restored in backup_.restore(file, home, Corpus(corpus), replace, database):
        say(f"{restored.desk}: {restored}, all as they were")
        if restored.replaced:
            say(f"  the former desk is kept in {restored.replaced}")
        if restored.new_login:
            complain(
                f"  the copy has no password: acre serve --desk {restored.desk} shows a new one"
            )
