"""Annotations come back from Label Studio: by page, resumable, only what is new, each kept or set aside by name."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from annotate.corpus import store, validate
from annotate.corpus.articles import reading
from annotate.corpus.articles.reading import About, Reading
from annotate.corpus.store import Corpus, StoreError
from annotate.labelstudio import config, matching, quotes, results
from annotate.labelstudio.client import AnswerError, Client
from annotate.labelstudio.matching import Articles, Match
from annotate.labelstudio.source import Server, Source, SourceError
from annotate.model import graph, ids
from annotate.model.issues import Issue, Severity, errors
from annotate.model.records import Annotation, Article, Provenance
from annotate.model.schema import Schema

TOOL = "label-studio"
"""Without a version: an export tells none, and a server's is that of the pull, not that which was annotated with."""
_TOGETHER = 200
"""Files that are written together, where the source says no more often."""
_SHOWN = 5
"""Tasks that are named of those without an article."""

Notify = Callable[[Issue | str], None]
"""Is called with each issue, and with the path in the corpus of each file that is new or changed, as they come: a list
of them would grow with the corpus."""


class Reader(Protocol):
    """Reads a result of a labelling interface that is not ours, over `source`, a copy of the article's text."""

    def __call__(
        self, result: list[Any], article: Article, provenance: Provenance, source: str | None
    ) -> tuple[Annotation, list[Issue], Mapping[str, int]]:
        """The annotation, what has no place in one or was moved, and counts of what was left out or set by default."""


@dataclass(frozen=True)
class _Run:
    source: Source
    corpus: Corpus
    schema: Schema
    annotators: Mapping[str, str]
    kinds: Mapping[str, str]
    articles: Articles
    reader: Reader | None
    dry: bool
    force: bool
    notify: Notify
    files: store.Batch = field(default_factory=store.Batch)
    """What is written and removed, page by page."""
    counts: Counter[str] = field(default_factory=Counter)
    strays: list[tuple[str, int]] = field(default_factory=list)
    """The tasks of no article of the corpus, each with how many annotations it has."""


def pull(
    client: Client,
    title: str,
    corpus: Corpus,
    schema: Schema,
    annotators: Mapping[str, str],
    everything: bool = False,
    dry: bool = False,
    notify: Notify = lambda event: None,
    on_task: Callable[[int], None] = lambda count: None,
    reader: Reader | None = None,
    notes: bool = False,
) -> Counter[str]:
    """`pull_from` a project of a server. A pull that was cut off goes on where it stopped."""
    source = Server(client, title, corpus, everything, dry, notes)
    return pull_from(source, corpus, schema, annotators, dry, notify, on_task, reader)


def pull_from(
    source: Source,
    corpus: Corpus,
    schema: Schema,
    annotators: Mapping[str, str],
    dry: bool = False,
    notify: Notify = lambda event: None,
    on_task: Callable[[int], None] = lambda count: None,
    reader: Reader | None = None,
    articles: Articles | None = None,
    force: bool = False,
) -> Counter[str]:
    """Bring a project's annotations to `annotations/<annotator>/<article>.json`; returns what was counted, by name.

    Each annotation is counted once: new, changed, unchanged, set aside, cancelled, or of no article. The same project
    gives the same files, whether its server or its export is the source.

    `annotators` gives the pseudonym of each account, by e-mail address, or by its number where that is not known.
    `reader` reads what was made with other labelling interfaces than ours; without one, it is read as ours. With `dry`,
    nothing is written, and what is reported and counted is what would be. With `force`, a pass also takes the place of
    one that has more.
    """
    run = _Run(
        source, corpus, schema, annotators, {name: about.kind for name, about in corpus.annotators().items()},
        articles or Articles(corpus), reader, dry, force, notify,
    )  # fmt: skip
    try:
        for page in source.pages():
            for raw in page:
                _task(raw, run)
            if source.resumes or len(run.files) >= _TOGETHER:
                run.files.commit()
            on_task(len(page))
    except SourceError as error:
        notify(Issue(source.name, "file-unreadable", str(error)))
    finally:  # what was told is written, also where a task ends it all
        run.files.commit()
    _report_strays(run)
    return run.counts


def _report_strays(run: _Run) -> None:
    """One line for all tasks of no article: an error where somebody's work is in them."""
    if not run.strays:
        return
    names = ", ".join(name for name, _count in run.strays[:_SHOWN])
    more = f" and {len(run.strays) - _SHOWN} more" if len(run.strays) > _SHOWN else ""
    work = sum(count for _name, count in run.strays)
    message = (
        f"tasks of no article of the corpus, by id or by text: {len(run.strays)}, with {work} annotations"
        f" ({names}{more}); add their texts, with acre add or of a file with --add-to, then pull --all"
    )
    severity = Severity.ERROR if work else Severity.WARNING
    run.notify(Issue(run.source.name, "article-unknown", message, severity))


