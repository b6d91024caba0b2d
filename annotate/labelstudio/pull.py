"""Annotations come back from Label Studio: by page, resumable, only what is new, each kept or set aside by name."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ValidationError

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus, StoreError
from annotate.labelstudio import results, tasks
from annotate.labelstudio.client import AnswerError, Client
from annotate.model import ids
from annotate.model.issues import AcreError, Issue, Severity, errors
from annotate.model.records import Annotation, Article, Provenance
from annotate.model.schema import Schema

# A task updated in the second in which the pull began may be on either side of it.
_OVERLAP = dt.timedelta(seconds=2)
_SHOWN = 40
"""Characters of a mark that are told."""


Tell = Callable[[Issue | str], None]
"""Told of each issue, and of the path in the corpus of each file that is new or changed, as they come: a list of them
would grow with the corpus."""


@dataclass(frozen=True)
class _Run:
    client: Client
    corpus: Corpus
    schema: Schema
    annotators: Mapping[str, str]
    kinds: Mapping[str, str]
    users: Mapping[int, str]
    tool: str
    place: _Place
    dry: bool
    notes: bool
    tell: Tell
    counts: Counter[str] = field(default_factory=Counter)
    failed: set[int] = field(default_factory=set)
    """Tasks that the server failed to give, now or when they were asked for last."""


def pull(
    client: Client,
    title: str,
    corpus: Corpus,
    schema: Schema,
    annotators: Mapping[str, str],
    everything: bool = False,
    dry: bool = False,
    tell: Tell = lambda found: None,
    on_task: Callable[[int], None] = lambda count: None,
    notes: bool = False,
) -> Counter[str]:
    """Bring the project's annotations to `annotations/<annotator>/<article>.json`; returns what was counted, by name.

    Each annotation is counted once: new, changed, unchanged, set aside, or cancelled.

    `annotators` gives the pseudonym of each account, by e-mail address. What was pulled before and has not been
    touched since is not asked for again, unless `everything`. A pull that was cut off goes on where it stopped.
    What the server itself failed to give is told, and asked for again by every later pull.
    With `dry`, nothing is written, and what is told and counted is what would be. With `notes`, a task whose annotation
    was set aside carries the reasons, which its page shows, until the annotation comes in.
    """
    project = client.project(title)
    if project is None:
        raise AcreError(
            f"{client.url}: no project {title!r}; name one with --project, or make it with: acre"
            " load"
        )
    place = _Place(corpus, client.url, project["id"])
    run = _Run(
        client, corpus, schema, annotators, {name: about.kind for name, about in corpus.annotators().items()},
        client.users(), f"label-studio {client.version()}", place, dry, notes and not dry, tell,
    )  # fmt: skip
    resume = place.read()
    if everything:
        resume = _Resume(failed=resume.failed)
    until = resume.until or client.clock()
    run.failed.update(resume.failed)
    left = set(resume.failed)
    for page in client.tasks(
        project["id"], resume.after, resume.since, annotations=True, salvage=True
    ):
        for raw in page:
            _task(raw, run)
        left -= {raw["id"] for raw in page}
        on_task(len(page))
        if not dry:
            place.write(
                _Resume(
                    since=resume.since, until=until, after=page[-1]["id"], failed=sorted(run.failed)
                )
            )
    # Nobody need have touched these: it may be the server that was mended.
    for number in sorted(left):
        task = client.task(project["id"], number)
        if task is None:
            run.failed.remove(number)
        else:
            _task(task, run)
        on_task(1)
    if not dry:
        place.write(_Resume(since=until - _OVERLAP, failed=sorted(run.failed)))
    return run.counts


class _Resume(BaseModel):
    """How far a project has been pulled."""

    since: AwareDatetime | None = None
    """Since when tasks are of interest; None: all are."""
    until: AwareDatetime | None = None
    """What the next pull starts from, where this one was cut off."""
    after: int = 0
    """The id to go on after."""
    failed: list[int] = []
    """Tasks that the server failed to give: they are asked for whenever they were touched last."""


class _Place:
    """Where it is kept how far a project has been pulled into this copy of the corpus."""

    def __init__(self, corpus: Corpus, url: str, project: int) -> None:
        self.project = project
        self.key = hashlib.sha256(f"{url} {project}".encode()).hexdigest()[:12]
        """Of the project on its server."""
        self._path: Path = corpus.pull_path(self.key)

    def read(self) -> _Resume:
        """As it was written last; from the start where it was not, or can't be read."""
        try:
            return _Resume.model_validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return _Resume()

    def write(self, resume: _Resume) -> None:
        """Keep it."""
        store.write(self._path, (resume.model_dump_json(exclude_defaults=True) + "\n").encode())


