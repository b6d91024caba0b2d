"""The corpus itself: add, validate, build."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    DryRunOption,
    IssuePrinter,
    JsonOption,
    PublishedOption,
    SchemaOption,
    app,
    complain,
    date_of,
    guidelines_of,
    out,
    progress,
    say,
    say_json,
    schema_of,
    show_counts,
    state_of,
)
from annotate.corpus import add as add_
from annotate.corpus import init as init_
from annotate.corpus import migrate as migrate_
from annotate.corpus import rehydrate as rehydrate_
from annotate.corpus import splits as splits_
from annotate.corpus import validate as validate_
from annotate.corpus.articles.reading import About, Reading
from annotate.corpus.articles.reading import language as language_
from annotate.corpus.entry import Check
from annotate.corpus.store import Corpus
from annotate.labelstudio import server
from annotate.labelstudio.client import task_pages
from annotate.labelstudio.load import PROJECT
from annotate.model.issues import UsageError
from annotate.model.records import Article

_SHOWN = 80
"""Characters of a zone that are shown."""


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
    collection: Annotated[
        str,
        typer.Option(help="The collection that they go into; it must be in collections.yaml."),
    ],
    outlet: Annotated[str | None, typer.Option(help="Who published it.")] = None,
    published: PublishedOption = None,
    url: Annotated[str | None, typer.Option(help="Where it was published.")] = None,
    title: Annotated[
        str | None, typer.Option(help="Its title, where that is not the headline.")
    ] = None,
    language: Annotated[
        str, typer.Option(help="ISO 639 code, such as en; en-US and English are read as it.")
    ] = "en",
    corpus: CorpusOption = CORPUS,
) -> None:
    """Add articles to the corpus, normalised and cut into zones; a text, or a near copy, goes in only once."""
    about = About(
        collection,
        title,
        outlet,
        url=url,
        published=date_of(published),
        language=language_(language),
    )
    with progress("reading") as step:
        report = add_.add(Corpus(corpus), files, about, step)
    for added in report.added:
        _show_added(added)
    undated = sum(not (added.article and added.article.published) for added in report.added)
    if undated and len(report.added) > 1:
        out.print(
            f"no date: {undated} of {len(report.added)} articles added; give --published",
            style="yellow",
            markup=False,
        )
    _show_present(report.present, files, Corpus(corpus))
    for near, other, likeness in report.near:
        complain(
            f"{near.where}: near-copy: {likeness:.0%} like {other.collection}/{other.id}; nothing"
            " added"
        )
    for failed in report.failed:
        complain(failed.error or failed.where)
    raise typer.Exit(1 if report.near or report.failed else 0)


def _show_present(
    present: list[tuple[Reading, Article]], files: list[Path], folder: Corpus
) -> None:
    """Of each article that is there already, how far the work on it is, and the next step."""
    articles = [article for _given, article in present]
    home = state_of(None, folder.root)
    pages = task_pages(home, PROJECT, server.names(home), {article.id for article in articles})
    states = add_.standings(folder, articles) if articles else []
    for (given, article), state in zip(present, states, strict=True):
        say(f"already there: {given.where} is {article.collection}/{article.id}; nothing added")
        # A row is named by its file and its number.
        file = max((str(path) for path in files if given.where.startswith(str(path))), key=len)
        tasks = [page for (_desk, name), page in pages.items() if name == article.id]
        lines = {
            "text": "here" if state.has_text else "withheld, and not here",
            "assigned to": ", ".join(state.assigned),
            "loaded": ", ".join(tasks),
            "annotated by": ", ".join(state.annotators) or "nobody",
            "gold": "yes" if state.has_gold else "no",
            "split": state.split or "none",
            "next": _next_step(state, article.id, shlex.quote(file), bool(tasks)),
        }
        for name, value in lines.items():
            if value:
                say(f"  {name}: {value}")


def _next_step(state: add_.Standing, name: str, file: str, is_loaded: bool) -> str:
    if not state.has_text:
        return f"acre rehydrate {file}"
    if state.has_gold:
        return "acre build" if state.split else "acre split"
    if len(state.annotators) > 1:
        return f"acre adjudicate {name}"
    if state.annotators:
        return f"acre build, or a second pass and then: acre adjudicate {name}"
    return "acre pull, once it is labelled" if is_loaded else f"acre load {name}"


def _show_added(added: Reading) -> None:
    """An article that was added: what normalising changed, and its zones with the words of all but paragraphs."""
    article = added.article
    assert article is not None
    say(f"added {article.collection}/{article.id}: {article.length} characters, from {added.where}")
    say(f"  title: {article.title}")
    say(f"  outlet: {article.outlet}" if article.outlet else "  no outlet: give --outlet")
    if article.published:
        say(f"  date: {article.published}")
    else:
        out.print("  no date: times stay relative; give --published", style="yellow", markup=False)
    for change, count in (added.changes or {}).items():
        say(f"  normalised: {change}: {count}")
    for note in added.notes:
        say(f"  note: {note}")
    kinds = Counter(zone.kind for zone in article.zones)
    say("  zones: " + ", ".join(f"{kind} {count}" for kind, count in kinds.items()))
    for zone in article.zones:
        if zone.kind != "paragraph":
            words = zone.slice(article.text or "")
            shown = words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…"
            say(f"    {zone.kind:<11} {shown}")


@app.command()
def validate(
    all_: Annotated[
        bool, typer.Option("--all", help="List each warning, not only how many of each code.")
    ] = False,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Check articles, annotations, gold, assignments and the built dataset against every rule.

    Errors are listed, warnings counted by code. With --json, one object a line, for each of both.
    """
    labels, folder = schema_of(schema, corpus), Corpus(corpus)
    issues, checked = IssuePrinter(json_, sums=not all_), Counter[str]()
    with progress("validating") as step:

        def count(what: str, number: int = 1) -> None:
            checked[f"{what} checked"] += number
            step(number)

        also: list[Check] = []
        if folder.data.exists():
            from annotate.dataset.check import DatasetCheck  # datasets takes seconds to import

            also.append(DatasetCheck(folder, labels, count))
        for issue in validate_.corpus(folder, labels, count, also):
            issues.show(issue)
    issues.sum_up("--all")
    show_counts(checked | Counter(errors=issues.errors), json_)
    raise typer.Exit(1 if issues.errors else 0)


