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
    counted,
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
from annotate.formats import export as export_
from annotate.formats import labelmap as labelmap_
from annotate.formats.convert import Converted, Outcome
from annotate.formats.labelmap import LabelMap
from annotate.model.issues import Issue, Severity, UsageError
from annotate.model.schema import Schema
from annotate.model.text import BOM

NOTATION = ".acre"
_SHOWN = 5
"""How many issues of one kind are printed, each in a line of its own."""
_READABLE = (*FORMATS, convert_.RE3D)

TargetsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        help=(
            "Article ids, by default all that are annotated; or, with --from, files and folders"
            " in the format."
        )
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option(
        "--to", help=f"Write this format: {', '.join(FORMATS)}; by default the inline notation."
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        help=(
            f"Read this format: {', '.join(_READABLE)}; a file <id>.acre is in the inline notation."
        ),
    ),
]
AnnotatorOption = Annotated[
    str | None,
    typer.Option(
        help=(
            "Whose pass it is, a name of annotators.yaml; by default gold, or the only pass."
            " Needed to read a format."
        )
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help=(
            "Folder that the files go to; one notation goes to a file or a folder, and is"
            " printed by default."
        ),
    ),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        help=(
            "A map of foreign labels, links and answers to the schema's, in YAML; see"
            " docs/formats.md."
        ),
    ),
]
DefaultOption = Annotated[
    list[str] | None,
    typer.Option(
        "--default",
        help=(
            "NAME=ANSWER for each mark that can have the answer and has none; may be given again."
        ),
    ),
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Replace a pass also where the new one has fewer marks, links or answers.",
    ),
]


