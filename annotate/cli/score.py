"""How good a system is: score; what two versions of the corpus differ in: diff."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    JsonOption,
    SchemaOption,
    app,
    complain,
    out,
    progress,
    say,
    say_if_few,
    say_json,
    schema_of,
    table,
)
from annotate.corpus.store import Corpus

if TYPE_CHECKING:
    from annotate.measure.coefficients import Estimate
    from annotate.measure.score import ScoreReport, ScoreRow

_ANNOTATIONS = (
    "a folder of .json annotations, such as corpus/gold; a .json or .jsonl with one annotation a line,"
    " as acre extract --format json writes them; the .parquet files of the config documents; or .acre"
    " files"
)
MEANINGS = {
    "identified": "the same words, whatever the label",
    "classified": "the same words and label",
    "strict": "all the same",
    "partial": "the same label; words that overlap count half",
    "overlap": "words that overlap are the same",
    "core": "a claim’s event, source and stance, by overlap",
}
"""Of each measure, what is taken as right."""


@app.command()
def score(
    gold: Annotated[Path, typer.Argument(help=f"What is right: {_ANNOTATIONS}.")],
    predicted: Annotated[
        Path,
        typer.Argument(help="A system's annotations of the same articles, in any of these forms."),
    ],
    against: Annotated[
        Path | None,
        typer.Option(
            help="Another system's annotations: is its F1 higher or lower by more than chance?"
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Only documents of this split of the corpus.")
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels/--no-labels", help="A line for each label, or over all only.")
    ] = True,
    samples: Annotated[
        int, typer.Option(min=100, help="Resamples of the bootstrap, for the intervals.")
    ] = 1000,
    seed: Annotated[
        int, typer.Option(help="Of the bootstrap and of the test: the same seed, the same figures.")
    ] = 0,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Score predictions against gold: precision, recall and F1 with 95 % intervals, from mentions to whole claims."""
    from annotate.formats import predictions  # datasets takes seconds to import
    from annotate.measure import score as score_

    model = schema_of(schema, corpus)
    systems = [predicted] if against is None else [predicted, against]
    documents = predictions.documents(gold, systems, Corpus(corpus), model, split)
    cases = predictions.checked(documents.cases(), gold, systems)
    with progress("scoring") as step:
        report = score_.score(cases, model, seed, samples, step)
    if json_:
        say_json(score_.fields(report))
    else:
        _show(report, labels)
    for name in documents.strays:
        complain(f"not scored: {name} is predicted, and gold has no such document", "yellow")
    for name in report.missing:
        complain(f"{name}: nothing is predicted; all of it counts as missed", "yellow")
    raise typer.Exit(0)


def _show(report: ScoreReport, labels: bool) -> None:
    from annotate.measure.score import ORDER

    is_compared = any(row.against for row in report.rows)
    headings = ("gold", "pred.", "P", "R", "F1", *(("other", "p") if is_compared else ()))
    for layer in ORDER:
        rows = [row for row in report.rows if row.layer == layer and (labels or row.label is None)]
        if not rows:
            continue
        shown = table(
            "", "", *headings, left=[""], title=layer, pad_edge=False, padding=(0, 1, 0, 0)
        )
        for column in shown.columns:
            column.no_wrap = True
        for row in rows:
            _add(shown, row, is_compared)
        out.print(shown)
    measures = {row.measure for row in report.rows}
    legend = [f"{name}: {meaning}" for name, meaning in MEANINGS.items() if name in measures]
    if legend:
        say("; ".join(legend))
    say(
        f"{report.documents} documents; 95 % intervals of F1 from a bootstrap over documents; –:"
        " not defined"
    )
    say_if_few(report.documents)
    missing = list(dict.fromkeys(row.layer for row in report.rows if _lacks(report, row.layer)))
    if missing:
        say(f"gold has none of: {', '.join(missing)}; what is predicted of them is not scored")
    if report.untokenised:
        say(
            f"{len(report.untokenised)} documents have no tokens here: measures over tokens leave"
            " them out"
        )


def _lacks(report: ScoreReport, layer: str) -> bool:
    return not any(row.gold for row in report.rows if row.layer == layer)


def _add(shown: Table, row: ScoreRow, is_compared: bool) -> None:
    from annotate.measure.score import MICRO

    cells = [_short(row.precision), _short(row.recall), _interval(row.f1)]
    if is_compared:
        cells += [f"{row.against.f1:+.2f}", f"{row.against.p:.3f}"] if row.against else ["", ""]
    style = "bold" if row.averaging == MICRO else ""
    of = row.label or row.averaging or ""
    shown.add_row(row.measure, of, str(row.gold), str(row.predicted), *cells, style=style)


def _short(estimate: Estimate) -> str:
    return "–" if estimate.value is None else f"{estimate.value:.2f}"


def _interval(estimate: Estimate) -> str:
    between = "" if estimate.low is None else f" {estimate.low:.2f}–{estimate.high:.2f}"
    return _short(estimate) + between


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
        bool,
        typer.Option(
            "--details/--no-details", help="Print each change, or only how many there are."
        ),
    ] = True,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Show what changed between two versions of the dataset: documents, marks, labels, links and answers."""
    from annotate.dataset import diff as diff_
    from annotate.dataset import reading

    with (
        reading.version(old, corpus) as before,
        reading.version(new or str(corpus), corpus) as after,
        progress("comparing") as step,
    ):
        changes = diff_.diff(
            reading.rows(before), reading.rows(after), schema_of(schema, corpus), step
        )
    if json_:
        names = ("added", "removed", "described", "same", "before", "after", "counts")
        fields = {name: getattr(changes, name) for name in names}
        say_json(fields | {"changes": [vars(change) for change in changes.changes]})
        return
    for line in changes.lines(details):
        say(line)
