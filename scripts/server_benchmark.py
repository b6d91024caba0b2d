"""Measures `acre load` and `acre pull` against a Label Studio of its own; `benchmark.py server` runs it.

Beside them stand a bare POST of the same tasks, and the server's own JSON export of the same project. The server is
started anew before `acre load`, the first `acre pull` and the export; its memory is the most that it held since.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from annotate.corpus.store import Corpus
from annotate.labelstudio import config, server, tasks
from annotate.labelstudio.client import Client
from annotate.model import schema as schema_
from scripts.copies import ANNOTATORS, copies
from scripts.corpus_benchmark import Bench, DocumentsOption, Usage, held, run

DESK = ANNOTATORS[0]
LOADED, POSTED, ANNOTATED = "ACRE", "posted", "annotated"
"""Titles of the projects."""
CHANGED = 10
"""Tasks that were touched before the second pull."""
_BATCH = 100
"""Annotated tasks that are put in at a time, some 5 MB."""
_OVERLAP = 3
"""Seconds after which a pull does not ask again for what the one before it saw."""
_CALL = """
import shutil, sys, urllib.request
url, token, body, answer = sys.argv[1:]
headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
request = urllib.request.Request(url, open(body, "rb").read() if body else None, headers)
with urllib.request.urlopen(request) as response, open(answer, "wb") as file:
    shutil.copyfileobj(response, file)
"""


def of_server(
    documents: DocumentsOption = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Where copies and server go, some 300 MB a thousand; by default a folder that is removed."
        ),
    ] = None,
) -> None:
    """Print, as Markdown, what loading and pulling take by number of documents, and the server meanwhile."""
    run(documents, folder, lambda bench: measure(bench, bench.root / "state"))


def measure(bench: Bench, state: Path) -> None:
    """All commands, on a desk that is made under the state folder and stopped in the end."""
    bench.log(f"{bench.documents} documents: making copies")
    corpus = copies(bench.root / "one", bench.documents, ANNOTATORS[:1])
    site = _Site(bench, state)
    try:
        _load(site, corpus)
        _pull(site, corpus)
    finally:
        server.stop(site.desk)


class _Site:
    """The server that is measured, and what asks it."""

    def __init__(self, bench: Bench, state: Path) -> None:
        self.bench, self.state = bench, state
        self.schema = schema_.load(bench.root / "one" / "guidelines" / "schema.yaml")
        self.desk = server.start(self.state, DESK)

    @property
    def client(self) -> Client:
        return Client(self.desk.url, self.desk.token)

    def project(self, title: str) -> int:
        """A new project with the interface of the schema."""
        fields = {"title": title, "label_config": config.build(self.schema)}
        return int(self.client.create_project(fields)["id"])

    def start_anew(self) -> None:
        """The same data, and a process that has done nothing yet."""
        server.stop(self.desk)
        self.desk = server.start(self.state, DESK)

    def acre(self, name: str, command: str, project: str) -> None:
        """Measure `acre` with this project of the desk."""
        corpus = str(self.bench.root / "one" / "corpus")
        where = ("--corpus", corpus, "--state", str(self.state))
        self._measure(name, "-m", "annotate", command, *where, "--desk", DESK, "--project", project)

    def call(self, name: str, path: str, body: Path | None = None) -> None:
        """Measure a bare request: a POST of the file's bytes, or a GET."""
        url = f"{self.desk.url}/{path}"
        answer = str(self.bench.root / "answer.json")
        self._measure(name, "-c", _CALL, url, self.desk.token, str(body or ""), answer)

    def _measure(self, name: str, *arguments: str) -> None:
        process = psutil.Process(self.desk.pid)
        before = process.cpu_times()
        self.bench.measure(name, sys.executable, *arguments)
        after = process.cpu_times()
        cpu = after.user + after.system - before.user - before.system
        took = Usage(self.bench.usage[name].seconds, cpu, held(process.pid, {}) / 1e6)
        self.bench.note(f"{name}: the server", took)


def _load(site: _Site, corpus: Corpus) -> None:
    body = site.bench.root / "tasks.json"
    with body.open("w", encoding="utf-8") as file:
        for number, article in enumerate(corpus.articles()):
            task = {"data": tasks.data(article, site.schema)}
            file.write(
                ",["[not number] + json.dumps(task, ensure_ascii=False, separators=(",", ":"))
            )
        file.write("]")
    number = site.project(POSTED)
    site.acre("acre load", "load", LOADED)
    site.call(
        "a bare POST of the same tasks", f"api/projects/{number}/import?return_task_ids=true", body
    )


def _pull(site: _Site, corpus: Corpus) -> None:
    """A first pull of all, one after a few changes, and the server's own export."""
    number = site.project(ANNOTATED)
    site.bench.log(f"{site.bench.documents} documents: annotating")
    annotated, client = _annotated(site, corpus), site.client
    while batch := list(islice(annotated, _BATCH)):
        client.import_tasks(number, batch)
    # The server's passes are to come back: those of the copies, which were sent, make room.
    shutil.rmtree(corpus.root / "annotations")
    site.start_anew()
    site.acre("acre pull, the first", "pull", ANNOTATED)
    time.sleep(_OVERLAP)
    _touch(site, number)
    site.acre(f"acre pull, {CHANGED} changed", "pull", ANNOTATED)
    site.start_anew()
    path = f"api/projects/{number}/export?exportType=JSON&download_all_tasks=true"
    site.call("the server's own JSON export", path)
    _check(site, corpus)


def _annotated(site: _Site, corpus: Corpus) -> Iterator[dict[str, Any]]:
    for article, annotation, _where in corpus.annotated():
        result = tasks.result(annotation, article, site.schema)
        submitted = {"result": result, "lead_time": annotation.provenance.seconds}
        yield {"data": tasks.data(article, site.schema), "annotations": [submitted]}


def _touch(site: _Site, number: int) -> None:
    """Somebody takes longer over some tasks."""
    client = site.client
    pages = client.tasks(number, annotations=True)
    for task in islice(chain.from_iterable(pages), CHANGED):
        client._call(
            "PATCH", f"api/annotations/{task['annotations'][0]['id']}", json={"lead_time": 7}
        )


def _check(site: _Site, corpus: Corpus) -> None:
    """A command that did only a part of its work would be fast."""
    pulled = len(list(corpus.root.glob(f"annotations/{DESK}/*.json")))
    exported = len(json.loads((site.bench.root / "answer.json").read_bytes()))
    assert pulled == exported == site.bench.documents, (pulled, exported)
