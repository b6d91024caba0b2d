"""Annotations come back from Label Studio: by page, resumable, only what is new, each kept or set aside by name."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ValidationError

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus, StoreError
from annotate.labelstudio import results
from annotate.labelstudio.client import AnswerError, Client
from annotate.model import ids
from annotate.model.issues import AcreError, Issue, Severity, errors
from annotate.model.records import Annotation, Article, Provenance
from annotate.model.schema import Schema

# A task updated in the second in which the pull began may be on either side of it.
_OVERLAP = dt.timedelta(seconds=2)


Notify = Callable[[Issue | str], None]
"""Is called with each issue, and with the path in the corpus of each file that is new or changed, as they come: a list
of them would grow with the corpus."""


@dataclass(frozen=True)
class _Run:
    client: Client
    corpus: Corpus
    schema: Schema
    annotators: Mapping[str, str]
    kinds: Mapping[str, str]
    users: Mapping[int, str]
    tool: str
    cursor: PullCursor
    dry: bool
    notify: Notify
    counts: Counter[str] = field(default_factory=Counter)
    failed: set[int] = field(default_factory=set)
    """Tasks that the server failed to give, now or when they were requested last."""


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
) -> Counter[str]:
    """Bring the project's annotations to `annotations/<annotator>/<article>.json`; returns what was counted, by name.

    Each annotation is counted once: new, changed, unchanged, set aside, or cancelled.

    `annotators` gives the pseudonym of each account, by e-mail address. What was pulled before and has not been
    touched since is not requested again, unless `everything`. A pull that was cut off goes on where it stopped.
    What the server itself failed to give is reported, and requested again by every later pull.
    With `dry`, nothing is written, and what is reported and counted is what would be.
    """
    project = client.project(title)
    if project is None:
        raise AcreError(
            f"{client.url}: no project {title!r}; name one with --project, or make it with: acre"
            " load"
        )
    cursor = PullCursor(corpus, client.url, project["id"])
    kinds = {name: annotator.kind for name, annotator in corpus.annotators().items()}
    run = _Run(
        client, corpus, schema, annotators, kinds, client.users(), f"label-studio {client.version()}", cursor, dry,
        notify,
    )  # fmt: skip
    progress = cursor.read()
    if everything:
        progress = _Progress(failed=progress.failed)
    run.failed.update(progress.failed)
    _pull(project["id"], progress, run, on_task)
    return run.counts


def _pull(project: int, progress: _Progress, run: _Run, on_task: Callable[[int], None]) -> None:
    """All tasks that were touched since, and those that the server failed to give before."""
    until = progress.until or run.client.clock()
    not_seen = set(progress.failed)
    pages = run.client.tasks(
        project, progress.after, progress.since, annotations=True, salvage=True
    )
    for page in pages:
        for raw in page:
            _task(raw, run)
        not_seen -= {raw["id"] for raw in page}
        on_task(len(page))
        _remember(run, since=progress.since, until=until, after=page[-1]["id"])
    # Nobody need have touched these: it may be the server that was mended.
    for number in sorted(not_seen):
        task = run.client.task(project, number)
        if task is None:
            run.failed.remove(number)
        else:
            _task(task, run)
        on_task(1)
    _remember(run, since=until - _OVERLAP)


def _remember(run: _Run, **progress: Any) -> None:
    if not run.dry:
        run.cursor.write(_Progress(failed=sorted(run.failed), **progress))


class _Progress(BaseModel):
    """How far a project has been pulled."""

    since: AwareDatetime | None = None
    """Since when tasks are of interest; None: all are."""
    until: AwareDatetime | None = None
    """What the next pull starts from, where this one was cut off."""
    after: int = 0
    """The id to go on after."""
    failed: list[int] = []
    """Tasks that the server failed to give: they are requested whenever they were touched last."""


class PullCursor:
    """The file that keeps how far a project has been pulled into this copy of the corpus."""

    def __init__(self, corpus: Corpus, url: str, project: int) -> None:
        self.key = hashlib.sha256(f"{url} {project}".encode()).hexdigest()[:12]
        """Of the project on its server."""
        self._path: Path = corpus.pull_path(self.key)

    def read(self) -> _Progress:
        """As it was written last; from the start where it was not, or can't be read."""
        try:
            return _Progress.model_validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return _Progress()

    def write(self, progress: _Progress) -> None:
        """Keep it."""
        store.write(self._path, (progress.model_dump_json(exclude_defaults=True) + "\n").encode())


