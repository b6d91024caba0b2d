"""Measure how much is learned from how many words, and whether it pays to choose which texts are labelled next.

python scripts/learning.py [--seeds 3] [--epochs 20] [--processes 2]

The training split is taken for articles that nobody has labelled yet. A quarter of its words is drawn at random and
labelled; then, quarter by quarter, what a strategy chooses with the model trained so far. Each model is scored on the
test split. Random choice is the learning curve.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from annotate.annotators import assign
from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.dataset import plots
from annotate.dataset.scoring import gold_of, token_spans
from annotate.extract import pipeline
from annotate.measure.score import MICRO, Case, score
from annotate.model import schema as schema_
from scripts import terminal
from scripts.train import learn

ROOT = Path(__file__).parents[1]
SHARES = (0.25, 0.5, 0.75, 1.0)
LAYERS = {
    "mentions": ("mention", "strict"),
    "triggers": ("event", "classified"),
    "attribution spans": ("attribution span", "strict"),
}
Scores = dict[str, float]
"""F1 by layer."""
Steps = dict[str, list[tuple[int, Scores]]]
"""By strategy, for each share of the words: how many they are, and how good the model is."""


def learning(
    seeds: Annotated[
        int, typer.Option(min=1, help="How often all is done, from another first quarter.")
    ] = 3,
    epochs: Annotated[int, typer.Option(min=1, help="Of each training.")] = 20,
    processes: Annotated[int, typer.Option(min=1, help="So many seeds at once.")] = 2,
    corpus: Annotated[
        Path, typer.Option(help="The built dataset, with gold of its test split.")
    ] = ROOT / "corpus",
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the plots and of what was measured.")
    ] = ROOT / "docs" / "images",
) -> None:
    """Train, choose and score; print F1 by words labelled, and draw it."""
    runs: list[Steps] = []
    context = multiprocessing.get_context("spawn")
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(processes, context) as pool:
        waiting = pool.map(_run, range(seeds), [corpus] * seeds, [epochs] * seeds)
        runs += track(waiting, "learning", seeds, transient=True)
    _show(runs)
    for name in LAYERS:
        curves = {strategy: _curve(runs, strategy, name) for strategy in assign.ORDERS}
        path = output / f"learning-{name.replace(' ', '-')}.svg"
        store.write(path, plots.curves(f"F1 of {name} on test, by words labelled", curves))
        print(f"wrote {path}")


def _curve(
    runs: Sequence[Mapping[str, Sequence[tuple[int, Scores]]]], strategy: str, name: str
) -> list[tuple[float, list[float]]]:
    """By step, the words labelled, mean of all seeds, and the F1 of each."""
    curve = []
    for step in zip(*(run[strategy] for run in runs), strict=True):
        words = mean(count for count, _scores in step)
        curve.append((words, [scores[name] for _count, scores in step]))
    return curve


def _run(seed: int, corpus: Path, epochs: int) -> Steps:
    """One seed's steps, from a first quarter of its own."""
    schema = schema_.load(corpus.parent / "guidelines" / "schema.yaml")
    articles = {article.id: article for article, _ in pipeline.read(str(corpus), "train", schema)}
    words = {name: len((article.text or "").split()) for name, article in articles.items()}
    limits = [share * sum(words.values()) for share in SHARES]
    lot = assign.by_lot(words, seed)
    first = _within(lot, words, limits[0])
    steps_of: Steps = {}
    with tempfile.TemporaryDirectory() as folder:
        started = _learn(corpus, Path(folder), first, seed, epochs)
        whole = (sum(words.values()), _learn(corpus, Path(folder), lot, seed, epochs)[1])
        for strategy in assign.ORDERS:
            labelled, model = first, started[0]
            measured = [(sum(words[name] for name in labelled), started[1])]
            for limit in limits[1:-1]:
                order = _order(strategy, model, articles, labelled, lot, schema)
                labelled = _within([*labelled, *order], words, limit)
                model, scores = _learn(corpus, Path(folder), labelled, seed, epochs)
                measured.append((sum(words[name] for name in labelled), scores))
            steps_of[strategy] = [*measured, whole]
    return steps_of


