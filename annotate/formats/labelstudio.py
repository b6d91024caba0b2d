"""Label Studio's JSON: tasks with annotations, as its import takes them and its export gives them. All layers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from annotate.formats.document import (
    NO_MAP,
    Document,
    Dropped,
    Export,
    FormatError,
    Import,
    Marked,
    assembled,
    decode,
    first_fault,
    from_json,
    text_of,
    with_defaults,
)
from annotate.formats.labelmap import LabelMap
from annotate.labelstudio import config, pull, results, tasks
from annotate.model.graph import Link
from annotate.model.issues import Issue, Severity
from annotate.model.records import Annotation, Article, Provenance
from annotate.model.schema import Schema

SUFFIXES = (".json",)
_SHOWN = 5


class _Entry(BaseModel):
    """What an entry of a result is known and linked by; what it says of its region `results` reads."""

    id: str | None = None
    from_name: str | None = None
    from_id: str | None = None
    to_id: str | None = None
    labels: list[str] | None = None
    meta: dict[str, Any] | None = None


def write(article: Article, annotation: Annotation, schema: Schema) -> Export:
    """A list of one task, to be imported into a project with this schema's labelling interface."""
    text_of(article)
    task = {
        "data": tasks.data(article, schema),
        "annotations": [{"result": tasks.result(annotation, article, schema)}],
    }
    return Export(
        {".json": (json.dumps([task], indent=1, ensure_ascii=False) + "\n").encode()}, Dropped()
    )


def documents(files: Mapping[str, bytes], where: str) -> list[Document]:
    """One for each task of a project's export; `data.article`, or else its text, tells which article it is."""
    (content,) = files.values()
    content_ = from_json(decode(content, where), where)
    tasks_ = [content_] if isinstance(content_, dict) else content_
    if not isinstance(tasks_, list) or not all(_is_task(task) for task in tasks_):
        raise FormatError(
            f"{where}: no list of tasks with `data` and `annotations`; export it as JSON, not"
            " JSON-MIN"
        )
    if not tasks_:
        raise FormatError(f"{where}: no tasks; export those that are annotated")
    several = len(tasks_) > 1
    return [
        _document(task, f"{where}: task {task.get('id', number)}" if several else where)
        for number, task in enumerate(tasks_, 1)
    ]


def _is_task(task: Any) -> bool:
    return (
        isinstance(task, dict)
        and isinstance(task.get("data"), dict)
        and isinstance(task.get("annotations"), list)
        and all(
            isinstance(raw, dict) and isinstance(raw.get("result", []), list)
            for raw in task["annotations"]
        )
    )


def _document(task: dict[str, Any], where: str) -> Document:
    # What was cancelled was skipped by its annotator: no pass.
    submitted = [raw for raw in task["annotations"] if not raw.get("was_cancelled")]
    cancelled = len(task["annotations"]) - len(submitted)
    idle = None
    if not submitted:
        idle = "its annotation was cancelled" if cancelled else "no annotation in it"
    elif len(submitted) > 1:
        by = ", ".join(sorted({_account(raw) for raw in submitted}))
        idle = (
            f"{len(submitted)} annotations of one article (by account {by}); leave one of them in"
            " the file"
        )
    dropped = Dropped()
    dropped["cancelled annotations"] += cancelled if submitted else 0
    for name in ("predictions", "drafts"):
        kept = task.get(name)
        dropped[name] += len(kept) if isinstance(kept, list) else 0
    data = task["data"]
    text = data.get(config.TEXT)
    names = (data.get("article"),)
    return Document(
        where,
        (submitted, dropped),
        tuple(name for name in names if isinstance(name, str)),
        text if isinstance(text, str) else _only_text(data),
        idle=idle,
        is_torn=len(submitted) > 1,
    )


def _account(raw: dict[str, Any]) -> str:
    by = raw.get("completed_by")
    return str(by.get("id") if isinstance(by, dict) else by)


def _only_text(data: dict[str, Any]) -> str | None:
    """The longest string: a project of other people's may call its text as it likes."""
    return max((value for value in data.values() if isinstance(value, str)), key=len, default=None)


