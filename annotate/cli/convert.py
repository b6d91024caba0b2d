"""Annotated articles to the inline notation or a foreign format, and back: convert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from annotate.cli.common import (
    CORPUS,
    CorpusOption,
    IssuePrinter,
    SchemaOption,
    app,
    complain,
    deliver,
    progress,
    say,
    schema_of,
    write_output,
)
from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.formats import FORMATS, Dropped
from annotate.formats import convert as convert_
from annotate.formats import labelmap as labelmap_
from annotate.formats.convert import Converted, Outcome
from annotate.formats.labelmap import LabelMap
from annotate.model.issues import AcreError, Issue, Severity, UsageError
from annotate.model.schema import Schema
from annotate.model.text import BOM

NOTATION = ".acre"
_SHOWN = 5
"""How many findings of one kind are told one by one."""


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
            help=(
                "Whose pass it is, a name of annotators.yaml; by default gold, or the only pass."
                " Needed to read a format."
            )
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help=(
                "Folder that the files go to; one notation goes to a file or a folder, and is"
                " printed by default."
            ),
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            help=(
                "A map of foreign labels, links and answers to the schema's, in YAML; see"
                " docs/formats.md."
            ),
        ),
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option(
            "--default",
            help=(
                "NAME=ANSWER for each mark that can have the answer and has none; may be given"
                " again."
            ),
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Replace a pass also where the new one has fewer marks, links or answers.",
        ),
    ] = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Write annotated articles in the inline notation or another format, or read such files as passes."""
    folder, terms, names = Corpus(corpus), schema_of(schema, corpus), list(targets or ())
    for name, known in ((to, FORMATS), (from_, (*FORMATS, convert_.RE3D))):
        if name is not None and name not in known:
            raise UsageError(f"no format {name!r}; give one of {', '.join(known)}")
    is_notation = to is None and from_ is None
    if to is not None and from_ is not None:
        raise UsageError(
            "give --to or --from; to turn one format into another, read it first and then write it"
        )
    if from_ is None and (labels is not None or default):
        raise UsageError(
            "--labels and --default say how files are read; name their format with --from"
        )
    is_read = from_ is not None or (is_notation and len(names) == 1 and names[0].endswith(NOTATION))
    if annotator is not None:
        _check_annotator(folder, annotator, is_read)
    if to is not None:
        raise typer.Exit(_write_format(folder, terms, names, to, annotator, output))
    if is_notation and len(names) != 1:
        raise UsageError("name one article, or one file <id>.acre; several go with --to or --from")
    if not is_read:
        _write_notation(folder, names[0], annotator, output)
    elif annotator is None or not names:
        raise UsageError("say whose pass it becomes, with --annotator, and name the files")
    elif from_ is None:
        raise typer.Exit(
            _tell_read([_from_notation(folder, terms, names[0], annotator, force)], annotator)
        )
    else:
        read = convert_.from_files(
            folder,
            terms,
            map(Path, names),
            from_,
            annotator,
            _label_map(labels, default or [], terms),
            force,
        )
        raise typer.Exit(_tell_read(read, annotator))


def _check_annotator(folder: Corpus, annotator: str, is_read: bool) -> None:
    """A pass is not recorded as a person's because nobody said whose it is."""
    known = folder.annotators()
    has_passes = not is_read and (folder.root / "annotations" / annotator).is_dir()
    if annotator not in known and not has_passes:
        there = f" ({', '.join(sorted(known))})" if known else ""
        raise UsageError(
            f"{folder.root / 'annotators.yaml'}: no annotator {annotator!r}{there}; add it there,"
            " with `kind: human` or `kind: machine` and a `description`"
        )


def _label_map(path: Path | None, defaults: Iterable[str], schema: Schema) -> LabelMap:
    labels = LabelMap() if path is None else labelmap_.load(path, schema)
    given = dict(labels.defaults)
    for pair in defaults:
        name, equals, answer = pair.partition("=")
        if not equals or not name or not answer:
            raise UsageError(
                f"--default {pair!r}: give it as NAME=ANSWER, for example realis=actual"
            )
        given[name] = answer
    return labelmap_.checked(
        labels.model_copy(update={"defaults": given}), schema, str(path or "--default")
    )


def _from_notation(
    folder: Corpus, schema: Schema, name: str, annotator: str, force: bool
) -> Outcome:
    path = Path(name)
    source, article = store.read_text(path).removeprefix(BOM), convert_.find(folder, path.stem)
    return Outcome(
        name,
        article.id,
        convert_.from_notation(folder, schema, article, annotator, source, name, force),
    )


def _write_notation(folder: Corpus, name: str, annotator: str | None, output: Path | None) -> None:
    rendered = convert_.to_notation(folder, convert_.find(folder, name), annotator)
    if output is not None and output.is_dir():
        output = output / f"{name}{NOTATION}"
    deliver(rendered, output)


