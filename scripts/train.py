"""Train the extractors from the built dataset: a lookup, and a pipeline as one config file says.

python scripts/train.py [--config scripts/extractor.cfg] [--output build/extractor] [--epochs 40]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_
from spacy.util import load_config

from annotate import schema as schema_
from annotate import store
from annotate.extract import lookup, pipeline

ROOT = Path(__file__).parents[1]


def train(
    config: Annotated[Path, typer.Option(help="What is trained, and how.")] = ROOT / "scripts" / "extractor.cfg",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the trained pipelines.")] = ROOT
    / "build"
    / "extractor",
    corpus: Annotated[Path, typer.Option(help="The built dataset, as load_dataset takes it.")] = ROOT / "corpus",
    epochs: Annotated[int | None, typer.Option(min=1, help="By default the config's.")] = None,
) -> None:
    """Learn the lookup; train the pipeline, print how it goes, and keep what did best on the validation split as `model-best`."""
    overrides: dict[str, object] = {
        "paths.corpus": str(corpus),
        "paths.schema": str(corpus.parent / "guidelines" / "schema.yaml"),
    }
    if epochs is not None:
        overrides["training.max_epochs"] = epochs
    output.mkdir(parents=True, exist_ok=True)
    schema = schema_.load(corpus.parent / "guidelines" / "schema.yaml")
    learned = lookup.fit(pipeline.read(str(corpus), "train", schema), schema)
    store.write(output / "lookup.json", f"{learned.model_dump_json(indent=1)}\n".encode())
    print(f"wrote {output / 'lookup.json'}")
    nlp = init_nlp(load_config(config, overrides=overrides, interpolate=True))
    train_(nlp, output, stdout=sys.stdout, stderr=sys.stderr)
    print(f"wrote {output / 'model-best'}")


if __name__ == "__main__":
    typer.run(train)
