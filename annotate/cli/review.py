"""Gold is read again: review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    DryRunOption,
    IssuePrinter,
    JsonOption,
    SchemaOption,
    app,
    complain,
    out,
    say,
    say_json,
    schema_of,
    show_counts,
    table,
)
from annotate.corpus.store import Corpus
from annotate.gold import review as review_
from annotate.gold import review_sheets
from annotate.model import ids
from annotate.model.issues import UsageError
from annotate.model.records import UnitCounts
from annotate.model.schema import SPAN_LAYERS, Layer


@app.command()
def review(
    articles: Annotated[
        list[str] | None, typer.Argument(help="Article ids; by default all that have gold.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", help="Write the sheets there, in the inline notation, with lints beside."
        ),
    ] = None,
    read: Annotated[
        bool,
        typer.Option("--read", help="Instead, read the corrected sheets of --folder into gold."),
    ] = False,
    lints: Annotated[
        bool,
        typer.Option(
            "--lints", help="With --read: only lints were looked at; nothing counts as read."
        ),
    ] = False,
    reviewer: Annotated[
        str | None,
        typer.Option(help="The reader's pseudonym; for counts: only what this reader read."),
    ] = None,
    dry_run: DryRunOption = False,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Read gold again: write a sheet of each document, and read it back with the changes and their reasons.

    Without --folder: how many units were read again, and how many of them were wrong.
    """
    name = ids.check("reviewer", reviewer) if reviewer else None
    if lints and not read:
        raise UsageError("--lints goes with --read: it says how the sheets were read")
    if folder is None:
        if read:
            raise UsageError("--read takes --folder, with the corrected sheets")
        raise typer.Exit(_count(Corpus(corpus), articles or (), name, json_))
    if read and name is None:
        raise UsageError("--read takes --reviewer, the pseudonym of who corrected the sheets")
    issues = IssuePrinter(json_, dry_run)
    run = review_sheets.Run(Corpus(corpus), schema_of(schema, corpus), folder, dry_run, issues.show)
    if read and name is not None:
        review_sheets.read(run, name, articles or (), lints)
    else:
        for path in review_sheets.write(run, articles or ()):
            issues.show(path)
    _show(run.report, json_)
    raise typer.Exit(1 if issues.errors or run.report.skipped else 0)


def _show(report: review_sheets.ReviewReport, as_json: bool) -> None:
    units = review_.total(report.units)
    if as_json:
        counts = {name: count for name, count in sorted(report.counts.items()) if count}
        say_json({"counts": counts, "units": _fields(units), "skipped": report.skipped})
        return
    for line in report.skipped:
        complain(f"left out: {line}", "red")
    show_counts(report.counts)
    if units:
        _show_units(units)


def _count(
    corpus: Corpus, articles: list[str] | tuple[str, ...], reviewer: str | None, as_json: bool
) -> int:
    """Print how much was read again and how much of it was wrong; 1 where an article that was named has no gold."""
    documents, readers, of_layers = 0, Counter[str](), []
    found = dict(review_sheets.reviewed(corpus, articles, reviewer))
    for reviews in found.values():
        documents += any(not each.lints_only for each in reviews)
        readers.update({each.annotator for each in reviews})
        of_layers += [each.units for each in reviews]
    units = review_.total(of_layers)
    missing = sorted(set(articles) - found.keys())
    if as_json:
        fields = {
            "gold": len(found),
            "read_again": documents,
            "reviewers": dict(sorted(readers.items())),
        }
        say_json(fields | {"units": _fields(units), "skipped": missing})
    else:
        say(f"read again: {documents} of {len(found)} documents of gold")
        for name, count in sorted(readers.items()):
            say(f"{count:>7} by {name}")
        if units:
            _show_units(units)
        for name in missing:
            complain(f"left out: {name}: there is no gold of that id", "red")
    return 1 if missing else 0


def _rows(units: Mapping[Layer, UnitCounts]) -> dict[str, UnitCounts]:
    """By name, the counts of all marks together, then those of each layer."""
    marks = sum((units[layer] for layer in SPAN_LAYERS if layer in units), UnitCounts())
    return {"all marks": marks} | {str(layer): count for layer, count in units.items()}


def _rates(count: UnitCounts) -> tuple[float | None, float | None]:
    """Wrong: changed or removed, of what was read. Missing: added, of what is there now. None of nothing."""
    there = count.read - count.removed + count.added
    wrong = (count.changed + count.removed) / count.read if count.read else None
    return wrong, count.added / there if there else None


def _fields(units: Mapping[Layer, UnitCounts]) -> dict[str, Any]:
    fields = {}
    for name, count in _rows(units).items() if units else ():
        wrong, missing = _rates(count)
        fields[name] = count.model_dump() | {"wrong": wrong, "missing": missing}
    return fields


def _show_units(units: Mapping[Layer, UnitCounts]) -> None:
    shown = table(
        "layer", "read", "changed", "removed", "added", "wrong", "missing", left=("layer",)
    )
    for name, count in _rows(units).items():
        rates = ("–" if rate is None else f"{rate:.1%}" for rate in _rates(count))
        numbers = (count.read, count.changed, count.removed, count.added)
        shown.add_row(name, *map(str, numbers), *rates)
    out.print(shown)
