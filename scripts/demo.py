"""The main job from end to end on the sample articles: Label Studio, annotation, dataset, and who did what to whom.

Works on a copy of the corpus under .demo/, so that the checkout stays as it is. `--no-wait` ends instead of leaving
Label Studio up with further articles to label.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus
from annotate.dataset import build
from annotate.labelstudio import load as load_
from annotate.labelstudio import pull, server, tasks
from annotate.labelstudio.client import Client
from annotate.model import schema as schema_
from annotate.model.issues import AcreError, Issue, errors
from annotate.model.schema import Schema
from scripts import terminal

ROOT = Path(__file__).parents[1]
PREPARED = "sample"
ANNOTATOR = "demo"
# The table wants width; in a pipe there is no terminal to ask for it.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 160)


def demo(
    wait: Annotated[bool, typer.Option(help="Leave Label Studio up until Ctrl+C.")] = True,
    folder: Annotated[
        Path, typer.Option(help="Where the demo keeps its corpus and its server.")
    ] = ROOT / ".demo",
    port: Annotated[
        int | None, typer.Option(help="Port of Label Studio; by default a free one from 8080.")
    ] = None,
) -> None:
    """Run the demo."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    schema, source = schema_.load(ROOT / "guidelines" / "schema.yaml"), Corpus(ROOT / "corpus")
    corpus = _copy(source, folder / "corpus")
    out.print("[bold]1[/] starting Label Studio (the first start takes about half a minute) …")
    desk = server.start(folder, ANNOTATOR, port, guidelines=ROOT / "build" / "guidelines")
    try:
        _run(desk, source, corpus, schema)
        if wait:
            server.hold(desk, lambda: _announce(desk, corpus, folder))
            print("stopped")
    finally:
        server.stop(desk)


def _announce(desk: server.Desk, corpus: Corpus, state: Path) -> None:
    left = sum(1 for _ in corpus.articles()) - len(corpus.passes())
    print(
        f"\nLabel Studio is up at {desk.url} with {left} articles to label.\n"
        f"  e-mail    {desk.email}\n  password  {desk.password}\n"
        f"Then: acre pull --corpus {corpus.root} --state {state} --desk {ANNOTATOR};"
        " Ctrl+C here stops the server.",
        flush=True,
    )


def _run(desk: server.Desk, source: Corpus, corpus: Corpus, schema: Schema) -> None:
    client = Client(desk.url, desk.token)
    loaded = load_.load(client, load_.PROJECT, corpus.articles(), schema)
    out.print(
        f"[bold]2[/] loaded: {len(loaded.added)} articles added, {len(loaded.unchanged)} there"
        " already"
    )
    out.print(
        f"[bold]3[/] submitted {_submit(client, loaded.project, source, schema)} prepared"
        " annotations through the API"
    )
    events: list[Issue | str] = []
    counts = pull.pull(
        client, load_.PROJECT, corpus, schema, desk.accounts, everything=True, notify=events.append
    )
    issues = [event for event in events if isinstance(event, Issue)]
    out.print(
        "[bold]4[/] pulled:"
        f" {', '.join(f'{count} {name}' for name, count in sorted(counts.items()) if count)}"
    )
    _compare(source, corpus)
    for article, annotation, _ in corpus.annotated():
        issues += validate.check(annotation, article, schema)
    out.print(
        f"[bold]5[/] validated: {len(errors(issues))} errors; every mark came back as it was sent"
    )
    built = build.build(corpus, schema)
    out.print(f"[bold]6[/] built {corpus.root}: {built.documents.total()} documents")
    if errors(issues) or built.issues or loaded.issues:
        lines = map(str, (*issues, *built.issues, *loaded.issues))
        raise AcreError("\n".join(["the demo found issues", *lines]))
    _table(corpus)


def _copy(source: Corpus, root: Path) -> Corpus:
    """A corpus with the articles and no annotations; what was pulled into it before is kept."""
    for name in ("collections.yaml", "annotators.yaml"):
        store.write(root / name, (source.root / name).read_bytes())
    corpus = Corpus(root)
    for article in source.articles():
        if article.collection == "sample":
            corpus.write_article(article)
    return corpus


def _submit(client: Client, project: int, source: Corpus, schema: Schema) -> int:
    """Submit the prepared annotations that the project does not have yet, as the desk's own account."""
    open_tasks = {
        task["data"]["article"]: task["id"]
        for task in chain.from_iterable(client.tasks(project))
        if not task["total_annotations"]
    }
    submitted = 0
    for article, annotation, _ in source.annotated():
        if annotation.provenance.annotator == PREPARED and article.id in open_tasks:
            client.annotate(open_tasks[article.id], tasks.result(annotation, article, schema))
            submitted += 1
    return submitted


def _compare(source: Corpus, corpus: Corpus) -> None:
    for article, sent, _ in source.annotated():
        if sent.provenance.annotator != PREPARED:
            continue
        pulled = store.read_annotation(corpus.annotation_path(ANNOTATOR, article.id))
        if pulled.layers() != sent.layers():
            raise AcreError(
                f"{article.id}: Label Studio gave back another annotation than it was sent; was it"
                " edited in the browser?"
            )


def _table(corpus: Corpus) -> None:
    """Load the dataset as its user does, and print its claims."""
    from datasets import disable_progress_bars, load_dataset

    disable_progress_bars()
    cache = corpus.root / "aside" / "cache"
    splits: Any = load_dataset(str(corpus.root), "claims", cache_dir=str(cache))
    table = Table(
        title="Who did what to whom, according to whom", expand=False, row_styles=["", "dim"]
    )
    for heading in (
        "who",
        "did what",
        "to whom or what",
        "where, when, how many",
        "according to",
        "stance",
    ):
        table.add_column(heading, overflow="fold")
    for claims in splits.values():
        names = {
            name: column.int2str
            for name, column in claims.features.items()
            if name in ("label", "realis", "stance", "voice")
        }
        document = None
        for claim in claims:
            if document not in (None, claim["document"]):
                table.add_section()
            document = claim["document"]
            labels = {
                name: to_name(claim[name])
                for name, to_name in names.items()
                if claim[name] is not None
            }
            table.add_row(*_cells(claim | labels))
        table.add_section()
    out.print(table)
    count = sum(len(claims) for claims in splits.values())
    out.print(
        f"{count} claims loaded with load_dataset({str(corpus.root)!r}, 'claims')", markup=False
    )
    shutil.rmtree(cache, ignore_errors=True)


def _cells(claim: dict[str, Any]) -> Iterator[str]:
    """A claim with its labels as names, in the columns of the table."""
    yield _words(claim, "agent", "participant")
    realis = claim["realis"].replace("_", " ")
    yield claim["label"] if realis == "actual" else f"{claim['label']} ({realis})"
    yield _words(claim, "target", "victim", "object", "recipient")
    yield _words(claim, "place", "origin", "destination", "time", "count")
    sources = (source["source"] or "(unattributed)" for source in (claim, *claim["via"]))
    yield " ← ".join(sources)
    yield "only mentioned" if claim["mentioned"] else claim["stance"] or ""


def _words(claim: dict[str, Any], *roles: str) -> str:
    fillers = chain.from_iterable(claim[role] for role in roles)
    return "; ".join(filler["text"] for filler in fillers)


if __name__ == "__main__":
    terminal.run(demo)
