"""Package trained pipelines as wheels that `spacy.load` knows by name, each with a model card.

python scripts/package.py build/extractor/model-best [--output build/wheels]
pip install build/wheels/en_acre_small-0.1.0-py3-none-any.whl
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import jinja2
import typer
from spacy.cli.package import package as spacy_package

from annotate import __version__
from annotate.corpus.store import Corpus
from annotate.extract import pipeline
from annotate.model import schema as schema_
from annotate.model.issues import AcreError
from scripts import terminal

ROOT = Path(__file__).parents[1]


def package(
    models: Annotated[list[Path], typer.Argument(help="Folders of trained pipelines.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the wheels.")] = ROOT
    / "build"
    / "wheels",
    corpus: Annotated[
        Path, typer.Option(help="The corpus folder, whose baselines stand on the card.")
    ] = ROOT / "corpus",
) -> None:
    """Write a wheel for each pipeline, named `en_acre_` and its own name."""
    output.mkdir(parents=True, exist_ok=True)
    for model in models:
        print(f"wrote {output / _package(model, output, corpus)}")


def _package(model: Path, output: Path, corpus: Path) -> str:
    """Write the wheel of one pipeline; its file name."""
    meta = pipeline.load(str(model)).meta
    name = f"acre_{str(meta['name']).replace('-', '_')}"
    versioned = f"en_{name}-{meta['version']}"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "pipeline"
        shutil.copytree(model, source)
        has_encoder = "acre.encoder.v1" in (source / "config.cfg").read_text("utf-8")
        extras = "extract,train" if has_encoder else "extract"
        # No index has the pipeline yet: what its parts need must be installed beside it.
        fields = json.loads((source / "meta.json").read_text("utf-8"))
        fields |= {"requirements": [f"acre-corpus[{extras}]>={__version__}"]}
        (source / "meta.json").write_text(json.dumps(fields, indent=1), encoding="utf-8")
        (source / "README.md").write_text(card(meta, name, corpus), encoding="utf-8")
        shutil.copy(ROOT / "LICENSE", source)
        spacy_package(source, Path(folder), name=name, create_sdist=False, create_wheel=False)
        _wheel(Path(folder) / versioned, output)
    return f"{versioned}-py3-none-any.whl"


def card(meta: dict[str, Any], name: str, corpus: Path) -> str:
    """The model card: what the pipeline does, what it learned from, how good it is by the corpus's baselines."""
    environment = jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(
        (ROOT / "scripts" / "model-card.md.jinja").read_text(encoding="utf-8")
    )
    baselines = [
        baseline
        for baseline in Corpus(corpus).baselines().values()
        if baseline.get("system") == meta["name"]
    ]
    return template.render(
        meta=meta,
        name=name,
        schema=schema_.load(corpus.parent / "guidelines" / "schema.yaml"),
        baselines=baselines,
    )


def _wheel(folder: Path, output: Path) -> None:
    """spaCy's own way to a wheel fetches a build system anew; what is installed here does as well."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    command = [*pip, "-w", str(output), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AcreError(f"{folder.name}: no wheel: {done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    terminal.run(package)
