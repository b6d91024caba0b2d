"""How often the 95 % intervals of `acre score` hold the true value, by how many documents are scored.

python scripts/coverage.py [PREDICTED]

The corpus stands for all documents: F1 over the whole of it is the true value. Documents are drawn from it with
replacement, a few at a time, again and again, and each time it is seen whether the interval holds that value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from annotate.corpus.store import Corpus, read_annotation
from annotate.dataset import reading
from annotate.measure import coefficients, score
from annotate.measure.coefficients import Array
from annotate.measure.score import Case
from annotate.measure.tally import Tally
from annotate.model import schema as schema_
from annotate.model.issues import UsageError
from annotate.model.records import Annotation
from annotate.model.schema import MARK_LAYERS
from scripts import terminal

ROOT = Path(__file__).parents[1]
SIZES = (3, 5, 8, 10, 15, 20, 40)
LAYERS, FREQUENT, RARE = "layers", "frequent labels", "rare labels"
"""Over all labels of a layer; a label that half of the documents have or more; one that fewer have, but a tenth."""


def coverage(
    predicted: Annotated[
        Path | None,
        typer.Argument(
            help="A system's annotations, as acre score takes them; by default the first pass that"
            " each gold was made from."
        ),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="How often documents are drawn.")] = 500,
    samples: Annotated[int, typer.Option(min=100, help="Resamples of each interval.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed, the same figures.")] = 0,
    corpus: Annotated[Path, typer.Option(help="The corpus folder.")] = ROOT / "corpus",
) -> None:
    """Print how many of 100 intervals of F1 hold the true value, for each number of documents: mean and lowest."""
    folder = Corpus(corpus)
    if predicted is None:
        systems = _first_passes(folder)
    else:
        schema = schema_.load(corpus.parent / "guidelines" / "schema.yaml")
        systems = {each.article: each for each in reading.read(predicted, schema)}
    counts = per_document(list(_cases(folder, systems)))
    if not counts:
        raise UsageError(f"{corpus}: no document has gold and a prediction; name others")
    print(f"{len(next(iter(counts.values()))[0])} documents to draw from")
    for group, size in product((LAYERS, FREQUENT, RARE), SIZES):
        if group in counts:
            found = held(counts[group], size, draws, samples, seed)
            shares = [share for share in found if share is not None]
            if shares:
                figures = f"mean {np.mean(shares):.1%}, lowest {min(shares):.1%}"
                print(f"{group}, {size} documents: {figures}, of {len(shares)}", flush=True)


def _first_passes(corpus: Corpus) -> dict[str, Annotation]:
    passes = {}
    for name in corpus.gold_ids():
        gold = corpus.gold(name)
        path = None
        if gold is not None and gold.provenance.made_from:
            path = corpus.annotation_path(gold.provenance.made_from[0], name)
        if path is not None and path.exists():
            passes[name] = read_annotation(path)
    return passes


def _cases(corpus: Corpus, systems: Mapping[str, Annotation]) -> Iterator[Case]:
    for name in corpus.gold_ids():
        gold = corpus.gold(name)
        if gold is not None and name in systems:
            yield Case(gold, (systems[name],), None)


def per_document(cases: Sequence[Case]) -> dict[str, list[Array]]:
    """By group of rows, for each row its counts of shape (documents, 3): right, in gold, predicted."""
    tally = Tally()
    for number, case in enumerate(cases):
        prediction = case.predicted[0]
        assert prediction is not None
        score.count(case, prediction, tally, number)
    rows: dict[str, list[Array]] = defaultdict(list)
    for (layer, measure), of_layer in tally.of.items():
        labels = list(of_layer.labels)
        counts = of_layer.pooled(np.eye(len(cases)), labels)
        if labels:
            rows[LAYERS].append(counts.sum(axis=1))
        if layer in MARK_LAYERS and measure in ("strict", "classified"):
            for column in range(len(labels)):
                share = (counts[:, column, 1] > 0).mean()
                if share >= 0.1:
                    rows[FREQUENT if share >= 0.5 else RARE].append(counts[:, column])
    return dict(rows)


def held(
    rows: Sequence[Array], size: int, draws: int, samples: int = coefficients.SAMPLES, seed: int = 0
) -> list[float | None]:
    """For each row, the share of draws of so many documents whose interval of F1 holds that of all documents.

    A draw that gives no interval does not count; None where none gives one.
    """
    counts = np.stack(rows, axis=1)
    truth = _f1(counts.sum(axis=0))
    generator = np.random.default_rng(seed)
    holds, given = np.zeros(len(rows)), np.zeros(len(rows))
    for number in range(draws):
        drawn = counts[generator.integers(0, len(counts), size)]

        def measure(weights: Array, drawn: Array = drawn) -> Array:
            return _f1(np.tensordot(weights, drawn, axes=1))

        estimates = coefficients.estimates_together(measure, size, seed + number, samples)
        for row, estimate in enumerate(estimates):
            if estimate.low is not None and estimate.high is not None:
                given[row] += 1
                # Of equal numbers, summed in another order, the last bit may differ.
                holds[row] += estimate.low - 1e-9 <= truth[row] <= estimate.high + 1e-9
    shares = coefficients.ratio(holds, given)
    return [None if np.isnan(share) else float(share) for share in shares]


def _f1(counts: Array) -> Array:
    """Of counts whose last axis is right, in gold, predicted."""
    return coefficients.ratio(2 * counts[..., 0], counts[..., 1] + counts[..., 2])


if __name__ == "__main__":
    terminal.run(coverage)
