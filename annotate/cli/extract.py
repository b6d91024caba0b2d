"""What an extractor finds in any article: extract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    ModelOption,
    PublishedOption,
    SchemaOption,
    app,
    complain,
    date_of,
    deliver,
    out,
    progress,
    say,
    schema_of,
    table,
)
from annotate.corpus.articles import reading
from annotate.model import notation
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema

if TYPE_CHECKING:
    from annotate.extract.extractors import Extractor

FORMATS = ("table", "json", "jsonl", "html", "acre")
Document = tuple[Article, Annotation]


@app.command()
def extract(
    files: Annotated[list[Path], typer.Argument(help=".txt, .html or .jsonl files.")],
    model: ModelOption = "lookup",
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            help=(
                "table; json, annotations for acre score, one a line; jsonl, rows as in the dataset's"
                " config claims; html, a page with the marked text; or acre, the inline notation."
            ),
        ),
    ] = "table",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A file for any format but table; by default it is printed.",
        ),
    ] = None,
    story: Annotated[
        bool,
        typer.Option(
            "--story",
            help=(
                "With html: what each source says of the events that the files seem to share, side by"
                " side; which events are the same is guessed."
            ),
        ),
    ] = False,
    published: PublishedOption = None,
    outlet: Annotated[str | None, typer.Option(help="Who published it.")] = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Find who says what in any article: its claims as a table or as rows, or its marks in the text.

    Nothing is added to the corpus.
    """
    if format_ not in FORMATS:
        raise UsageError(f"no format {format_}; give one of {', '.join(FORMATS)}")
    if format_ == "table" and output is not None:
        raise UsageError(
            f"--output {output}: a table is only printed; give --format json, jsonl, html or acre with it"
        )
    if story and format_ != "html":
        raise UsageError("--story is a page; give --format html with it")
    about = reading.About("local", published=date_of(published), outlet=outlet)
    labels = schema_of(schema, corpus)
    from annotate.extract import extractors  # spaCy takes seconds to import
    from annotate.site import extracted

    extractor = extractors.load(model, corpus, labels)
    unread: list[str] = []
    with progress("reading") as step:
        documents = list(_documents(files, about, extractor, unread, step))
    if format_ == "table":
        _show_claims(documents, labels)
    else:
        if format_ == "html":
            content = extracted.render(documents, extractor, labels, story)
        elif format_ == "json":
            content = "".join(_annotations(documents))
        elif format_ == "jsonl":
            content = "".join(_rows(documents, labels))
        else:
            content = "\n".join(
                notation.render(article.text or "", annotation) for article, annotation in documents
            )
        deliver(content, output)
        if output is not None:
            say(f"wrote {output}")
    raise typer.Exit(1 if unread else 0)


def _documents(
    files: Iterable[Path],
    about: reading.About,
    extractor: Extractor,
    unread: list[str],
    step: Callable[[], None],
) -> Iterator[Document]:
    """Each article with what the extractor finds in it; what can't be read is printed and goes to `unread`."""
    for path in files:
        for part in reading.read(path, about):
            step()
            if part.article is None:
                unread.append(part.where)
                complain(part.error or part.where, "red")
            else:
                for note in part.notes:
                    complain(f"{part.where}: {note}")
                if part.article.published is None:
                    complain(
                        f"{part.where}: no date: times stay relative; give --published", "yellow"
                    )
                yield part.article, extractor.predict(part.article)[0]


def _annotations(documents: Iterable[Document]) -> Iterator[str]:
    """The annotations as JSON, one a line."""
    for _article, annotation in documents:
        yield annotation.model_dump_json(exclude_defaults=True) + "\n"


def _rows(documents: Iterable[Document], schema: Schema) -> Iterator[str]:
    """The claims as JSON, one a line."""
    from annotate.extract import extractors

    for article, annotation in documents:
        for row in extractors.claims(article, annotation, schema):
            yield json.dumps(row, ensure_ascii=False) + "\n"


def _show_claims(documents: Sequence[Document], schema: Schema) -> None:
    from annotate.extract import extractors
    from annotate.site import extracted

    for article, annotation in documents:
        claims = [
            extracted.claim_text(row, schema)
            for row in extractors.claims(article, annotation, schema)
        ]
        if not claims:
            say(f"{article.title}: no claim was found")
            continue
        shown = table(*claims[0], left=claims[0], title=article.title, pad_edge=False)
        for claim in claims:
            shown.add_row(*claim.values())
        out.print(shown)