def _task(raw: dict[str, Any], run: _Run) -> None:
    """Each annotation of the task kept or set aside."""
    counts = run.counts
    unreadable = raw.get("unreadable", [])
    counts["tasks"] += 1
    run.failed.discard(raw["id"])
    if unreadable:
        run.failed.add(raw["id"])
        counts["tasks that the server fails on"] += 1
        found = (
            f"the server fails to give {', '.join(unreadable)}; mend or delete it there: each pull"
            " tries it again"
        )
        run.tell(Issue(f"task {raw['id']}", "task-unreadable", found))
    aside = run.corpus.aside_path("unknown", f"task {raw['id']}", run.place.key)
    try:
        task = results.Task.model_validate(raw)
    except ValidationError as error:
        issue = _malformed("task", error)
        run.tell(Issue(f"task {raw['id']}", issue.code, issue.message))
        annotations = raw.get("annotations")
        counts["set aside"] += max(1, len(annotations) if isinstance(annotations, list) else 1)
        _set_aside(aside, [issue], {"task": raw}, run)
        return
    if not run.dry:
        aside.unlink(missing_ok=True)
    counts["drafts, not exported"] += len(task.drafts)
    submitted = [
        raw
        for raw in task.annotations
        if not (isinstance(raw, dict) and raw.get("was_cancelled") is True)
    ]
    counts["cancelled, not exported"] += len(task.annotations) - len(submitted)
    counts["tasks without annotation"] += not submitted
    read = _submissions(task, submitted, run)
    faults = [_annotation(task, submission, annotation, run) for submission, annotation in read]
    if run.notes:
        _note(raw, faults[-1] if faults else [], run)


def _note(raw: dict[str, Any], faults: list[Issue], run: _Run) -> None:
    """Leave with the task what its newest annotation was set aside for, or take away what was left there before."""
    told = [{"mark": fault.where, "told": fault.message} for fault in faults]
    before = raw["data"].get(tasks.SET_ASIDE)
    if told != (before.get("faults", []) if isinstance(before, dict) else []):
        # `load` leaves it alone.
        note = (
            {tasks.SET_ASIDE: {"at": run.client.clock().isoformat(), "faults": told}}
            if told
            else {}
        )
        kept = {name: value for name, value in raw["data"].items() if name != tasks.SET_ASIDE}
        run.client.update_task(raw["id"], kept | note)


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
                run.tell(Issue(where, issue.code, issue.message))
            digest = hashlib.sha256(_json(raw)).hexdigest()[:12]
            run.counts["set aside"] += 1
            aside = run.corpus.aside_path(
                annotator, task.data.article, str(fields.get("id") or digest)
            )
            _set_aside(aside, [issue], _in_full(task, raw), run)
    return sorted(submissions, key=lambda pair: (pair[0].updated_at, pair[0].id))


def _annotation(
    task: results.Task, submission: results.Submission, raw: dict[str, Any], run: _Run
) -> list[Issue]:
    """One submitted annotation: kept under its annotator's name, or set aside in full with the reasons.

    Returns those of the reasons that its annotator can put right.
    """
    annotator = _pseudonym(submission.completed_by, run)
    article, issues = _article(task.data, run.corpus)
    issues += _annotator(submission, annotator)
    annotation, found = None, list[Issue]()
    if article is not None:
        annotation, found = _read(task, submission, raw, annotator, article, run)
    words = _words(annotation) if annotation else {}
    faults = [replace(fault, message=_in_words(fault.message, words)) for fault in errors(found)]
    issues += [
        replace(
            issue,
            where=words.get(issue.where, issue.where),
            message=_in_words(issue.message, words),
        )
        for issue in found
    ]
    address = f"{run.client.url}/projects/{run.place.project}/data?task={task.id}"
    where = f"{annotator or 'unknown'}/{results.printable(task.data.article)}"
    aside = run.corpus.aside_path(annotator or "unknown", task.data.article, str(submission.id))
    if annotation is not None and article is not None and not errors(issues):
        hindrance = _keep(annotation, article, where, run)
        if hindrance is not None:
            issues.append(hindrance)
        elif not run.dry:
            aside.unlink(missing_ok=True)
            # As it was kept while nobody could say whose it is.
            run.corpus.aside_path("unknown", task.data.article, str(submission.id)).unlink(
                missing_ok=True
            )
    for issue in issues:
        at = f" ({address})" if issue.severity is Severity.ERROR else ""
        run.tell(
            Issue(f"{where}: {issue.where}", issue.code, f"{issue.message}{at}", issue.severity)
        )
    if annotation is None or errors(issues) or any(issue.code == "pass-older" for issue in issues):
        run.counts["set aside"] += 1
        _set_aside(aside, issues, {"address": address} | _in_full(task, raw), run)
    return faults


