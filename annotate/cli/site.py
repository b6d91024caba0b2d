"""The corpus as a site: site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    SchemaOption,
    app,
    complain,
    guidelines_of,
    progress,
    say,
    schema_of,
)
from annotate.corpus.store import Corpus


@app.command()
def site(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="The folder of the site; an earlier one there is replaced."
        ),
    ] = Path("build/site"),
    with_texts: Annotated[
        bool,
        typer.Option(
            "--with-texts",
            help=(
                "Show every text that is here, also those that may not be redistributed: for those who"
                " may read them, never to be published."
            ),
        ),
    ] = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Make a site of the corpus, to be opened from its folder: stories, documents, labels, guidelines, one search."""
    labels = schema_of(schema, corpus)
    from annotate.site import (
        site as site_,  # what reads a corpus and measures takes seconds to import
    )

    guidelines = guidelines_of(schema, corpus)
    with progress("documents") as step:
        report = site_.write(Corpus(corpus), labels, guidelines, output, with_texts, step)
    for issue in report.built.issues:
        complain(f"{issue.severity}: {issue}", "red")
    say(f"wrote {report.pages} pages of {report.documents} documents: {output / 'index.html'}")
    if report.withheld:
        say(f"  the words of {report.withheld} are not in it: their texts may not be redistributed")
    if report.unshippable:
        complain(
            f"  the words of {report.unshippable} texts that may not be redistributed are in it: do"
            " not publish it",
            "yellow",
        )
    raise typer.Exit(1 if report.built.issues else 0)
