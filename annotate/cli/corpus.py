"""The corpus itself: add, validate, build, convert."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

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
from annotate.corpus import add as add_
from annotate.corpus import init as init_
from annotate.corpus import migrate as migrate_
from annotate.corpus import rehydrate as rehydrate_
from annotate.corpus import splits as splits_
from annotate.corpus import store
from annotate.corpus import validate as validate_
from annotate.corpus.articles.reading import About
from annotate.corpus.entry import Check
from annotate.corpus.store import Corpus
from annotate.formats import FORMATS
from annotate.formats import convert as convert_
from annotate.model.issues import Issue, UsageError
from annotate.model.schema import Schema


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(help="The folder to make; it must not exist, or be empty.")
    ],
    labels: Annotated[
        Path | None,
        typer.Option(help="YAML file with a label set of your own, under mentions and events."),
    ] = None,
) -> None:
    """Start a corpus of your own: schema, guidelines, collections, a sample article, and a README of five commands."""
    made = init_.init(folder, labels)
    say(
        f"made {folder} with {len(made)} files; its README.md has the next five commands, from: cd {folder}"
    )


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help=".txt, .html or .jsonl files.")],
    collection: Annotated[str, typer.Option(help="A collection of collections.yaml.")],
    outlet: Annotated[str | None, typer.Option(help="Who published it.")] = None,
    published: Annotated[
        str | None, typer.Option(help="Date of publication, as 2015-10-11.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where it was published.")] = None,
    title: Annotated[
        str | None, typer.Option(help="Its title, where the headline is not it.")
    ] = None,
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
        say(
            f"added {article.collection}/{article.id}: {article.length} characters, from"
            f" {found.where}"
        )
        say(f"  title: {article.title}")
        say(f"  outlet: {article.outlet}" if article.outlet else "  no outlet: give --outlet")
        if article.published:
            say(f"  date: {article.published}")
        else:
            out.print(
                "  no date: times stay relative; give --published", style="yellow", markup=False
            )
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
            f"{found.where}: near-copy: {likeness:.0%} like {other.collection}/{other.id}; nothing"
            " added",
            markup=False,
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
def validate(
    json_: JsonOption = False, corpus: CorpusOption = CORPUS, schema: SchemaOption = None
) -> None:
    """Run every rule over articles, annotations, gold, assignments and the built dataset; with --json, one object a line."""
    labels, folder, told, checked = (
        schema_of(schema, corpus),
        Corpus(corpus),
        Told(json_),
        Counter[str](),
    )
    with progress("validating") as step:

        def count(what: str) -> None:
            checked[f"{what} checked"] += 1
            step()

        also: list[Check] = []
        if folder.data.exists():
            from annotate.dataset.check import DatasetCheck  # datasets takes seconds to import

            also.append(DatasetCheck(folder, labels, count))
        for issue in validate_.corpus(folder, labels, count, also):
            told.tell(issue)
    show_counts(checked | Counter(errors=told.errors), json_)
    raise typer.Exit(1 if told.errors else 0)


@app.command()
def migrate(
    name: Annotated[
        str, typer.Argument(help="A migration of guidelines/migrations/, without .yaml.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what would change.")
    ] = False,
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
        say(
            f"{done}, {report.to_look_at} to be looked at again, {report.elsewhere} of another"
            " version"
        )
        if report.to_look_at and not dry_run:
            say(f"listed in {Corpus(corpus).review_path(name)}; take a row out when it is seen to")
    raise typer.Exit(1 if told.errors else 0)


@app.command()
def build(
    json_: JsonOption = False, corpus: CorpusOption = CORPUS, schema: SchemaOption = None
) -> None:
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
        say(
            f"  {name} has no sentences here, and no rows in mentions and events; run acre"
            " rehydrate"
        )
    for name in report.undecided:
        say(f"  left out: {name} has several passes and no gold; adjudicate it")
    if report.unannotated:
        say(f"  left out: {report.unannotated} articles without annotation")


@app.command()
def split(
    seed: Annotated[int, typer.Option(help="Decides between stories of equal length.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what would change.")
    ] = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Give each article that has none a split in splits.csv: all of a story in one; rows that are there stay."""
    folder = Corpus(corpus)
    with progress("assigning") as step:
        assigned = splits_.assign(folder, schema_of(schema, corpus), seed, step)
    for name in assigned.new:
        row = assigned.rows[name]
        say(f"{name}: {row.split}" + ("" if row.story == name else f", of the story {row.story}"))
    if assigned.new and not dry_run:
        folder.write_splits(assigned.rows)
        say(
            f"wrote {folder.splits_path}; where two articles tell one story in other words, give"
            " them one story by hand"
        )
    elif not assigned.new:
        say("every article of the dataset has a split")