_OF_NO_ARTICLE = "of no article, left where they are"


def texts(source: Source, articles: Articles, about: About) -> Iterator[Reading]:
    """The texts of the tasks of no article, as articles; what else their data say is read as of a row of JSON."""
    for task in _readable(source):
        letters = matching.annotated_text(task) if articles.of(task).is_stray else None
        if letters is not None:
            where = f"{source.name}: task {task.id}"
            yield reading.of_fields({**task.data, "text": letters}, where, about)


def _readable(source: Source) -> Iterator[results.Task]:
    """The tasks that are such; the pull tells of the others, and where the source breaks off."""
    with suppress(SourceError):
        for raw in chain.from_iterable(source.pages()):
            with suppress(ValidationError):
                yield results.Task.model_validate(raw)


def _task(raw: dict[str, Any], run: _Run) -> None:
    """Each annotation of the task kept or set aside."""
    counts = run.counts
    unreadable = raw.get("unreadable", [])
    number = raw.get("id")
    name = f"task {number}" if type(number) is int else f"task without a number {_digest(raw)}"
    counts["tasks"] += 1
    if unreadable:
        counts["tasks that the server fails on"] += 1
        message = (
            f"the server fails to give {', '.join(unreadable)}; mend or delete it there: each pull"
            " tries it again"
        )
        run.notify(Issue(name, "task-unreadable", message))
    aside = run.corpus.aside_path("unknown", name, run.source.key)
    try:
        task = results.Task.model_validate(raw)
    except ValidationError as error:
        issue = _malformed("task", error)
        run.notify(Issue(name, issue.code, issue.message))
        annotations = raw.get("annotations")
        counts["set aside"] += max(1, len(annotations) if isinstance(annotations, list) else 1)
        _set_aside(aside, [issue], {"task": raw}, run)
        return
    if not run.dry:
        run.files.remove(aside)
    counts["drafts, not exported"] += len(task.drafts)
    submitted = [raw for raw in task.annotations if not results.was_cancelled(raw)]
    counts["cancelled, not exported"] += len(task.annotations) - len(submitted)
    counts["tasks without annotation"] += not submitted
    match = run.articles.of(task)
    if match.is_stray:
        run.strays.append((match.name, len(submitted)))
    if match.is_stray and match.version is None:
        counts[_OF_NO_ARTICLE] += len(submitted)
        return
    faults: list[Issue] = []
    for submission, annotation in _submissions(task, match, submitted, run):
        faults = _annotation(task, match, submission, annotation, run)
    # Of the newest: what an older one was set aside for, it may have corrected.
    run.source.note(raw, [{"mark": fault.where, "told": fault.message} for fault in faults])


def _submissions(
    task: results.Task, match: Match, raws: list[Any], run: _Run
) -> list[tuple[results.Submission, dict[str, Any]]]:
    """Oldest first, so that of two passes by one annotator the newer stands; what is none is set aside."""
    submissions = []
    for raw in raws:
        try:
            submissions.append((results.Submission.model_validate(raw), raw))
        except ValidationError as error:
            fields = raw if isinstance(raw, dict) else {}
            annotator = _pseudonym(fields.get("completed_by"), run) or "unknown"
            issue = _malformed("annotation", error)
            if "unreadable" in fields:
                issue = Issue(
                    "annotation", "task-unreadable", "its result is what the server fails to give"
                )
            else:
                where = f"{annotator}/{match.name}: annotation"
                run.notify(Issue(where, issue.code, issue.message))
            run.counts["set aside"] += 1
            aside = run.corpus.aside_path(
                annotator, match.name, str(fields.get("id") or _digest(raw))
            )
            _set_aside(aside, [issue], _in_full(task, raw), run)
    return sorted(submissions, key=lambda pair: (pair[0].updated_at, pair[0].id))


