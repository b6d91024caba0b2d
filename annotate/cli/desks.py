"""Label Studio: serve, load, suggest."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annotate.cli.common import (
    CORPUS,
    DESK,
    CorpusOption,
    DeskOption,
    IssuePrinter,
    ModelOption,
    ProjectOption,
    SchemaOption,
    StateOption,
    TokenOption,
    UrlOption,
    app,
    complain,
    end_as_interrupted,
    progress,
    say,
    schema_of,
    show_counts,
    state_of,
)
from annotate.corpus.store import Corpus
from annotate.labelstudio import backup, desks, postgres, server
from annotate.labelstudio import client as client_
from annotate.labelstudio import load as load_
from annotate.labelstudio import suggest as suggest_
from annotate.model.issues import UsageError

if TYPE_CHECKING:
    from annotate.extract.service import Service


@app.command()
def serve(
    context: typer.Context,
    desk: DeskOption = DESK,
    port: Annotated[
        int | None,
        typer.Option(help="Port on 127.0.0.1; by default the last one, or a free one from 8080."),
    ] = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop the desk's server and return.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return once it is up; stop it with --stop.")
    ] = False,
    database: Annotated[
        str | None,
        typer.Option(
            envvar="ACRE_DATABASE",
            help=(
                "A PostgreSQL server, as postgresql://user@host:5432/, on which a new desk gets a"
                " database of its own. Give a password in the variable or in ~/.pgpass, never here."
            ),
        ),
    ] = None,
    copies: Annotated[
        int,
        typer.Option(
            "--copies",
            min=0,
            help=(
                "How many copies of the desk to keep in the state folder's backups/: one is made at"
                " the start and each day; see acre restore."
            ),
        ),
    ] = backup.KEPT,
    corpus: CorpusOption = CORPUS,
    state: StateOption = None,
) -> None:
    """Start a desk's Label Studio and keep it up until Ctrl+C; or, with --url, remember one that runs elsewhere."""
    home = state_of(state, corpus)
    if stop:
        stopped = server.stop(server.read(home, desk))
        say(f"desk {desk} {'stopped' if stopped else 'was not running'}")
        return
    if url:
        attached = server.attach(home, desk, url, client_.read_token(token_file))
        account = client_.Client(attached.url, attached.token).me()["email"]
        say(f"desk {desk} is attached to {attached.url} as {account}")
        return
    source = context.get_parameter_source("database")
    if source is not None and source.name == "COMMANDLINE":
        _check_private(database or "")
    end_as_interrupted()
    with progress("starting Label Studio") as step:
        backup.automatic(home, desk, Corpus(corpus), copies, complain)
        guidelines = corpus.parent / "build" / "guidelines"
        running = server.start(home, desk, port, step, guidelines, database, complain)
    if detach:
        say(_address(running, home))
        return

    def announce() -> None:
        say(f"{_address(running, home)}\nCtrl+C stops it; nothing that was saved is lost.")
        sys.stdout.flush()

    server.hold(
        running, announce, lambda: backup.automatic(home, desk, Corpus(corpus), copies, complain)
    )
    say("stopped")


def _check_private(database: str) -> None:
    """UsageError where an address on the command line, which everybody on the machine can read, has a password."""
    if postgres.has_password(database):
        raise UsageError(
            "--database: a password on the command line shows in the list of processes; give the"
            " address in the variable ACRE_DATABASE, or put the password into ~/.pgpass"
        )


def _address(desk: server.Desk, home: Path) -> str:
    """Where the desk is and how to log in; the password for a terminal only: an output that is kept is a log."""
    password = (
        desk.password
        if sys.stdout.isatty()
        else f"(in {server.folder(home, desk.name) / 'desk.json'})"
    )
    return f"Label Studio is up at {desk.url}\n  e-mail    {desk.email}\n  password  {password}"


