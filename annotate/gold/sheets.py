"""Sheets go to the adjudicator, at a desk or in a folder, come back filled, and become gold.

Every step can be run again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from annotate.corpus import store
from annotate.corpus.files import UNREADABLE, one_line
from annotate.corpus.store import Corpus, StoreError
from annotate.gold import adjudicate
from annotate.labelstudio import config, quotes, results, tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.load import create as create_project
from annotate.model import notation
from annotate.model.issues import AcreError, Issue, Severity, errors
from annotate.model.records import Annotation, Article, Gold, Provenance, Review
from annotate.model.schema import Schema
from annotate.model.text import difference

NOBODY = "merge"
"""Stands as the annotator of gold in which nobody had to decide anything."""
SUFFIX = ".acre"


@dataclass(frozen=True)
class Filled:
    """A sheet as it came back."""

    name: str
    """`<article>.<hash>`: which sheet it is."""
    where: str
    annotation: Annotation | None
    """None where it is out and nothing came back yet."""
    issues: tuple[Issue, ...] = ()


@dataclass
class AdjudicationReport:
    """What became of each article with two passes or more."""

    counts: Counter[str] = field(default_factory=Counter)
    open: dict[str, int] = field(default_factory=dict)
    """By article, how many choices are to be made."""
    origins: Counter[str] = field(default_factory=Counter)
    """Units of all gold, by where they came from."""
    unknown: set[str] = field(default_factory=set)
    """Articles that were named and do not have two passes."""


@dataclass(frozen=True)
class _Sources:
    """What a sheet was made from."""

    passes: tuple[Annotation, ...]
    prior: Gold | None
    majority: bool


@dataclass(frozen=True)
class Run:
    """One run of the command over a corpus."""

    corpus: Corpus
    schema: Schema
    adjudicator: str
    majority: bool
    dry: bool
    notify: Callable[[Issue | str], None]
    report: AdjudicationReport = field(default_factory=AdjudicationReport)


def due(
    run: Run,
    documents: Iterator[tuple[Article, list[Annotation]]],
    early: bool,
    ids: Collection[str] = (),
) -> Iterator[tuple[Article, list[Annotation]]]:
    """Those of the articles for which no assigned pass is missing, or all if `early`; with `ids`, only of these."""
    assigned = {} if early else run.corpus.assignments()
    run.report.unknown = set(ids)
    for article, passes in documents:
        if ids and article.id not in ids:
            continue
        run.report.unknown.discard(article.id)
        if all(annotation.provenance.started_from is not None for annotation in passes):
            # What all were offered, all may have left unread.
            run.report.counts[
                "articles whose passes all began with suggestions: they need one that did not"
            ] += 1
        elif set(assigned.get(article.id, ())) <= set(_annotators(passes)):
            yield article, passes
        else:
            run.report.counts["articles that wait for a pass"] += 1


def _annotators(passes: Sequence[Annotation]) -> tuple[str, ...]:
    return tuple(sorted(annotation.provenance.annotator for annotation in passes))


def gold_of(
    run: Run, documents: Iterator[tuple[Article, list[Annotation]]], filled: Iterator[Filled]
) -> Iterator[tuple[str, Article, adjudicate.Sheet]]:
    """Write what filled sheets decide, then the gold of every article in which nothing is open.

    Yields the sheet of each article in which something is: its name, the article, the sheet. An article for which a
    sheet is still out, unfilled, gets no second one.
    """
    waiting = {_take_or_tell(run, sheet) for sheet in filled}
    for article, passes in documents:
        run.report.counts["articles with several passes"] += 1
        try:
            prior = run.corpus.gold(article.id)
        except StoreError as error:
            run.notify(error.issue)
            continue
        sheet = adjudicate.merge(article, passes, run.schema, prior, run.majority)
        if not sheet.choices:
            _write(run, article, passes, prior, sheet)
        else:
            run.report.open[article.id] = len(sheet.choices)
            run.report.counts["choices to make"] += len(sheet.choices)
            if article.id not in waiting:
                name = _keep(run, article, _Sources(tuple(passes), prior, run.majority))
                yield name, article, sheet
        gold = run.corpus.gold(article.id)
        if gold is not None:
            run.report.origins.update(decision.origin for decision in gold.decisions)


def _take_or_tell(run: Run, filled: Filled) -> str | None:
    """As `_take`; of a sheet that can't be taken the reason is told, and the others go on."""
    try:
        return _take(run, filled)
    except AcreError as error:
        run.notify(issue_of(filled.where, error))
        return filled.name.partition(".")[0]


