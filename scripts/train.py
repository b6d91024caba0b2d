"""Train an extractor from the built dataset, as one config file says: python scripts/train.py [--config …] [--output …]."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_
from spacy.util import load_config

from annotate.extract import pipeline  # noqa: F401 - registers what the config names

ROOT = Path(__file__).parents[1]


def train(
    config: Annotated[Path, typer.Option(help="What is trained, and how.")] = ROOT / "scripts" / "extractor.cfg",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the trained pipelines.")] = ROOT
    / "build"
    / "extractor",
    corpus: Annotated[Path, typer.Option(help="The built dataset, as load_dataset takes it.")] = ROOT / "corpus",
    epochs: Annotated[int | None, typer.Option(min=1, help="By default the config's.")] = None,
) -> None:
    """Train, print how it goes, and keep the pipeline that did best on the validation split as `model-best`."""
    overrides: dict[str, object] = {
        "paths.corpus": str(corpus),
        "paths.schema": str(corpus.parent / "guidelines" / "schema.yaml"),
    }
    if epochs is not None:
        overrides["training.max_epochs"] = epochs
    nlp = init_nlp(load_config(config, overrides=overrides, interpolate=True))
    output.mkdir(parents=True, exist_ok=True)
    train_(nlp, output, stdout=sys.stdout, stderr=sys.stderr)
    print(f"wrote {output / 'model-best'}")


if __name__ == "__main__":
    typer.run(train)
