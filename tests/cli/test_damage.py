"""Whatever lies where a command reads or writes: lines and an exit code of 0, 1 or 2, and never a traceback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.store import Corpus, SplitRow
from tests.conftest import SENTENCE, Acre

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


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.rpartition("/")[2])
def test_no_file_brings_a_command_down(
    acre: Acre, whole: dict[str, str], tmp_path: Path, place: str, damage: str
) -> None:
    path = tmp_path / place.format(**whole)
    kept = tmp_path.parent / f"{tmp_path.name}-kept"
    shutil.copytree(tmp_path, kept)
    failed = []
    for command in COMMANDS:
        DAMAGES[damage](path)
        try:
            _run(acre, command, whole)
        except BaseException as error:
            failed.append((command, repr(error)[:300]))

        shutil.rmtree(tmp_path)
        shutil.copytree(kept, tmp_path)
    shutil.rmtree(kept)
    assert failed == []
