"""What the tests share: the schema, a small corpus, a real Label Studio, a real browser."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import hypothesis
import pytest
from filelock import FileLock

from annotate.corpus import store
from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus
from annotate.labelstudio import server
from annotate.labelstudio.client import Client
from annotate.model import notation
from annotate.model import schema as schema_
from annotate.model.records import Annotation, Article, Provenance
from annotate.model.schema import Schema

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
SEED = SHARED / "seed" / "syrian-troops-make-gains.txt"

needs_seed = pytest.mark.skipif(
    not SEED.exists(), reason=f"the reference article is not at {SEED.relative_to(ROOT.parent)}"
)

SENTENCE = """[m1:state_force|Troops] [e1:capture|seized] [m2:place|Tak]; \
[c1:content|[m3:quantity|at least 12] [e2:death|died]], [h1:source|a medic] [q1:cue|said].
---
e1 agent:m1 object:m2 realis=actual
e2 count:m3 realis=actual
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=anonymous
m3 min=12 unit=people
"""


def pytest_configure(config: pytest.Config) -> None:
    # How long an example takes says nothing here: machines differ, and are busy.
    hypothesis.settings.register_profile("acre", deadline=None)
    hypothesis.settings.load_profile("acre")
    # No test may reach a hub: what loads here loads from a clone.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_DATASETS_OFFLINE"] = "1"
    # What an earlier run left in the user's cache answers for a corpus of the same name, columns and all.
    cache = tempfile.mkdtemp(prefix="acre-datasets-")
    os.environ["HF_DATASETS_CACHE"] = cache
    config.add_cleanup(lambda: shutil.rmtree(cache, ignore_errors=True))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, which its processes share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def schema() -> Schema:
    return schema_.load(ROOT / "guidelines" / "schema.yaml")


@pytest.fixture
def made(schema: Schema) -> Callable[..., Provenance]:
    def make(annotator: str = "ana", version: str = schema.version, day: int = 1) -> Provenance:
        moment = dt.datetime(2026, 1, day, 12, tzinfo=dt.UTC)
        return Provenance(
            annotator=annotator,
            kind="human",
            tool="test",
            schema_version=version,
            created=moment,
            updated=moment,
        )

    return make


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """An empty corpus with two collections, one of which may not ship its texts, beside a copy of the schema."""
    collections = (ROOT / "corpus" / "collections.yaml").read_bytes()
    store.write(tmp_path / "corpus" / "collections.yaml", collections)
    store.write(
        tmp_path / "guidelines" / "schema.yaml", (ROOT / "guidelines" / "schema.yaml").read_bytes()
    )
    return Corpus(tmp_path / "corpus")


@pytest.fixture
def write(
    corpus: Corpus, schema: Schema, made: Callable[..., Provenance]
) -> Callable[..., tuple[Article, Annotation]]:
    """Writes an article and one pass over it, from the inline notation."""

    def write(
        source: str, annotator: str = "ana", collection: str = "sample", **about: Any
    ) -> tuple[Article, Annotation]:
        text, annotation = notation.parse(
            source, schema, "x", "0" * 64, made(annotator, schema.version)
        )
        article = reading.article("test", text, reading.About(collection, **about)).article
        assert article is not None
        assert article.text == text
        annotation = annotation.model_copy(update={"article": article.id, "sha256": article.sha256})
        corpus.write_article(article)
        store.write(corpus.annotation_path(annotator, article.id), store.dump(annotation))
        return article, annotation

    return write


@pytest.fixture
def declare(corpus: Corpus) -> Callable[..., None]:
    """Adds annotators to `annotators.yaml`."""

    def declare(*names: str, kind: str = "human") -> None:
        path = corpus.root / "annotators.yaml"
        entries = "".join(f"{name}:\n  kind: {kind}\n  description: Invented\n" for name in names)
        store.write(path, (path.read_bytes() if path.exists() else b"") + entries.encode())

    return declare


Acre = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def acre(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> Acre:
    """The command `acre` in this process, run beside the corpus on a wide terminal; `acre_process` is the real one."""
    from annotate.__main__ import main
    from annotate.cli import common

    monkeypatch.setattr(common.out, "width", WIDTH)
    monkeypatch.setattr(common.err, "width", WIDTH)

    def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return here(main, "acre", *arguments, cwd=cwd or corpus.root.parent)

    return run


@pytest.fixture
def acre_process(corpus: Corpus) -> Acre:
    """The command as its user runs it: a process of its own, which costs half a second and more."""

    def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "annotate", *map(str, arguments)]
        return subprocess.run(
            command, cwd=cwd or corpus.root.parent, capture_output=True, text=True, check=False,
            env=_environment(),
        )  # fmt: skip

    return run


WIDTH = 200


def here(
    program: Callable[[], object], *command: object, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """The program run in this process with these arguments, its name the first; what it printed, and its exit code."""
    argv, code = list(map(str, command)), 0
    printed, complaints = (
        io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2)
    )
    with (
        mock.patch.dict(os.environ, _environment(), clear=True),
        mock.patch.object(sys, "argv", argv),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(complaints),
    ):
        try:
            program()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(argv, code, _text(printed), _text(complaints))


def _environment() -> dict[str, str]:
    """This process's, without settings of the command, and with a wide terminal."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ACRE_")
    }
    return environment | {"COLUMNS": str(WIDTH)}


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests' desks live."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def tables(shared_folder: Path) -> Path:
    """A Label Studio database with its tables and no account: making them takes longer than all else of a start."""
    pytest.importorskip("label_studio", reason="Label Studio is not installed (extra: server)")
    folder = shared_folder / "tables"
    with FileLock(shared_folder / "tables.lock"):
        if not folder.exists():
            _migrate(shared_folder / "tables-unfinished").rename(folder)
    return folder / "label_studio.sqlite3"


