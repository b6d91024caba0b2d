"""Label Studio: pull."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from annotate.cli.common import (
    CORPUS,
    DESK,
    CorpusOption,
    DryRunOption,
    IssuePrinter,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StateOption,
    TokenOption,
    UrlOption,
    app,
    complain,
    progress,
    say,
    say_json,
    schema_of,
    show_counts,
    state_of,
)
from annotate.corpus import add as add_
from annotate.corpus.articles.reading import About
from annotate.corpus.store import Corpus, article_file
from annotate.formats import labelmap, labelstudio
from annotate.formats.labelmap import LabelMap
from annotate.labelstudio import client as client_
from annotate.labelstudio import load as load_
from annotate.labelstudio import pull as pull_
from annotate.labelstudio import server
from annotate.labelstudio.matching import Articles
from annotate.labelstudio.source import File, Server, Source, in_words
from annotate.model.issues import Issue, UsageError


@app.command()
def pull(
    project: ProjectOption = load_.PROJECT,
    desk: Annotated[
        str | None,
        typer.Option(
            "--desk",
            help="The desk: an annotator's own Label Studio on this machine; of a --file, whose it is.",
            show_default=DESK,
        ),
    ] = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            help=(
                "The file of a project that Label Studio gives under Export as JSON, or as a snapshot, instead of its"
                " server."
            ),
        ),
    ] = None,
    annotator: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EMAIL=PSEUDONYM",
            help=(
                "The annotator behind an account; give it once for each. A file may tell an account's number alone:"
                " ID=PSEUDONYM. The pseudonym is one of annotators.yaml; a desk's own account has the desk's name."
            ),
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            help="A map of foreign labels, links and answers to the schema's, in YAML; see docs/formats.md.",
        ),
    ] = None,
    add_to: Annotated[
        str | None,
        typer.Option(
            metavar="COLLECTION",
            help="Of a --file, first add the texts that the corpus does not have, to this collection.",
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Look at every task, not only at those touched since the last pull."
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Take a pass also where it has less than the one that it replaces."
        ),
    ] = False,
    each: Annotated[
        bool,
        typer.Option(
            "--list", help="List each file and each warning, not only how many there are."
        ),
    ] = False,
    dry_run: DryRunOption = False,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Bring all annotations from Label Studio to annotations/<annotator>/; what does not fit is set aside in full."""
    terms, folder, home = schema_of(schema, corpus), Corpus(corpus), state_of(state, corpus)
    if file is not None and url:
        raise UsageError("give --file or --url: annotations come from a file or from a server")
    if file is None and add_to is not None:
        raise UsageError("--add-to adds the texts of a --file; name one")
    of_desk = not url if file is None else desk is not None
    pseudonyms = server.read(home, desk or DESK).accounts if of_desk else {}
    pseudonyms |= _accounts(annotator or (), folder)
    label_map = LabelMap() if labels is None else labelmap.load(labels, terms)
    source: Source
    if file is None:
        client = client_.connect(home, desk or DESK, url, token_file)
        source = Server(client, project, folder, everything, dry_run, notes=not url)
    else:
        source = File(file)
    issues = IssuePrinter(json_, dry_run, sums=not each)
    articles = Articles(folder)
    if add_to is not None:
        articles = _added(source, folder, add_to, dry_run, issues)
    with progress("pulling") as step:
        counts = pull_.pull_from(
            source, folder, terms, pseudonyms, dry_run, issues.show, step,
            labelstudio.reader(terms, label_map), articles, force,
        )  # fmt: skip
    issues.sum_up("--list")
    _show_asked(source.asked(), json_)
    show_counts(counts, json_)
    raise typer.Exit(1 if issues.errors else 0)


def _show_asked(asked: dict[str, Any], as_json: bool) -> None:
    """Since when the server was asked, and how much it has."""
    if as_json and asked:
        say_json({"asked": asked})
    elif asked:
        say(in_words(asked))


def _added(
    source: Source, folder: Corpus, collection: str, dry_run: bool, issues: IssuePrinter
) -> Articles:
    """The corpus's articles and the source's texts that it did not have, which a dry run only takes to be there."""
    with progress("reading") as step:
        texts = pull_.texts(source, Articles(folder), About(collection))
        report = add_.add_readings(folder, texts, collection, step, dry_run)
    for near, other, likeness in report.near:
        message = f"{likeness:.0%} like {other.collection}/{other.id}; not added"
        issues.show(Issue(near.where, "article-repeated", message))
    for failed in report.failed:
        complain(failed.error or failed.where)
        issues.errors += 1
    new = [added.article for added in report.added if added.article is not None]
    for article in new:
        issues.show(article_file(article))
    return Articles(folder, new)


def _accounts(pairs: list[str] | tuple[str, ...], corpus: Corpus) -> dict[str, str]:
    """Declared pseudonyms by e-mail address or number, from EMAIL=PSEUDONYM or ID=PSEUDONYM."""
    accounts = {}
    for pair in pairs:
        account, _equals, name = pair.partition("=")
        if not account or not name:
            raise UsageError(f"--annotator {pair!r}: give it as EMAIL=PSEUDONYM or ID=PSEUDONYM")
        corpus.declared(name)
        accounts[account.lower()] = name
    return accounts
