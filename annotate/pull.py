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

from annotate import ids, store, validate
from annotate.issues import AcreError, Issue, Severity, errors
from annotate.labelstudio import results
from annotate.labelstudio.client import Client
from annotate.model import Annotation, Article, Provenance, withhold
from annotate.schema import Schema
from annotate.store import Collection, Corpus

# A task updated in the second in which the pull began may be on either side of it.
_OVERLAP = dt.timedelta(seconds=2)


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
    collections: Mapping[str, Collection]
    users: Mapping[int, str]
    tool: str
    dry: bool
    tell: Tell
    counts: Counter[str] = field(default_factory=Counter)


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
) -> Counter[str]:
    """Bring the project's annotations to `annotations/<annotator>/<article>.json`; returns what was counted, by name.

    Each annotation is counted once: new, changed, unchanged, set aside, or cancelled.

    `annotators` gives the pseudonym of each account, by e-mail address. What was pulled before and has not been
    touched since is not asked for again, unless `everything`. A pull that was cut off goes on where it stopped.
    With `dry`, nothing is written, and what is told and counted is what would be.
    """
    project = client.project(title)
    if project is None:
        raise AcreError(f"{client.url}: no project {title!r}; name one with --project, or make it with: acre load")
    run = _Run(
        client, corpus, schema, annotators, {name: about.kind for name, about in corpus.annotators().items()}, corpus.collections(),
        client.users(), f"label-studio {client.version()}", dry, tell,
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
    return run.counts


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
    counts = run.counts
    counts["tasks"] += 1
    counts["drafts, not exported"] += len(task["drafts"])
    submitted = [raw for raw in task["annotations"] if not raw["was_cancelled"]]
    counts["cancelled, not exported"] += len(task["annotations"]) - len(submitted)
    counts["tasks without annotation"] += not submitted
    # Oldest first, so that of two passes by one annotator the newer stands.
    for raw in sorted(submitted, key=lambda raw: (raw["updated_at"], raw["id"])):
        _annotation(task, raw, run)


def _annotation(task: dict[str, Any], raw: dict[str, Any], run: _Run) -> None:
    """One submitted annotation: kept under its annotator's name, or set aside in full with the reasons."""
    annotator = run.annotators.get(run.users.get(raw.get("completed_by") or 0, "").lower(), "")
    article, issues = _article(task["data"], run.corpus)
    issues += _annotator(raw, annotator)
    annotation = None
    if article is not None:
        annotation, found = _read(task, raw, annotator, article, run)
        issues += found
    where = f"{annotator or 'unknown'}/{task['data'].get('article')}"
    aside = run.corpus.aside_path(annotator or "unknown", str(task["data"].get("article")), str(raw["id"]))
    if annotation is not None and article is not None and not errors(issues):
        older = _keep(annotation, article, where, run)
        if older is None:
            if not run.dry:
                aside.unlink(missing_ok=True)
        else:
            issues.append(older)
    for issue in issues:
        run.tell(Issue(f"{where}: {issue.where}", issue.code, issue.message, issue.severity))
    if annotation is None or errors(issues) or any(issue.code == "pass-older" for issue in issues):
        run.counts["set aside"] += 1
        if not run.dry:
            # In full, as it came: whatever the reason, the annotator's work is here.
            kept = {
                "issues": [str(issue) for issue in issues],
                "task": task["id"],
                "data": task["data"],
                "annotation": raw,
            }
            store.write(aside, (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode())


def _article(data: dict[str, Any], corpus: Corpus) -> tuple[Article | None, list[Issue]]:
    name, collection = str(data.get("article")), str(data.get("collection"))
    try:
        article = corpus.article(collection, name)
    except AcreError as error:
        return None, [Issue("task", "article-unknown", str(error))]
    if article is None:
        found = f"the corpus has no article {name!r} in {collection!r}; add it, then pull --all"
        return None, [Issue("task", "article-unknown", found)]
    if article.text is None:
        found = "its text is withheld and not here; put your own copy in place, then pull --all"
        return None, [Issue("task", "article-unknown", found)]
    if data.get("text") != article.text:
        found = "the task's text is not the article's; somebody edited one of them: restore it, then pull --all"
        return None, [Issue("task", "text-changed", found)]
    return article, []


def _annotator(raw: dict[str, Any], annotator: str) -> list[Issue]:
    author, editor = raw.get("completed_by"), raw.get("updated_by")
    if not annotator:
        found = f"account {author} has no pseudonym; give it one with --annotator EMAIL=PSEUDONYM"
        return [Issue("annotation", "annotator-unknown", found)]
    if editor not in (None, author):
        # Any account of a Label Studio can overwrite another's annotation, which keeps its author's name.
        found = f"account {editor} changed it after {annotator}; ask {annotator} to submit it again"
        return [Issue("annotation", "pass-foreign", found)]
    return []


def _read(
    task: dict[str, Any], raw: dict[str, Any], annotator: str, article: Article, run: _Run
) -> tuple[Annotation | None, list[Issue]]:
    try:
        made = results.provenance(
            raw, annotator, run.kinds.get(annotator, "human"), str(task["data"].get("schema_version")), run.tool
        )
        if raw.get("parent_prediction") is not None:
            made = made.model_copy(update={"started_from": _suggestion(raw["parent_prediction"], article, made, run)})
        annotation, issues = results.read(raw.get("result") or [], article, run.schema, made)
    except results.ValidationError as error:
        found = f"{error.errors()[0]['msg']}; export the task again"
        return None, [Issue("annotation", "result-malformed", found)]
    if not errors(issues):
        issues += validate.check(annotation, article, run.schema)
    return annotation, issues


def _suggestion(number: int, article: Article, made: Provenance, run: _Run) -> str:
    """Keep what the annotator began with, as it was offered; returns the name and version of what offered it."""
    offered = run.client.prediction(number)
    version = str(offered["model_version"])
    by = Provenance.model_validate(
        made.model_dump()
        | {
            "annotator": ids.slug(version, 80), "kind": "machine", "created": offered["created_at"],
            "updated": offered["updated_at"], "seconds": None,
        }
    )  # fmt: skip
    suggested, _issues = results.read(offered["result"] or [], article, run.schema, by)
    if not run.dry:
        ships = run.collections[article.collection].ships_text
        path = run.corpus.suggestion_path(version, article.id)
        store.write(path, store.dump(suggested if ships else withhold(suggested)))
    return version


def _keep(annotation: Annotation, article: Article, where: str, run: _Run) -> Issue | None:
    """Write the pass where it is new; the reason, where the corpus has a newer one of the same annotator."""
    path = run.corpus.annotation_path(annotation.provenance.annotator, article.id)
    content = store.dump(annotation if run.collections[article.collection].ships_text else withhold(annotation))
    if path.exists():
        old = store.read_annotation(path)
        if old.provenance.updated > annotation.provenance.updated:
            found = f"the corpus has a newer pass, of {old.provenance.updated:%Y-%m-%d %H:%M:%S}; this one is set aside"
            return Issue("annotation", "pass-older", found, Severity.WARNING)
        if path.read_bytes() == content:
            run.counts["unchanged"] += 1
            return None
        if old.provenance.created != annotation.provenance.created:
            _supersede(path, old, where, run)
    run.counts["changed" if path.exists() else "new"] += 1
    run.counts["of these, empty"] += not any(annotation.layers().values())
    run.tell(f"annotations/{where}.json")
    if not run.dry:
        store.write(path, content)
    return None


def _supersede(path: Path, old: Annotation, where: str, run: _Run) -> None:
    """Another pass by the same annotator, not an earlier state of this one, makes room: into the folder aside."""
    begun = f"{old.provenance.created:%Y%m%dT%H%M%S%f}"
    found = f"the pass begun {begun} makes room for a newer one by the same annotator; it is set aside"
    run.tell(Issue(f"{where}: annotation", "pass-older", found, Severity.WARNING))
    run.counts["set aside"] += 1
    if not run.dry:
        store.write(run.corpus.aside_path(old.provenance.annotator, old.article, begun), path.read_bytes())
