"""From passes to gold: agreement, adjudicate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from annotate.cli.common import (
    CORPUS,
    PROJECT,
    CorpusOption,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StateOption,
    Told,
    app,
    client_of,
    err,
    out,
    progress,
    say,
    schema_of,
    show_counts,
)
from annotate.corpus import validate
from annotate.corpus.store import Corpus
from annotate.gold import sheets
from annotate.labelstudio import server
from annotate.labelstudio.client import Client
from annotate.measure import agreement as agreement_
from annotate.model import ids
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Annotation, Article
from annotate.model.schema import LINK_LAYERS, MARK_LAYERS, Layer

GOLD_PROJECT = "ACRE gold"
_SORTS = 10
"""How many sorts of disagreement are told."""
_TABLES = (
    ("Marks", MARK_LAYERS, ("F1", "F1 overlap", "α tokens", "α_u")),
    ("Answers on marks that both have", (Layer.ATTRIBUTE,), ("same", "α", "κ")),
    (
        "Links and claims",
        (*LINK_LAYERS, Layer.CLAIM),
        ("F1", "F1 overlap", "F1 matched ends"),
    ),
)


@app.command()
def agreement(
    annotators: Annotated[
        list[str] | None, typer.Argument(help="Whose passes are compared; by default everybody's.")
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option(help="Only articles of this collection; give several.")
    ] = None,
    labels: Annotated[
        bool,
        typer.Option("--labels/--no-labels", help="A line for each label, or for layers only."),
    ] = True,
    unaided: Annotated[
        bool, typer.Option("--unaided", help="Leave out passes that began with suggestions.")
    ] = False,
    worst: Annotated[
        int, typer.Option(min=0, help="How many disagreements are shown, the worst of all.")
    ] = 10,
    samples: Annotated[int, typer.Option(min=100, help="Resamples of the bootstrap.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    json_: JsonOption = False,
    project: ProjectOption = PROJECT,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Measure how far independent passes agree, per layer and label, with 95 % intervals, and show where they differ."""
    if annotators and len(set(annotators)) < 2:
        raise UsageError(
            "agreement takes two annotators or more; name another, or none for everybody"
        )
    skipped: list[str] = []
    with progress("comparing") as step:
        passes = validate.passes(
            Corpus(corpus),
            schema_of(schema, corpus),
            skipped.append,
            annotators or (),
            collection or (),
            unaided,
        )
        report = agreement_.agreement(
            passes, schema_of(schema, corpus), seed, samples, worst, labels, step
        )
    links = _links(state or corpus.parent / ".acre", report, project)
    if json_:
        out.print(json.dumps(_fields(report, links), ensure_ascii=False), markup=False)
    elif report.documents:
        _show(report, links, labels)
    else:
        say("no article has two passes")
    for told in skipped:
        err.print(f"left out: {told}", style="red", markup=False)
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
        typer.Option("--folder", help="A folder where sheets are files in the inline notation."),
    ] = None,
    adjudicator: Annotated[
        str | None,
        typer.Option(help="The adjudicator's pseudonym; by default the desk's name, or gold."),
    ] = None,
    annotators: Annotated[
        list[str] | None,
        typer.Option("--annotator", help="Whose passes are taken; by default everybody's."),
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option(help="Only articles of this collection; give several.")
    ] = None,
    majority: Annotated[
        bool,
        typer.Option(
            "--majority", help="Take what more than half of the passes have, unread; gold says so."
        ),
    ] = False,
    early: Annotated[
        bool,
        typer.Option("--early", help="Also articles for which assigned passes are still missing."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what would be.")
    ] = False,
    json_: JsonOption = False,
    project: Annotated[
        str, typer.Option("--project", help="Title of the Label Studio project of sheets.")
    ] = GOLD_PROJECT,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Make gold: what passes agree on is taken, the rest becomes sheets for an adjudicator; run again to read them back."""
    labels, store_, told = (
        schema_of(schema, corpus),
        Corpus(corpus),
        Told(json_, "would write" if dry_run else "wrote"),
    )
    name = adjudicator or desk or "gold"
    client = client_of(desk, None, None, state or corpus.parent / ".acre") if desk else None
    run = sheets.Run(store_, labels, ids.check("adjudicator", name), majority, dry_run, told.tell)
    skipped: list[str] = []
    unknown = set(articles or ())
    with progress("adjudicating") as step:

        def documents() -> Iterator[tuple[Article, list[Annotation]]]:
            for article, passes in validate.passes(
                store_, labels, skipped.append, annotators or (), collection or ()
            ):
                step()
                if not articles or article.id in articles:
                    unknown.discard(article.id)
                    yield article, passes

        filled = chain(
            sheets.read(run, client, project) if client else (),
            sheets.read_files(run, folder) if folder else (),
        )
        made = sheets.gold_of(run, sheets.due(run, documents(), early), filled)
        if client and not dry_run:
            out_ = [
                f"sheet {name} is at {client.url}"
                for name in sheets.load(client, project, labels, made)
            ]
        elif folder:
            out_ = [
                f"{'would write' if dry_run else 'wrote'} {path}"
                for path in sheets.write_files(folder, made, dry_run)
            ]
        else:
            out_ = [
                f"{article.id}: {len(sheet.choices)} choices to make"
                for _name, article, sheet in made
            ]
    skipped += [f"{name}: no article of that id has two passes" for name in sorted(unknown)]
    _tell_adjudicated(run, out_, skipped, json_)
    raise typer.Exit(1 if told.errors or skipped or run.report.open else 0)


def _tell_adjudicated(run: sheets.Run, lines: list[str], skipped: list[str], as_json: bool) -> None:
    report = run.report
    if as_json:
        fields = {
            "counts": report.counts,
            "open": report.open,
            "origins": report.origins,
            "skipped": skipped,
        }
        out.print(json.dumps(fields, ensure_ascii=False), markup=False)
        return
    for line in lines:
        say(line)
    for line in skipped:
        err.print(f"left out: {line}", style="red", markup=False)
    show_counts(
        report.counts
        | {f"units of gold, {origin}": count for origin, count in report.origins.items()}
    )
    if report.open:
        say("Open choices remain: fill the sheets, and run this again.")


def _links(state: Path, report: agreement_.Report, project: str) -> dict[tuple[str, str], str]:
    """Address of the task behind each shown pass, where its annotator's desk is up."""
    wanted = {found.article for found in report.disagreements}
    links: dict[tuple[str, str], str] = {}
    for name in report.annotators if wanted else ():
        try:
            desk = server.read(state, name)
            if desk.pid is not None and not server.is_ours(desk):
                continue
            client = Client(desk.url, desk.token)
            found = client.project(project)
            for page in client.tasks(found["id"]) if found else ():
                for task in page:
                    if task["data"].get("article") in wanted:
                        links[name, task["data"]["article"]] = (
                            f"{desk.url}/projects/{task['project']}/data?task={task['id']}"
                        )
        except AcreError:  # no such desk, or it is down: the file is named instead
            continue
    return links


def _fields(report: agreement_.Report, links: dict[tuple[str, str], str]) -> dict[str, Any]:
    return {
        "annotators": report.annotators,
        "documents": report.documents,
        "untokenised": report.untokenised,
        "nested": report.nested,
        "rows": [
            {
                "layer": row.layer,
                "label": row.label,
                "counts": row.counts,
                "measures": {name: vars(found) for name, found in row.measures.items()},
            }
            for row in report.rows
        ],
        "confusions": {
            layer: [
                [*pair, count]
                for pair, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
            ]
            for layer, counts in report.confusions.items()
        },
        "sorts": [
            {**sort._asdict(), "count": count, "example": report.examples[sort]}
            for sort, count in agreement_.most(report.sorts)
        ],
        "disagreements": [
            vars(found)
            | {
                "tasks": {
                    name: links[name, found.article]
                    for name in found.shown
                    if (name, found.article) in links
                }
            }
            for found in report.disagreements
        ],
    }


def _show(report: agreement_.Report, links: dict[tuple[str, str], str], labels: bool) -> None:
    for found in reversed(report.disagreements):  # the worst stands last, next to the table
        say(f"\n{found.article} {found.start}–{found.end}: {found.units} units differ")
        for name, shown in found.shown.items():
            say(
                f"  {name}:"
                f" {links.get((name, found.article), f'annotations/{name}/{found.article}.json')}"
            )
            say("".join(f"    {line}\n" for line in shown.split("\n")).rstrip("\n"))
    for layer, counts in report.confusions.items():
        if counts:
            _show_confusions(layer, counts)
    if report.sorts:
        _show_sorts(report)
    say(
        f"\nAgreement of {', '.join(report.annotators)} on {report.documents} documents (95 %"
        " intervals)"
    )
    for title, layers, names in _TABLES:
        _show_rows(
            title,
            [row for row in report.rows if row.layer in layers],
            names,
            report.annotators,
            labels,
        )
    say(
        "F1: same label and words; overlap: words that overlap; matched ends: of those whose marks"
        " both have; same: share of equal answers; –: not defined"
    )
    if report.untokenised:
        say(f"{report.untokenised} documents have no text here: nothing is said of their tokens")
    if report.nested:
        say(f"{report.nested} marks lie in one of the same label: α_u takes the outer one")


def _show_sorts(report: agreement_.Report) -> None:
    """The most frequent sorts of disagreement, each with a place where it can be looked at."""
    total, shown = report.sorts.total(), agreement_.most(report.sorts)[:_SORTS]
    title = (
        f"The {len(shown)} most frequent of {len(report.sorts)} sorts of disagreement ({total} in"
        " all)"
    )
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for heading in ("times", "share"):
        table.add_column(heading, justify="right")
    table.add_column("what differs")
    table.add_column("for example", overflow="fold")
    for sort, count in shown:
        article, start, end = report.examples[sort]
        table.add_row(
            str(count), f"{100 * count / total:.0f} %", str(sort), f"{article} {start}–{end}"
        )
    out.print(table)


def _show_rows(
    title: str,
    rows: list[agreement_.Row],
    names: tuple[str, ...],
    annotators: Sequence[str],
    labels: bool,
) -> None:
    """A table that fits into eighty columns: a line for each layer, and under it one for each label."""
    if not rows:
        return
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column("", no_wrap=True)
    for heading in ("units", *names):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        is_layer = row.label is None
        if labels or is_layer or row.layer == Layer.ATTRIBUTE:
            units = "/".join(str(row.counts.get(name, 0)) for name in annotators)
            cells = (_cell(row.measures.get(name)) for name in names)
            told = row.layer if is_layer else f"  {row.label}"
            table.add_row(told, units, *cells, style="bold" if is_layer else "")
    out.print(table)


def _cell(found: Any) -> str:
    if found is None:
        return ""
    if found.value is None:
        return "–"
    between = "" if found.low is None else f" {_short(found.low)}–{_short(found.high)}"
    return _short(found.value) + between


def _short(value: float) -> str:
    """Two digits and no leading zero, as coefficients are printed."""
    return f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 0.995 else f"{value:.2f}"


def _show_confusions(layer: str, counts: Any) -> None:
    rows = sorted({one for one, _other in counts})
    columns = sorted(
        {other for _one, other in counts}, key=lambda label: (label == agreement_.NONE, label)
    )
    table = Table(title=f"Confusions: {layer}")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(row, *(str(counts[row, column] or "") for column in columns))
    out.print(table)
