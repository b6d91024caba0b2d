#!/usr/bin/env python
"""How many annotations a desk's server takes when many people submit at once, and whether any is lost.

    python scripts/throughput.py                                # SQLite in WAL mode
    ACRE_DATABASE=postgresql://user@host:5432/ python scripts/throughput.py

Each of the annotators submits to tasks of their own, one after another, as fast as the server answers. Prints a row of
docs/reliability.md. What was answered and is not there afterwards is lost: exit 1.
"""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from annotate.corpus.store import Corpus
from annotate.labelstudio import desks, load, server, tasks
from annotate.labelstudio.client import Client, ClientError
from annotate.model import schema as schema_
from scripts import terminal

ROOT = Path(__file__).parents[1]


def throughput(
    annotators: Annotated[int, typer.Option(help="How many submit at once.")] = 20,
    each: Annotated[int, typer.Option(help="How many annotations each submits.")] = 10,
) -> None:
    """Measure how many annotations a second a desk's server takes from many annotators at once."""
    database = os.environ.get("ACRE_DATABASE")
    with tempfile.TemporaryDirectory(prefix="acre-throughput-") as state:
        desk = server.start(Path(state), "throughput", database=database)
        try:
            seconds, answered, failed, lost = _measure(desk, annotators, each)
        finally:
            server.stop(desk)
    p95 = statistics.quantiles(seconds, n=20)[-1]
    rate = len(seconds) / answered
    what = "PostgreSQL" if database else "SQLite (WAL)"
    print(
        f"| {what} | {annotators} | {len(seconds)} | {failed} | {lost} | {rate:.1f} |"
        f" {statistics.median(seconds):.2f} s | {p95:.2f} s |"
    )
    raise typer.Exit(1 if lost else 0)


def _measure(desk: desks.Desk, annotators: int, each: int) -> tuple[list[float], float, int, int]:
    """Seconds of each answered submission, of all, how many the server refused, and how many are not there."""
    corpus, schema = Corpus(ROOT / "corpus"), schema_.load(ROOT / "guidelines" / "schema.yaml")
    article, annotation = next(
        (article, annotation)
        for article, annotation, _where in corpus.annotated()
        if article.text is not None and annotation.events
    )
    client = Client(desk.url, desk.token)
    project = load.load(client, "throughput", [article], schema).project or 0
    client.import_tasks(project, [{"data": tasks.data(article, schema)}] * (annotators * each - 1))
    pages = client.tasks(project)
    numbers = [task["id"] for task in itertools.chain.from_iterable(pages)]
    result = tasks.result(annotation, article, schema)
    submitted: dict[int, float] = {}
    failed: list[int] = []

    def work(own: list[int]) -> None:
        mine = Client(desk.url, desk.token)
        for number in own:
            began = time.monotonic()
            try:
                mine.annotate(number, result)
                submitted[number] = time.monotonic() - began
            except ClientError:
                failed.append(number)

    threads = [
        threading.Thread(target=work, args=(numbers[first::annotators],))
        for first in range(annotators)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    kept = {
        task["id"]
        for task in itertools.chain.from_iterable(client.tasks(project, annotations=True))
        if any(len(raw["result"]) == len(result) for raw in task["annotations"])
    }
    return list(submitted.values()), took, len(failed), len(submitted.keys() - kept)


if __name__ == "__main__":
    terminal.run(throughput)
