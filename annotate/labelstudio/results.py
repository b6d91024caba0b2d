"""What Label Studio exports becomes annotations. Nothing is trusted because it came from the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from annotate import graph
from annotate.graph import Link
from annotate.issues import Issue, Severity
from annotate.labelstudio import config
from annotate.model import Annotation, Article, AttributeValue, Mark, Provenance
from annotate.schema import Kind, Schema

_ID = re.compile(r"[A-Za-z0-9_-]+")


def read(result: list[Any], article: Article, schema: Schema, provenance: Provenance) -> tuple[Annotation, list[Issue]]:
    """The annotation of a result list, and an issue (`where` is a region's id) for all that it can't hold.

    Offsets are taken as code points, checked against the article, and the words are sliced from it: Label Studio's own
    `value.text` has newlines as a backslash and an n, and notes in place of words.
    """
    text = article.text or ""
    issues: list[Issue] = []
    regions = [entry for entry in result if isinstance(entry, dict) and entry.get("type") != "relation"]
    relations = [entry for entry in result if isinstance(entry, dict) and entry.get("type") == "relation"]
    if len(regions) + len(relations) != len(result):
        issues.append(Issue("result", "result-malformed", "an entry of the result is no object; export the task again"))
    answers = _answers(regions, schema, issues)
    labelled = [entry for entry in regions if entry.get("from_name") == config.LABELS]
    marks = [mark for entry in labelled for mark in _mark(entry, text, answers, schema, issues)]
    orphans = set(answers) - {entry.get("id") for entry in labelled}
    issues += [
        Issue(str(name), "label-missing", "the region has answers and no label; give it one or delete it")
        for name in sorted(orphans)
    ]
    links = [link for entry in relations for link in _links(entry, issues)]
    annotation, misplaced = graph.assemble(marks, links, schema, article.id, article.sha256, provenance)
    return annotation, issues + misplaced


def _mark(
    entry: dict[str, Any], text: str, answers: dict[str, dict[str, AttributeValue]], schema: Schema, issues: list[Issue]
) -> Iterator[Mark]:
    value, name = entry.get("value"), entry.get("id")
    if not isinstance(value, dict) or not isinstance(name, str) or not _ID.fullmatch(name):
        issues.append(
            Issue(str(name), "result-malformed", "the region has no usable id or no value; delete it and mark it anew")
        )
        return
    labels = value.get("labels")
    if not isinstance(labels, list) or len(labels) != 1 or not isinstance(labels[0], str):
        found = "no label" if not labels else f"the labels {labels}"
        issues.append(
            Issue(name, "label-missing" if not labels else "label-several", f"the region has {found}; give it one")
        )
        return
    start, end = value.get("start"), value.get("end")
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)):
        issues.append(
            Issue(
                name,
                "offset-range",
                f"{start}–{end} is no span of the {len(text)} code points; delete it and mark it anew",
            )
        )
        return
    if (entry.get("meta") or {}).get("text"):
        issues.append(
            Issue(
                name,
                "region-note",
                "the region's note stays in Label Studio; say what matters by a label or an attribute",
                Severity.NOTE,
            )
        )
    given = answers.get(name, {})
    label = schema.labels.get(labels[0])
    kept = {key: answer for key, answer in given.items() if label is None or key in label.attributes}
    for key in sorted(set(given) - set(kept)):
        # The browser keeps the answers to questions that a changed label no longer asks, and shows them to nobody.
        issues.append(
            Issue(
                name,
                "answer-stale",
                f"{key}={given[key]!r} is no question of {labels[0]}; left behind when it was relabelled",
                Severity.NOTE,
            )
        )
    yield Mark(id=name, label=labels[0], start=start, end=end, text=text[start:end], attributes=kept)


def _answers(
    regions: list[dict[str, Any]], schema: Schema, issues: list[Issue]
) -> dict[str, dict[str, AttributeValue]]:
    answers: dict[str, dict[str, AttributeValue]] = {}
    for entry in regions:
        control, name = entry.get("from_name"), str(entry.get("id"))
        if control == config.LABELS:
            continue
        if control not in schema.attributes:
            issues.append(
                Issue(
                    name,
                    "attribute-unknown",
                    f"{control!r} is no attribute of schema {schema.version}; load the task again",
                )
            )
            continue
        answer = _answer(entry.get("value"), schema.attributes[control].kind)
        if answer is None:
            issues.append(
                Issue(name, "attribute-value", f"{control}: {entry.get('value')!r} is not one answer; answer it anew")
            )
        else:
            answers.setdefault(name, {})[control] = answer
    return answers


def _answer(value: Any, kind: Kind) -> AttributeValue | None:
    key = {Kind.CHOICE: "choices", Kind.NUMBER: "number", Kind.TEXT: "text"}[kind]
    found = value.get(key) if isinstance(value, dict) else None
    if kind is Kind.NUMBER:
        return found if isinstance(found, int | float) and not isinstance(found, bool) else None
    if isinstance(found, list) and len(found) == 1 and isinstance(found[0], str):
        return found[0]
    return None


def _links(entry: dict[str, Any], issues: list[Issue]) -> Iterator[Link]:
    tail, head, labels = entry.get("from_id"), entry.get("to_id"), entry.get("labels") or []
    if not isinstance(tail, str) or not isinstance(head, str) or not isinstance(labels, list):
        issues.append(
            Issue(str(tail), "result-malformed", "a relation without its two regions; delete it and draw it anew")
        )
        return
    if not labels:
        issues.append(
            Issue(
                tail,
                "link-unlabelled",
                f"the relation to {head} has no label; choose one under Relations, or delete it",
            )
        )
    pairs = {"left": [(head, tail)], "bi": [(tail, head), (head, tail)]}.get(
        str(entry.get("direction")), [(tail, head)]
    )
    for label in labels:
        # same_as holds both ways: a second link says nothing more.
        for one, other in pairs[:1] if label == "same_as" else pairs:
            yield Link(one, str(label), other)


def provenance(raw: dict[str, Any], annotator: str, kind: str, schema_version: str, tool: str) -> Provenance:
    """Who made an exported annotation, when, and in how many seconds; ValidationError where the server did not say."""
    return Provenance(
        annotator=annotator,
        kind=kind,  # type: ignore[arg-type]  # checked by the record
        tool=tool,
        schema_version=schema_version,
        created=raw.get("created_at"),  # type: ignore[arg-type]  # a string, which pydantic reads
        updated=raw.get("updated_at"),  # type: ignore[arg-type]
        seconds=raw.get("lead_time"),
    )


__all__ = ["ValidationError", "provenance", "read"]
