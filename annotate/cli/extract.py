"""What an extractor tells of any article: extract."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    ModelOption,
    SchemaOption,
    app,
    err,
    out,
    progress,
    say,
    schema_of,
)
from annotate.corpus import store
from annotate.corpus.articles import reading
from annotate.model import notation
from annotate.model.issues import UsageError

FORMATS = ("table", "jsonl", "html", "acre")


@app.command()
def extract(
    files: Annotated[list[Path], typer.Argument(help=".txt, .html or .jsonl files.")],
    model: ModelOption = "lookup",
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            help="table, jsonl (rows as of the config claims), html, or acre: the inline notation.",
        ),
    ] = "table",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; by default it is printed.")
    ] = None,
    published: Annotated[
        str | None, typer.Option(help="Date of publication, as 2015-10-11.")
    ] = None,
    outlet: Annotated[str | None, typer.Option(help="Who published it.")] = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Tell who says what in any article: its claims as a table, as rows, or drawn in the text. Nothing is added to the corpus."""
    if format_ not in FORMATS:
        raise UsageError(f"no format {format_}; give one of {', '.join(FORMATS)}")
    try:
        day = dt.date.fromisoformat(published) if published else None
    except ValueError:
        raise UsageError(f"--published {published!r} is no date; give it as 2015-10-11") from None
    labels = schema_of(schema, corpus)
    from annotate.extract import extractors, page  # spaCy takes seconds to import

    extractor = extractors.load(model, corpus, labels)
    found, bad = [], 0
    with progress("reading") as step:
        for path in files:
            for read in reading.read(path, reading.About("local", published=day, outlet=outlet)):
                step()
                if read.article is None:
                    bad += 1
                    err.print(read.error, style="red", markup=False)
                else:
                    found.append((read.article, extractor.predict(read.article)[0]))
    if format_ == "table":
        for article, annotation in found:
            table = Table(
                title=article.title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
            )
            for row in extractors.claims(article, annotation, labels):
                text = page.claim_text(row, labels)
                if not table.columns:
                    for heading in text:
                        table.add_column(heading)
                table.add_row(*text.values())
            if table.columns:
                out.print(table)
            else:
                say(f"{article.title}: no claim was found")
    else:
        if format_ == "html":
            written = page.render(found, extractor, labels)
        elif format_ == "jsonl":
            rows = (
                row
                for article, annotation in found
                for row in extractors.claims(article, annotation, labels)
            )
            written = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        else:
            written = "\n".join(
                notation.render(article.text or "", annotation) for article, annotation in found
            )
        if output is None:
            out.print(written.rstrip("\n"), markup=False)
        else:
            store.write(output, written.encode())
            say(f"wrote {output}")
    raise typer.Exit(1 if bad else 0)