def _annotation(
    task: results.Task,
    match: Match,
    submission: results.Submission,
    raw: dict[str, Any],
    run: _Run,
) -> list[Issue]:
    """One submitted annotation: kept under its annotator's name, or set aside in full with the reasons.

    Returns those of the reasons that its annotator can correct, each with the id of its mark.
    """
    annotator = _pseudonym(submission.completed_by, run)
    article, issues = match.article, [match.issue] if match.issue else []
    if match.is_stray:
        message = "the corpus has no article of the task's id or text; add it, then pull --all"
        issues.append(Issue("task", "article-unknown", message))
    issues += _annotator(submission, annotator)
    annotation, faults = None, list[Issue]()
    if article is not None:
        annotation, read_issues = _read(task.id, match, submission, raw, annotator, article, run)
        shown = quotes.shown(annotation) if annotation and read_issues else {}
        for issue in read_issues:
            message = quotes.in_words(issue.message, shown)
            if issue.severity is Severity.ERROR:
                faults.append(replace(issue, message=message))
            issues.append(
                replace(issue, where=shown.get(issue.where, issue.where), message=message)
            )
    where = f"{annotator or 'unknown'}/{match.name}"
    address = run.source.address(task.id)
    aside = run.corpus.aside_path(annotator or "unknown", match.name, str(submission.id))
    if annotation is not None and article is not None and not errors(issues):
        conflict = _keep(annotation, article, match, where, run)
        if conflict is not None:
            issues.append(conflict)
        else:
            run.source.has_pass(task.id, annotator, article.id)
        if conflict is None and not run.dry:
            run.files.remove(aside)
            # As it was kept while nobody could say whose it is.
            run.files.remove(run.corpus.aside_path("unknown", match.name, str(submission.id)))
    for issue in issues:
        # Of all tasks without an article one line is reported at the end.
        if not (match.is_stray and issue.code == "article-unknown"):
            at = f" ({address})" if address and issue.severity is Severity.ERROR else ""
            message = issue.message + at
            run.notify(Issue(f"{where}: {issue.where}", issue.code, message, issue.severity))
    if annotation is None or errors(issues) or any(issue.code == "pass-older" for issue in issues):
        run.counts["set aside"] += 1
        _set_aside(aside, issues, {"address": address} | _in_full(task, raw), run)
    return faults


def _pseudonym(account: Any, run: _Run) -> str:
    if type(account) is not int:
        return ""
    email = run.source.users.get(account, "").lower()
    return run.annotators.get(email) or run.annotators.get(str(account), "")


def _malformed(where: str, error: ValidationError) -> Issue:
    return Issue(
        where,
        "result-malformed",
        f"{results.reason(error)}; correct it in Label Studio, then pull again",
    )


def _in_full(task: results.Task, raw: Any) -> dict[str, Any]:
    own = [name for name in results.TaskData.model_fields if name in task.data]
    kept = {name: task.data[name] for name in own} if "schema_version" in own else task.data
    return {"task": task.id, "data": kept, "annotation": raw}


def _set_aside(path: Path, issues: list[Issue], raw: dict[str, Any], run: _Run) -> None:
    """In full, as it came: whatever the reason, the annotator's work is here."""
    if not run.dry:
        run.files.write(path, _json({"issues": [str(issue) for issue in issues]} | raw))


def _json(raw: Any) -> bytes:
    """JSON, where half a character, which UTF-8 can't hold, is written as JSON's own escape."""
    return (json.dumps(raw, ensure_ascii=False, indent=1) + "\n").encode(errors="backslashreplace")


def _digest(raw: Any) -> str:
    return hashlib.sha256(_json(raw)).hexdigest()[:12]


def _annotator(submission: results.Submission, annotator: str) -> list[Issue]:
    author, editor = submission.completed_by, submission.updated_by
    if not annotator:
        message = (
            f"account {author} has no pseudonym; give it one with --annotator EMAIL=PSEUDONYM, or"
            f" {author}=PSEUDONYM where a file tells no e-mail address"
        )
        return [Issue("annotation", "annotator-unknown", message)]
    if editor not in (None, author):
        # Any account of a Label Studio can overwrite another's annotation, which keeps its author's name.
        message = (
            f"account {editor} changed it after {annotator}; ask {annotator} to submit it again"
        )
        return [Issue("annotation", "pass-foreign", message)]
    return []


def _read(
    task: int,
    match: Match,
    submission: results.Submission,
    raw: dict[str, Any],
    annotator: str,
    article: Article,
    run: _Run,
) -> tuple[Annotation | None, list[Issue]]:
    number, kind = submission.parent_prediction, run.kinds.get(annotator, "human")
    version = match.version or run.schema.version
    is_suggested = number is not None or results.is_suggested(submission.result)
    try:
        provenance = results.provenance(raw, annotator, kind, version, TOOL)
        if number is None and is_suggested:
            number = run.source.prediction_of(task)
        if number is not None:
            suggested_by = _suggestion(number, article, provenance, run)
            provenance = provenance.model_copy(update={"started_from": suggested_by})
        if is_suggested:
            untouched = results.untouched(submission.result)
            provenance = provenance.model_copy(update={"untouched": untouched})
    except ValidationError as error:
        return None, [_malformed("annotation", error)]
    except AnswerError as error:
        message = (
            f"it began with prediction {number}, which can't be had ({error}); mend that, then pull"
            " --all"
        )
        return None, [Issue("annotation", "task-unreadable", message)]
    if run.reader is None or (match.source is None and _is_ours(submission.result, run.schema)):
        annotation, issues = results.read(submission.result, article, run.schema, provenance)
    else:
        annotation, issues, counts = run.reader(
            submission.result, article, provenance, match.source
        )
        run.counts.update(counts)
    if not errors(issues):
        issues += validate.check(annotation, article, run.schema)
    if is_suggested and number is None:
        message = "it began with suggestions, and the export does not tell whose; pull from the server to know it"
        issues.append(Issue("annotation", "suggestions-unknown", message, Severity.WARNING))
    return annotation, issues


