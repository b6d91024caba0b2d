"""Articles go to a Label Studio project: added once, updated while nobody has worked on them, never after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from annotate.corpus.store import Corpus
from annotate.labelstudio import config, tasks
from annotate.labelstudio.ahead import ahead
from annotate.labelstudio.client import BATCH, Client
from annotate.model.issues import AcreError, Issue, UsageError
from annotate.model.records import Article
from annotate.model.schema import Schema

PROJECT = "ACRE"
"""Title of the project that annotators work in, where no other is named."""


def assigned(corpus: Corpus, desk: str) -> frozenset[str]:
    """The articles that are assigned to the desk; none where the corpus has no assignments at all.

    UsageError where it has some, and none is the desk's.
    """
    assignments = corpus.assignments()
    ids = frozenset(article for article, names in assignments.items() if desk in names)
    if assignments and not ids:
        raise UsageError(
            f"{corpus.assignments_path}: nothing is assigned to {desk}; assign articles with acre"
            " assign, or name them"
        )
    return ids


class Selection:
    """The articles of those ids and of that collection; where neither is given, those that go into the dataset.

    To be gone through once; afterwards it knows what it did not find.
    """

    def __init__(
        self, corpus: Corpus, ids: Collection[str] = (), collection: str | None = None
    ) -> None:
        """UsageError where there is no such collection."""
        if collection is not None:
            corpus.collection(collection)
        self._corpus, self._ids, self._collection = corpus, frozenset(ids), collection
        self.unknown = set(ids)
        """Ids of no article of the corpus."""
        self.withheld: list[str] = []
        """Ids of selected articles whose text is not here: they are left out."""

    def __iter__(self) -> Iterator[Article]:
        collections = self._corpus.collections()
        for article in self._corpus.articles():
            self.unknown.discard(article.id)
            if self._ids and article.id not in self._ids:
                continue
            if self._collection not in (None, article.collection):
                continue
            is_named = bool(self._ids or self._collection)
            if not is_named and not collections.of(article).in_dataset:
                continue
            if article.text is None:
                self.withheld.append(article.id)
            else:
                yield article


@dataclass
class LoadReport:
    """What `load` did, by article id."""

    project: int | None
    """None where there was nothing to load, and so no project was made."""
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    task: int
    data: dict[str, Any]
    worked_on: bool


def load(
    client: Client,
    title: str,
    articles: Iterable[Article],
    schema: Schema,
    on_article: Callable[[], None] = lambda: None,
) -> LoadReport:
    """Create or update the project and its tasks. Running it again changes nothing; no articles make no project.

    A task is known by its article's id and text hash. AcreError where the schema changed after work began: the marks
    made under the old one would be read under the new.
    """
    project = client.project(title)
    known: dict[str, _Known] = {}
    issues: list[Issue] = []
    for page in client.tasks(project["id"]) if project else ():
        for task in page:
            _note(task, known, issues)
    selected = iter(articles)
    first = next(selected, None)
    if first is None and project is None:
        return LoadReport(None)
    number = _project(
        client, title, project, schema, sum(task.worked_on for task in known.values())
    )
    report = LoadReport(number, issues=issues)
    # The next articles are read while the server takes these.
    for batch in ahead(_batches(chain([first] if first is not None else [], selected), schema)):
        new = []
        for article, data in batch:
            on_article()
            if article.id in known:
                _update(client, report, article, known[article.id], data)
            else:
                new.append((article.id, data))
        _send(client, report, new)
    return report


def _batches(
    articles: Iterator[Article], schema: Schema
) -> Iterator[list[tuple[Article, dict[str, Any]]]]:
    """Articles with their tasks' data, as many as go into one request."""
    while batch := [(article, tasks.data(article, schema)) for article in islice(articles, BATCH)]:
        yield batch


_CHANGED = (
    "its text changed after task {task} was labelled; restore the text, or add it as a new article:"
    " nothing was touched"
)


