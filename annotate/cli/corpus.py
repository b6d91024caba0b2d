"""The corpus itself: add, validate, build, convert."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from annotate import add as add_
from annotate import convert as convert_
from annotate import migrate as migrate_
from annotate import rehydrate as rehydrate_
from annotate import splits as splits_
from annotate import store
from annotate import validate as validate_
from annotate.articles.reading import About
from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    JsonOption,
    SchemaOption,
    Told,
    app,
    err,
    out,
    progress,
    say,
    schema_of,
    show_counts,
)
from annotate.issues import Issue, UsageError
from annotate.store import Corpus


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help=".txt, .html or .jsonl files.")],
    collection: Annotated[str, typer.Option(help="A collection of collections.yaml.")],
    outlet: Annotated[str | None, typer.Option(help="Who published it.")] = None,
    published: Annotated[str | None, typer.Option(help="Date of publication, as 2015-10-11.")] = None,
    url: Annotated[str | None, typer.Option(help="Where it was published.")] = None,
    title: Annotated[str | None, typer.Option(help="Its title, where the headline is not it.")] = None,
    language: Annotated[str, typer.Option(help="ISO 639 code.")] = "en",
    corpus: CorpusOption = CORPUS,
) -> None:
    """Add articles to the corpus: normalised, cut into zones, and only once."""
    about = About(collection, title, outlet, url, _date(published), language)
    with progress("reading") as step:
        report = add_.add(Corpus(corpus), files, about, step)
    for found in report.added:
        article = found.article
        assert article is not None
        say(f"added {article.collection}/{article.id}: {article.length} characters, from {found.where}")
        for change, count in (found.changes or {}).items():
            say(f"  normalised: {change}: {count}")
        kinds = Counter(zone.kind for zone in article.zones)
        say("  zones: " + ", ".join(f"{kind} {count}" for kind, count in kinds.items()))
        for zone in article.zones:
            if zone.kind != "paragraph":
                words = zone.slice(article.text or "")
                say(f"    {zone.kind:<11} {words if len(words) <= 80 else words[:79] + '…'}")
    for found, other in report.present:
        say(f"already there: {found.where} is {other.collection}/{other.id}; nothing added")
    for found, other, likeness in report.near:
        err.print(
            f"{found.where}: near-copy: {likeness:.0%} like {other.collection}/{other.id}; nothing added", markup=False
        )
    for found in report.failed:
        err.print(found.error, markup=False)
    raise typer.Exit(1 if report.near or report.failed else 0)


def _date(value: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if value else None
    except ValueError:
        raise UsageError(f"--published {value!r}: give the date as 2015-10-11") from None


@app.command()
def validate(json_: JsonOption = False, corpus: CorpusOption = CORPUS, schema: SchemaOption = None) -> None:
    """Run every rule over articles, annotations, gold, assignments and the built dataset; with --json, one object a line."""
    labels, folder, told, checked = schema_of(schema, corpus), Corpus(corpus), Told(json_), Counter[str]()
    with progress("validating") as step:

        def count(what: str) -> None:
            checked[f"{what} checked"] += 1
            step()

        for found in validate_.corpus(folder, labels, count):
            told.tell(found)
        if folder.data.exists():
            from annotate.dataset import check  # datasets takes seconds to import

            for found in check.check(folder, labels, count):
                told.tell(found)
    show_counts(checked | Counter(errors=told.errors), json_)
    raise typer.Exit(1 if told.errors else 0)


@app.command()
def migrate(
    name: Annotated[str, typer.Argument(help="A migration of guidelines/migrations/, without .yaml.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change.")] = False,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Bring annotations and gold to the schema's version by a named migration, and list what to look at again."""
    labels, told = schema_of(schema, corpus), Told(json_)
    folder = (schema.parent if schema else corpus.parent / "guidelines") / "migrations"
    migration = migrate_.load(folder / f"{name}.yaml", labels)
    with progress("migrating") as step:
        report = migrate_.run(Corpus(corpus), migration, labels, dry_run, told.tell, step)
    if json_:
        out.print(json.dumps(vars(report)), markup=False)
    else:
        done = f"{report.migrated} {'would be ' if dry_run else ''}migrated"
        say(f"{done}, {report.to_look_at} to be looked at again, {report.elsewhere} of another version")
        if report.to_look_at and not dry_run:
            say(f"listed in {Corpus(corpus).review_path(name)}; take a row out when it is seen to")
    raise typer.Exit(1 if told.errors else 0)