def _migrate(folder: Path) -> Path:
    folder.mkdir()
    program = Path(__file__).parent / "labelstudio" / "migrate.py"
    environment = os.environ | {"LABEL_STUDIO_BASE_DATA_DIR": str(folder), "DJANGO_DB": "sqlite"}
    subprocess.run(
        [sys.executable, "-P", program],
        env=environment,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


Prepare = Callable[[Path, str], Path]


@pytest.fixture(scope="session")
def prepare(tables: Path) -> Prepare:
    """Puts the tables where a new desk will look for them; account and secrets are made as the desk starts."""

    def prepare(state: Path, name: str) -> Path:
        folder = state / "desks" / name / "data"
        with server.private():
            folder.mkdir(parents=True)
            shutil.copyfile(tables, folder / tables.name)
        return state

    return prepare


@pytest.fixture(scope="session")
def desk(state: Path, prepare: Prepare) -> Iterator[server.Desk]:
    """A real Label Studio, shared by the tests; each makes a project of its own."""
    running = server.start(prepare(state, "ana"), "ana", port=None)
    yield running
    server.stop(running)


@pytest.fixture(scope="session")
def ben(state: Path, prepare: Prepare) -> Iterator[server.Desk]:
    """A second annotator's desk."""
    running = server.start(prepare(state, "ben"), "ben", port=None)
    yield running
    server.stop(server.read(state, "ben"))  # a test may have started it anew


@pytest.fixture(scope="session")
def client(desk: server.Desk) -> Client:
    return Client(desk.url, desk.token)


@pytest.fixture
def project(request: pytest.FixtureRequest) -> str:
    """A project title of the test's own, in the 50 characters that Label Studio takes."""
    name = request.node.name
    return f"{name[:40]} {zlib.crc32(name.encode()):08x}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; the tests that need it skip where it is missing, but never in CI."""
    from tests.browser.page import find_chromium, open_browser

    program = find_chromium()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI must not skip browser tests: install Chromium")
        pytest.skip("Chromium is missing; install it, for example with: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, open_browser(playwright, program) as opened:
        yield opened