def issue_of(where: str, error: AcreError) -> Issue:
    """The error as a finding about the sheet."""
    if isinstance(error, StoreError):
        return error.issue
    return Issue(where, "file-unreadable", str(error).removeprefix(f"{where}: "))


def _take(run: Run, filled: Filled) -> str | None:
    """Make gold of a filled sheet where it still counts; the article's id where the sheet is out and not finished."""
    article_id = filled.name.partition(".")[0]
    sources, current = _sources(run.corpus, filled.name), run.corpus.gold(article_id)
    if sources is None:
        run.notify(Issue(filled.where, "sheet-unknown", _UNKNOWN))
        return None
    is_its_own = current is not None and current.sheet == filled.name
    if is_its_own and current is not None and current.provenance.reviews != _reviews(sources.prior):
        is_its_own = False  # it was read again since: what the review changed stays
    if filled.annotation is None:
        return article_id if current == sources.prior else None
    updated = filled.annotation.provenance.updated
    is_newer = current is None or updated > current.provenance.updated
    if current != sources.prior and not is_its_own:
        if current is not None and is_newer:
            run.notify(Issue(filled.where, "sheet-stale", _STALE, Severity.WARNING))
        return None
    if is_its_own and not is_newer:
        return None  # taken already, and not touched since
    return _gold_of_filled(run, filled, filled.annotation, sources)


_UNKNOWN = (
    "what it was made from is not kept in this copy of the corpus; run acre adjudicate where the"
    " sheet was made"
)
_STALE = (
    "gold was changed otherwise after this sheet was made; it was not taken: fill the newest sheet"
)


def _reviews(prior: Gold | None) -> tuple[Review, ...]:
    return prior.provenance.reviews if prior else ()


def _gold_of_filled(
    run: Run, filled: Filled, annotation: Annotation, sources: _Sources
) -> str | None:
    """Write the gold that the sheet decides; the article's id where something stands against it."""
    article = _article(run.corpus, sources.passes[0])
    gold, issues = None, list(filled.issues)
    if not errors(issues):
        origin = annotation if sources.prior is None else sources.prior
        provenance = annotation.provenance.model_copy(
            update={
                "created": origin.provenance.created,
                "made_from": _annotators(sources.passes),
                "schema_version": run.schema.version,
                "reviews": _reviews(sources.prior),
            }
        )
        gold, against = adjudicate.decide(
            article,
            sources.passes,
            sources.prior,
            annotation,
            run.schema,
            provenance,
            sources.majority,
        )
        issues += against
    for issue in issues:
        run.notify(
            Issue(f"{filled.where}: {issue.where}", issue.code, issue.message, issue.severity)
        )
    if gold is None:
        return article.id
    _save(run, article, gold.model_copy(update={"sheet": filled.name}), "from a sheet")
    return None


def _write(
    run: Run,
    article: Article,
    passes: Sequence[Annotation],
    prior: Gold | None,
    sheet: adjudicate.Sheet,
) -> None:
    """Gold in which there is nothing left to decide: nobody's, unless an adjudicator's is only carried on."""
    provenance = _undecided(run, passes, prior)
    gold, issues = adjudicate.decide(
        article, passes, prior, sheet.annotation, run.schema, provenance, run.majority
    )
    for issue in errors(issues):
        run.notify(Issue(f"{article.id}: {issue.where}", issue.code, issue.message))
    if gold is None:
        run.report.counts["not valid when merged"] += 1
        return
    gold = gold.model_copy(update={"sheet": prior.sheet if prior else None})
    gold = run.corpus.shipped(gold, article)
    if prior is not None and (gold.layers(), gold.decisions) == (prior.layers(), prior.decisions):
        run.report.counts["gold unchanged"] += 1
        return
    _save(run, article, gold, "without a choice")


def _undecided(run: Run, passes: Sequence[Annotation], prior: Gold | None) -> Provenance:
    """The provenance of gold in which nobody decided anything now."""
    updated = max(annotation.provenance.updated for annotation in (*passes, prior) if annotation)
    fields: dict[str, Any] = {
        "made_from": _annotators(passes),
        "schema_version": run.schema.version,
        "updated": updated,
    }
    if prior is not None:
        return prior.provenance.model_copy(update=fields)
    return Provenance(
        annotator=NOBODY, kind="machine", tool="acre adjudicate", created=updated, **fields
    )


def _save(run: Run, article: Article, gold: Gold, how: str) -> None:
    run.report.counts[f"gold written {how}"] += 1
    run.notify(f"gold/{gold.article}.json")
    if not run.dry:
        run.corpus.write_annotation(gold, article)