def _update(
    client: Client, report: LoadReport, article: Article, old: _Known, data: dict[str, Any]
) -> None:
    """Replace the task's data, but of a task that somebody has worked on not its text."""
    # Without what `pull` has left there since.
    loaded = {name: value for name, value in old.data.items() if name != tasks.SET_ASIDE}
    if loaded == data:
        report.unchanged.append(article.id)
    elif old.worked_on and old.data.get("sha256") != article.sha256:
        report.issues.append(Issue(article.id, "text-changed", _CHANGED.format(task=old.task)))
    else:
        client.update_task(old.task, data)
        report.updated.append(article.id)


def _note(task: dict[str, Any], known: dict[str, _Known], issues: list[Issue]) -> None:
    data = task["data"]
    name = str(data.get("article"))
    if name in known:
        issues.append(
            Issue(
                name,
                "task-repeated",
                f"tasks {known[name].task} and {task['id']} hold it; delete the one nobody"
                " worked on",
            )
        )
    worked_on = bool(
        task["total_annotations"] or task["cancelled_annotations"] or task["draft_exists"]
    )
    known.setdefault(name, _Known(task["id"], data, worked_on))


def _project(
    client: Client, title: str, project: dict[str, Any] | None, schema: Schema, worked_on: int
) -> int:
    wanted = {
        "label_config": config.build(schema),
        "expert_instruction": config.instructions(schema),
        "description": f"ACRE schema {schema.version}",
    }
    if project is None:
        fixed = {
            "title": title,
            "enable_empty_annotation": True,
            "show_collab_predictions": False,
            "maximum_annotations": 1,
        }
        return create(client, fixed | wanted)
    changed = {name: value for name, value in wanted.items() if project.get(name) != value}
    if (
        "label_config" in changed
        and worked_on
        and config.answers(project["label_config"]) != config.answers(wanted["label_config"])
    ):
        raise AcreError(
            f"project {title!r}: the schema's labels changed and {worked_on} of its tasks are"
            " labelled or begun; nothing was touched. Pull them, then load into a new project:"
            f" acre load --project {title!r}-{schema.version}"
        )
    if "description" in changed and worked_on:
        raise AcreError(
            f"project {title!r} was made under {project.get('description') or 'no schema'}, this is"
            f" schema {schema.version}, and {worked_on} of its tasks are labelled or begun; nothing"
            " was touched. Pull them, then load into a new project with --project"
        )
    if changed:
        client.update_project(project["id"], changed)
    return int(project["id"])


def create(client: Client, fields: dict[str, Any]) -> int:
    """A new project, whose list of tasks shows what an annotator chooses an article by, and how far the work is.

    A load that was killed may be answered by a slow server only now. Then its project is taken, and the one that was
    just made, in which nothing is, goes.
    """
    number = int(client.create_project(fields)["id"])
    oldest = int(client.namesakes(str(fields["title"]))[0]["id"])
    if oldest != number:
        client.delete_project(number)
        number = oldest
    beside = (*_HIDDEN, "completed_at", "data.outlet", "data.date")
    client.create_view(number, "Articles", {"explore": _HIDDEN, "labeling": beside})
    return number


_HIDDEN = (
    *(f"data.{name}" for name in (*tasks.BEHIND, "sheet", config.CHOICES)),
    "id", "inner_id", "cancelled_annotations", "total_predictions", "annotators", "annotations_results",
    "annotations_ids", "predictions_score", "predictions_model_versions", "predictions_results", "file_upload",
    "storage_filename", "created_at", "updated_at", "updated_by", "avg_lead_time", "draft_exists",
)  # fmt: skip
"""Columns that say nothing to an annotator."""


def _send(client: Client, report: LoadReport, batch: list[tuple[str, dict[str, Any]]]) -> None:
    if batch and report.project is not None:
        client.import_tasks(report.project, [{"data": data} for _name, data in batch])
        report.added += [name for name, _data in batch]
