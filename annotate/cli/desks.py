"""Label Studio: serve, load, suggest, pull."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from annotate.cli.common import (
    CORPUS,
    DESK,
    PROJECT,
    CorpusOption,
    DeskOption,
    JsonOption,
    ModelOption,
    ProjectOption,
    SchemaOption,
    StateOption,
    TokenOption,
    Told,
    UrlOption,
    app,
    client_of,
    err,
    progress,
    pseudonyms,
    say,
    schema_of,
    show_counts,
    token_from,
)
from annotate.corpus.store import Corpus
from annotate.labelstudio import load as load_
from annotate.labelstudio import pull as pull_
from annotate.labelstudio import server
from annotate.labelstudio import suggest as suggest_
from annotate.labelstudio.client import Client
from annotate.model.issues import UsageError


@app.command()
def serve(
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
    corpus: CorpusOption = CORPUS,
    state: StateOption = None,
) -> None:
    """Start a desk's Label Studio, or attach to one by URL and token, and wait until it is healthy."""
    home = state or corpus.parent / ".acre"
    if stop:
        stopped = server.stop(server.read(home, desk))
        say(f"desk {desk} {'stopped' if stopped else 'was not running'}")
        return
    if url:
        attached = server.attach(home, desk, url, token_from(token_file))
        say(
            f"desk {desk} is attached to {attached.url} as"
            f" {Client(attached.url, attached.token).me()['email']}"
        )
        return
    # A SIGTERM ends like Ctrl+C: with the server stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with progress("starting Label Studio") as step:
        running = server.start(home, desk, port, step, corpus.parent / "build" / "guidelines")
    # The password goes to a terminal only: an output that is kept is a log.
    password = (
        running.password
        if sys.stdout.isatty()
        else f"(in {server.folder(home, desk) / 'desk.json'})"
    )
    up = f"Label Studio is up at {running.url}\n  e-mail    {running.email}\n  password  {password}"
    if detach:
        say(up)
    else:
        hold(running, f"{up}\nCtrl+C stops it; nothing that was saved is lost.")


def hold(desk: server.Desk, notice: str) -> None:
    """Say the notice, wait for Ctrl+C, then stop the desk's server."""
    try:
        say(notice)
        sys.stdout.flush()
        while server.is_ours(desk):
            time.sleep(2)
        raise server.ServerError(
            f"desk {desk.name}: its server has ended; see server.log beside desk.json, and run acre"
            " serve again"
        )
    except KeyboardInterrupt:
        for sent in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sent, signal.SIG_IGN)  # it is stopping already
        server.stop(desk)
        say("stopped")


