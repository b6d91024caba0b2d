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

from annotate import store, validate
from annotate.issues import AcreError, Issue, Severity, errors
from annotate.labelstudio import results
from annotate.labelstudio.client import Client
from annotate.model import Annotation, Article, withhold
from annotate.schema import Schema
from annotate.store import Corpus

# A task updated in the second in which the pull began may be on either side of it.
_OVERLAP = dt.timedelta(seconds=2)


@dataclass
class PullReport:
    """What a pull found. Each annotation is counted once: new, changed, unchanged, set aside, or skipped."""

    counts: Counter[str] = field(default_factory=Counter)
    issues: list[Issue] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    """`annotator/article` of each file that is new or changed."""


@dataclass(frozen=True)
class _Run:
    client: Client
    corpus: Corpus
    schema: Schema
    annotators: Mapping[str, str]
    kinds: Mapping[str, str]
    users: Mapping[int, str]
    tool: str
    dry: bool
    report: PullReport


def pull(
    client: Client,
    title: str,
    corpus: Corpus,
    schema: Schema,
    annotators: Mapping[str, str],
    everything: bool = False,
    dry: bool = False,
    on_task: Callable[[int], None] = lambda count: None,
) -> PullReport:
    """Bring the project's annotations to `annotations/<annotator>/<article>.json`.

    `annotators` gives the pseudonym of each account, by e-mail address. What was pulled before and has not been
    touched since is not asked for again, unless `everything`. A pull that was cut off goes on where it stopped.
    With `dry`, nothing is written, and the report says what would be.
    """
    project = client.project(title)
    if project is None:
        raise AcreError(f"{client.url}: no project {title!r}; name one with --project, or make it with: acre load")
    run = _Run(
        client, corpus, schema, annotators, {name: about.kind for name, about in corpus.annotators().items()},
        client.users(), f"label-studio {client.version()}", dry, PullReport(),
    )  # fmt: skip
    place = _Place(corpus, client.url, project["id"])
    since, until, after = place.read(everything, client.clock())
    for page in client.tasks(project["id"], after, since, annotations=True):
        for task in page:
            _task(task, run)
        on_task(len(page))
        if not dry:
            place.write({"since": since, "until": until, "after": page[-1]["id"]})
    if not dry:
        place.write({"since": until - _OVERLAP})
    return run.report


