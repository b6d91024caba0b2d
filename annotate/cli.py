"""The command line: parses, calls, prints, exits. Exit 0 clean, 1 issues found, 2 wrong usage."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from annotate import add as add_
from annotate import align, store
from annotate import convert as convert_
from annotate import load as load_
from annotate import pull as pull_
from annotate import qualify as qualify_
from annotate import schema as schema_
from annotate import validate as validate_
from annotate.articles.reading import About
from annotate.issues import AcreError, Issue, Severity, UsageError
from annotate.labelstudio import server
from annotate.labelstudio.client import Client
from annotate.schema import Schema
from annotate.store import Corpus

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=__doc__.split(":")[0] + " of ACRE, Attributed Conflict REporting.",
)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

CorpusOption = Annotated[Path, typer.Option("--corpus", help="The corpus folder.", envvar="ACRE_CORPUS")]
SchemaOption = Annotated[
    Path | None, typer.Option("--schema", help="The schema; by default guidelines/schema.yaml beside the corpus.")
]
StateOption = Annotated[
    Path | None, typer.Option("--state", help="Where desks are kept; by default .acre beside the corpus.")
]
DeskOption = Annotated[str, typer.Option("--desk", help="The desk: a Label Studio of its own.")]
UrlOption = Annotated[
    str | None, typer.Option("--url", help="A Label Studio that someone else runs, instead of a desk.")
]
TokenOption = Annotated[
    Path | None, typer.Option("--token-file", help="File with its access token; or give it in ACRE_TOKEN.")
]
ProjectOption = Annotated[str, typer.Option("--project", help="Title of the Label Studio project.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]

CORPUS = Path("corpus")
PROJECT = "ACRE"
DESK = "desk"


def main() -> None:
    """The command `acre`."""
    run("acre", app)


def run(program: str, command: Callable[[], Any]) -> None:
    """Run a command, and turn what went wrong into one line and an exit code."""
    try:
        command()
    except AcreError as error:
        err.print(f"{program}: {error}", style="red", markup=False)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        err.print(f"{program}: interrupted; run it again to go on")
        sys.exit(130)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


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
    with _progress("reading") as step:
        report = add_.add(Corpus(corpus), files, about, step)
    for found in report.added:
        article = found.article
        assert article is not None
        _say(f"added {article.collection}/{article.id}: {article.length} characters, from {found.where}")
        for change, count in (found.changes or {}).items():
            _say(f"  normalised: {change}: {count}")
        kinds = Counter(zone.kind for zone in article.zones)
        _say("  zones: " + ", ".join(f"{kind} {count}" for kind, count in kinds.items()))
        for zone in article.zones:
            if zone.kind != "paragraph":
                words = zone.slice(article.text or "")
                _say(f"    {zone.kind:<11} {words if len(words) <= 80 else words[:79] + '…'}")
    for found, other in report.present:
        _say(f"already there: {found.where} is {other.collection}/{other.id}; nothing added")
    for found, other, likeness in report.near:
        err.print(
            f"{found.where}: near-copy: {likeness:.0%} like {other.collection}/{other.id}; nothing added", markup=False
        )
    for found in report.failed:
        err.print(found.error, markup=False)
    raise typer.Exit(1 if report.near or report.failed else 0)


@app.command()
def serve(
    desk: DeskOption = DESK,
    port: Annotated[
        int | None, typer.Option(help="Port on 127.0.0.1; by default the last one, or a free one from 8080.")
    ] = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    stop: Annotated[bool, typer.Option("--stop", help="Stop the desk's server and return.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Return once it is up; stop it with --stop.")] = False,
    corpus: CorpusOption = CORPUS,
    state: StateOption = None,
) -> None:
    """Start a desk's Label Studio, or attach to one by URL and token, and wait until it is healthy."""
    home = state or corpus.parent / ".acre"
    if stop:
        running = server.read(home, desk)
        was_up = server.is_ours(running)
        server.stop(running)
        _say(f"desk {desk} {'stopped' if was_up else 'was not running'}")
        return
    if url:
        attached = server.attach(home, desk, url, _token(token_file))
        _say(f"desk {desk} is attached to {attached.url} as {Client(attached.url, attached.token).me()['email']}")
        return
    # A SIGTERM ends like Ctrl+C: with the server stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _progress("starting Label Studio") as step:
        running = server.start(home, desk, port, step, corpus.parent / "build" / "guidelines")
    # The password goes to a terminal only: an output that is kept is a log.
    password = running.password if sys.stdout.isatty() else f"(in {server.folder(home, desk) / 'desk.json'})"
    up = f"Label Studio is up at {running.url}\n  e-mail    {running.email}\n  password  {password}"
    if detach:
        _say(up)
    else:
        hold(running, f"{up}\nCtrl+C stops it; nothing that was saved is lost.")


def hold(desk: server.Desk, notice: str) -> None:
    """Say the notice, wait for Ctrl+C, then stop the desk's server."""
    try:
        _say(notice)
        sys.stdout.flush()
        while server.is_ours(desk):
            time.sleep(2)
        raise server.ServerError(
            f"desk {desk.name}: its server has ended; see server.log beside desk.json, and run acre serve again"
        )
    except KeyboardInterrupt:
        for sent in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sent, signal.SIG_IGN)  # it is stopping already
        server.stop(desk)
        _say("stopped")