def _is_ours(result: list[Any], schema: Schema) -> bool:
    """Whether no region was made with another control than ours, or with a label that the schema does not have."""
    for entry in result:
        if isinstance(entry, dict) and str(entry.get("type")).endswith("labels"):
            value, control = entry.get("value"), entry.get("from_name")
            labels = value.get("labels") if isinstance(value, dict) else None
            foreign = isinstance(labels, list) and any(
                isinstance(label, str) and label not in schema.labels for label in labels
            )
            if foreign or (isinstance(control, str) and control != config.LABELS):
                return False
    return True


def _suggestion(number: int, article: Article, provenance: Provenance, run: _Run) -> str:
    """Keep what the annotator began with, as it was offered; returns the name and version of what offered it."""
    raw = run.source.prediction(number)
    offered = results.Suggestion.model_validate(raw)
    version = offered.model_version
    by_extractor = Provenance.model_validate(
        provenance.model_dump()
        | {
            "annotator": ids.slug(version, 80), "kind": "machine", "created": offered.created_at,
            "updated": offered.updated_at, "seconds": None,
        }
    )  # fmt: skip
    suggested, _issues = results.read(raw.get("result") or [], article, run.schema, by_extractor)
    if not run.dry:
        run.corpus.write_suggestion(suggested, version, article)
    return version


def _keep(
    annotation: Annotation, article: Article, match: Match, where: str, run: _Run
) -> Issue | None:
    """Write the pass where it is new; the reason, where what the corpus has of the same annotator stands in its way."""
    path = run.files.settled(
        run.corpus.annotation_path(annotation.provenance.annotator, article.id)
    )
    content = store.dump(run.corpus.shipped(annotation, article))
    if path.exists():
        try:
            old = store.read_annotation(path)
        except StoreError as error:
            return error.issue
        if old.provenance.updated > annotation.provenance.updated:
            message = (
                f"the corpus has a newer pass, of {old.provenance.updated:%Y-%m-%d %H:%M:%S}; this"
                " one is set aside"
            )
            return Issue("annotation", "pass-older", message, Severity.WARNING)
        if path.read_bytes() == content:
            run.counts["unchanged"] += 1
            return None
        fewer = graph.fewer(old, annotation)
        if fewer and not run.force and (match.version is None or _is_empty(annotation)):
            message = (
                f"it has {fewer} than the pass that it would replace; it is set aside: take it with"
                " --force --all"
            )
            return Issue("annotation", "pass-shorter", message)
        begun = f"{old.provenance.created:%Y%m%dT%H%M%S%f}"
        if old.provenance.created != annotation.provenance.created:
            message = f"the pass begun {begun} makes room for a newer one by the same annotator; it is set aside"
            run.counts["set aside"] += 1
            _supersede(path, old, begun, Issue("annotation", "pass-older", message), where, run)
        elif fewer:
            # Of a task of ours the annotator took them away; should it be a slip, nothing is lost.
            message = f"it has {fewer} than when it was pulled before; what it was is kept aside"
            run.counts["of these, shorter than before"] += 1
            updated = f"{old.provenance.updated:%Y%m%dT%H%M%S%f}"
            issue = Issue("annotation", "pass-shorter", message)
            _supersede(path, old, f"{begun}.{updated}", issue, where, run)
    run.counts["changed" if path.exists() else "new"] += 1
    run.counts["suggestions in these that nobody looked at"] += annotation.provenance.untouched or 0
    run.counts["of these, empty"] += _is_empty(annotation)
    run.notify(f"annotations/{where}.json")
    if not run.dry:
        run.files.write(path, content)
    return None


def _is_empty(annotation: Annotation) -> bool:
    return not any(annotation.layers().values())


def _supersede(
    path: Path, old: Annotation, name: str, reason: Issue, where: str, run: _Run
) -> None:
    """The pass that is there makes room: into the folder aside, under this name."""
    run.notify(replace(reason, where=f"{where}: {reason.where}", severity=Severity.WARNING))
    if not run.dry:
        aside = run.corpus.aside_path(old.provenance.annotator, old.article, name)
        run.files.write(aside, path.read_bytes())