def _article(corpus: Corpus, annotation: Annotation) -> Article:
    article = corpus.find(annotation.article)
    if article is None:
        raise AcreError(f"there is no article {annotation.article}; add it first")
    return article


def _keep(run: Run, article: Article, sources: _Sources) -> str:
    """Keep what a sheet is made from: what the adjudicator decides is about these passes, whatever they become."""
    fields = {
        "passes": [_dumped(annotation) for annotation in sources.passes],
        "prior": _dumped(sources.prior) if sources.prior else None,
        "majority": sources.majority,
    }
    content = (json.dumps(fields, ensure_ascii=False) + "\n").encode()
    name = f"{article.id}.{hashlib.sha256(content).hexdigest()[:10]}"
    if not run.dry:
        store.write(run.corpus.sheet_path(name), content)
    return name


def _dumped(annotation: Annotation) -> dict[str, Any]:
    return annotation.model_dump(mode="json", exclude_defaults=True)


def _sources(corpus: Corpus, name: str) -> _Sources | None:
    path = corpus.sheet_path(name)
    if not path.exists():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        prior = Gold.model_validate(fields["prior"]) if fields["prior"] else None
        passes = tuple(map(Annotation.model_validate, fields["passes"]))
        return _Sources(passes, prior, fields["majority"])
    except UNREADABLE as error:
        raise StoreError(
            path, f"{' '.join(str(error).split())[:200]}; remove it, and adjudicate again"
        ) from None


# a folder of files in the inline notation


def write_files(
    folder: Path, sheets: Iterator[tuple[str, Article, adjudicate.Sheet]], dry: bool
) -> Iterator[str]:
    """Each sheet as a file, by the name of the sheet; one that is there is left as it is."""
    for name, article, sheet in sheets:
        path = folder / f"{name}{SUFFIX}"
        if article.text is not None and not path.exists():
            yield str(path)
            if not dry:
                store.write(path, notation.render(article.text, sheet.annotation).encode())


def read_files(run: Run, folder: Path) -> Iterator[Filled]:
    """Every sheet of the folder, as it stands; one that can't be read is told of, and counts as not filled."""
    schema = adjudicate.sheet_schema(run.schema)
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            yield _read_file(run, path, schema)
        except AcreError as error:
            run.notify(issue_of(str(path), error))
            yield Filled(path.name.removesuffix(SUFFIX), str(path), None)


def _read_file(run: Run, path: Path, schema: Schema) -> Filled:
    name = path.name.removesuffix(SUFFIX)
    sources = _sources(run.corpus, name)
    article = _article(run.corpus, sources.passes[0]) if sources else None
    made = provenance_of_file(path, run.corpus, run.adjudicator, schema)
    return Filled(name, str(path), parse_file(path, name.partition(".")[0], article, schema, made))


def parse_file(
    path: Path, name: str, article: Article | None, schema: Schema, provenance: Provenance
) -> Annotation:
    """A sheet in the inline notation; AcreError where it can't be read, or holds another text than the article's."""
    sha256 = article.sha256 if article else "0" * 64
    text, annotation = notation.parse(
        store.read_text(path), schema, name, sha256, provenance, str(path)
    )
    if article is not None and text != article.text:
        raise AcreError(f"{path}: {difference(text, article.text or '')}")
    return annotation


def provenance_of_file(path: Path, corpus: Corpus, annotator: str, schema: Schema) -> Provenance:
    """Of a sheet that the annotator filled in an editor; its time is the file's."""
    modified = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    return Provenance(
        annotator=annotator,
        kind=corpus.kind(annotator),
        tool="inline notation",
        schema_version=schema.version,
        created=modified,
        updated=modified,
    )


# a desk


def load(
    client: Client,
    project: str,
    schema: Schema,
    sheets: Iterator[tuple[str, Article, adjudicate.Sheet]],
) -> Iterator[str]:
    """Each sheet as a task with a draft, which opens as the adjudicator's own work.

    A sheet that is already at the desk is left as it is.
    """
    with_questions = adjudicate.sheet_schema(schema)
    number, known = None, dict[str, dict[str, Any]]()
    for name, article, sheet in sheets:
        if number is None:
            number, known = _project(client, project, with_questions)
        if name not in known:
            data = tasks.data(article, schema) | {
                "sheet": name,
                config.CHOICES: config.listed(_rows(sheet)),
            }
            (task,) = client.import_tasks(number, [{"data": data}])
            yield name
        elif known[name]["draft_exists"] or known[name]["total_annotations"]:
            continue
        else:
            task = known[name]["id"]  # a run before this one was cut off between the two
        client.draft(task, _result(sheet, article, with_questions))


