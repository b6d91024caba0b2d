"""Who annotates: assign, status, qualify."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from annotate.annotators import assign as assign_
from annotate.annotators import qualify as qualify_
from annotate.annotators import status as status_
from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    JsonOption,
    ModelOption,
    SchemaOption,
    app,
    err,
    out,
    progress,
    say,
    schema_of,
)
from annotate.corpus.store import Corpus
from annotate.labelstudio import suggest as suggest_
from annotate.model import ids as ids_
from annotate.model.issues import UsageError
from annotate.model.records import CLUSTER_FIELDS
from annotate.model.schema import UNIT_LAYERS, Layer


@app.command()
def assign(
    annotators: Annotated[
        list[str], typer.Argument(help="Everybody who takes part; a desk has its annotator's name.")
    ],
    passes: Annotated[int, typer.Option(help="How many annotators each article gets.")] = 2,
    seed: Annotated[int, typer.Option(help="The same seed deals the same.")] = 0,
    collection: Annotated[
        str | None, typer.Option(help="Only articles of this collection.")
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            help=(
                "Which articles come first of those that nobody has: random, uncertainty (a model"
                " is least sure of them) "
                "or diversity (most unlike each other and those that are done)."
            )
        ),
    ] = assign_.RANDOM,
    take: Annotated[
        int | None,
        typer.Option(
            min=1, help="Deal only so many of the articles that nobody has, the first ones."
        ),
    ] = None,
    model: ModelOption = "build/extractor/model-best",
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Deal anew all that is not done yet, not only what nobody has."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what would change.")
    ] = False,
    corpus: CorpusOption = CORPUS,
) -> None:
    """Deal articles to annotators, into corpus/assignments.csv: equal work, changing pairs; run again when somebody joins or leaves."""
    folder = Corpus(corpus)
    collections = folder.collections()
    for name in annotators:
        ids_.check("annotator", name)
    lengths = {
        article.id: article.length
        for article in folder.articles()
        if article.collection == collection
        or (collection is None and collections.of(article).in_dataset)
    }
    before, done = folder.assignments(), folder.passes()
    nobody_has = [name for name in lengths if not before.get(name) and not done.get(name)]
    order = _ordered(
        by, model, folder, nobody_has, [name for name in lengths if done.get(name)], seed
    )
    for name in order[len(order) if take is None else take :]:
        del lengths[name]
    dealt = assign_.deal(lengths, annotators, passes, seed, before, done, again)
    if not dry_run:
        folder.write_assignments(dealt.assignments)
    for article, name in dealt.taken:
        say(f"taken from {name}: {article}")
    table = Table(title="would be dealt" if dry_run else None)
    for heading in ("annotator", "new", "articles", "characters"):
        table.add_column(heading, justify="left" if heading == "annotator" else "right")
    for name in annotators:
        held = [article for article, names in dealt.assignments.items() if name in names]
        new = sum(1 for _article, given in dealt.given if given == name)
        table.add_row(
            name, str(new), str(len(held)), str(sum(lengths.get(article, 0) for article in held))
        )
    out.print(table)


def _ordered(
    by: str, model: str, corpus: Corpus, articles: list[str], done: list[str], seed: int
) -> list[str]:
    """The articles in the order of `by`, told with what it goes by; those without their text are last."""
    if by not in assign_.ORDERS:
        raise UsageError(f"no order {by}; give one of {', '.join(assign_.ORDERS)}")
    if by == assign_.RANDOM:
        return assign_.by_lot(articles, seed)
    from annotate.extract import extractors  # spaCy takes seconds to import

    extractor = extractors.load(model, corpus.root, schema_of(None, corpus.root))
    if extractor.uncertainty is None:
        raise UsageError(f"{model} is as sure of everything; give a trained pipeline with --model")
    wanted = {*articles, *(done if by == assign_.DIVERSITY else ())}
    unsure, vectors = {}, {}
    with progress("reading") as step:
        for article in corpus.articles():
            if article.id in wanted and article.text is not None:
                unsure[article.id], vectors[article.id] = extractor.uncertainty(article)
                step()
    known = [vectors.pop(name) for name in done if name in vectors]
    found = (
        assign_.by_uncertainty(unsure)
        if by == assign_.UNCERTAINTY
        else assign_.by_diversity(vectors, known)
    )
    for place, name in enumerate(found, 1):
        say(f"{place:4} {unsure[name]:.3f} nats a word unsure  {name}")
    return found + sorted(set(articles) - set(found))


@app.command()
def status(
    suggestions: Annotated[
        bool,
        typer.Option(
            "--suggestions",
            help="What annotators kept, changed and threw away of each extractor's marks.",
        ),
    ] = False,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
) -> None:
    """Show articles, passes, time spent and what is left, by annotator and by layer."""
    if suggestions:
        _show_suggestions(suggest_.outcomes(Corpus(corpus)), json_)
        return
    with progress("reading") as step:
        found = status_.status(Corpus(corpus), step)
    if json_:
        fields = {
            "annotators": {name: vars(work) for name, work in sorted(found.annotators.items())},
            "articles": {
                name: {"left": left, "done": done} for name, (left, done) in found.articles.items()
            },
            "gold": sorted(found.gold),
            "bare": found.bare,
            "unreadable": found.unreadable,
        }
        out.print(json.dumps(fields), markup=False)
    else:
        _show_status(found)
    raise typer.Exit(1 if found.unreadable else 0)


def _show_suggestions(found: dict[str, suggest_.Outcome], as_json: bool) -> None:
    if as_json:
        fields = {
            version: {
                "passes": outcome.passes,
                "seconds": outcome.seconds,
                "labels": [
                    {"label": label} | {fate: outcome.fates[label, fate] for fate in suggest_.FATES}
                    for label in sorted({label for label, _fate in outcome.fates})
                ],
            }
            for version, outcome in sorted(found.items())
        }
        out.print(json.dumps(fields, ensure_ascii=False), markup=False)
        return
    for version, outcome in sorted(found.items()):
        table = Table(
            title=f"{version}: {outcome.passes} passes began with it",
            title_justify="left",
            box=box.SIMPLE_HEAD,
        )
        for heading in ("label", *suggest_.FATES):
            table.add_column(heading, justify="left" if heading == "label" else "right")
        labels = sorted({label for label, _fate in outcome.fates})
        for label in labels:
            table.add_row(label, *(str(outcome.fates[label, fate]) for fate in suggest_.FATES))
        sums = (sum(outcome.fates[label, fate] for label in labels) for fate in suggest_.FATES)
        table.add_row("all", *map(str, sums), style="bold")
        out.print(table)
    if not found:
        say("no pass began with suggestions")


_SHOWN = {
    "mentions": (Layer.MENTION.field,),
    "events": (Layer.EVENT.field,),
    "contents": (Layer.CONTENT.field,),
    "same": CLUSTER_FIELDS,
}


def _show_status(found: status_.Status) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("annotator", "given", "done", "left", "time", *_SHOWN):
        table.add_column(heading, justify="left" if heading == "annotator" else "right")
    for name, work in sorted(found.annotators.items()):
        spent = f"{dt.timedelta(seconds=round(work.seconds))}" if work.timed else "–"
        told = spent if work.timed in (0, work.done) else f"{spent} ({work.timed} of {work.done})"
        counts = (work.assigned, work.done, work.left)
        units = (sum(work.units[layer] for layer in layers) for layers in _SHOWN.values())
        table.add_row(name, *map(str, (*counts, told, *units)))
    out.print(table)
    waiting = [(name, left, done) for name, (left, done) in found.articles.items() if left]
    for name, left, done in waiting[:20]:
        say(
            f"  {name}: waits for {', '.join(left)}"
            + (f"; done by {', '.join(done)}" if done else "")
        )
    if len(waiting) > 20:
        say(f"  … and {len(waiting) - 20} more; all of them with --json")
    say(
        f"{len(found.articles)} articles with work, {len(found.gold)} with gold, {found.bare} that"
        " nobody has"
    )
    for told in found.unreadable:
        err.print(told, style="red", markup=False)


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
    guide = (schema.parent if schema else corpus.parent / "guidelines") / "qualification"
    found = qualify_.qualify(annotator, guide, Corpus(corpus), schema_of(schema, corpus))
    if json_:
        scores = {layer: found.f1(layer) for layer in UNIT_LAYERS}
        listed = [
            difference.__dict__ | {"unit": difference.unit._asdict()}
            for difference in found.differences
        ]
        out.print(
            json.dumps(
                {"f1": scores, "differences": listed, "unannotated": found.unannotated},
                ensure_ascii=False,
            ),
            markup=False,
        )
    else:
        _show_qualification(found)
    for name in found.unannotated:
        err.print(
            f"{name}: {annotator} has no pass over it; load it with: acre load --collection"
            " qualification",
            markup=False,
        )
    raise typer.Exit(1 if found.differences or found.unannotated else 0)


def _show_qualification(found: qualify_.Qualification) -> None:
    for difference in found.differences:
        head = "missing" if difference.missing else "not in the reference"
        say(f"\n{difference.article}: {head}: {difference.unit.layer} {difference.unit.label}")
        say(
            "".join(f"    {line}\n" for line in difference.shown.split("\n"))
            + f"  {difference.ruling}"
        )
    table = Table(title="Agreement with the reference (exact)")
    for heading in ("layer", "label", "reference", "given", "matched", "F1"):
        table.add_column(heading, justify="left" if heading in ("layer", "label") else "right")
    for layer in UNIT_LAYERS:
        labels = sorted({label for of, label in (*found.reference, *found.given) if of == layer})
        for label in [None, *(labels if len(labels) > 1 else ())]:
            score = found.f1(layer, label)
            counts = [
                sum(
                    count
                    for (of, name), count in counter.items()
                    if of == layer and label in (None, name)
                )
                for counter in (found.reference, found.given, found.matched)
            ]
            table.add_row(
                "" if label else layer, label or "all", *map(str, counts), "–" if score is None else f"{score:.2f}",
                style="" if label else "bold",
            )  # fmt: skip
    out.print(table)