def _task(raw: dict[str, Any], run: _Run) -> None:
    """Each annotation of the task kept or set aside."""
    counts = run.counts
    unreadable = raw.get("unreadable", [])
    counts["tasks"] += 1
    run.failed.discard(raw["id"])
    if unreadable:
        run.failed.add(raw["id"])
        counts["tasks that the server fails on"] += 1
        message = (
            f"the server fails to give {', '.join(unreadable)}; mend or delete it there: each pull"
            " tries it again"
        )
        run.notify(Issue(f"task {raw['id']}", "task-unreadable", message))
    aside = run.corpus.aside_path("unknown", f"task {raw['id']}", run.cursor.key)
    try:
        task = results.Task.model_validate(raw)
    except ValidationError as error:
        issue = _malformed("task", error)
        run.notify(Issue(f"task {raw['id']}", issue.code, issue.message))
        annotations = raw.get("annotations")
        counts["set aside"] += max(1, len(annotations) if isinstance(annotations, list) else 1)
        _set_aside(aside, [issue], {"task": raw}, run)
        return
    if not run.dry:
        aside.unlink(missing_ok=True)
    counts["drafts, not exported"] += len(task.drafts)
    submitted = [raw for raw in task.annotations if not _was_cancelled(raw)]
    counts["cancelled, not exported"] += len(task.annotations) - len(submitted)
    counts["tasks without annotation"] += not submitted
    for submission, annotation in _submissions(task, submitted, run):
        _annotation(task, submission, annotation, run)


def _was_cancelled(raw: Any) -> bool:
    return isinstance(raw, dict) and raw.get("was_cancelled") is True


