"""Measures the commands of the corpus side on copies of the pilot; `benchmark.py corpus` runs it.

Each command runs in a process of its own, from its start to its end. CPU seconds are those of all its processes;
memory is the most that all of them hold at one time, what they share counted once.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console

from annotate.corpus.store import Corpus
from annotate.labelstudio import config, tasks
from annotate.model import schema as schema_
from annotate.model.issues import UsageError
from scripts.copies import ANNOTATORS, copies

ROOT = Path(__file__).parents[1]
DocumentsOption = Annotated[
    list[int] | None,
    typer.Option(min=10, help="How many; give it once for each size. By default 100 and 1000."),
]
_EVERY = 0.1
"""Seconds between two looks at a command's memory."""
_SDK = """
import sys
from label_studio_sdk.converter import Converter
converter = Converter(sys.argv[1], ".")
getattr(converter, sys.argv[2])(sys.argv[3], sys.argv[4], is_dir=False)
"""


@dataclass(frozen=True)
class Usage:
    """What a command took."""

    seconds: float
    cpu: float
    megabytes: float


@dataclass
class Bench:
    """A folder with copies of the pilot, and the commands that are measured in it."""

    root: Path
    documents: int
    log: Callable[[str], None]
    usage: dict[str, Usage] = field(default_factory=dict)
    annotators: Sequence[str] = ANNOTATORS

    def acre(self, name: str, *arguments: str, corpus: str = "two") -> None:
        """Measure a command on the corpus of that name: of two passes, or of one."""
        command = (
            sys.executable,
            "-m",
            "annotate",
            *arguments,
            "--corpus",
            str(self.root / corpus / "corpus"),
        )
        self.measure(name, *command)

    def measure(self, name: str, *command: str) -> None:
        """Run the command and note what it took; UsageError where it fails."""
        self.log(f"{self.documents} documents: {name}")
        self.note(name, _run(command, self.root / "output"))

    def note(self, name: str, took: Usage) -> None:
        """A row of the table."""
        self.usage[name] = took
        self.log(f"  {took.seconds:,.1f} s, CPU {took.cpu:,.1f} s, {took.megabytes:,.0f} MB")


def corpus(
    documents: DocumentsOption = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only commands that begin so, such as: validate. May be repeated."),
    ] = None,
    passes: Annotated[
        int, typer.Option(min=1, max=len(ANNOTATORS), help="How many each document has.")
    ] = len(ANNOTATORS),
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Where the copies go, some 100 MB a thousand; by default a folder that is removed."
        ),
    ] = None,
) -> None:
    """Print, as Markdown, each command's time, CPU seconds and memory by number of documents, and how it grows."""

    def measure(bench: Bench) -> None:
        bench.annotators = ANNOTATORS[:passes]
        for step in _STEPS:
            step(bench, tuple(only or ("",)))

    run(documents, folder, measure)


def run(
    documents: Sequence[int] | None, folder: Path | None, measure: Callable[[Bench], None]
) -> None:
    """Measure with each number of documents, each in a folder of its own that is removed, and print the table."""
    console = Console(stderr=True, highlight=False)
    benches = []
    for size in sorted(documents or [100, 1000]):
        with tempfile.TemporaryDirectory(dir=folder) as root, console.status("") as status:
            bench = Bench(Path(root), size, _logger(status.update, console))
            measure(bench)
            benches.append(bench)
    for line in table(benches):
        print(line)


def _logger(update: Callable[[str], None], console: Console) -> Callable[[str], None]:
    return update if console.is_terminal else lambda line: print(line, file=sys.stderr, flush=True)


def table(benches: Sequence[Bench]) -> Iterator[str]:
    """A row for each command; with several sizes, the exponent: 1 where twice the documents take twice the CPU time."""
    heads = [f"{bench.documents:,}: time | CPU | memory" for bench in benches]
    exponent = [" exponent |"] if len(benches) > 1 else []
    yield f"| | {' | '.join(heads)} |{''.join(exponent)}"
    yield "|---|" + "---:|" * (3 * len(benches) + len(exponent))
    names = dict.fromkeys(name for bench in benches for name in bench.usage)
    for name in names:
        cells = []
        for bench in benches:
            usage = bench.usage.get(name)
            cells.append(
                f"{usage.seconds:,.1f} s | {usage.cpu:,.1f} s | {usage.megabytes:,.0f} MB"
                if usage
                else "– | – | –"
            )
        grown = f" {_exponent(benches[0], benches[-1], name)} |" if exponent else ""
        yield f"| {name} | {' | '.join(cells)} |{grown}"
    yield ""
    yield f"Python {sys.version.split()[0]}, {os.cpu_count()} cores; load at the end {os.getloadavg()[0]:.1f}"