class _Place:
    """How far a project has been pulled into this copy of the corpus."""

    def __init__(self, corpus: Corpus, url: str, project: int) -> None:
        key = hashlib.sha256(f"{url} {project}".encode()).hexdigest()[:12]
        self._path: Path = corpus.root / "aside" / f"pulled-{key}.json"

    def read(self, everything: bool, now: dt.datetime) -> tuple[dt.datetime | None, dt.datetime, int]:
        """Since when tasks are of interest, what the next pull starts from, and the id to go on after."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            kept = {}
        if everything:
            return None, now, 0
        since = dt.datetime.fromisoformat(kept["since"]) if kept.get("since") else None
        if "after" in kept:
            return since, dt.datetime.fromisoformat(kept["until"]), int(kept["after"])
        return since, now, 0

    def write(self, fields: dict[str, Any]) -> None:
        plain = {name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in fields.items()}
        store.write(self._path, (json.dumps(plain) + "\n").encode())


def _task(task: dict[str, Any], run: _Run) -> None:
    counts = run.report.counts
    counts["tasks"] += 1
    counts["drafts, not exported"] += len(task["drafts"])
    submitted = [raw for raw in task["annotations"] if not raw["was_cancelled"]]
    counts["cancelled, not exported"] += len(task["annotations"]) - len(submitted)
    counts["tasks without annotation"] += not submitted
    # Oldest first, so that of two passes by one annotator the newer stands.
    for raw in sorted(submitted, key=lambda raw: (raw["updated_at"], raw["id"])):
        _annotation(task, raw, run)


def _annotation(task: dict[str, Any], raw: dict[str, Any], run: _Run) -> None:
    data = task["data"]
    email = run.users.get(raw.get("completed_by") or 0, "")
    annotator = run.annotators.get(email.lower(), "")
    name = str(data.get("article"))
    article, issues = _article(data, run.corpus)
    if not annotator:
        issues.append(
            Issue(
                "annotation",
                "annotator-unknown",
                f"account {raw.get('completed_by')} has no pseudonym; give it one with --annotator",
            )
        )
    elif raw.get("updated_by") not in (None, raw.get("completed_by")):
        issues.append(
            Issue(
                "annotation",
                "pass-foreign",
                f"account {raw['updated_by']} changed it after {annotator}; ask {annotator} to submit it again",
            )
        )
    annotation = None
    if article is not None:
        try:
            provenance = results.provenance(
                raw, annotator, run.kinds.get(annotator, "human"), str(data.get("schema_version")), run.tool
            )
            annotation, found = results.read(raw.get("result") or [], article, run.schema, provenance)
        except results.ValidationError as error:
            found = [Issue("annotation", "result-malformed", f"{error.errors()[0]['msg']}; export the task again")]
        issues += found
        if annotation is not None and not errors(issues):
            issues += validate.check(annotation, article, run.schema)
    where = f"{annotator or 'unknown'}/{name}"
    run.report.issues += [
        Issue(f"{where}: {issue.where}", issue.code, issue.message, issue.severity) for issue in issues
    ]
    aside = run.corpus.aside_path(annotator or "unknown", name, str(raw["id"]))
    if annotation is None or errors(issues):
        _set_aside(aside, task, raw, issues, run)
        return
    assert article is not None
    if _keep(annotation, article, where, run):
        if not run.dry:
            aside.unlink(missing_ok=True)
    else:
        _set_aside(aside, task, raw, run.report.issues[-1:], run)


def _article(data: dict[str, Any], corpus: Corpus) -> tuple[Article | None, list[Issue]]:
    name, collection = str(data.get("article")), str(data.get("collection"))
    try:
        article = corpus.article(collection, name)
    except AcreError as error:
        return None, [Issue("task", "article-unknown", str(error))]
    if article is None:
        return None, [
            Issue(
                "task",
                "article-unknown",
                f"the corpus has no article {name!r} in {collection!r}; add it, then pull --all",
            )
        ]
    if article.text is None:
        return None, [
            Issue(
                "task",
                "article-unknown",
                "its text is withheld and not here; restore it with acre rehydrate, then pull --all",
            )
        ]
    if data.get("text") != article.text:
        return None, [
            Issue(
                "task",
                "text-changed",
                "the task's text is not the article's; somebody edited one of them: restore it, then pull --all",
            )
        ]
    return article, []


def _keep(annotation: Annotation, article: Article, where: str, run: _Run) -> bool:
    """Write the pass where it is new; False where the corpus has a newer one of the same annotator."""
    report, name = run.report, annotation.provenance.annotator
    report.counts["empty annotations, kept"] += not any(annotation.layers().values())
    path = run.corpus.annotation_path(name, article.id)
    content = store.dump(annotation if run.corpus.collection(article.collection).ships_text else withhold(annotation))
    if path.exists():
        old = store.read_annotation(path)
        if old.provenance.updated > annotation.provenance.updated:
            found = f"the corpus has a pass of {old.provenance.updated:%Y-%m-%d %H:%M:%S}, newer than this of {annotation.provenance.updated:%H:%M:%S}; set aside"
            report.issues.append(Issue(f"{where}: annotation", "pass-older", found, Severity.WARNING))
            return False
        if path.read_bytes() == content:
            report.counts["unchanged"] += 1
            return True
        if old.provenance.created != annotation.provenance.created:
            _supersede(path, old, where, run)
    report.counts["changed" if path.exists() else "new"] += 1
    report.written.append(where)
    if not run.dry:
        store.write(path, content)
    return True


def _supersede(path: Path, old: Annotation, where: str, run: _Run) -> None:
    """Another pass by the same annotator, not an earlier state of this one, makes room for it: into the folder aside."""
    moment = f"{old.provenance.created:%Y%m%dT%H%M%S}"
    found = f"the pass begun {moment} makes room for a newer one by the same annotator; set aside"
    run.report.issues.append(Issue(f"{where}: annotation", "pass-older", found, Severity.WARNING))
    run.report.counts["set aside"] += 1
    if not run.dry:
        store.write(run.corpus.aside_path(old.provenance.annotator, old.article, moment), path.read_bytes())


def _set_aside(path: Path, task: dict[str, Any], raw: dict[str, Any], issues: list[Issue], run: _Run) -> None:
    run.report.counts["set aside"] += 1
    if not run.dry:
        # In full, as it came: whatever the reason, the annotator's work is here.
        kept = {"issues": [str(issue) for issue in issues], "task": task["id"], "data": task["data"], "annotation": raw}
        store.write(path, (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode())
