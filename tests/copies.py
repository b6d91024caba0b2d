"""A corpus of any size to measure with: the pilot's articles, each under many ids, with both of its passes
and no gold.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
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


PEAK = """
import re, resource, sys
from pathlib import Path
status = Path("/proc/self/status")
# A process begins with the peak of the one that started it: Linux has its own beside that.
own = re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text()) if status.exists() else None
peak = int(own[1]) if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak * (1 if sys.platform == "darwin" else 1024), file=sys.stderr)
"""
"""A program's last lines: they print the most memory that it had, in bytes, to standard error."""
_MEASURED = (
    """
import runpy
try:
    runpy.run_module("annotate", run_name="__main__", alter_sys=True)
except SystemExit as end:
    assert not end.code, end.code
"""
    + PEAK
)


def measured(*arguments: str) -> tuple[str, int]:
    """What the command `acre` prints in a process of its own, and the most memory that it had, in bytes."""
    command = [sys.executable, "-c", _MEASURED, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout, int(done.stderr.splitlines()[-1])