@app.command()
def rehydrate(
    sources: Annotated[
        list[Path],
        typer.Argument(
            help="Your copy: files or folders of .txt, .html, .jsonl, re3d's documents.json."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Build the dataset with the texts there, for load_dataset; not to be given on.",
        ),
    ] = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Put withheld texts in place from your own copy; only what is the same, to the letter, is taken."""
    folder = Corpus(corpus)
    if output is not None and output.resolve() == corpus.resolve():
        raise UsageError(
            f"--output {output} is the corpus itself, which must not hold withheld texts; name"
            " another folder"
        )
    with progress("comparing") as step:
        report = rehydrate_.rehydrate(folder, sources, step)
    for line in (*report.failed, *report.near):
        err.print(line, markup=False)
    for name in report.missing:
        err.print(f"{name}: still without its text", markup=False)
    say(
        f"{len(report.restored)} texts put in place, {len(report.present)} were here already,"
        f" {report.other} are of no withheld article"
    )
    if output is not None:
        from annotate.dataset import build as build_

        with progress("building") as step:
            built = build_.build(folder, schema_of(schema, corpus), step, output, texts=True)
        show_build(built, output)
    raise typer.Exit(1 if report.failed or report.near or report.missing else 0)


@app.command()
def convert(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            help=(
                "Article ids, by default all that are annotated; or, with --from, files and folders"
                " in the format."
            )
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", help=f"Write this format: {', '.join(FORMATS)}; by default the inline notation."
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            help=(
                f"Read this format: {', '.join((*FORMATS, convert_.RE3D))}; a file <id>.acre is in"
                " the inline notation."
            ),
        ),
    ] = None,
    annotator: Annotated[
        str | None,
        typer.Option(
            help="Whose pass it is; by default gold, or the only pass. Needed to read a format."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help=(
                "Folder that the files go to; one notation goes to a file, and is printed by"
                " default."
            ),
        ),
    ] = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Turn annotated articles into the inline notation or a foreign format, or files of these into an annotator's passes."""
    folder, labels, names = Corpus(corpus), schema_of(schema, corpus), list(targets or ())
    for name, known in ((to, FORMATS), (from_, (*FORMATS, convert_.RE3D))):
        if name is not None and name not in known:
            raise UsageError(f"no format {name!r}; give one of {', '.join(known)}")
    is_notation = to is None and from_ is None
    if to is not None and from_ is not None:
        raise UsageError(
            "give --to or --from; to turn one format into another, read it first and then write it"
        )
    if to is not None:
        _write_format(folder, labels, names, to, annotator, output)
    elif is_notation and len(names) != 1:
        raise UsageError("name one article, or one file <id>.acre; several go with --to or --from")
    elif is_notation and not names[0].endswith(".acre"):
        _write_notation(folder, names[0], annotator, output)
    elif annotator is None or not names:
        raise UsageError("say whose pass it becomes, with --annotator, and name the files")
    elif is_notation:
        source, article = (
            store.read_text(Path(names[0])),
            convert_.find(folder, Path(names[0]).stem),
        )
        found = convert_.from_notation(folder, labels, article, annotator, source, names[0])
        raise typer.Exit(_tell_converted([(names[0], article.id, found, Counter())], annotator))
    else:
        read = (
            (
                where,
                article.id,
                *convert_.from_format(
                    folder, labels, article, annotator, files, from_ or "", where
                ),
            )
            for where, article, files in convert_.documents(folder, map(Path, names), from_ or "")
        )
        raise typer.Exit(_tell_converted(read, annotator))


def _write_notation(folder: Corpus, name: str, annotator: str | None, output: Path | None) -> None:
    rendered = convert_.to_notation(folder, convert_.find(folder, name), annotator)
    if output is None:
        print(rendered, end="")
    else:
        store.write(output, rendered.encode())


def _write_format(
    folder: Corpus,
    labels: Schema,
    names: list[str],
    to: str,
    annotator: str | None,
    output: Path | None,
) -> None:
    """Write each named article's annotation, or all that there are; what the format can't hold is told, with counts."""
    if output is None:
        raise UsageError("name the folder that the files go to, with --output")
    lost: Counter[str] = Counter()
    written, without, bare = 0, 0, 0
    with progress("converting") as step:
        for article in (
            (convert_.find(folder, name) for name in names) if names else folder.articles()
        ):
            step()
            annotation = convert_.annotation_of(folder, article, annotator)
            if annotation is None and names:
                raise UsageError(
                    f"{article.id}: no gold and no only pass, or none of the annotator; adjudicate"
                    " it, or name --annotator"
                )
            if annotation is None or article.text is None:
                bare += annotation is None
                without += annotation is not None
                continue
            found = convert_.to_format(article, annotation, labels, to)
            lost += found.lost
            for suffix, content in found.files.items():
                store.write(output / f"{article.id}{suffix}", content)
            written += 1
    say(f"{written} documents written to {output} as {to}")
    if bare:
        say(f"  left out: {bare} articles without gold or an only pass")
    if without:
        say(f"  left out: {without} whose text is not here; run acre rehydrate")
    _tell_lost(lost, f"{to} can't hold")


def _tell_lost(lost: Mapping[str, int], what: str) -> None:
    for name, count in sorted(lost.items()):
        say(f"  {what}: {count} {name}")


def _tell_converted(found: Iterable[tuple[str, str, Any, Counter[str]]], annotator: str) -> int:
    """Tell what became of each file; the exit code."""
    told = Told()
    documents = 0
    for where, article, converted, lost in found:
        documents += 1
        before = told.errors
        for issue in converted.issues:
            told.tell(Issue(f"{where}: {issue.where}", issue.code, issue.message, issue.severity))
        if converted.changed:
            say(f"wrote annotations/{annotator}/{article}.json")
        else:
            is_bad = told.errors > before
            say(
                f"{article}: nothing written: it has errors"
                if is_bad
                else f"{article}: nothing written: the pass says the same already"
            )
        _tell_lost(lost, "not read")
    if not documents:
        err.print(
            "nothing to read: no file is named after an article, or holds the text of one",
            markup=False,
        )
    return 1 if told.errors or not documents else 0
