"""From passes to gold: agreement, adjudicate."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    DryRunOption,
    IssuePrinter,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StateOption,
    app,
    complain,
    counted,
    progress,
    say,
    say_json,
    schema_of,
    show_counts,
    state_of,
)
from annotate.corpus import validate
from annotate.corpus.store import Corpus
from annotate.gold import desk_sheets, sheets
from annotate.labelstudio import client as client_
from annotate.labelstudio.load import PROJECT
from annotate.model import ids
from annotate.model.issues import UsageError

GOLD_PROJECT = "ACRE gold"


@app.command()
def agreement(
    annotators: Annotated[
        list[str] | None, typer.Argument(help="Whose passes are compared; by default everybody's.")
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option(help="Only articles of this collection; may be repeated.")
    ] = None,
    details: Annotated[
        bool,
        typer.Option(
            "--details",
            help="Also the worst places, confusions, types of disagreement, and each label.",
        ),
    ] = False,
    labels: Annotated[
        bool,
        typer.Option(
            "--labels/--no-labels",
            help="In the details and in --json: a line for each label, or for layers only.",
        ),
    ] = True,
    unaided: Annotated[
        bool, typer.Option("--unaided", help="Leave out passes that began with suggestions.")
    ] = False,
    worst: Annotated[
        int,
        typer.Option(min=0, help="In the details and in --json: how many of the worst places."),
    ] = 10,
    samples: Annotated[
        int, typer.Option(min=100, help="Resamples of the bootstrap, for the intervals.")
    ] = 1000,
    seed: Annotated[
        int, typer.Option(help="Of the bootstrap: the same seed, the same intervals.")
    ] = 0,
    json_: JsonOption = False,
    project: ProjectOption = PROJECT,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Measure how far independent passes agree, by layer, with 95 % intervals; --details shows labels, and
    where they differ.
    """
    from annotate.cli import agreement as report_
    from annotate.measure import agreement as agreement_  # numpy takes a tenth of a second

    if annotators and len(set(annotators)) < 2:
        raise UsageError(
            "agreement takes two annotators or more; name another, or none for everybody"
        )
    model, skipped = schema_of(schema, corpus), list[str]()
    with progress("comparing") as step:
        passes = validate.passes(
            Corpus(corpus), model, skipped.append, annotators or (), collection or (), unaided
        )
        is_full = details or json_
        report = agreement_.agreement(
            passes, model, seed, samples, worst if is_full else 0, labels and is_full, step
        )
    shown = {disagreement.article for disagreement in report.disagreements}
    pages = client_.task_pages(state_of(state, corpus), project, report.annotators, shown)
    if json_:
        say_json(report_.fields(report, pages))
    elif report.documents:
        report_.show(report, pages, labels, details)
    else:
        say("no article has two passes")
    for line in skipped:
        complain(f"left out: {line}", "red")
    raise typer.Exit(1 if skipped else 0)


@app.command()
def adjudicate(
    articles: Annotated[
        list[str] | None, typer.Argument(help="Article ids; by default every one with two passes.")
    ] = None,
    desk: Annotated[
        str | None,
        typer.Option(
            "--desk", help="The adjudicator's desk: sheets go there, and come back filled."
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", help="Instead, a folder where sheets are files in the inline notation."
        ),
    ] = None,
    adjudicator: Annotated[
        str | None,
        typer.Option(help="The adjudicator's pseudonym; by default the desk's name, or gold."),
    ] = None,
    annotators: Annotated[
        list[str] | None,
        typer.Option(
            "--annotator", help="Whose passes are taken, by default everybody's; may be repeated."
        ),
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option(help="Only articles of this collection; may be repeated.")
    ] = None,
    majority: Annotated[
        bool,
        typer.Option(
            "--majority",
            help="Take without a look what more than half of the passes have; gold records that.",
        ),
    ] = False,
    early: Annotated[
        bool,
        typer.Option("--early", help="Also articles for which assigned passes are still missing."),
    ] = False,
    dry_run: DryRunOption = False,
    json_: JsonOption = False,
    project: Annotated[
        str, typer.Option("--project", help="Title of the Label Studio project of sheets.")
    ] = GOLD_PROJECT,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Make gold: what passes agree on is taken, the rest becomes sheets for an adjudicator.

    Run it again to read the filled sheets back.
    """
    labels, issues = schema_of(schema, corpus), IssuePrinter(json_, dry_run)
    name = ids.check("adjudicator", adjudicator or desk or "gold")
    client = client_.connect(state_of(state, corpus), desk) if desk else None
    run = sheets.Run(Corpus(corpus), labels, name, majority, dry_run, issues.show)
    skipped: list[str] = []
    with progress("adjudicating") as step:
        passes = validate.passes(
            run.corpus, labels, skipped.append, annotators or (), collection or ()
        )
        documents = sheets.due(run, counted(passes, step), early, articles or ())
        filled = chain(
            desk_sheets.read(run, client, project) if client else (),
            sheets.read_files(run, folder) if folder else (),
        )
        new = sheets.gold_of(run, documents, filled)
        if client and not dry_run:
            sent = desk_sheets.load(client, project, labels, new)
            lines = [f"sheet {sheet} is at {client.url}" for sheet in sent]
        elif folder:
            wrote = "would write" if dry_run else "wrote"
            lines = [f"{wrote} {path}" for path in sheets.write_files(folder, new, dry_run)]
        else:
            lines = [f"{one.id}: {len(sheet.choices)} choices to make" for _name, one, sheet in new]
    unknown = sorted(run.report.unknown)
    skipped += [f"{article}: no article of that id has two passes" for article in unknown]
    _show_adjudicated(run.report, lines, skipped, json_)
    raise typer.Exit(1 if issues.errors or skipped or run.report.open else 0)


def _show_adjudicated(
    report: sheets.AdjudicationReport, lines: Sequence[str], skipped: Sequence[str], as_json: bool
) -> None:
    if as_json:
        say_json(
            {
                "counts": report.counts,
                "open": report.open,
                "origins": report.origins,
                "skipped": skipped,
            }
        )
        return
    for line in lines:
        say(line)
    for line in skipped:
        complain(f"left out: {line}", "red")
    origins = {f"units of gold, {origin}": count for origin, count in report.origins.items()}
    show_counts(report.counts | origins)
    if report.open:
        say("Open choices remain: fill the sheets, and run this again.")
