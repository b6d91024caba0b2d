"""A corpus of any size to measure with: the pilot's articles, each under many ids, with both of its passes
and no gold.
"""

from __future__ import annotations

import shutil
from itertools import cycle, islice
from pathlib import Path

from annotate.corpus.store import Corpus

ROOT = Path(__file__).parents[1]
PILOT = ("pilot", "pilot-second")
ANNOTATORS = ("alder", "birch")


def copies(root: Path, number: int) -> Corpus:
    """So many double-annotated copies in `root`/corpus, beside a copy of the schema; each has its own id and story."""
    corpus = Corpus(root / "corpus")
    shutil.copytree(ROOT / "guidelines", root / "guidelines")
    for collection in PILOT:
        (corpus.root / "articles" / collection).mkdir(parents=True)
    for annotator in ANNOTATORS:
        (corpus.root / "annotations" / annotator).mkdir(parents=True)
    for name in ("collections.yaml", "annotators.yaml", "LICENSE"):
        shutil.copy(ROOT / "corpus" / name, corpus.root / name)
    originals = [
        path
        for name in PILOT
        for path in sorted((ROOT / "corpus" / "articles" / name).glob("*.yaml"))
    ]
    rows = ["article,story,split"]
    for copy, path in enumerate(islice(cycle(originals), number)):
        name = f"copy-{copy}"
        here = corpus.root / "articles" / path.parent.name / f"{name}.yaml"
        here.write_bytes(
            path.read_bytes().replace(f"id: {path.stem}\n".encode(), f"id: {name}\n".encode(), 1)
        )
        shutil.copy(path.with_suffix(".txt"), here.with_suffix(".txt"))
        for annotator in ANNOTATORS:
            source = ROOT / "corpus" / "annotations" / annotator / f"{path.stem}.json"
            target = corpus.root / "annotations" / annotator / f"{name}.json"
            target.write_bytes(
                source.read_bytes().replace(f'"{path.stem}"'.encode(), f'"{name}"'.encode())
            )
        rows.append(f"{name},{name},train")
    (corpus.root / "splits.csv").write_text("\n".join([*rows, ""]))
    return corpus