def read(
    document: Document,
    article: Article,
    schema: Schema,
    made: Provenance,
    labels: LabelMap = NO_MAP,
) -> Import:
    """The task's one annotation that was not cancelled."""
    submitted, dropped = document.content
    (raw,) = submitted
    result = raw.get("result", [])
    if labels.is_foreign:
        return read_result(result, article, schema, made, labels, document.text, dropped)
    text_of(article)
    for number, entry in enumerate(result, 1):
        try:
            _Entry.model_validate(entry)
        except ValidationError as error:
            fault = f"entry {number} of the result: {first_fault(error)}; export it again"
            raise FormatError(f"{document.where}: {fault}") from None
    annotation, issues = results.read(result, article, schema, made)
    annotation, defaults = with_defaults(annotation, schema, labels)
    return Import(annotation, issues, +dropped, defaults)


def read_result(
    result: list[Any],
    article: Article,
    schema: Schema,
    made: Provenance,
    labels: LabelMap = NO_MAP,
    source: str | None = None,
    dropped: Mapping[str, int] | None = None,
) -> Import:
    """A result of a labelling interface of any names, over `source`, a copy of the article's text."""
    left_out = Dropped(dropped or {})
    marks = list(_marks(result, left_out))
    links = list(_links(result, left_out))
    return assembled(marks, links, article, schema, made, left_out, labels, source)


def reader(schema: Schema, labels: LabelMap = NO_MAP) -> pull.Reader:
    """What `pull` reads the results of others by; what says the same of several marks is one issue."""

    def read(
        result: list[Any], article: Article, provenance: Provenance, source: str | None
    ) -> tuple[Annotation, list[Issue], Mapping[str, int]]:
        taken = read_result(result, article, schema, provenance, labels, source)
        places: dict[tuple[str, str, Severity], list[str]] = {}
        for issue in taken.issues:
            key = (issue.code, issue.message, issue.severity)
            places.setdefault(key, []).append(issue.where)
        issues = [Issue(_listed(names), *key) for key, names in places.items()]
        counts = {f"not read: {what}": count for what, count in taken.dropped.items()}
        counts |= {f"by default: {what}": count for what, count in taken.defaults.items()}
        return taken.annotation, issues, counts

    return read


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _marks(result: list[Any], dropped: Dropped) -> Iterator[Marked]:
    """The regions of a labelling interface of any names: labels mark, other controls answer."""
    labelled: dict[str, tuple[str, dict[str, Any]]] = {}
    answers: dict[str, dict[str, Any]] = {}
    for entry in result:
        value = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(value, dict):
            dropped["entries without a value"] += not (
                isinstance(entry, dict) and entry.get("type") == "relation"
            )
            continue
        name, kind = str(entry.get("id")), str(entry.get("type"))
        given = value.get({"textarea": "text"}.get(kind, kind))
        answer = given[0] if isinstance(given, list) and len(given) == 1 else given
        if kind.endswith("labels"):
            if isinstance(answer, str) and name not in labelled:
                labelled[name] = (answer, value)
            else:
                dropped["regions without one label"] += 1
        elif isinstance(answer, str | int | float):
            answers.setdefault(name, {})[str(entry.get("from_name"))] = answer
        else:
            dropped[f"answers to {entry.get('from_name')} that are several, or none"] += 1
    for name, (label, value) in labelled.items():
        start, end, words = value.get("start"), value.get("end"), value.get("text")
        span = (start, end) if type(start) is int and type(end) is int else (-1, -1)
        yield Marked(
            name, label, (span,), words if isinstance(words, str) else None, answers.pop(name, {})
        )
    dropped["answers about the whole text, or about no region"] += sum(map(len, answers.values()))


def _links(result: list[Any], dropped: Dropped) -> Iterator[Link]:
    for entry in result:
        if not isinstance(entry, dict) or entry.get("type") != "relation":
            continue
        labels = entry.get("labels") or []
        dropped["relations without a label"] += not labels
        ends = (str(entry.get("from_id")), str(entry.get("to_id")))
        tail, head = reversed(ends) if entry.get("direction") == "left" else ends
        for label in labels if isinstance(labels, list) else []:
            yield Link(tail, str(label), head)