def _submissions(
    task: results.Task, raws: list[Any], run: _Run
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
                where = f"{annotator}/{results.printable(task.data.article)}: annotation"
                run.notify(Issue(where, issue.code, issue.message))
            digest = hashlib.sha256(_json(raw)).hexdigest()[:12]
            run.counts["set aside"] += 1
            aside = run.corpus.aside_path(
                annotator, task.data.article, str(fields.get("id") or digest)
            )
            _set_aside(aside, [issue], _in_full(task, raw), run)
    return sorted(submissions, key=lambda pair: (pair[0].updated_at, pair[0].id))


def _annotation(
    task: results.Task, submission: results.Submission, raw: dict[str, Any], run: _Run
) -> None:
    """One submitted annotation: kept under its annotator's name, or set aside in full with the reasons."""
    annotator = _pseudonym(submission.completed_by, run)
    article, issues = _article(task.data, run.corpus)
    issues += _annotator(submission, annotator)
    annotation = None
    if article is not None:
        annotation, read_issues = _read(task, submission, raw, annotator, article, run)
        issues += read_issues
    where = f"{annotator or 'unknown'}/{results.printable(task.data.article)}"
    aside = run.corpus.aside_path(annotator or "unknown", task.data.article, str(submission.id))
    if annotation is not None and article is not None and not errors(issues):
        conflict = _keep(annotation, article, where, run)
        if conflict is not None:
            issues.append(conflict)
        elif not run.dry:
            aside.unlink(missing_ok=True)
            # As it was kept while nobody could say whose it is.
            run.corpus.aside_path("unknown", task.data.article, str(submission.id)).unlink(
                missing_ok=True
            )
    for issue in issues:
        run.notify(Issue(f"{where}: {issue.where}", issue.code, issue.message, issue.severity))
    if annotation is None or errors(issues) or any(issue.code == "pass-older" for issue in issues):
        run.counts["set aside"] += 1
        _set_aside(aside, issues, _in_full(task, raw), run)


def _pseudonym(account: Any, run: _Run) -> str:
    email = run.users.get(account, "") if isinstance(account, int) else ""
    return run.annotators.get(email.lower(), "")


def _malformed(where: str, error: ValidationError) -> Issue:
    return Issue(
        where,
        "result-malformed",
        f"{results.reason(error)}; correct it in Label Studio, then pull again",
    )


def _in_full(task: results.Task, raw: Any) -> dict[str, Any]:
    return {"task": task.id, "data": task.data.model_dump(), "annotation": raw}


def _set_aside(path: Path, issues: list[Issue], raw: dict[str, Any], run: _Run) -> None:
    """In full, as it came: whatever the reason, the annotator's work is here."""
    if not run.dry:
        store.write(path, _json({"issues": [str(issue) for issue in issues]} | raw))


def _json(raw: Any) -> bytes:
    """JSON, where half a character, which UTF-8 can't hold, is written as JSON's own escape."""
    return (json.dumps(raw, ensure_ascii=False, indent=1) + "\n").encode(errors="backslashreplace")


def _article(data: results.TaskData, corpus: Corpus) -> tuple[Article | None, list[Issue]]:
    name, collection = data.article, data.collection
    try:
        article = corpus.article(collection, name)
        if article is not None:
            corpus.collections().of(article)  # an undeclared one does not say what may be kept
    except AcreError as error:
        return None, [Issue("task", "article-unknown", str(error))]
    if article is None:
        message = f"the corpus has no article {name!r} in {collection!r}; add it, then pull --all"
        return None, [Issue("task", "article-unknown", message)]
    if article.text is None:
        message = "its text is withheld and not here; put your own copy in place, then pull --all"
        return None, [Issue("task", "article-unknown", message)]
    if data.text != article.text:
        message = (
            "the task's text is not the article's; somebody edited one of them: restore it, then"
            " pull --all"
        )
        return None, [Issue("task", "text-changed", message)]
    return article, []


def _annotator(submission: results.Submission, annotator: str) -> list[Issue]:
    author, editor = submission.completed_by, submission.updated_by
    if not annotator:
        message = f"account {author} has no pseudonym; give it one with --annotator EMAIL=PSEUDONYM"
        return [Issue("annotation", "annotator-unknown", message)]
    if editor not in (None, author):
        # Any account of a Label Studio can overwrite another's annotation, which keeps its author's name.
        message = (
            f"account {editor} changed it after {annotator}; ask {annotator} to submit it again"
        )
        return [Issue("annotation", "pass-foreign", message)]
    return []


def _read(
    task: results.Task,
    submission: results.Submission,
    raw: dict[str, Any],
    annotator: str,
    article: Article,
    run: _Run,
) -> tuple[Annotation | None, list[Issue]]:
    number, kind = submission.parent_prediction, run.kinds.get(annotator, "human")
    try:
        provenance = results.provenance(raw, annotator, kind, task.data.schema_version, run.tool)
        if number is not None:
            version = _suggestion(number, article, provenance, run)
            provenance = provenance.model_copy(update={"started_from": version})
    except ValidationError as error:
        return None, [_malformed("annotation", error)]
    except AnswerError as error:
        message = (
            f"it began with prediction {number}, which can't be had ({error}); mend that, then pull"
            " --all"
        )
        return None, [Issue("annotation", "task-unreadable", message)]
    annotation, issues = results.read(submission.result, article, run.schema, provenance)
    if not errors(issues):
        issues += validate.check(annotation, article, run.schema)
    return annotation, issues


def _suggestion(number: int, article: Article, provenance: Provenance, run: _Run) -> str:
    """Keep what the annotator began with, as it was offered; returns the name and version of what offered it."""
    raw = run.client.prediction(number)
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


def _keep(annotation: Annotation, article: Article, where: str, run: _Run) -> Issue | None:
    """Write the pass where it is new; the reason, where what the corpus has of the same annotator stands in its way."""
    path = run.corpus.annotation_path(annotation.provenance.annotator, article.id)
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
        if old.provenance.created != annotation.provenance.created:
            _supersede(path, old, where, run)
    run.counts["changed" if path.exists() else "new"] += 1
    run.counts["of these, empty"] += not any(annotation.layers().values())
    run.notify(f"annotations/{where}.json")
    if not run.dry:
        run.corpus.write_annotation(annotation, article)
    return None


def _supersede(path: Path, old: Annotation, where: str, run: _Run) -> None:
    """Another pass by the same annotator, not an earlier state of this one, makes room: into the folder aside."""
    begun = f"{old.provenance.created:%Y%m%dT%H%M%S%f}"
    message = (
        f"the pass begun {begun} makes room for a newer one by the same annotator; it is set aside"
    )
    run.notify(Issue(f"{where}: annotation", "pass-older", message, Severity.WARNING))
    run.counts["set aside"] += 1
    if not run.dry:
        store.write(
            run.corpus.aside_path(old.provenance.annotator, old.article, begun), path.read_bytes()
        )
