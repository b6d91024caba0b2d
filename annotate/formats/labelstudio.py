"""Label Studio's JSON: a task with one annotation, as its import takes it and its export gives it. All layers."""

from __future__ import annotations

import json
from collections.abc import Mapping

from annotate.formats.document import FormatError, Lost, Read, Written, text_of
from annotate.labelstudio import config, results, tasks
from annotate.model.records import Annotation, Article, Provenance
from annotate.model.schema import Schema

SUFFIXES = (".json",)


def write(article: Article, annotation: Annotation, schema: Schema) -> Written:
    """A list of one task, to be imported into a project with this schema's labelling interface."""
    text_of(article)
    task = {
        "data": tasks.data(article, schema),
        "annotations": [{"result": tasks.result(annotation, article, schema)}],
    }
    return Written(
        {".json": (json.dumps([task], indent=1, ensure_ascii=False) + "\n").encode()}, Lost()
    )


def read(
    files: Mapping[str, bytes], article: Article, schema: Schema, made: Provenance, where: str
) -> Read:
    """The only annotation of the file's only task that has the article's text."""
    text = text_of(article)
    try:
        found = [task for task in json.loads(files[".json"]) if task["data"][config.TEXT] == text]
        results_ = [annotation["result"] for task in found for annotation in task["annotations"]]
    except (ValueError, KeyError, TypeError):
        raise FormatError(
            f"{where}.json: no list of tasks with `data` and `annotations`; export it as JSON"
        ) from None
    if len(results_) != 1 or not isinstance(results_[0], list):
        raise FormatError(
            f"{where}.json: {len(results_)} annotations of the article's text; give a file with one"
        )
    annotation, issues = results.read(results_[0], article, schema, made)
    return Read(annotation, issues, Lost())
