"""Measure how much is learned from how many words, and whether it pays to choose which texts are labelled next.

python scripts/learning.py [--seeds 3] [--dataset mine --split real] [--by random]

The training split is taken for articles that nobody has labelled yet. A share of its words is drawn at random and
labelled; then, share by share, what a strategy chooses with the model trained so far. Each model is scored on one
split. Random choice is the learning curve.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import mean
from typing import Annotated, Any, NamedTuple

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
from annotate.model.issues import UsageError
from annotate.model.schema import Schema
from scripts import terminal
from scripts.train import learn

ROOT = Path(__file__).parents[1]
SHARES = (0.25, 0.5, 0.75)
LAYERS = {
    "mentions": ("mention", "strict"),
    "triggers": ("event", "classified"),
    "attribution spans": ("attribution span", "strict"),
    "arguments": ("argument", "classified"),
    "claims": ("claim", "core"),
}
PICTURES = {
    "marks": ("mentions", "triggers", "attribution spans"),
    "links": ("arguments", "claims"),
}


class Step(NamedTuple):
    """What is labelled, and how good the model is that learned from it."""

    documents: int
    words: int
    scores: dict[str, float]
    """F1 by layer."""


Steps = dict[str, list[Step]]
"""By strategy, from the first share of the words to all of them."""


@dataclass(frozen=True)
class Trial:
    """What is learned from, and what is scored."""

    dataset: Path
    """As load_dataset takes it, with the texts of its training and validation splits."""
    corpus: Path
    """With the gold and the texts of the split that is scored."""
    split: str
    shares: Sequence[float]
    """Of the words of the training split, rising, below 1; all of them are the last step."""
    strategies: Sequence[str]
    epochs: int
    """Of a training on all words."""

    @property
    def schema(self) -> Schema:
        """The corpus's."""
        return schema_.load(self.corpus.parent / "guidelines" / "schema.yaml")


def learning(
    seeds: Annotated[
        int, typer.Option(min=1, help="How often all is done, from another first share.")
    ] = 3,
    epochs: Annotated[
        int,
        typer.Option(
            min=1, help="Of a training on all words; on a quarter of them, twice as many."
        ),
    ] = 12,
    processes: Annotated[int, typer.Option(min=1, help="So many seeds at once.")] = 2,
    share: Annotated[
        list[float] | None,
        typer.Option(
            min=0, max=1, help="Of the words, to measure at; by default each quarter. All are, too."
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="How the next texts are chosen, as acre assign --by; by default each way."
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="What is scored.")] = "test",
    dataset: Annotated[
        Path | None,
        typer.Option(
            help=(
                "The built dataset to learn from, as acre rehydrate --output builds it; by default"
                " the corpus folder."
            )
        ),
    ] = None,
    corpus: Annotated[
        Path, typer.Option(help="The corpus folder, with gold and texts of the split.")
    ] = ROOT / "corpus",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the plots.")] = ROOT
    / "docs"
    / "images",
) -> None:
    """Train, choose and score; print F1 by words labelled, and draw it for the first way of choosing."""
    strategies = by or assign.ORDERS
    if unknown := set(strategies) - set(assign.ORDERS):
        raise UsageError(f"no order {min(unknown)}; give one of {', '.join(assign.ORDERS)}")
    shares = sorted(set(share or SHARES) - {1.0})
    trial = Trial(dataset or corpus, corpus, split, shares, strategies, epochs)
    context = multiprocessing.get_context("spawn")
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(processes, context) as pool:
        waiting = pool.map(_run, range(seeds), [trial] * seeds)
        runs = list(track(waiting, "learning", seeds, transient=True))
    _show(runs, trial)
    for name, layers in PICTURES.items():
        curves = {layer: _curve(runs, strategies[0], layer) for layer in layers}
        path = output / f"learning-{name}.svg"
        title = f"F1 on {split}, by words labelled, chosen by {strategies[0]}"
        store.write(path, plots.curves(title, curves))
        print(f"wrote {path}")


def _curve(runs: Sequence[Steps], strategy: str, layer: str) -> list[tuple[float, list[float]]]:
    """By step, the words labelled, mean of all seeds, and the F1 of each."""
    curve = []
    for steps in zip(*(run[strategy] for run in runs), strict=True):
        words = mean(step.words for step in steps)
        curve.append((words, [step.scores[layer] for step in steps]))
    return curve


