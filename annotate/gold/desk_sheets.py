"""Sheets at a desk: each is a task with a draft, which an adjudicator fills in Label Studio."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from annotate.corpus.files import UNREADABLE, one_line
from annotate.gold import adjudicate, sheets
from annotate.gold.sheets import Filled, Run
from annotate.labelstudio import config, quotes, results, tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.load import create as create_project
from annotate.model.issues import AcreError, Issue
from annotate.model.records import Article
from annotate.model.schema import Schema


def load(
    client: Client,
    project: str,
    schema: Schema,
    new: Iterator[tuple[str, Article, adjudicate.Sheet]],
) -> Iterator[str]:
    """Each sheet as a task with a draft, which opens as the adjudicator's own work.

    A sheet that is already at the desk is left as it is.
    """
    with_questions = adjudicate.sheet_schema(schema)
    number, known = None, dict[str, dict[str, Any]]()
    for name, article, sheet in new:
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
    known = {}
    for task in chain.from_iterable(client.tasks(project["id"])):
        known[task["data"].get("sheet", "")] = task
    return int(project["id"]), known


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
        return sheets.issue_of(where, error)
    message = f"the sheet is not what Label Studio writes: {one_line(error)}; submit it again"
    return Issue(where, "result-malformed", message)


def _filled(run: Run, schema: Schema, task: dict[str, Any], where: str, tool: str) -> Filled | None:
    """The task's sheet; None where a run was cut off before it gave the task its draft: the sheet is sent again."""
    name = str(task["data"].get("sheet"))
    sources = sheets.sources_of(run.corpus, name)
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
        sheets.article_of(run.corpus, sources.passes[0]),
        schema,
        provenance,
    )
    return Filled(name, where, annotation, tuple(issues))
