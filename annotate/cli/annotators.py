"""Who annotates: assign, status, qualify."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from annotate.annotators import assign as assign_
from annotate.annotators import qualify as qualify_
from annotate.annotators import status as status_
from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    DryRunOption,
    JsonOption,
    ModelOption,
    SchemaOption,
    app,
    complain,
    guidelines_of,
    out,
    progress,
    say,
    say_json,
    schema_of,
    table,
    write_output,
)
from annotate.corpus.store import Corpus
from annotate.labelstudio import suggest as suggest_
from annotate.model import ids as ids_
from annotate.model.records import CLUSTER_FIELDS
from annotate.model.schema import UNIT_LAYERS, Layer

_WAITING = 20
"""How many waiting articles are listed."""
_FAULTS = 3
"""How many reasons are listed of what was set aside."""


@app.command()
def assign(
    annotators: Annotated[
        list[str],
        typer.Argument(help="All who take part; an annotator's desk has the annotator's name."),
    ],
    passes: Annotated[int, typer.Option(help="How many annotators each article gets.")] = 2,
    seed: Annotated[int, typer.Option(help="The same seed gives the same assignments.")] = 0,
    collection: Annotated[
        str | None, typer.Option(help="Only articles of this collection.")
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            help=(
                "Which unassigned articles come first: random, uncertainty (those that a model is"
                " least sure of) or diversity (those most unlike each other and the annotated"
                " ones)."
            )
        ),
    ] = assign_.RANDOM,
    take: Annotated[
        int | None,
        typer.Option(min=1, help="Assign only so many of the unassigned articles, the first ones."),
    ] = None,
    model: ModelOption = "build/extractor/model-best",
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Assign anew all that is not annotated yet, not only what nobody has.",
        ),
    ] = False,
    dry_run: DryRunOption = False,
    corpus: CorpusOption = CORPUS,
) -> None:
    """Assign articles to annotators, in corpus/assignments.csv: equal work, changing pairs.

    Run it again when somebody joins or leaves: what is annotated stays, the rest is shared out.
    """
    assign_.check_order(by)
    for name in annotators:
        ids_.check("annotator", name)
    folder = Corpus(corpus)
    candidates = assign_.candidates(folder, collection)
    ranking = _ranked(by, model, folder, candidates, seed)
    beyond = frozenset(ranking.articles[take:] if take else ())
    plan = assign_.distribute(
        candidates.without(beyond), annotators, passes, seed,
        candidates.before, candidates.done, again,
    )  # fmt: skip
    if not dry_run:
        folder.write_assignments(plan.assignments)
    _show_assignments(plan, annotators, candidates.lengths, dry_run)


def _ranked(
    by: str, model: str, corpus: Corpus, candidates: assign_.Candidates, seed: int
) -> assign_.Ranking:
    """The unassigned articles in their order, each printed with what a model said of it."""
    if by == assign_.RANDOM:
        return assign_.rank(corpus, candidates, by, seed)
    from annotate.extract import extractors  # spaCy takes seconds to import

    extractor = extractors.load(model, corpus.root, schema_of(None, corpus.root))
    with progress("reading") as step:
        ranking = assign_.rank(corpus, candidates, by, seed, extractor.uncertainty, step)
    for number, (name, unsure) in enumerate(ranking.uncertainty.items(), 1):
        say(f"{number:4} {unsure:.3f} nats a word unsure  {name}")
    return ranking


def _show_assignments(
    plan: assign_.AssignmentPlan,
    annotators: Sequence[str],
    lengths: Mapping[str, int],
    dry_run: bool,
) -> None:
    for article, name in plan.withdrawn:
        say(f"taken from {name}: {article}")
    shown = table(
        "annotator", "new", "articles", "characters",
        left=["annotator"], title="would be assigned" if dry_run else None,
    )  # fmt: skip
    for name in annotators:
        new = sum(annotator == name for _article, annotator in plan.added)
        held = [article for article, names in plan.assignments.items() if name in names]
        characters = sum(lengths.get(article, 0) for article in held)
        shown.add_row(name, str(new), str(len(held)), str(characters))
    out.print(shown)


@app.command()
def status(
    suggestions: Annotated[
        bool,
        typer.Option(
            "--suggestions",
            help=(
                "Instead, how many of each extractor's suggestions annotators kept, changed and"
                " threw away."
            ),
        ),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", help="Write it as a page as well, with agreement over time and what waits."
        ),
    ] = None,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Show how far the annotation is: passes, time spent and what is left, by annotator and by layer."""
    if suggestions:
        _show_suggestions(suggest_.outcomes(Corpus(corpus)), json_)
        return
    with progress("reading") as step:
        report = status_.status(Corpus(corpus), step)
        if html is not None:
            from annotate.site import board  # what makes pages takes a second to import

            page = board.render(Corpus(corpus), report, schema_of(schema, corpus), step)
            write_output(html, page.encode())
    if json_:
        fields = {
            "annotators": {name: vars(work) for name, work in sorted(report.annotators.items())},
            "articles": {
                name: {"left": left, "done": done} for name, (left, done) in report.articles.items()
            },
            "gold": sorted(report.gold),
            "bare": report.bare,
            "set_aside": [vars(waiting) for waiting in report.set_aside],
            "unreadable": report.unreadable,
        }
        say_json(fields)
    else:
        _show_status(report)
    raise typer.Exit(1 if report.unreadable else 0)