@app.command()
def load(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            help=(
                "Article ids; by default those assigned to the desk or, where nothing is assigned"
                " to anybody, all that go into the dataset."
            )
        ),
    ] = None,
    collection: Annotated[
        str | None, typer.Option(help="Only articles of this collection.")
    ] = None,
    project: ProjectOption = load_.PROJECT,
    desk: DeskOption = DESK,
    url: UrlOption = None,
    token_file: TokenOption = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Put articles into Label Studio; creates or updates the project, and leaves alone what somebody has worked on."""
    labels, folder = schema_of(schema, corpus), Corpus(corpus)
    client = client_.connect(state_of(state, corpus), desk, url, token_file)
    wanted = frozenset(ids or ())
    if not wanted and collection is None and not url:
        wanted = load_.assigned(folder, desk)
        if wanted:
            say(f"{len(wanted)} articles are assigned to {desk}")
    articles = load_.Selection(folder, wanted, collection)
    lock = desks.load_lock(state_of(state, corpus), client.url)
    on_wait = _once(complain, "another acre load is at work on it; waiting ...")
    with desks.locked(lock, on_wait), progress("loading") as step:
        report = load_.load(client, project, articles, labels, step)
    if report.project is None:
        complain("nothing was loaded, and no project was made")
    else:
        say(
            f"{client.url}/projects/{report.project}: {len(report.added)} added,"
            f" {len(report.updated)} updated, {len(report.unchanged)} unchanged"
        )
    missing = [name for name in articles.withheld if name in (ids or ())]
    for name in missing:
        complain(
            f"{name}: its text is withheld and not here; put your copy in place with: acre rehydrate"
        )
    if len(articles.withheld) > len(missing):
        say(
            f"left out: {len(articles.withheld) - len(missing)} articles whose texts are withheld and"
            " not here; put your copies in place with: acre rehydrate"
        )
    for name in sorted(articles.unknown):
        complain(f"{name}: no such article in {corpus}")
    issues = IssuePrinter()
    for issue in report.issues:
        issues.show(issue)
    is_clean = not (issues.errors or missing or articles.unknown or report.project is None)
    raise typer.Exit(0 if is_clean else 1)


def _once(tell: Callable[[str], None], message: str) -> Callable[[], None]:
    """Tells the message when it is first called, and nothing after."""
    messages = [message]

    def step() -> None:
        while messages:
            tell(messages.pop())

    return step


@app.command()
def suggest(
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Article ids; by default all tasks that nobody has worked on."),
    ] = None,
    model: ModelOption = "lookup",
    serve: Annotated[
        bool,
        typer.Option(
            "--serve",
            help=(
                "Keep running until Ctrl+C, and answer Label Studio each time a task is opened,"
                " instead of sending all at once."
            ),
        ),
    ] = False,
    port: Annotated[int, typer.Option(help="Port of --serve; 0 takes a free one.")] = 9090,
    project: ProjectOption = load_.PROJECT,
    desk: DeskOption = DESK,
    url: UrlOption = None,
    token_file: TokenOption = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Offer an extractor's marks to annotators, who keep, correct or throw them away.

    They are predictions in Label Studio, never annotations.
    """
    labels, folder = schema_of(schema, corpus), Corpus(corpus)
    client = client_.connect(state_of(state, corpus), desk, url, token_file)
    from annotate.extract import extractors, service  # spaCy takes seconds to import

    extractor = extractors.load(model, corpus, labels)
    if serve:
        answering = service.Service(extractor, folder, labels, say)
        _serve_suggestions(client, project, answering, port, extractor.title)
        return
    issues, articles = IssuePrinter(), suggest_.with_text(folder, frozenset(ids or ()))
    with progress("suggesting") as step:
        counts = suggest_.suggest(
            client, project, articles, extractor.predict, extractor.title, labels, issues.show, step
        )
    show_counts(counts)
    if not counts:
        say("no task of these articles is in the project; load them with: acre load")
    raise typer.Exit(1 if issues.errors or not counts else 0)


def _serve_suggestions(
    client: client_.Client, title: str, answering: Service, port: int, version: str
) -> None:
    from annotate.extract import service

    with service.running(answering, port) as (address, thread):
        number = suggest_.connect(client, title, address, version)
        say(f"{version} answers at {address} for {client.url}/projects/{number}; Ctrl+C stops it")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            while thread.is_alive():
                thread.join(1)
        say("stopped")