def _write_format(
    folder: Corpus,
    labels: Schema,
    names: list[str],
    to: str,
    annotator: str | None,
    output: Path | None,
) -> int:
    """Write each named article's annotation, or all that there are; what can't be written is named, and the
    rest goes on.
    """
    if output is None:
        raise UsageError("name the folder that the files go to, with --output")
    if output.exists() and not output.is_dir():
        raise UsageError(
            f"{output}: is a file; name the folder that the files go to, with --output"
        )
    dropped, counts = Dropped(), Counter[str]()
    with progress("converting") as step:
        for name in names or sorted(folder.article_ids()):
            step()
            try:
                what = _write_one(
                    folder, labels, name, to, annotator, output, dropped, is_named=bool(names)
                )
            except UsageError:
                raise
            except AcreError as error:
                complain(str(error), "red")
                what = "not written"
            counts[what] += 1
    say(f"{counts['written']} documents written to {output} as {to}")
    if counts["without"]:
        say(f"  left out: {counts['without']} articles without gold or an only pass")
    if counts["withheld"]:
        say(f"  left out: {counts['withheld']} whose text is not here; run acre rehydrate")
    if counts["not written"]:
        say(f"  not written: {counts['not written']}, for the reasons above")
    _tell_counts(dropped, f"{to} can't hold")
    return 1 if counts["not written"] else 0


def _write_one(
    folder: Corpus,
    labels: Schema,
    name: str,
    to: str,
    annotator: str | None,
    output: Path,
    dropped: Dropped,
    is_named: bool,
) -> str:
    """Write the article's annotation; what became of it. AcreError where it can't be written."""
    article = convert_.find(folder, name) if is_named else folder.find(name)
    annotation = None if article is None else convert_.annotation_of(folder, article, annotator)
    if annotation is None and is_named:
        raise UsageError(
            f"{name}: no gold and no only pass, or none of the annotator; adjudicate it, or name"
            " --annotator"
        )
    if article is None or annotation is None or article.text is None:
        return "without" if annotation is None else "withheld"
    export = convert_.to_format(article, annotation, labels, to)
    dropped.update(export.dropped)
    for suffix, content in export.files.items():
        write_output(output / f"{article.id}{suffix}", content)
    return "written"


def _tell_counts(counts: Mapping[str, int], what: str) -> None:
    for name, count in sorted(counts.items()):
        say(f"  {what}: {count} {name}")


def _tell_read(outcomes: Iterable[Outcome], annotator: str) -> int:
    """Tell what became of each document, then what was not read of all of them, by kind; the exit code."""
    printer, seen = IssuePrinter(), Counter[str]()
    dropped, defaults, articles = Dropped(), Counter[str](), Counter[str]()
    for outcome in outcomes:
        if outcome.note is not None:
            say(f"{outcome.where}: {outcome.note}")
        before = printer.errors
        for issue in outcome.issues:
            printer.show(issue)
        if outcome.converted is not None:
            _tell_issues(outcome, printer, seen)
            articles["read"] += 1
            _tell_converted(
                outcome.converted, str(outcome.article), annotator, printer.errors > before
            )
        articles["told"] += 1
        dropped.update(outcome.dropped)
        defaults.update(outcome.defaults)
    for kind, count in sorted(seen.items()):
        if count > _SHOWN and not kind.startswith(Severity.ERROR):
            complain(f"{kind}: {count - _SHOWN} more, which acre validate tells")
    _tell_counts(defaults, "by default")
    _tell_counts(dropped, "not read")
    if not articles["told"]:
        complain("nothing to read: no file of the format is there")
    elif not articles["read"] and not printer.errors:
        complain("nothing was read: no annotation is in what was given")
    return 1 if printer.errors or not articles["read"] else 0


def _tell_converted(converted: Converted, article: str, annotator: str, has_errors: bool) -> None:
    if converted.changed:
        say(f"wrote annotations/{annotator}/{article}.json")
        if not any(converted.annotation.marks()):
            complain(f"{article}: there is no mark in it: the pass is empty", "yellow")
    else:
        reason = "it has errors" if has_errors else "the pass says the same already"
        say(f"{article}: nothing written: {reason}")


def _tell_issues(outcome: Outcome, printer: IssuePrinter, seen: Counter[str]) -> None:
    """The document's findings, those that say the same in one line; of each kind of warning the first ones of
    a run, and all errors.
    """
    for issue, places in _grouped(outcome.converted.issues if outcome.converted else ()):
        kind = f"{issue.severity} {issue.code}"
        seen[kind] += 1
        if issue.severity is Severity.ERROR or seen[kind] <= _SHOWN:
            where = ", ".join(places[:_SHOWN]) + (
                f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
            )
            printer.show(
                Issue(f"{outcome.where}: {where}", issue.code, issue.message, issue.severity)
            )


def _grouped(issues: Iterable[Issue]) -> Iterator[tuple[Issue, list[str]]]:
    places: dict[Issue, list[str]] = {}
    for issue in issues:
        places.setdefault(Issue("", issue.code, issue.message, issue.severity), []).append(
            issue.where
        )
    yield from places.items()