def _run(seed: int, trial: Trial) -> Steps:
    """One seed's steps, from a first share of its own."""
    read = pipeline.read(str(trial.dataset), "train", trial.schema)
    articles = {article.id: article for article, _ in read}
    words = {name: len((article.text or "").split()) for name, article in articles.items()}
    first_limit, *limits = [share * sum(words.values()) for share in (*trial.shares, 1.0)]
    lot = assign.by_lot(words, seed)
    first = _within(lot, words, first_limit)
    steps_of: Steps = {}
    with tempfile.TemporaryDirectory() as folder:
        learn_ = partial(_learn, trial, Path(folder), words, seed)
        begun, first_step = learn_(first)
        _all, last_step = learn_(lot)
        for strategy in trial.strategies:
            labelled, model, steps = first, begun, [first_step]
            for limit in limits[:-1]:
                order = _order(strategy, model, articles, labelled, lot, trial.schema)
                labelled = _within([*labelled, *order], words, limit)
                model, step = learn_(labelled)
                steps.append(step)
            steps_of[strategy] = [*steps, last_step]
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
    trial: Trial, folder: Path, words: Mapping[str, int], seed: int, only: Sequence[str]
) -> tuple[Any, Step]:
    """A model of these documents alone, and how good it is; the step is told on standard error."""
    taken = sum(words[name] for name in only)
    # As many epochs would be too few steps for a few documents, and as many steps too many epochs.
    epochs = round(trial.epochs * sqrt(sum(words.values()) / taken))
    overrides = {"corpora.train.only": sorted(only), "system.seed": seed}
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        learn(trial.dataset, folder, epochs=epochs, overrides=overrides)
    nlp = pipeline.load(str(folder / "model-best"))
    step = Step(len(only), taken, _scores(nlp, trial))
    print(f"seed {seed}: {step}", file=sys.stderr, flush=True)
    return nlp, step


def _scores(nlp: Any, trial: Trial) -> dict[str, float]:
    """F1 by layer on the split."""
    corpus, schema = Corpus(trial.corpus), trial.schema

    def cases() -> Iterator[Case]:
        for article, gold in gold_of(corpus, trial.split):
            predicted = pipeline.predict(nlp, article, schema)[0]
            words = token_spans(corpus, article)
            yield Case(gold, (predicted,), words, article.text, article.language)

    rows = {
        (row.layer, row.measure): row.f1.value or 0.0
        for row in score(cases(), schema, samples=2).rows
        if row.label is None and row.averaging == MICRO
    }
    return {name: rows[key] for name, key in LAYERS.items()}


def _show(runs: Sequence[Steps], trial: Trial) -> None:
    """F1 by words, mean of all seeds; and the gain over random at the same words, with its least and most."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"F1 on {trial.split}, mean of {len(runs)} seeds",
        title_justify="left",
    )
    shares = [f"{share:.1%}" for share in (*trial.shares, 1.0)]
    for heading in ("layer", "chosen by", *shares, "better than random"):
        table.add_column(heading, justify="left" if heading in ("layer", "chosen by") else "right")
    for name in LAYERS:
        for strategy in trial.strategies:
            curve = _curve(runs, strategy, name)
            means = [f"{mean(f1):.3f}" for _words, f1 in curve]
            table.add_row(name, strategy, *means, _gain(runs, strategy, name))
    out = Console(highlight=False)
    out.print(table)
    steps = list(zip(*(run[trial.strategies[0]] for run in runs), strict=True))
    for what in ("words", "documents"):
        means = [f"{mean(getattr(step, what) for step in several):,.0f}" for several in steps]
        out.print(f"{what} labelled, mean: {' '.join(means)}")


def _gain(runs: Sequence[Steps], strategy: str, name: str) -> str:
    """What the strategy wins over random choice, mean of the steps between the first and the last."""
    if strategy == assign.RANDOM or assign.RANDOM not in runs[0]:
        return ""
    gains = []
    for run in runs:
        steps = zip(run[strategy][1:-1], run[assign.RANDOM][1:-1], strict=True)
        gains.append(mean(one.scores[name] - random.scores[name] for one, random in steps))
    return f"{mean(gains):+.3f} ({min(gains):+.3f} to {max(gains):+.3f})"


if __name__ == "__main__":
    terminal.run(learning)