def _words(annotation: Annotation) -> dict[str, str]:
    """Each mark's label and words, by its id."""
    return {
        mark.id: f"{mark.label} “{mark.text if len(mark.text) <= _SHOWN else mark.text[: _SHOWN - 1] + '…'}”"
        for mark in annotation.marks()
        if mark.text
    }


def _in_words(message: str, words: Mapping[str, str]) -> str:
    """The message with a mark's words in the place of its id: the page does not show Label Studio's ids."""
    return re.sub(r"[\w-]+", lambda found: words.get(found[0], found[0]), message)


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
        found = f"the corpus has no article {name!r} in {collection!r}; add it, then pull --all"
        return None, [Issue("task", "article-unknown", found)]
    if article.text is None:
        found = "its text is withheld and not here; put your own copy in place, then pull --all"
        return None, [Issue("task", "article-unknown", found)]
    if data.text != article.text:
        found = (
            "the task's text is not the article's; somebody edited one of them: restore it, then"
            " pull --all"
        )
        return None, [Issue("task", "text-changed", found)]
    return article, []


def _annotator(submission: results.Submission, annotator: str) -> list[Issue]:
    author, editor = submission.completed_by, submission.updated_by
    if not annotator:
        found = f"account {author} has no pseudonym; give it one with --annotator EMAIL=PSEUDONYM"
        return [Issue("annotation", "annotator-unknown", found)]
    if editor not in (None, author):
        # Any account of a Label Studio can overwrite another's annotation, which keeps its author's name.
        found = f"account {editor} changed it after {annotator}; ask {annotator} to submit it again"
        return [Issue("annotation", "pass-foreign", found)]
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
        made = results.provenance(raw, annotator, kind, task.data.schema_version, run.tool)
        if number is None and results.is_suggested(submission.result):
            number = run.client.prediction_of(task.id)
        if number is not None:
            begun = {
                "started_from": _suggestion(number, article, made, run),
                "untouched": results.untouched(submission.result),
            }
            made = made.model_copy(update=begun)
    except ValidationError as error:
        return None, [_malformed("annotation", error)]
    except AnswerError as error:
        found = (
            f"it began with prediction {number}, which can't be had ({error}); mend that, then pull"
            " --all"
        )
        return None, [Issue("annotation", "task-unreadable", found)]
    annotation, issues = results.read(submission.result, article, run.schema, made)
    if not errors(issues):
        issues += validate.check(annotation, article, run.schema)
    return annotation, issues


def _suggestion(number: int, article: Article, made: Provenance, run: _Run) -> str:
    """Keep what the annotator began with, as it was offered; returns the name and version of what offered it."""
    raw = run.client.prediction(number)
    offered = results.Suggestion.model_validate(raw)
    version = offered.model_version
    by = Provenance.model_validate(
        made.model_dump()
        | {
            "annotator": ids.slug(version, 80), "kind": "machine", "created": offered.created_at,
            "updated": offered.updated_at, "seconds": None,
        }
    )  # fmt: skip
    suggested, _issues = results.read(raw.get("result") or [], article, run.schema, by)
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
            found = (
                f"the corpus has a newer pass, of {old.provenance.updated:%Y-%m-%d %H:%M:%S}; this"
                " one is set aside"
            )
            return Issue("annotation", "pass-older", found, Severity.WARNING)
        if path.read_bytes() == content:
            run.counts["unchanged"] += 1
            return None
        if old.provenance.created != annotation.provenance.created:
            _supersede(path, old, where, run)
    run.counts["changed" if path.exists() else "new"] += 1
    run.counts["suggestions in these that nobody looked at"] += annotation.provenance.untouched or 0
    run.counts["of these, empty"] += not any(annotation.layers().values())
    run.tell(f"annotations/{where}.json")
    if not run.dry:
        run.corpus.write_annotation(annotation, article)
    return None


def _supersede(path: Path, old: Annotation, where: str, run: _Run) -> None:
    """Another pass by the same annotator, not an earlier state of this one, makes room: into the folder aside."""
    begun = f"{old.provenance.created:%Y%m%dT%H%M%S%f}"
    found = (
        f"the pass begun {begun} makes room for a newer one by the same annotator; it is set aside"
    )
    run.tell(Issue(f"{where}: annotation", "pass-older", found, Severity.WARNING))
    run.counts["set aside"] += 1
    if not run.dry:
        store.write(
            run.corpus.aside_path(old.provenance.annotator, old.article, begun), path.read_bytes()
        )
