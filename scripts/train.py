"""Train the extractors from the built dataset: a lookup, and a pipeline as one config file says.

python scripts/train.py [--encoder mpnet] [--names 2] [--output build/extractor]
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer
from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_
from spacy.util import load_config, registry
from thinc.api import Config

from annotate import __version__
from annotate.corpus import store
from annotate.corpus.articles import reading
from annotate.extract import lookup, pipeline
from annotate.model import schema as schema_
from annotate.model.issues import UsageError
from annotate.model.schema import Schema
from scripts import encoders, terminal

ROOT = Path(__file__).parents[1]


CONFIG = ROOT / "scripts" / "extractor.cfg"


def train(
    config: Annotated[Path, typer.Option(help="What is trained, and how.")] = CONFIG,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the trained pipelines.")
    ] = ROOT / "build" / "extractor",
    corpus: Annotated[
        Path, typer.Option(help="The built dataset, as load_dataset takes it.")
    ] = ROOT / "corpus",
    epochs: Annotated[int | None, typer.Option(min=1, help="By default the config's.")] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help=(
                "A pretrained encoder: mpnet (scripts/encoders.py fetches it), module:PACKAGE, a"
                " folder, or a name on the Hugging Face Hub."
            )
        ),
    ] = None,
    names: Annotated[
        int, typer.Option(min=0, help="So many more copies of each text with other names in it.")
    ] = 0,
    silver: Annotated[
        list[Path] | None,
        typer.Option(
            help=(
                "Articles that nobody has annotated, as acre add reads them: --teacher does; may be"
                " given several times."
            )
        ),
    ] = None,
    teacher: Annotated[
        str | None, typer.Option(help="The trained pipeline that annotates --silver.")
    ] = None,
    name: Annotated[
        str, typer.Option(help="What the pipeline is called, in its own words and in scores.")
    ] = "small",
) -> None:
    """Learn the lookup, and train the pipeline; `model-best` is what did best on the validation split."""
    output.mkdir(parents=True, exist_ok=True)
    schema = schema_.load(corpus.parent / "guidelines" / "schema.yaml")
    learned = lookup.fit(pipeline.read(str(corpus), "train", schema), schema)
    store.write(output / "lookup.json", f"{learned.model_dump_json(indent=1)}\n".encode())
    print(f"wrote {output / 'lookup.json'}")
    began = time.perf_counter()
    overrides: dict[str, Any] = {"corpora.train.names": names}
    if silver or teacher:
        overrides["corpora.train.silver"] = _annotated(silver, teacher, schema, output)
    learn(corpus, output, config, epochs, encoder, overrides, name)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"trained in {time.perf_counter() - began:,.0f} s, with {memory:,.0f} MB at most")
    print(f"wrote {output / 'model-best'}")


def _annotated(silver: list[Path] | None, teacher: str | None, schema: Schema, output: Path) -> str:
    """The file of articles that the teacher has annotated; they are kept apart from gold."""
    if not silver or not teacher:
        raise UsageError("--silver and --teacher go together; give both")
    path = output / "silver.jsonl"
    parts = [part for each in silver for part in reading.read(each, reading.About("local"))]
    for part in parts:
        if part.article is None:
            print(part.error or part.where, file=sys.stderr)
    articles = [part.article for part in parts if part.article is not None]
    count = pipeline.write_silver(path, articles, pipeline.load(teacher), schema)
    print(f"wrote {path}: {count} articles annotated by {teacher}")
    return str(path)


def learn(
    corpus: Path,
    output: Path,
    config: Path = CONFIG,
    epochs: int | None = None,
    encoder: str | None = None,
    overrides: Mapping[str, Any] = MappingProxyType({}),
    name: str = "small",
) -> None:
    """Train a pipeline into `output`; its `model-best` did best on the validation split.

    `overrides` are of the config.
    """
    schema = corpus.parent / "guidelines" / "schema.yaml"
    paths: dict[str, Any] = {"paths.corpus": str(corpus), "paths.schema": str(schema)}
    if epochs is not None:
        paths |= {"training.max_epochs": epochs}
    nlp = init_nlp(_config(config, paths | dict(overrides), encoder, epochs))
    _count_steps(nlp)
    augmented = int(overrides.get("corpora.train.names", 0))
    copies = f" and {augmented} copies of each with other names" if augmented else ""
    about = (
        f"Events, who is in them and who says so, by ACRE schema {schema_.load(schema).version};"
        " learned from the training split"
    )
    nlp.meta |= {
        "name": name,
        "version": __version__,
        "description": about + copies,
        "license": "Apache-2.0",
    }
    train_(nlp, output, stdout=sys.stdout, stderr=sys.stderr)


def _config(
    path: Path, overrides: dict[str, object], encoder: str | None, epochs: int | None
) -> Config:
    """The config, with the pretrained encoder in the place of its own token vectors where one is named."""
    config = load_config(path, overrides=overrides)
    schema = schema_.load(Path(str(overrides["paths.schema"])))
    if "acre_span_filter" in config["components"]:
        config["components"]["acre_span_filter"]["layers"] = {
            label: schema.layer(label).value for label in schema.labels
        }
    pretrained = config.pop("encoder")
    if encoder is not None:
        config["vectors"]["width"] = pretrained["width"]
        config["components"]["tok2vec"]["model"]["inner"] = pretrained["model"] | {
            "name": encoders.path(encoder)
        }
        config["training"]["optimizer"]["learn_rate"]["initial_rate"] = pretrained["learn_rate"]
        config["training"]["max_epochs"] = epochs or pretrained["epochs"]
    return config.interpolate()


def _count_steps(nlp: Language) -> None:
    """Let the learning rate rise over the first tenth of the training's steps, and fall to nothing at the last."""
    training = nlp.config["training"]
    train = registry.resolve({"corpora": nlp.config["corpora"]})["corpora"]["train"]
    batcher = registry.resolve({"batcher": training["batcher"]})["batcher"]
    steps = training["max_epochs"] * len(list(batcher(train(nlp))))
    training["optimizer"]["learn_rate"] |= {"warmup_steps": steps // 10, "total_steps": steps + 1}


if __name__ == "__main__":
    terminal.run(train)