def _exponent(small: Bench, large: Bench, name: str) -> str:
    one, other = small.usage.get(name), large.usage.get(name)
    if one is None or other is None:
        return "–"
    return f"{math.log(other.cpu / one.cpu) / math.log(large.documents / small.documents):.2f}"


def _run(command: Sequence[str], output: Path) -> Usage:
    began = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)
        cpu_of: dict[int, float] = {}
        most = 0
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            most = max(most, held(process.pid, cpu_of))
            time.sleep(_EVERY)
    _number, status, own = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise UsageError(
            f"{' '.join(command)} ended with {process.returncode}: {output.read_text()[-1000:]}"
        )
    cpu = own.ru_utime + own.ru_stime + sum(cpu_of.values())
    return Usage(time.perf_counter() - began, cpu, most / 1e6)


def held(number: int, cpu_of: dict[int, float]) -> int:
    """The bytes that the process and those below it hold; notes the CPU seconds of those below it.

    Of a process alone, the most that it held so far, where the system tells that.
    """
    try:
        process = psutil.Process(number)
        below = process.children(recursive=True)
        for child in below:
            times = child.cpu_times()
            cpu_of[child.pid] = times.user + times.system
        if below:
            return sum(map(_share, [process, *below]))
        status = Path(f"/proc/{number}/status")
        own = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
        return 1024 * int(own[1]) if own else process.memory_info().rss
    except (psutil.Error, OSError):
        return 0  # it has just ended


def _share(process: psutil.Process) -> int:
    """Bytes, of which those that several processes share are counted in parts, where the system tells that."""
    return int(getattr(process.memory_full_info(), "pss", 0) or process.memory_info().rss)


def _make(bench: Bench, only: tuple[str, ...]) -> None:
    """Copies with all passes, and the same with none; the first pass as Label Studio exports it."""
    bench.log(f"{bench.documents} documents: making copies")
    two = copies(bench.root / "two", bench.documents, bench.annotators)
    if not _wants("export", only) and not any(_wants(name, only) for name in _OF_ONE_PASS):
        return
    one = bench.root / "one"
    shutil.copytree(bench.root / "two" / "guidelines", one / "guidelines")
    ignored = shutil.ignore_patterns(*ANNOTATORS)
    shutil.copytree(two.root, one / "corpus", ignore=ignored)
    if _wants("export", only):
        bench.log(f"{bench.documents} documents: writing the export")
        _write_export(bench)


def _wants(name: str, only: tuple[str, ...]) -> bool:
    return any(name.startswith(wanted) or wanted.startswith(name) for wanted in only)


def _write_export(bench: Bench) -> None:
    schema = schema_.load(bench.root / "two" / "guidelines" / "schema.yaml")
    (bench.root / "config.xml").write_text(config.build(schema))
    passes = (
        (article, annotation)
        for article, annotation, where in Corpus(bench.root / "two" / "corpus").annotated()
        if f"/{ANNOTATORS[0]}/" in where
    )
    with (bench.root / "export.json").open("w") as file:
        for number, (article, annotation) in enumerate(passes, 1):
            made = annotation.provenance
            submitted: dict[str, Any] = {
                "id": number, "completed_by": 1, "updated_by": 1, "was_cancelled": False,
                "created_at": made.created.isoformat(), "updated_at": made.updated.isoformat(),
                "lead_time": made.seconds, "result": tasks.result(annotation, article, schema),
            }  # fmt: skip
            task = {"id": number, "data": tasks.data(article, schema), "annotations": [submitted]}
            file.write(
                ("[" if number == 1 else ",\n")
                + json.dumps(task | {"drafts": [], "predictions": []})
            )
        file.write("]")


