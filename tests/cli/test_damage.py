"""Whatever lies where a command reads or writes: lines and an exit code of 0, 1 or 2, and never a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.store import Corpus, SplitRow
from tests.conftest import SENTENCE, Acre
from tests.strategies import EFFORT

Damage = Callable[[Path], None]
COMMANDS: dict[str, tuple[str, ...]] = {
    "add": ("copy.txt", "--collection", "sample"),
    "adjudicate": (),
    "agreement": (),
    "assign": ("ana", "ben"),
    "build": (),
    "convert": ("--to", "brat", "--output", "brat"),
    "diff": ("elsewhere",),
    "extract": ("copy.txt", "--model", "lookup"),
    "migrate": ("{migration}",),
    "qualify": ("ana",),
    "rehydrate": ("copy.txt",),
    "score": ("corpus/annotations/ana", "corpus/annotations/ben"),
    "split": (),
    "status": (),
    "validate": (),
    "pull": ("--file", "export.json", "--desk", "ana"),
}
PLACES = (
    "corpus/collections.yaml", "corpus/annotators.yaml", "corpus/splits.csv", "corpus/assignments.csv",
    "corpus/CHANGELOG.md", "corpus/README.md", "corpus/articles/sample/{id}.yaml", "corpus/articles/sample/{id}.txt",
    "corpus/articles/local/{withheld}.sentences.json", "corpus/annotations/ana/{id}.json", "corpus/gold/{id}.json",
    "corpus/stories/s.yaml", "corpus/baselines/lookup.json", "guidelines/schema.yaml", "copy.txt", "export.json",
    ".acre/desks/ana/desk.json",
)  # fmt: skip


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _bytes(content: bytes) -> Damage:
    return lambda path: path.write_bytes(content) and None  # type: ignore[func-returns-value]


_ALIASES = "a0: &a0 [x]\n" + "".join(
    f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}, *a{n}, *a{n}, *a{n}]\n" for n in range(30)
)
DAMAGES: dict[str, Damage] = {
    "a directory": _directory,
    "nothing": _bytes(b""),
    "no UTF-8": _bytes(b"a: \xff\xfe\n\x80,b,c\n"),
    "a NUL": _bytes(b"a: \x00\n"),
    "deep lists": _bytes(b"[" * 100_000),
    "deep mappings": _bytes(b"{a: " * 50_000),
    "aliases": _bytes(_ALIASES.encode()),
    "a list": _bytes(b"[]\n"),
    "an object": _bytes(b"{}\n"),
    "half a character": _bytes(b'{"a": "\\ud800", "id": "\\ud800", "\\ud800": 1}\n'),
}


@pytest.fixture
def whole(
    acre: Acre,
    corpus: Corpus,
    write: Callable[..., Any],
    declare: Any,
    tmp_path: Path,
    monkeypatch: Any,
) -> dict[str, str]:
    """A corpus that has one of everything that a command reads; the names in it."""
    monkeypatch.setattr("os.fsync", lambda handle: None)
    article, _annotation = write(SENTENCE)
    write(SENTENCE.replace(" object:m2", ""), annotator="ben")
    declare("ana", "ben", "zoe")
    (tmp_path / "own.txt").write_text("Guns fell silent in Brel on Monday, a nurse said.")
    assert acre("add", tmp_path / "own.txt", "--collection", "local").returncode == 0
    (withheld,) = (other.id for other in corpus.articles() if other.collection == "local")
    corpus.write_splits(
        {article.id: SplitRow(article.id, "train"), withheld: SplitRow("s", "test")}
    )
    corpus.write_assignments({article.id: ("ana", "ben")})
    (tmp_path / "copy.txt").write_text("Guards left Lisk on Friday.\n")
    (tmp_path / "export.json").write_text("[]")
    shutil.copytree(corpus.root / "annotations" / "ana", corpus.root / "gold")
    for name in (
        "corpus/stories/s.yaml",
        "corpus/baselines/lookup.json",
        ".acre/desks/ana/desk.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{}\n")
    for name in ("corpus/CHANGELOG.md", "corpus/README.md"):
        (tmp_path / name).write_text("# A\n")
    return {"id": article.id, "withheld": withheld, "migration": "m.yaml"}


def _run(acre: Acre, command: str, names: dict[str, str]) -> None:
    done = acre(command, *(part.format(**names) for part in COMMANDS[command]))
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 0 or done.stderr or done.stdout


def _try(
    acre: Acre, whole: dict[str, str], folder: Path, place: str, damages: dict[str, str]
) -> list[tuple[str, str, str]]:
    """What goes wrong with each command where that file has that damage, by command."""
    kept = folder.parent / f"{folder.name}-kept"
    shutil.copytree(folder, kept)
    failed = []
    for command, damage in damages.items():
        path = folder / place.format(**whole)
        DAMAGES[damage](path)
        try:
            _run(acre, command, whole)
        except BaseException as error:
            failed.append((command, damage, repr(error)[:300]))
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
    shutil.rmtree(kept)
    return failed


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.rpartition("/")[2])
def test_no_file_brings_a_command_down(
    acre: Acre, whole: dict[str, str], tmp_path: Path, place: str
) -> None:
    """Each command meets some of the damages, another beginning for each file; EFFORT makes it all of them."""
    names, first = list(DAMAGES), PLACES.index(place)
    damages = {
        command: names[(first + number) % len(names)] for number, command in enumerate(COMMANDS)
    }
    assert _try(acre, whole, tmp_path, place, damages) == []


if EFFORT > 1:  # takes minutes

    @pytest.mark.parametrize("damage", DAMAGES)
    @pytest.mark.parametrize("place", PLACES, ids=lambda place: place.rpartition("/")[2])
    def test_no_damage_of_any_file_brings_a_command_down(
        acre: Acre, whole: dict[str, str], tmp_path: Path, place: str, damage: str
    ) -> None:
        assert _try(acre, whole, tmp_path, place, dict.fromkeys(COMMANDS, damage)) == []


def test_what_is_printed_to_a_full_disk_is_one_line(
    acre: Acre, whole: dict[str, str], tmp_path: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "annotate", "status"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        1, "acre: output: No space left on device; make room and run it again\n",
    )  # fmt: skip


def test_a_device_is_written_to_and_not_replaced(
    acre: Acre, whole: dict[str, str], tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        done = acre("convert", whole["id"], "--output", pipe)
        assert reader.stdout is not None
        content = reader.stdout.read()
    assert done.returncode == 0, done.stderr
    assert content == acre("convert", whole["id"]).stdout.encode()
    assert pipe.is_fifo()


@pytest.mark.parametrize("moment", range(0, 400, 40))
def test_an_interrupt_is_one_line_whenever_it_comes(
    acre: Acre, whole: dict[str, str], tmp_path: Path, moment: int
) -> None:
    """Also while modules load: it is sent as the so-manieth module is imported."""
    program = (
        "import builtins, os, signal, sys\n"
        "from annotate.__main__ import main\n"
        "count, load = [0], builtins.__import__\n"
        "def counted(*arguments, **named):\n"
        "    count[0] += 1\n"
        f"    if count[0] == {moment}: os.kill(os.getpid(), signal.SIGINT)\n"
        "    return load(*arguments, **named)\n"
        "builtins.__import__ = counted\n"
        "sys.argv = ['acre', 'status']\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert (done.returncode, done.stderr.strip().count("\n")) == (1, 0)
        assert "interrupted" in done.stderr or "Aborted" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("init", "/sys/mine"), 1),
        (("convert", "{id}", "--output", "/sys/mine"), 2),
        (("convert", "--to", "brat", "--output", "/sys/mine"), 1),
        (("backup", "ana", "/sys/mine.tar.gz"), 1),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_folder_that_takes_no_files_is_one_line(
    acre: Acre, whole: dict[str, str], arguments: tuple[str, ...], code: int
) -> None:
    """The kernel's own folder refuses everybody, root too."""
    done = acre(*(part.format(**whole) for part in arguments))
    assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    assert "Traceback" not in done.stderr