@app.command()
def build(json_: JsonOption = False, corpus: CorpusOption = CORPUS, schema: SchemaOption = None) -> None:
    """Build the dataset: data/ and the card README.md; the same corpus gives the same bytes."""
    from annotate.dataset import build as build_  # datasets takes seconds to import

    with progress("building") as step:
        report = build_.build(Corpus(corpus), schema_of(schema, corpus), step)
    told = Told(json_)
    for issue in report.issues:
        told.tell(issue)
    if json_:
        fields = {name: value for name, value in vars(report).items() if name != "issues"}
        out.print(json.dumps(fields, ensure_ascii=False), markup=False)
    else:
        show_build(report, corpus)
    raise typer.Exit(1 if told.errors else 0)


def show_build(report: Any, folder: Path) -> None:
    """What a build put in and left out."""
    layers = ", ".join(f"{count} {layer}" for layer, count in report.layers.items())
    there = ", ".join(f"{name} {count}" for name, count in sorted(report.documents.items()))
    say(f"{folder}: {report.documents.total()} documents ({there or 'none'}): {layers}")
    say("  rows: " + ", ".join(f"{config} {count}" for config, count in report.rows.items()))
    for kind, marks in report.unaligned.items():
        say(f"  {len(marks)} marks {kind}, not whole in mentions and events, whole in documents:")
        for mark in marks:
            say(f"    {mark}")
    for name in report.unsegmented:
        say(f"  {name} has no sentences here, and no rows in mentions and events; run acre rehydrate")
    for name in report.undecided:
        say(f"  left out: {name} has several passes and no gold; adjudicate it")
    if report.unannotated:
        say(f"  left out: {report.unannotated} articles without annotation")


@app.command()
def split(
    seed: Annotated[int, typer.Option(help="Decides between stories of equal length.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change.")] = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Give each article that has none a split in splits.csv: all of a story in one; rows that are there stay."""
    folder = Corpus(corpus)
    with progress("dealing") as step:
        dealt = splits_.deal(folder, schema_of(schema, corpus), seed, step)
    for name in dealt.new:
        place = dealt.places[name]
        say(f"{name}: {place.split}" + ("" if place.story == name else f", of the story {place.story}"))
    if dealt.new and not dry_run:
        folder.write_splits(dealt.places)
        say(
            f"wrote {folder.splits_path}; where two articles tell one story in other words, give them one story by hand"
        )
    elif not dealt.new:
        say("every article of the dataset has a split")


@app.command()
def rehydrate(
    sources: Annotated[
        list[Path], typer.Argument(help="Your copy: files or folders of .txt, .html, .jsonl, re3d's documents.json.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Build the dataset with the texts there, for load_dataset; not to be given on."
        ),
    ] = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Put withheld texts in place from your own copy; only what is the same, to the letter, is taken."""
    folder = Corpus(corpus)
    if output is not None and output.resolve() == corpus.resolve():
        raise UsageError(
            f"--output {output} is the corpus itself, which must not hold withheld texts; name another folder"
        )
    with progress("comparing") as step:
        report = rehydrate_.rehydrate(folder, sources, step)
    for line in (*report.failed, *report.near):
        err.print(line, markup=False)
    for name in report.missing:
        err.print(f"{name}: still without its text", markup=False)
    say(
        f"{len(report.restored)} texts put in place, {len(report.present)} were here already, {report.other} are of no withheld article"
    )
    if output is not None:
        from annotate.dataset import build as build_

        with progress("building") as step:
            built = build_.build(folder, schema_of(schema, corpus), step, output, texts=True)
        show_build(built, output)
    raise typer.Exit(1 if report.failed or report.near or report.missing else 0)


@app.command()
def convert(
    target: Annotated[str, typer.Argument(help="An article's id, or a file <id>.acre in the inline notation.")],
    annotator: Annotated[str, typer.Option(help="Whose pass it is.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the notation goes; by default it is printed.")
    ] = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Turn an annotator's pass over an article into the inline notation, or a notation into the pass."""
    folder, path = Corpus(corpus), Path(target)
    if path.suffix != ".acre":
        article = convert_.find(folder, target)
        rendered = convert_.to_notation(folder, article, annotator)
        if output is None:
            print(rendered, end="")
        else:
            store.write(output, rendered.encode())
        return
    source = store.read_text(path)
    article = convert_.find(folder, path.stem)
    converted = convert_.from_notation(folder, schema_of(schema, corpus), article, annotator, source, str(path))
    told = Told()
    for issue in converted.issues:
        told.tell(Issue(f"{path}: {issue.where}", issue.code, issue.message, issue.severity))
    if converted.changed:
        say(f"wrote annotations/{annotator}/{article.id}.json")
    else:
        say("nothing written: it has errors" if told.errors else "nothing written: the pass says the same already")
    raise typer.Exit(1 if told.errors else 0)