def _from_export(bench: Bench, only: tuple[str, ...]) -> None:
    """From Label Studio's JSON to a validated, built dataset, beside what the SDK makes of the same file."""
    if not _wants("export", only):
        return
    export, config_ = str(bench.root / "export.json"), str(bench.root / "config.xml")
    for kind in ("conll2003", "json_min"):
        output = str(bench.root / kind)
        bench.measure(
            f"export: the SDK, {kind}",
            sys.executable,
            "-c",
            _SDK,
            config_,
            f"convert_to_{kind}",
            export,
            output,
        )
    pull = ("pull", "--file", export, "--annotator", f"1={ANNOTATORS[0]}")
    bench.acre("export: acre pull --file", *pull, corpus="one")
    for workers in (1, 2):
        name = f"export: acre build, {workers} process{'es' if workers > 1 else ''}"
        bench.acre(name, "build", "--no-cache", "--workers", str(workers), corpus="one")


def _of_two_passes(bench: Bench, only: tuple[str, ...]) -> None:
    two = str(bench.root / "two" / "corpus")
    steps: dict[str, tuple[str, ...]] = {
        "validate": ("validate",),
        "agreement": ("agreement", "--json"),
        "build": ("build", "--no-cache", "--workers", "1"),
        "build, 2 processes": ("build", "--no-cache", "--workers", "2"),
        "build, keeping parts": ("build", "--workers", "1"),
        "build after 1 % changed": ("build", "--workers", "1"),
        "adjudicate": ("adjudicate", "--dry-run"),
        "score": ("score", f"{two}/annotations/alder", f"{two}/annotations/birch"),
    }  # fmt: skip
    for name, arguments in steps.items():
        if not name.startswith(only) or (len(bench.annotators) < 2 and name in _OF_SEVERAL):
            continue
        if name == "build after 1 % changed":
            _change(bench)
        bench.acre(name, *arguments)


def _change(bench: Bench) -> None:
    """In one document of a hundred, an annotator takes longer."""
    folder = bench.root / "two" / "corpus" / "annotations" / ANNOTATORS[0]
    for path in sorted(folder.iterdir())[::100]:
        path.write_text(re.sub(r'"seconds": \d+', '"seconds": 7', path.read_text()))


def _others(bench: Bench, only: tuple[str, ...]) -> None:
    """Of the versions of a dataset, the splits, and texts that are put back."""
    one, two = bench.root / "one" / "corpus", bench.root / "two" / "corpus"
    if "diff".startswith(only) and len(bench.annotators) > 1:
        passes = one / "annotations" / ANNOTATORS[0]
        shutil.rmtree(one / "annotations", ignore_errors=True)
        shutil.copytree(two / "annotations" / ANNOTATORS[0], passes)
        bench.acre("diff: a build of one pass", "build", "--workers", "1", corpus="one")
        before = shutil.copytree(one / "data", bench.root / "before" / "data").parent
        for path in sorted(passes.iterdir())[::100]:
            other = two / "annotations" / ANNOTATORS[1] / path.name
            path.write_text(other.read_text().replace(f'"{ANNOTATORS[1]}"', f'"{ANNOTATORS[0]}"'))
        bench.acre("diff: the same, 1 % changed", "build", "--workers", "1", corpus="one")
        bench.acre("diff", "diff", str(before), str(one), "--no-details", corpus="one")
    if "split".startswith(only):
        (one / "splits.csv").unlink()
        bench.acre("split", "split", corpus="one")
    if "rehydrate".startswith(only):
        about = one / "collections.yaml"
        about.write_text(about.read_text().replace("ships_text: true", "ships_text: false"))
        texts = bench.root / "texts"
        texts.mkdir()
        for path in one.rglob("articles/pilot*/*.txt"):
            path.rename(texts / path.name)
        bench.acre("rehydrate", "rehydrate", str(texts), corpus="one")


_OF_ONE_PASS = ("diff", "split", "rehydrate")
_OF_SEVERAL = ("agreement", "adjudicate", "score")
_STEPS = (_make, _from_export, _of_two_passes, _others)