@app.command()
def load(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            help=(
                "Article ids; by default those assigned to the desk, or all that go into the"
                " dataset where nothing is dealt."
            )
        ),
    ] = None,
    collection: Annotated[
        str | None, typer.Option(help="Only articles of this collection.")
    ] = None,
    project: ProjectOption = PROJECT,
    desk: DeskOption = DESK,
    url: UrlOption = None,
    token_file: TokenOption = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Put articles into Label Studio: the project is made or updated; what is there and labelled is not touched."""
    labels, folder = schema_of(schema, corpus), Corpus(corpus)
    client = client_of(desk, url, token_file, state or corpus.parent / ".acre")
    wanted = set(ids or ())
    dealt = folder.assignments() if not wanted and collection is None and not url else {}
    if dealt:
        wanted = {name for name, annotators in dealt.items() if desk in annotators}
        if not wanted:
            raise UsageError(
                f"{folder.assignments_path}: nothing is assigned to {desk}; deal with acre assign,"
                " or name articles"
            )
        say(f"{len(wanted)} articles are assigned to {desk}")
    skipped: list[str] = []
    unknown = set(wanted)
    collections = folder.collections()

    def chosen() -> Iterator[Any]:
        for article in folder.articles():
            unknown.discard(article.id)
            if wanted or collection:
                is_chosen = (not wanted or article.id in wanted) and collection in (
                    None,
                    article.collection,
                )
            else:
                is_chosen = collections.of(article).in_dataset
            if not is_chosen:
                continue
            if article.text is None:
                skipped.append(article.id)
                continue
            yield article

    with progress("loading") as step:
        report = load_.load(client, project, chosen(), labels, step)
    say(
        f"{client.url}/projects/{report.project}: {len(report.added)} added, {len(report.updated)}"
        f" updated, {len(report.unchanged)} unchanged"
    )
    for name in skipped:
        err.print(f"{name}: text-withheld: its text is not here; restore it first", markup=False)
    for name in sorted(unknown):
        err.print(f"{name}: no such article in {corpus}", markup=False)
    told = Told()
    for issue in report.issues:
        told.tell(issue)
    raise typer.Exit(1 if told.errors or skipped or unknown else 0)


@app.command()
def suggest(
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Article ids; by default all tasks that nobody has worked on."),
    ] = None,
    model: ModelOption = "lookup",
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Answer Label Studio as each task is opened, until Ctrl+C."),
    ] = False,
    port: Annotated[int, typer.Option(help="Of --serve.")] = 9090,
    project: ProjectOption = PROJECT,
    desk: DeskOption = DESK,
    url: UrlOption = None,
    token_file: TokenOption = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Offer an extractor's marks to annotators, who keep, correct or throw them away: as predictions, never as annotations."""
    labels, folder = schema_of(schema, corpus), Corpus(corpus)
    client = client_of(desk, url, token_file, state or corpus.parent / ".acre")
    from annotate.extract import extractors, service  # spaCy takes seconds to import

    extractor = extractors.load(model, corpus, labels)
    if serve:
        _serve_suggestions(
            client, project, service.Service(extractor, folder, labels, say), port, extractor.title
        )
        return
    wanted, told = set(ids or ()), Told()
    articles = (
        article
        for article in folder.articles()
        if article.text is not None and (not wanted or article.id in wanted)
    )
    with progress("suggesting") as step:
        counts = suggest_.suggest(
            client, project, articles, extractor.predict, extractor.title, labels, told.tell, step
        )
    for name, count in sorted(counts.items()):
        say(f"{count:7} {name}")
    if not counts:
        say("no task of these articles is in the project; load them with: acre load")
    raise typer.Exit(1 if told.errors or not counts else 0)


def _serve_suggestions(client: Client, title: str, answering: Any, port: int, version: str) -> None:
    from annotate.extract import service

    found = client.project(title)
    if found is None:
        raise UsageError(
            f"{client.url}: no project {title!r}; name one with --project, or make it with: acre"
            " load"
        )
    try:
        server_ = service.listen(answering, port)
    except OSError as error:
        raise UsageError(f"port {port}: {error.strerror}; name another with --port") from None
    thread = threading.Thread(target=server_.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{port}"
    if not any(known["url"] == address for known in client.services(found["id"])):
        client.add_service(found["id"], address, version)
    asked = {
        "show_collab_predictions": True,
        "evaluate_predictions_automatically": True,
        "model_version": version,
    }
    client.update_project(found["id"], asked)
    say(f"{version} answers at {address} for {client.url}/projects/{found['id']}; Ctrl+C stops it")
    try:
        while thread.is_alive():
            thread.join(1)
    except KeyboardInterrupt:
        say("stopped")
    finally:
        server_.shutdown()


@app.command()
def pull(
    project: ProjectOption = PROJECT,
    desk: DeskOption = DESK,
    url: UrlOption = None,
    token_file: TokenOption = None,
    annotator: Annotated[
        list[str] | None,
        typer.Option(
            help="EMAIL=PSEUDONYM, for each account; a desk's own account is the desk's name."
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Look at every task, not only at those touched since the last pull."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what would change.")
    ] = False,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Bring all annotations from Label Studio to annotations/<annotator>/; what does not fit is set aside in full."""
    labels, home = schema_of(schema, corpus), state or corpus.parent / ".acre"
    client = client_of(desk, url, token_file, home)
    told = Told(json_, "would write" if dry_run else "wrote")
    with progress("pulling") as step:
        counts = pull_.pull(
            client,
            project,
            Corpus(corpus),
            labels,
            pseudonyms(annotator, desk, url, home),
            everything,
            dry_run,
            told.tell,
            step,
        )
    show_counts(counts, json_)
    raise typer.Exit(1 if told.errors else 0)