def _result(
    sheet: adjudicate.Sheet, article: Article, with_questions: Schema
) -> list[dict[str, Any]]:
    """The sheet as Label Studio's result list; what is offered is told in words, as its page shows no ids."""
    entries = tasks.result(sheet.annotation, article, with_questions)
    shown = quotes.shown(sheet.annotation)
    for entry in entries:
        if entry.get("from_name") == adjudicate.OFFERED:
            value = entry["value"]
            value["text"] = [quotes.in_words(offered, shown, _END) for offered in value["text"]]
    return entries


_END = re.compile(r"(?:(?<= → )|(?<= as ))[\w-]+")
"""The other end of a link, in what the passes offer."""


def _rows(sheet: adjudicate.Sheet) -> list[tuple[str, str, str]]:
    """Label, words, and what is offered, of each choice in the order of the text."""
    marks = {mark.id: mark for mark in sheet.annotation.marks()}
    chosen = sorted((marks[name] for name in sheet.choices), key=lambda mark: mark.order)
    shown = quotes.shown(sheet.annotation)
    rows = []
    for mark in chosen:
        offered = str(mark.attributes.get(adjudicate.OFFERED))
        rows.append((mark.label, mark.text or "", quotes.in_words(offered, shown, _END)))
    return rows


def _project(client: Client, title: str, schema: Schema) -> tuple[int, dict[str, dict[str, Any]]]:
    """The number of the project, made or updated for the schema, and its tasks by the name of the sheet."""
    fields = {
        "label_config": config.build(schema, choices=True),
        "expert_instruction": config.instructions(schema),
    }
    project = client.project(title)
    if project is None:
        fixed = {"title": title, "show_collab_predictions": False, "maximum_annotations": 1}
        return create_project(client, fixed | fields), {}
    if project["label_config"] != fields["label_config"]:
        if config.answers(project["label_config"]) != config.answers(fields["label_config"]):
            raise AcreError(
                f"project {title!r}: the schema's labels changed since its sheets were made;"
                " nothing was touched. Fill and read them, then go on in a new project: acre"
                f" adjudicate --project {title!r}-{schema.version}"
            )
        client.update_project(project["id"], fields)
    sheets = {}
    for task in chain.from_iterable(client.tasks(project["id"])):
        sheets[task["data"].get("sheet", "")] = task
    return int(project["id"]), sheets


def read(run: Run, client: Client, title: str) -> Iterator[Filled]:
    """Every sheet at the desk: as it was last submitted, or, where it was not yet, as a sheet with all choices open."""
    project = client.project(title)
    if project is None:
        return
    schema, tool = adjudicate.sheet_schema(run.schema), f"label-studio {client.version()}"
    pages = client.tasks(project["id"], annotations=True, salvage=True)
    for task in chain.from_iterable(pages):
        where = f"{client.url}/projects/{project['id']}/data?task={task['id']}"
        try:
            filled = _filled(run, schema, task, where, tool)
        except (AcreError, *UNREADABLE) as error:
            run.notify(_unreadable(where, task, error))
            data = task.get("data")
            filled = Filled(str(data.get("sheet") if isinstance(data, dict) else ""), where, None)
        if filled is not None:
            yield filled


def _unreadable(where: str, task: dict[str, Any], error: Exception) -> Issue:
    if task.get("unreadable"):
        message = (
            f"the server fails to give {', '.join(task['unreadable'])}; submit the sheet again"
        )
        return Issue(where, "task-unreadable", message)
    if isinstance(error, AcreError):
        return issue_of(where, error)
    message = f"the sheet is not what Label Studio writes: {one_line(error)}; submit it again"
    return Issue(where, "result-malformed", message)


def _filled(run: Run, schema: Schema, task: dict[str, Any], where: str, tool: str) -> Filled | None:
    """The task's sheet; None where a run was cut off before it gave the task its draft: the sheet is sent again."""
    name = str(task["data"].get("sheet"))
    sources = _sources(run.corpus, name)
    if task.get("unreadable"):
        raise ValueError("the server fails to give it")
    submitted = [answer for answer in task["annotations"] if not answer["was_cancelled"]]
    if not submitted and not task["draft_exists"]:
        return None
    if sources is None or not submitted:
        return Filled(name, where, None)
    newest = max(submitted, key=lambda answer: (answer["updated_at"], answer["id"]))
    provenance = results.provenance(
        newest, run.adjudicator, run.corpus.kind(run.adjudicator), run.schema.version, tool
    )
    annotation, issues = results.read(
        newest.get("result") or [],
        _article(run.corpus, sources.passes[0]),
        schema,
        provenance,
    )
    return Filled(name, where, annotation, tuple(issues))
