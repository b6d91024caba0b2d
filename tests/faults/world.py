"""What faults are injected into: a corpus with people's work, and commands run on it in processes of their own."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import hashlib
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer.main

from annotate import cli
from annotate.corpus import store
from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus, SplitRow
from annotate.model import ending, notation, tokens
from annotate.model import schema as schema_
from annotate.model.records import Annotation, Article, Provenance
from annotate.model.schema import Schema
from tests.conftest import ROOT, SENTENCE

COMMAND = typer.main.get_command(cli.app)
HANGS = 120
"""Seconds after which a command counts as hanging."""
SOURCES = (
    SENTENCE,
    "[m1:person|Žofia 🪖] [e1:withdrawal|left] [m2:place|Brel].\n---\ne1 agent:m1 origin:m2 realis=actual\n",
    "[m1:armed_group|Rebels] [e1:capture|took] [m2:place|Lisk].\n---\ne1 agent:m1 object:m2 realis=actual\n",
    "[m1:person|Ana Mirel] left.\n---\n",
)


@dataclass(frozen=True)
class Ended:
    """How a command ended; `killed` where a fault killed it."""

    code: int
    output: str
    killed: bool

    def problem(self) -> str | None:
        """What is wrong with how it ended; None where nothing is."""
        if self.killed:
            return None
        if self.code not in (0, 1, 2):
            return f"ended with {self.code}: {self.output[-300:]}"
        if "Traceback" in self.output or "Exception ignored" in self.output:
            return f"a traceback: {self.output[-600:]}"
        return None if self.output or self.code == 0 else "it failed without a word"


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """All that a command loads is loaded before its process begins: it takes milliseconds, and a kill meets its work.

    Before it asks a server again it waits twenty times less than a user's.
    """
    for name in (
        "annotate.dataset.build",
        "matplotlib.backends.backend_agg",
        "matplotlib.figure",
        "rich._emoji_codes",
    ):
        importlib.import_module(name)
    tokens.tokens("Loaded once.")
    from label_studio_sdk.core import http_client

    delay = http_client.INITIAL_RETRY_DELAY_SECONDS
    http_client.INITIAL_RETRY_DELAY_SECONDS = delay / 20
    gc.freeze()  # what is loaded is neither looked through nor copied in each process
    try:
        yield
    finally:
        gc.unfreeze()
        http_client.INITIAL_RETRY_DELAY_SECONDS = delay


def make(root: Path) -> tuple[Corpus, Schema, list[tuple[Article, Annotation]]]:
    """A corpus with two passes over each of some articles, beside a schema; and what ana made."""
    for name in ("collections.yaml",):
        store.write(root / "corpus" / name, (ROOT / "corpus" / name).read_bytes())
    people = "".join(f"{name}: {{kind: human, description: Invented}}\n" for name in ("ana", "ben"))
    store.write(root / "corpus" / "annotators.yaml", people.encode())
    source = ROOT / "guidelines" / "schema.yaml"
    store.write(root / "guidelines" / "schema.yaml", source.read_bytes())
    corpus, schema = Corpus(root / "corpus"), schema_.load(source)
    written = []
    for text in SOURCES:
        for annotator in ("ana", "ben"):
            article, annotation = _pass(text, annotator, schema)
            corpus.write_article(article)
            corpus.write_annotation(annotation, article)
        written.append((article, _pass(text, "ana", schema)[1]))
    ids = [article.id for article, _annotation in written]
    corpus.write_splits({name: SplitRow(name, "train") for name in ids})
    corpus.write_assignments(dict.fromkeys(ids, ("ana", "ben")))
    store.write(root / "corpus" / "CHANGELOG.md", b"# Changes\n")
    store.write(root / "more.txt", b"Guns fell silent in Brel on Monday, a nurse said.\n")
    return corpus, schema, written


def _pass(source: str, annotator: str, schema: Schema) -> tuple[Article, Annotation]:
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = Provenance(
        annotator=annotator, kind="human", tool="test", schema_version=schema.version, created=moment, updated=moment,
    )  # fmt: skip
    text, annotation = notation.parse(source, schema, "x", "0" * 64, made)
    article = reading.article("test", text, reading.About("sample")).article
    assert article is not None
    fields = {"article": article.id, "sha256": article.sha256}
    return article, annotation.model_copy(update=fields)


def marks(folder: Path) -> Counter[str]:
    """Each mark, link and answer of the corpus by content: what it is of, by whom, and all that it says."""
    counted: Counter[str] = Counter()
    for path in sorted([*folder.glob("annotations/*/*.json"), *folder.glob("gold/*.json")]):
        fields = json.loads(path.read_bytes())
        for layer, rows in fields.items():
            for row in rows if isinstance(rows, list) else ():
                said = json.dumps(row, sort_keys=True)
                counted[f"{path.parent.name}/{path.stem} {layer} {said}"] += 1
    return counted


def digest(folder: Path) -> dict[str, str]:
    """Hashes of all files, by path; what git ignores is left out."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if "aside" not in path.parts and not (path.name.startswith(".") and path.suffix == ".part")
    }


def command(
    root: Path, *arguments: str, limit: int | None = None, kill_after: float | None = None
) -> Ended:
    """Run `acre` in a process of its own, which may write files of `limit` bytes, and is killed after some seconds."""
    return end(*begin(root, *arguments, limit=limit), kill_after)


def begin(root: Path, *arguments: str, limit: int | None = None) -> tuple[int, int]:
    """The pid of the process, and the end of a pipe that it prints to."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    pid = os.fork()
    if pid == 0:
        _be_acre(root, arguments, writing, limit)
    os.close(writing)
    return pid, reading


def _be_acre(root: Path, arguments: tuple[str, ...], output: int, limit: int | None) -> None:
    code = 70
    try:
        os.chdir(root)
        for stream in (1, 2):
            os.dup2(output, stream)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8")
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1)
        sys.argv = ["acre", *arguments]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        ending.run(lambda: COMMAND(prog_name="acre"), "acre")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def end(
    pid: int,
    output: int,
    kill_after: float | None = None,
    meanwhile: Callable[[float], None] = lambda seconds: None,
) -> Ended:
    """Wait for the process, and kill it where it is time; `meanwhile` is told again and again how long it has run."""
    began = time.monotonic()
    deadline = began + (HANGS if kill_after is None else kill_after)
    printed, done, status, is_late = b"", 0, 0, False
    while not done:
        printed += _read(output)
        done, status = os.waitpid(pid, os.WNOHANG)
        if not done and not is_late and time.monotonic() > deadline:
            is_late = True
            os.kill(pid, signal.SIGKILL)
        meanwhile(time.monotonic() - began)
        time.sleep(0.002)
    text = (printed + _read(output)).decode(errors="replace")
    os.close(output)
    if is_late and kill_after is None:
        text = f"hung for {HANGS} s: {text}"
    killed = is_late and kill_after is not None
    return Ended(os.waitstatus_to_exitcode(status), text, killed)


def _read(output: int) -> bytes:
    content = b""
    with contextlib.suppress(BlockingIOError):
        while chunk := os.read(output, 1 << 16):
            content += chunk
    return content


def copy(template: Path, target: Path) -> Path:
    """A fresh copy of the world's files."""
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(template, target)
    return target