def _within(order: Sequence[str], words: Mapping[str, int], most: float) -> list[str]:
    """The first articles, as long as they are no more words than that; at least one."""
    taken, total = list(order[:1]), words[order[0]]
    for name in order[1:]:
        if total + words[name] > most + 1e-6:
            break
        taken.append(name)
        total += words[name]
    return taken


def _order(
    strategy: str,
    model: Any,
    articles: Mapping[str, Any],
    labelled: list[str],
    lot: list[str],
    schema: Any,
) -> list[str]:
    left = [name for name in lot if name not in labelled]
    if strategy == assign.RANDOM:
        return left
    uncertainties = {
        name: pipeline.uncertainty(model, article, schema) for name, article in articles.items()
    }
    if strategy == assign.UNCERTAINTY:
        return assign.by_uncertainty({name: uncertainties[name].entropy for name in left})
    return assign.by_diversity(
        {name: uncertainties[name].vector for name in left},
        [uncertainties[name].vector for name in labelled],
    )


def _learn(
    corpus: Path, folder: Path, only: list[str], seed: int, epochs: int
) -> tuple[Any, Scores]:
    """A model of these documents alone, and its F1 by layer."""
    overrides = {"corpora.train.only": sorted(only), "system.seed": seed}
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        learn(corpus, folder, epochs=epochs, overrides=overrides)
    nlp = pipeline.load(str(folder / "model-best"))
    schema = schema_.load(corpus.parent / "guidelines" / "schema.yaml")

    def cases() -> Iterator[Case]:
        for article, gold in gold_of(Corpus(corpus), "test"):
            yield Case(
                gold,
                (pipeline.predict(nlp, article, schema)[0],),
                token_spans(Corpus(corpus), article),
                article.text,
                article.language,
            )

    rows = {
        (row.layer, row.measure): row.f1.value or 0.0
        for row in score(cases(), schema, samples=2).rows
        if row.label is None and row.averaging == MICRO
    }
    return nlp, {name: rows[key] for name, key in LAYERS.items()}


def _show(runs: Sequence[Mapping[str, Sequence[tuple[int, Scores]]]]) -> None:
    """F1 by words, mean of all seeds; and the gain over random at the same words, with its least and most."""
    table = Table(
        box=box.SIMPLE_HEAD, title=f"F1 on test, mean of {len(runs)} seeds", title_justify="left"
    )
    shares = [f"{share:.0%}" for share in SHARES]
    for heading in ("layer", "chosen by", *shares, "better than random"):
        table.add_column(heading, justify="left" if heading in ("layer", "chosen by") else "right")
    for name in LAYERS:
        for strategy in assign.ORDERS:
            means = [f"{mean(f1):.3f}" for _words, f1 in _curve(runs, strategy, name)]
            table.add_row(name, strategy, *means, _gain(runs, strategy, name))
    curve = _curve(runs, assign.RANDOM, next(iter(LAYERS)))
    words = " ".join(f"{count:,.0f}" for count, _f1 in curve)
    out = Console(highlight=False)
    out.print(table)
    out.print(f"words labelled, mean: {words}")


def _gain(
    runs: Sequence[Mapping[str, Sequence[tuple[int, Scores]]]], strategy: str, name: str
) -> str:
    """What the strategy wins over random choice, mean of the steps between the first and the last."""
    if strategy == assign.RANDOM:
        return ""
    gains = []
    for run in runs:
        steps = zip(run[strategy][1:-1], run[assign.RANDOM][1:-1], strict=True)
        gains.append(mean(chosen[name] - random[name] for (_, chosen), (_, random) in steps))
    return f"{mean(gains):+.3f} ({min(gains):+.3f} to {max(gains):+.3f})"


if __name__ == "__main__":
    terminal.run(learning)