@app.command()
def migrate(
    name: Annotated[
        str, typer.Argument(help="A migration of guidelines/migrations/, without .yaml.")
    ],
    dry_run: DryRunOption = False,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Bring annotations and gold to the schema's version by a named migration, and list what to look at again."""
    labels, issues = schema_of(schema, corpus), IssuePrinter(json_)
    path = guidelines_of(schema, corpus) / "migrations" / f"{name}.yaml"
    migration = migrate_.load(path, labels)
    with progress("migrating") as step:
        report = migrate_.run(Corpus(corpus), migration, labels, dry_run, issues.show, step)
    if json_:
        say_json(vars(report))
    else:
        say(
            f"{report.migrated} {'would be ' if dry_run else ''}migrated, {report.to_look_at} to be"
            f" looked at again, {report.elsewhere} of another version"
        )
        if report.to_look_at and not dry_run:
            say(
                f"listed in {Corpus(corpus).review_path(name)}; delete a row when you have looked"
                " at it"
            )
    raise typer.Exit(1 if issues.errors else 0)


@app.command()
def build(
    cache: Annotated[
        bool,
        typer.Option(
            " /--no-cache",
            help="Make everything anew; by default, only what articles that were changed need.",
        ),
    ] = True,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Processes that share the work; by default one for each core, as it pays."
        ),
    ] = None,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Build the dataset, data/, and its card, README.md; the same corpus gives the same bytes."""
    from annotate.dataset import build as build_  # datasets takes seconds to import
    from annotate.dataset import making

    folder, labels = Corpus(corpus), schema_of(schema, corpus)
    number = workers or making.workers(folder)
    with progress("building") as step:
        report = build_.build(folder, labels, step, workers=number, cached=cache)
    issues = IssuePrinter(json_)
    for issue in report.issues:
        issues.show(issue)
    if json_:
        say_json({name: value for name, value in vars(report).items() if name != "issues"})
    else:
        for line in report.lines(corpus):
            say(line)
    raise typer.Exit(1 if issues.errors else 0)


@app.command()
def split(
    seed: Annotated[int, typer.Option(help="Decides between stories of equal length.")] = 0,
    dry_run: DryRunOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Give each article without a split one, in splits.csv: a story's articles all get the same; existing rows stay."""
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
            help=(
                "Also build the dataset with these texts into this folder, for load_dataset; it may"
                " not be redistributed."
            ),
        ),
    ] = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Restore texts that the corpus may not ship from your own copy; each is verified by SHA-256."""
    folder = Corpus(corpus)
    if output is not None and output.resolve() == corpus.resolve():
        raise UsageError(
            f"--output {output} is the corpus itself, which must not hold withheld texts; name"
            " another folder"
        )
    with progress("comparing") as step:
        report = rehydrate_.rehydrate(folder, sources, step)
    for line in (*report.failed, *report.near):
        complain(line)
    for name in report.missing:
        complain(f"{name}: still without its text")
    say(
        f"{len(report.restored)} texts put in place, {len(report.present)} were here already,"
        f" {report.other} are of no withheld article"
    )
    if output is not None:
        from annotate.dataset import build as build_

        with progress("building") as step:
            built = build_.build(folder, schema_of(schema, corpus), step, output, texts=True)
        for line in built.lines(output):
            say(line)
    raise typer.Exit(1 if report.failed or report.near or report.missing else 0)