@app.command()
def convert(
    targets: TargetsArgument = None,
    to: ToOption = None,
    from_: FromOption = None,
    annotator: AnnotatorOption = None,
    output: OutputOption = None,
    labels: LabelsOption = None,
    default: DefaultOption = None,
    force: ForceOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Write annotated articles in the inline notation or another format, or read such files as passes."""
    folder, terms, names = Corpus(corpus), schema_of(schema, corpus), list(targets or ())
    _check_formats(to, from_, has_map=labels is not None or bool(default))
    is_notation = to is None and from_ is None
    is_notation_file = is_notation and len(names) == 1 and names[0].endswith(NOTATION)
    is_read = from_ is not None or is_notation_file
    if annotator is not None:
        has_passes = not is_read and (folder.root / "annotations" / annotator).is_dir()
        if not has_passes:
            folder.declared(annotator)
    if to is not None:
        raise typer.Exit(_write_format(folder, terms, names, to, annotator, output))
    if is_notation and len(names) != 1:
        raise UsageError("name one article, or one file <id>.acre; several go with --to or --from")
    if not is_read:
        _write_notation(folder, names[0], annotator, output)
        return
    if annotator is None or not names:
        raise UsageError("say whose pass it becomes, with --annotator, and name the files")
    outcomes: Iterable[Outcome]
    if from_ is None:
        outcomes = [_from_notation(folder, terms, names[0], annotator, force)]
    else:
        label_map = _label_map(labels, default or [], terms)
        paths = map(Path, names)
        outcomes = convert_.from_files(folder, terms, paths, from_, annotator, label_map, force)
    raise typer.Exit(_print_outcomes(outcomes, annotator))


def _check_formats(to: str | None, from_: str | None, has_map: bool) -> None:
    """UsageError for a format that there is not, and for options that do not go together."""
    for name, known in ((to, tuple(FORMATS)), (from_, _READABLE)):
        if name is not None and name not in known:
            raise UsageError(f"no format {name!r}; give one of {', '.join(known)}")
    if to is not None and from_ is not None:
        raise UsageError(
            "give --to or --from; to turn one format into another, read it first and then write it"
        )
    if from_ is None and has_map:
        raise UsageError(
            "--labels and --default say how files are read; name their format with --from"
        )


def _label_map(path: Path | None, defaults: Iterable[str], schema: Schema) -> LabelMap:
    labels = LabelMap() if path is None else labelmap_.load(path, schema)
    answers = dict(labels.defaults)
    for pair in defaults:
        name, equals, answer = pair.partition("=")
        if not equals or not name or not answer:
            raise UsageError(
                f"--default {pair!r}: give it as NAME=ANSWER, for example realis=actual"
            )
        answers[name] = answer
    labels = labels.model_copy(update={"defaults": answers})
    return labelmap_.checked(labels, schema, str(path or "--default"))


def _from_notation(
    folder: Corpus, schema: Schema, name: str, annotator: str, force: bool
) -> Outcome:
    path = Path(name)
    source, article = store.read_text(path).removeprefix(BOM), convert_.find(folder, path.stem)
    converted = convert_.from_notation(folder, schema, article, annotator, source, name, force)
    return Outcome(name, article.id, converted)


def _write_notation(folder: Corpus, name: str, annotator: str | None, output: Path | None) -> None:
    rendered = convert_.to_notation(folder, convert_.find(folder, name), annotator)
    if output is not None and output.is_dir():
        output = output / f"{name}{NOTATION}"
    deliver(rendered, output)


def _write_format(
    folder: Corpus,
    schema: Schema,
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
    dropped, written, failed, missing = Dropped(), 0, 0, Counter[str]()
    exports = export_.to_files(folder, schema, names, to, annotator)
    with progress("converting") as step:
        for each in counted(exports, step):
            if each.export is not None:
                for suffix, content in each.export.files.items():
                    write_output(output / f"{each.article}{suffix}", content)
                dropped.update(each.export.dropped)
                written += 1
            elif each.error is not None:
                complain(str(each.error), "red")
                failed += 1
            else:
                missing[str(each.missing)] += 1
    say(f"{written} documents written to {output} as {to}")
    if missing["annotation"]:
        say(f"  left out: {missing['annotation']} articles without gold or an only pass")
    if missing["text"]:
        say(f"  left out: {missing['text']} whose text is not here; run acre rehydrate")
    if failed:
        say(f"  not written: {failed}, for the reasons above")
    _print_counts(dropped, f"{to} can't hold")
    return 1 if failed else 0


def _print_counts(counts: Mapping[str, int], what: str) -> None:
    for name, count in sorted(counts.items()):
        say(f"  {what}: {count} {name}")


def _print_outcomes(outcomes: Iterable[Outcome], annotator: str) -> int:
    """Print what became of each document, then what was not read of all of them, by kind; the exit code."""
    printer, seen = IssuePrinter(), Counter[str]()
    dropped, defaults, documents, passes = Dropped(), Counter[str](), 0, 0
    for outcome in outcomes:
        if outcome.note is not None:
            say(f"{outcome.where}: {outcome.note}")
        before = printer.errors
        for issue in outcome.issues:
            printer.show(issue)
        if outcome.converted is not None:
            _print_issues(outcome, printer, seen)
            has_errors = printer.errors > before
            _print_converted(outcome.converted, str(outcome.article), annotator, has_errors)
            passes += 1
        documents += 1
        dropped.update(outcome.dropped)
        defaults.update(outcome.defaults)
    for kind, count in sorted(seen.items()):
        if count > _SHOWN and not kind.startswith(Severity.ERROR):
            complain(f"{kind}: {count - _SHOWN} more, which acre validate tells")
    _print_counts(defaults, "by default")
    _print_counts(dropped, "not read")
    if not documents:
        complain("nothing to read: no file of the format is there")
    elif not passes and not printer.errors:
        complain("nothing was read: no annotation is in what was given")
    return 1 if printer.errors or not passes else 0


def _print_converted(converted: Converted, article: str, annotator: str, has_errors: bool) -> None:
    if converted.changed:
        say(f"wrote annotations/{annotator}/{article}.json")
        if not any(converted.annotation.marks()):
            complain(f"{article}: there is no mark in it: the pass is empty", "yellow")
    else:
        reason = "it has errors" if has_errors else "the pass says the same already"
        say(f"{article}: nothing written: {reason}")


def _print_issues(outcome: Outcome, printer: IssuePrinter, seen: Counter[str]) -> None:
    """The document's issues, those that say the same in one line; of each kind of warning the first ones of
    a run, and all errors.
    """
    for issue, places in _grouped(outcome.converted.issues if outcome.converted else ()):
        kind = f"{issue.severity} {issue.code}"
        seen[kind] += 1
        if issue.severity is not Severity.ERROR and seen[kind] > _SHOWN:
            continue
        where = f"{outcome.where}: {', '.join(places[:_SHOWN])}"
        if len(places) > _SHOWN:
            where += f" and {len(places) - _SHOWN} more"
        printer.show(Issue(where, issue.code, issue.message, issue.severity))


def _grouped(issues: Iterable[Issue]) -> Iterator[tuple[Issue, list[str]]]:
    places: dict[Issue, list[str]] = {}
    for issue in issues:
        without_place = Issue("", issue.code, issue.message, issue.severity)
        places.setdefault(without_place, []).append(issue.where)
    yield from places.items()