@app.command()
def load(
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Article ids; by default all of the collections that go into the dataset."),
    ] = None,
    collection: Annotated[str | None, typer.Option(help="Only articles of this collection.")] = None,
    project: ProjectOption = PROJECT,
    desk: DeskOption = DESK,
    url: UrlOption = None,
    token_file: TokenOption = None,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Put articles into Label Studio: the project is made or updated; what is there and labelled is not touched."""
    labels, folder = _schema(schema, corpus), Corpus(corpus)
    client = _client(desk, url, token_file, state or corpus.parent / ".acre")
    wanted = set(ids or ())
    skipped: list[str] = []
    unknown = set(wanted)
    collections = folder.collections()

    def chosen() -> Iterator[Any]:
        for article in folder.articles():
            unknown.discard(article.id)
            if wanted or collection:
                is_chosen = (not wanted or article.id in wanted) and collection in (None, article.collection)
            else:
                is_chosen = collections[article.collection].in_dataset
            if not is_chosen:
                continue
            if article.text is None:
                skipped.append(article.id)
                continue
            yield article

    with _progress("loading") as step:
        report = load_.load(client, project, chosen(), labels, step)
    _say(
        f"{client.url}/projects/{report.project}: {len(report.added)} added, {len(report.updated)} updated, {len(report.unchanged)} unchanged"
    )
    for name in skipped:
        err.print(f"{name}: text-withheld: its text is not here; restore it first", markup=False)
    for name in sorted(unknown):
        err.print(f"{name}: no such article in {corpus}", markup=False)
    told = Told()
    for issue in report.issues:
        told.tell(issue)
    raise typer.Exit(1 if told.errors or skipped or unknown else 0)


@app.command()
def pull(
    project: ProjectOption = PROJECT,
    desk: DeskOption = DESK,
    url: UrlOption = None,
    token_file: TokenOption = None,
    annotator: Annotated[
        list[str] | None,
        typer.Option(help="EMAIL=PSEUDONYM, for each account; a desk's own account is the desk's name."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Look at every task, not only at those touched since the last pull.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change.")] = False,
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
    state: StateOption = None,
) -> None:
    """Bring all annotations from Label Studio to annotations/<annotator>/; what does not fit is set aside in full."""
    labels, home = _schema(schema, corpus), state or corpus.parent / ".acre"
    client = _client(desk, url, token_file, home)
    told = Told(json_, "would write" if dry_run else "wrote")
    with _progress("pulling") as step:
        counts = pull_.pull(
            client,
            project,
            Corpus(corpus),
            labels,
            _annotators(annotator, desk, url, home),
            everything,
            dry_run,
            told.tell,
            step,
        )
    show_counts(counts, json_)
    raise typer.Exit(1 if told.errors else 0)


class Told:
    """Prints what a long command tells as it comes; keeps no more of it than the number of errors."""

    def __init__(self, as_json: bool = False, wrote: str = "wrote") -> None:
        self.errors = 0
        self._json, self._wrote = as_json, wrote

    def tell(self, found: Issue | str) -> None:
        """Print an issue, or `annotator/article` of a file that was written."""
        if isinstance(found, str):
            fields = {"written": found}
            line, style = f"{self._wrote} annotations/{found}.json", ""
        else:
            self.errors += found.severity is Severity.ERROR
            fields = {"where": found.where, "code": found.code, "severity": found.severity, "message": found.message}
            line, style = f"{found.severity}: {found}", _STYLES[found.severity]
        if self._json:
            out.print(json.dumps(fields, ensure_ascii=False), markup=False)
        else:
            (err if style else out).print(line, style=style, markup=False)


_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def show_counts(counts: Mapping[str, int], as_json: bool = False) -> None:
    """What was counted, each by name; nothing at all is said too."""
    if as_json:
        out.print(
            json.dumps({"counts": {name: count for name, count in sorted(counts.items()) if count}}), markup=False
        )
        return
    for name, count in sorted(counts.items()):
        if count:
            _say(f"{count:>7} {name}")


@app.command()
def validate(json_: JsonOption = False, corpus: CorpusOption = CORPUS, schema: SchemaOption = None) -> None:
    """Run every rule over articles, annotations, gold, assignments and the built dataset; with --json, one object a line."""
    labels, folder, told, checked = _schema(schema, corpus), Corpus(corpus), Told(json_), Counter[str]()
    with _progress("validating") as step:

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
def build(json_: JsonOption = False, corpus: CorpusOption = CORPUS, schema: SchemaOption = None) -> None:
    """Build the dataset: data/ and the card README.md; the same corpus gives the same bytes."""
    from annotate.dataset import build as build_  # datasets takes seconds to import

    with _progress("building") as step:
        report = build_.build(Corpus(corpus), _schema(schema, corpus), step)
    told = Told(json_)
    for issue in report.issues:
        told.tell(issue)
    if json_:
        fields = {
            "documents": report.documents,
            "layers": report.counts,
            "unannotated": report.unannotated,
            "undecided": report.undecided,
        }
        out.print(json.dumps(fields), markup=False)
    else:
        show_build(report, corpus)
    raise typer.Exit(1 if told.errors else 0)


def show_build(report: Any, corpus: Path) -> None:
    """What a build put in and left out."""
    layers = ", ".join(f"{count} {layer}" for layer, count in report.counts.items())
    _say(f"{corpus}: {report.documents} documents: {layers}")
    for name in report.undecided:
        _say(f"  left out: {name} has several passes and no gold; adjudicate it")
    if report.unannotated:
        _say(f"  left out: {report.unannotated} articles without annotation")


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
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8'}; give a file that can be read"
        ) from None
    article = convert_.find(folder, path.stem)
    converted = convert_.from_notation(folder, _schema(schema, corpus), article, annotator, source, str(path))
    told = Told()
    for issue in converted.issues:
        told.tell(Issue(f"{path}: {issue.where}", issue.code, issue.message, issue.severity))
    if converted.changed:
        _say(f"wrote annotations/{annotator}/{article.id}.json")
    else:
        _say("nothing written: it has errors" if told.errors else "nothing written: the pass says the same already")
    raise typer.Exit(1 if told.errors else 0)


@app.command()
def qualify(
    annotator: Annotated[str, typer.Argument(help="Whose passes over the qualification set are compared.")],
    json_: JsonOption = False,
    corpus: CorpusOption = CORPUS,
    schema: SchemaOption = None,
) -> None:
    """Compare an annotator's passes with the qualification set's reference, and show the ruling for each difference."""
    guide = (schema.parent if schema else corpus.parent / "guidelines") / "qualification"
    found = qualify_.qualify(annotator, guide, Corpus(corpus), _schema(schema, corpus))
    if json_:
        scores = {layer: found.f1(layer) for layer in align.LAYERS}
        listed = [difference.__dict__ | {"unit": difference.unit._asdict()} for difference in found.differences]
        out.print(
            json.dumps({"f1": scores, "differences": listed, "unannotated": found.unannotated}, ensure_ascii=False),
            markup=False,
        )
    else:
        _show_qualification(found)
    for name in found.unannotated:
        err.print(
            f"{name}: {annotator} has no pass over it; load it with: acre load --collection qualification", markup=False
        )
    raise typer.Exit(1 if found.differences or found.unannotated else 0)


def _show_qualification(found: qualify_.Qualification) -> None:
    for difference in found.differences:
        head = "missing" if difference.missing else "not in the reference"
        _say(f"\n{difference.article}: {head}: {difference.unit.layer} {difference.unit.label}")
        _say("".join(f"    {line}\n" for line in difference.shown.split("\n")) + f"  {difference.ruling}")
    table = Table(title="Agreement with the reference (exact)")
    for heading in ("layer", "label", "reference", "given", "matched", "F1"):
        table.add_column(heading, justify="left" if heading in ("layer", "label") else "right")
    for layer in align.LAYERS:
        labels = sorted({label for of, label in (*found.reference, *found.given) if of == layer})
        for label in [None, *(labels if len(labels) > 1 else ())]:
            score = found.f1(layer, label)
            counts = [
                sum(count for (of, name), count in counter.items() if of == layer and label in (None, name))
                for counter in (found.reference, found.given, found.matched)
            ]
            table.add_row(
                "" if label else layer, label or "all", *map(str, counts), "–" if score is None else f"{score:.2f}",
                style="" if label else "bold",
            )  # fmt: skip
    out.print(table)


def _schema(path: Path | None, corpus: Path) -> Schema:
    return schema_.load(path or corpus.parent / "guidelines" / "schema.yaml")


def _token(path: Path | None) -> str:
    # Never an argument: the process list shows those to everyone on the machine.
    token = path.read_text(encoding="utf-8").strip() if path else os.environ.get("ACRE_TOKEN", "")
    if not token:
        raise UsageError(
            "--url needs an access token; give it in the variable ACRE_TOKEN or in a file with --token-file"
        )
    return token


def _client(desk: str, url: str | None, token_file: Path | None, home: Path) -> Client:
    if url:
        return Client(url.rstrip("/"), _token(token_file))
    known = server.read(home, desk)
    return Client(known.url, known.token)


def _annotators(given: Iterable[str] | None, desk: str, url: str | None, home: Path) -> dict[str, str]:
    annotators = {}
    if not url:
        email = server.read(home, desk).email
        annotators = {email: desk} if email else {}
    for pair in given or ():
        email, equals, name = pair.partition("=")
        if not equals or not email or not name:
            raise UsageError(f"--annotator {pair!r}: give it as EMAIL=PSEUDONYM")
        annotators[email.lower()] = name
    return annotators


def _date(value: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if value else None
    except ValueError:
        raise UsageError(f"--published {value!r}: give the date as 2015-10-11") from None


def _say(line: str) -> None:
    out.print(line, markup=False)


@contextmanager
def _progress(what: str) -> Iterator[Callable[..., None]]:
    """A counter on a terminal, nothing in a pipe."""
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed:.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda count=1: progress.advance(task, count)
