"""Articles go to a Label Studio project: added once, updated while nobody has worked on them, never after."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from annotate.labelstudio import config, tasks
from annotate.labelstudio.client import BATCH, Client
from annotate.model.issues import AcreError, Issue
from annotate.model.records import Article
from annotate.model.schema import Schema


@dataclass
class LoadReport:
    """What `load` did, by article id."""

    project: int
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
    """Create or update the project and its tasks. Running it again changes nothing.

    A task is known by its article's id and text hash. AcreError where the schema changed after work began: the marks
    made under the old one would be read under the new.
    """
    project = client.project(title)
    known: dict[str, _Known] = {}
    issues: list[Issue] = []
    for page in client.tasks(project["id"]) if project else ():
        for task in page:
            _note(task, known, issues)
    number = _project(
        client, title, project, schema, sum(task.worked_on for task in known.values())
    )
    report = LoadReport(number, issues=issues)
    batch: list[tuple[str, dict[str, Any]]] = []
    for article in articles:
        on_article()
        data = tasks.data(article, schema)
        old = known.get(article.id)
        if old is None:
            batch.append((article.id, data))
        elif old.data == data:
            report.unchanged.append(article.id)
        elif old.worked_on and old.data.get("sha256") != article.sha256:
            report.issues.append(Issue(article.id, "text-changed", _CHANGED.format(task=old.task)))
        else:
            client.update_task(old.task, data)
            report.updated.append(article.id)
        if len(batch) == BATCH:
            _send(client, report, batch)
    _send(client, report, batch)
    return report


_CHANGED = (
    "its text changed after task {task} was labelled; restore the text, or add it as a new article:"
    " nothing was touched"
)


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
        return int(client.create_project(fixed | wanted)["id"])
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


def _send(client: Client, report: LoadReport, batch: list[tuple[str, dict[str, Any]]]) -> None:
    if batch:
        client.import_tasks(report.project, [{"data": data} for _name, data in batch])
        report.added += [name for name, _data in batch]
        batch.clear()