def _show_suggestions(outcomes: Mapping[str, suggest_.Outcome], as_json: bool) -> None:
    if as_json:
        say_json({version: _outcome_fields(outcomes[version]) for version in sorted(outcomes)})
        return
    for version, outcome in sorted(outcomes.items()):
        title = f"{version}: {outcome.passes} passes began with it"
        shown = table("label", *suggest_.FATES, left=["label"], title=title)
        for label in _labels(outcome):
            shown.add_row(label, *(str(outcome.fates[label, fate]) for fate in suggest_.FATES))
        sums = (
            sum(outcome.fates[label, fate] for label in _labels(outcome)) for fate in suggest_.FATES
        )
        shown.add_row("all", *map(str, sums), style="bold")
        out.print(shown)
        if outcome.untouched:
            say(
                f"of the kept, {outcome.untouched} were submitted as offered: nobody looked at them"
            )
    if not outcomes:
        say("no pass began with suggestions")


def _outcome_fields(outcome: suggest_.Outcome) -> dict[str, object]:
    labels = []
    for label in _labels(outcome):
        fates = {fate: outcome.fates[label, fate] for fate in suggest_.FATES}
        labels.append({"label": label} | fates)
    return {
        "passes": outcome.passes,
        "seconds": outcome.seconds,
        "untouched": outcome.untouched,
        "labels": labels,
    }


def _labels(outcome: suggest_.Outcome) -> list[str]:
    return sorted({label for label, _fate in outcome.fates})


_SHOWN = {
    "mentions": (Layer.MENTION.field,),
    "events": (Layer.EVENT.field,),
    "contents": (Layer.CONTENT.field,),
    "same": CLUSTER_FIELDS,
}


def _show_status(report: status_.Status) -> None:
    shown = table(
        "annotator", "given", "done", "left", "time", *_SHOWN,
        left=["annotator"], pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for name, work in sorted(report.annotators.items()):
        counts = (work.assigned, work.done, work.left)
        units = (sum(work.units[layer] for layer in layers) for layers in _SHOWN.values())
        shown.add_row(name, *map(str, (*counts, _time(work), *units)))
    out.print(shown)
    waiting = [(name, left, done) for name, (left, done) in report.articles.items() if left]
    for name, left, done in waiting[:_WAITING]:
        others = f"; done by {', '.join(done)}" if done else ""
        say(f"  {name}: waits for {', '.join(left)}{others}")
    if len(waiting) > _WAITING:
        say(f"  … and {len(waiting) - _WAITING} more; all of them with --json")
    say(
        f"{len(report.articles)} articles with work, {len(report.gold)} with gold, {report.bare}"
        " that nobody has"
    )
    for aside in report.set_aside:
        say(
            f"set aside: {aside.annotator}/{aside.article}, to be corrected"
            + (f" at {aside.address}" if aside.address else "")
        )
        for issue in aside.issues[:_FAULTS]:
            say(f"  {issue}")
        if len(aside.issues) > _FAULTS:
            say(f"  … and {len(aside.issues) - _FAULTS} more; all of them with --json")
    for line in report.unreadable:
        complain(line, "red")


def _time(work: status_.Work) -> str:
    """The time spent; where not every pass says how long it took, of how many."""
    if not work.timed:
        return "–"
    spent = f"{dt.timedelta(seconds=round(work.seconds))}"
    return spent if work.timed == work.done else f"{spent} ({work.timed} of {work.done})"


@app.command()
def qualify(
    annotator: Annotated[
        str, typer.Argument(help="Whose passes over the qualification set are compared.")
    ],
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Compare an annotator's passes with the qualification set's reference, and show the ruling for each difference."""
    folder = guidelines_of(schema, corpus) / "qualification"
    report = qualify_.qualify(annotator, folder, Corpus(corpus), schema_of(schema, corpus))
    if json_:
        scores = {layer: report.f1(layer) for layer in UNIT_LAYERS}
        differences = [
            vars(difference) | {"unit": difference.unit._asdict()}
            for difference in report.differences
        ]
        say_json({"f1": scores, "differences": differences, "unannotated": report.unannotated})
    else:
        _show_qualification(report)
    for name in report.unannotated:
        complain(
            f"{name}: {annotator} has no pass over it; load it with: acre load --collection"
            f" {folder.name}"
        )
    raise typer.Exit(1 if report.differences or report.unannotated else 0)


def _show_qualification(report: qualify_.Qualification) -> None:
    for difference in report.differences:
        what = "missing" if difference.missing else "not in the reference"
        say(f"\n{difference.article}: {what}: {difference.unit.layer} {difference.unit.label}")
        for line in difference.shown.split("\n"):
            say(f"    {line}")
        say(f"  {difference.ruling}")
    shown = table(
        "layer", "label", "reference", "given", "matched", "F1",
        left=["layer", "label"], title="Agreement with the reference (exact)",
    )  # fmt: skip
    for layer in UNIT_LAYERS:
        labels = sorted({label for of, label in (*report.reference, *report.given) if of == layer})
        for label in [None, *(labels if len(labels) > 1 else ())]:
            counts = (
                str(report.count(counts, layer, label))
                for counts in (report.reference, report.given, report.matched)
            )
            f1 = report.f1(layer, label)
            shown.add_row(
                "" if label else layer, label or "all", *counts, "–" if f1 is None else f"{f1:.2f}",
                style="" if label else "bold",
            )  # fmt: skip
    out.print(shown)
