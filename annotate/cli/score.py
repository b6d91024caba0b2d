"""How good a system is: score; what two versions of the corpus differ in: diff."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    JsonOption,
    SchemaOption,
    app,
    err,
    out,
    progress,
    say,
    schema_of,
)
from annotate.corpus import splits
from annotate.corpus.store import Corpus
from annotate.measure import score as score_
from annotate.measure.coefficients import Estimate
from annotate.measure.score import Case, Report, Row
from annotate.model import tokens
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Article, Span


@app.command()
def score(
    gold: Annotated[
        Path,
        typer.Argument(
            help="Folder of .json annotations, .jsonl, or .parquet of the config documents."
        ),
    ],
    predicted: Annotated[
        Path,
        typer.Argument(help="A system's annotations of the same articles, in any of these forms."),
    ],
    against: Annotated[
        Path | None,
        typer.Option(help="Another system's; is its F1 higher or lower by more than chance?"),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Only documents of this split of the corpus.")
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels/--no-labels", help="A line for each label, or over all only.")
    ] = True,
    samples: Annotated[int, typer.Option(min=100, help="Resamples of the bootstrap.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the bootstrap and of the test.")] = 0,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Score predictions against gold: precision, recall and F1 with 95 % intervals, from mentions to whole claims."""
    from annotate.dataset import reading  # datasets takes seconds to import

    model = schema_of(schema, corpus)
    wanted = {found.article: found for found in reading.read(gold, model)}
    systems = [
        {found.article: found for found in reading.read(path, model)}
        for path in (predicted, against)
        if path is not None
    ]
    for path, system in zip((predicted, against), systems, strict=False):
        other = next(
            (
                name
                for name, found in system.items()
                if name in wanted and found.sha256 != wanted[name].sha256
            ),
            None,
        )
        if other is not None:
            raise AcreError(
                f"{path}: {other}: made on another text than gold; offsets would point elsewhere"
            )
    strays = sorted(set().union(*systems) - set(wanted))
    articles = _articles(Corpus(corpus), wanted, split)
    if split is not None:
        wanted = {name: found for name, found in wanted.items() if name in articles}
    if not wanted:
        raise UsageError(
            f"{gold}: no document to score" + (f" in the split {split}" if split else "")
        )

    def cases() -> Iterator[Case]:
        for name, found in sorted(wanted.items()):
            yield Case(
                found,
                tuple(system.get(name) for system in systems),
                _tokens(Corpus(corpus), articles.get(name)),
            )

    with progress("scoring") as step:
        report = score_.score(cases(), model, seed, samples, step)
    if json_:
        out.print(json.dumps(score_.fields(report), ensure_ascii=False), markup=False)
    else:
        _show(report, labels)
    for name in strays if split is None else ():
        err.print(
            f"not scored: {name} is predicted, and gold has no such document",
            style="yellow",
            markup=False,
        )
    for name in report.missing:
        err.print(
            f"{name}: nothing is predicted; all of it counts as missed",
            style="yellow",
            markup=False,
        )
    raise typer.Exit(0)


def _articles(corpus: Corpus, names: Any, split: str | None) -> dict[str, Article]:
    """The corpus's articles of those names and of the split; none where there is no corpus."""
    if not corpus.root.exists():
        if split is not None:
            raise UsageError(
                f"{corpus.root}: no such corpus, and a split is the corpus's; name it with --corpus"
            )
        return {}
    split_of = splits.lookup(corpus)
    return {
        article.id: article
        for article in corpus.articles()
        if article.id in names and (split is None or split_of(article) == split)
    }


def _tokens(corpus: Corpus, article: Article | None) -> tuple[Span, ...] | None:
    """The article's tokens, from its text or, where that is withheld, as they were kept."""
    if article is None:
        return None
    cut = corpus.sentences(article) if article.text is None else tokens.sentences(article)
    return (
        None
        if cut is None
        else tuple(Span(start=a, end=b) for sentence in cut for a, b in sentence.tokens)
    )


def _show(report: Report, labels: bool) -> None:
    is_compared = any(row.against for row in report.rows)
    for layer in score_.ORDER:
        rows = [row for row in report.rows if row.layer == layer and (labels or row.label is None)]
        if not rows:
            continue
        table = Table(
            title=layer,
            title_justify="left",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )
        for heading in (
            "",
            "",
            "gold",
            "pred.",
            "P",
            "R",
            "F1",
            *(("other", "p") if is_compared else ()),
        ):
            table.add_column(heading, justify="left" if not heading else "right", no_wrap=True)
        for row in rows:
            _add(table, row, is_compared)
        out.print(table)
    say(
        f"{report.documents} documents; 95 % intervals of F1 from a bootstrap over documents; –:"
        " not defined"
    )
    if report.untokenised:
        say(
            f"{len(report.untokenised)} documents have no tokens here: measures over tokens leave"
            " them out"
        )


def _add(table: Table, row: Row, is_compared: bool) -> None:
    told = row.label or row.averaging or ""
    cells = [_short(row.precision), _short(row.recall), _interval(row.f1)]
    if is_compared:
        cells += [f"{row.against.f1:+.2f}", f"{row.against.p:.3f}"] if row.against else ["", ""]
    style = "bold" if row.averaging == score_.MICRO else ""
    table.add_row(row.measure, told, str(row.gold), str(row.predicted), *cells, style=style)


def _short(found: Estimate) -> str:
    return "–" if found.value is None else f"{found.value:.2f}"


def _interval(found: Estimate) -> str:
    return _short(found) + ("" if found.low is None else f" {found.low:.2f}–{found.high:.2f}")


@app.command()
def diff(
    old: Annotated[
        str,
        typer.Argument(
            help="A corpus folder or a built dataset; or a revision of git, such as corpus-0.1.0."
        ),
    ],
    new: Annotated[
        str, typer.Argument(help="The other one; by default the corpus as it is built now.")
    ] = "",
    details: Annotated[
        bool, typer.Option("--details/--no-details", help="Tell each change, or their number only.")
    ] = True,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Tell what changed between two versions: documents, and in them what was added, removed, relabelled, moved, re-argued."""
    from annotate.dataset import diff as diff_
    from annotate.dataset import reading

    with (
        reading.version(old, corpus) as before,
        reading.version(new or str(corpus), corpus) as after,
        progress("comparing") as step,
    ):
        found = diff_.diff(
            reading.rows(before), reading.rows(after), schema_of(schema, corpus), step
        )
    if json_:
        fields = {
            name: getattr(found, name)
            for name in ("added", "removed", "described", "same", "before", "after", "counts")
        }
        out.print(
            json.dumps(
                fields | {"changes": [vars(change) for change in found.changes]}, ensure_ascii=False
            ),
            markup=False,
        )
        return
    show_diff(found, details)


def show_diff(found: Any, details: bool) -> None:
    """The changes for a person: documents, then layers with counts, then each change."""
    for what, names in (("+", found.added), ("-", found.removed)):
        for name in names:
            say(f"{what} {name}")
    for name, fields in found.described.items():
        say(f"~ {name}: {', '.join(fields)}")
    document = None
    for change in found.changes if details else ():
        if change.document != document:
            document = change.document
            say(f"~ {document}")
        told = " → ".join(part for part in (change.was, change.now) if part is not None)
        say(f"    {change.kind} {change.layer}: {told}")
    for layer, counts in sorted(found.counts.items()):
        say(f"{layer}: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    say(
        f"{len(found.added)} documents added, {len(found.removed)} removed, {found.same} as they"
        " were"
    )
