"""The main job from end to end on the sample articles: Label Studio, annotation, dataset, and who did what to whom.

Works on a copy of the corpus under .demo/, so that the checkout stays as it is. `--no-wait` ends instead of leaving
Label Studio up with further articles to label.
"""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from annotate import cli
from annotate.corpus import store, validate
from annotate.corpus.store import Corpus
from annotate.dataset import build
from annotate.labelstudio import load as load_
from annotate.labelstudio import pull, server, tasks
from annotate.labelstudio.client import Client
from annotate.model import schema as schema_
from annotate.model.issues import AcreError, errors
from annotate.model.schema import Schema

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
            left = sum(1 for _ in corpus.articles()) - len(corpus.passes())
            cli.hold(
                desk,
                f"\nLabel Studio is up at {desk.url} with {left} articles to label.\n  e-mail   "
                f" {desk.email}\n  password  {desk.password}\nThen: acre pull --corpus"
                f" {corpus.root} --state {folder} --desk {ANNOTATOR}; Ctrl+C here stops the"
                " server.",
            )
    finally:
        server.stop(desk)


def _run(desk: server.Desk, source: Corpus, corpus: Corpus, schema: Schema) -> None:
    client = Client(desk.url, desk.token)
    loaded = load_.load(client, cli.PROJECT, corpus.articles(), schema)
    out.print(
        f"[bold]2[/] loaded: {len(loaded.added)} articles added, {len(loaded.unchanged)} there"
        " already"
    )
    out.print(
        f"[bold]3[/] submitted {_submit(client, loaded.project, source, schema)} prepared"
        " annotations through the API"
    )
    told = cli.Told()
    counts = pull.pull(
        client,
        cli.PROJECT,
        corpus,
        schema,
        {desk.email or "": ANNOTATOR},
        everything=True,
        tell=told.tell,
    )
    out.print(
        "[bold]4[/] pulled:"
        f" {', '.join(f'{count} {name}' for name, count in sorted(counts.items()) if count)}"
    )
    _compare(source, corpus)
    found = [
        issue
        for article, annotation, _ in corpus.annotated()
        for issue in validate.check(annotation, article, schema)
    ]
    out.print(
        f"[bold]5[/] validated: {len(errors(found))} errors; every mark came back as it was sent"
    )
    built = build.build(corpus, schema)
    out.print(f"[bold]6[/] built {corpus.root}: {built.documents.total()} documents")
    if told.errors or errors(found) or built.issues or loaded.issues:
        raise AcreError(
            "\n".join(["the demo met issues", *map(str, (*found, *built.issues, *loaded.issues))])
        )
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
        for page in client.tasks(project)
        for task in page
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
            name: kind.int2str
            for name, kind in claims.features.items()
            if name in ("label", "realis", "stance", "voice")
        }
        document = None
        for claim in claims:
            if document not in (None, claim["document"]):
                table.add_section()
            document = claim["document"]
            label, realis, voice = (
                names[name](claim[name]) for name in ("label", "realis", "voice")
            )
            did = label if realis == "actual" else f"{label} ({realis.replace('_', ' ')})"
            told = [
                claim["source"] or "(unattributed)",
                *(outer["source"] or "(unattributed)" for outer in claim["via"]),
            ]
            stance = names["stance"](claim["stance"]) if voice == "source" else ""
            table.add_row(
                _words(claim, "agent", "participant"), did, _words(claim, "target", "victim", "object", "recipient"),
                _words(claim, "place", "origin", "destination", "time", "count"), " ← ".join(told), stance,
            )  # fmt: skip
        table.add_section()
    out.print(table)
    count = sum(len(claims) for claims in splits.values())
    out.print(
        f"{count} claims loaded with load_dataset({str(corpus.root)!r}, 'claims')", markup=False
    )
    shutil.rmtree(cache, ignore_errors=True)


def _words(claim: dict[str, Any], *roles: str) -> str:
    return "; ".join(filler["text"] for role in roles for filler in claim[role])


if __name__ == "__main__":
    cli.run("demo", lambda: typer.run(demo))
