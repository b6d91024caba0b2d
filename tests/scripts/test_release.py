"""Releases of a corpus in a git repository of its own, and their upload to a Hub, here a server on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

import scripts.release
from annotate.corpus import splits, store
from annotate.corpus.store import Corpus
from annotate.dataset import build, release
from annotate.dataset.diff import Diff
from annotate.model import schema as schema_
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import withhold
from annotate.model.schema import Schema
from scripts import terminal
from tests.conftest import ROOT, SENTENCE, here

Write = Callable[..., Any]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def git(corpus: Corpus) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        command = ["git", "-C", str(corpus.root.parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    run("init", "--quiet")
    run("config", "user.name", "test")
    run("config", "user.email", "test@example.invalid")
    return run


@pytest.fixture
def commit(corpus: Corpus, schema: Schema, git: Callable[..., str]) -> Callable[[], None]:
    """Deal, build and commit: what a maintainer does before a release."""

    def run() -> None:
        corpus.write_splits(splits.assign(corpus, schema).rows)
        build.build(corpus, schema)
        git("add", "--all")
        git("commit", "--quiet", "--message", "work")

    return run


@pytest.fixture
def run(corpus: Corpus) -> Run:
    def release_(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        if not environment:
            command = ("release.py", "--corpus", corpus.root, *arguments)
            return here(partial(terminal.run, scripts.release.main), *command)
        # The Hub's client reads its settings as it is imported: they take a process of their own.
        command = [
            sys.executable,
            str(ROOT / "scripts" / "release.py"),
            "--corpus",
            str(corpus.root),
            *arguments,
        ]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        )

    return release_


def test_a_release_is_proposed_written_tagged_and_never_empty(
    corpus: Corpus, write: Write, git: Callable[..., str], commit: Callable[[], None], run: Run
) -> None:
    article, _ = write(SENTENCE)
    unready = run()
    assert (unready.returncode, "not committed: " in unready.stderr) == (1, True)
    commit()
    dry = run("--dry-run")
    assert (dry.returncode, dry.stdout.splitlines()[0]) == (0, "nothing → 0.1.0: the first release")
    assert git("tag") == ""
    done = run("--date", "2026-01-15")
    assert done.returncode == 0, done.stderr
    assert git("tag").split() == ["corpus-0.1.0"]
    assert git("status", "--porcelain") == ""
    assert "Version 0.1.0 of 2026-01-15; schema" in corpus.card.read_text(encoding="utf-8")
    assert json.loads((corpus.root / "croissant.json").read_text())["version"] == "0.1.0"
    assert "## 0.1.0 (2026-01-15)" in corpus.changelog.read_text(encoding="utf-8")
    check = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=corpus.root, check=False
    )
    assert check.returncode == 0
    listed = {line.split("  ")[1] for line in (corpus.root / "SHA256SUMS").read_text().splitlines()}
    assert listed == {
        name.removeprefix("corpus/") for name in git("ls-files", "corpus").split()
    } - {"SHA256SUMS"}
    again = run()
    assert (again.returncode, "nothing changed since 0.1.0" in again.stderr) == (1, True)

    path = corpus.annotation_path("ana", article.id)
    path.write_text(path.read_text().replace('"min": 12', '"min": 13'))
    commit()
    low = run("--version", "0.1.0")
    assert (low.returncode, "ask for 0.1.1 at least" in low.stderr) == (2, True)
    assert run("--dry-run").stdout.startswith(
        "0.1.0 → 0.1.1: 1 corrections\nmention: 1 re-answered\n"
    )
    write(SENTENCE.replace("Troops", "Guards"))
    commit()
    assert run("--date", "2026-02-01").stdout.startswith(
        "0.1.0 → 0.2.0: 1 documents added, 0 removed\n"
    )
    changelog = corpus.changelog.read_text(encoding="utf-8")
    assert changelog.index("## 0.2.0") < changelog.index("## 0.1.0")
    assert "| documents | 1 | 2 |" in changelog
    labels = corpus.root.parent / "guidelines" / "schema.yaml"
    labels.write_text(
        labels.read_text().replace(
            "Control of a place or facility passes", "The control of a place passes"
        )
    )
    commit()
    assert run("--dry-run").stdout.startswith(
        "0.2.0 → 0.3.0: labels changed their meaning: capture\n"
    )


def test_an_invalid_corpus_is_not_released(
    corpus: Corpus, write: Write, commit: Callable[[], None], run: Run, git: Callable[..., str]
) -> None:
    article, _ = write(SENTENCE)
    commit()
    path = corpus.annotation_path("ana", article.id)
    path.write_text(path.read_text().replace('"text": "Troops"', '"text": "Troup"'))
    git("commit", "--quiet", "--all", "--message", "broken")
    refused = run()
    assert refused.returncode == 1
    assert "mark-text" in refused.stderr
    assert "dataset-behind" in refused.stderr
    assert git("tag") == ""
    assert not corpus.changelog.exists()


def test_what_the_screen_shows_is_no_meaning(schema: Schema, tmp_path: Path) -> None:
    text = (ROOT / "guidelines" / "schema.yaml").read_text(encoding="utf-8")
    changed = re.sub(r'colour: "#[0-9a-f]{6}"', 'colour: "#123456"', text, count=1)
    assert changed != text
    (tmp_path / "schema.yaml").write_text(changed, encoding="utf-8")
    assert release.meanings(schema, schema_.load(tmp_path / "schema.yaml")) == ([], [])
    fewer = schema.model_copy(
        update={"zones": {name: about for name, about in schema.zones.items() if name != "credit"}}
    )
    assert release.propose("0.1.0", Diff(), fewer, schema) == ("0.2.0", "labels were added: credit")
    assert release.propose("0.1.0", Diff(), schema, fewer)[0] == "0.2.0"
    assert release.propose("1.1.0", Diff(), schema, fewer)[0] == "2.0.0"
    with pytest.raises(AcreError, match=r"nothing changed since 0\.1\.0"):
        release.propose("0.1.0", Diff(), schema, schema)
    with pytest.raises(UsageError, match=r"give it as 0\.1\.1"):
        release.checked("one", "0.1.1", "0.1.0")


def test_what_stood_under_unreleased_goes_into_the_entry() -> None:
    written = release.entry("0.2.0", "2026-02-01", "one document", Diff())
    before = (
        "# Changes\n\nIntro.\n\n## Unreleased\n\nA note.\n\n## 0.1.0 (2026-01-01)\n\nThe first.\n"
    )
    after = release.with_entry(before, written)
    assert after.startswith(
        "# Changes\n\nIntro.\n\n## 0.2.0 (2026-02-01)\n\nA note.\n\nOne document.\n"
    )
    assert after.endswith("\n## 0.1.0 (2026-01-01)\n\nThe first.\n")
    fresh = release.with_entry(
        "# Changes\n\nIntro.\n\n## 0.1.0 (2026-01-01)\n\nThe first.\n", written
    )
    assert fresh.startswith("# Changes\n\nIntro.\n\n## 0.2.0 (2026-02-01)\n")
    assert fresh.endswith("\n## 0.1.0 (2026-01-01)\n\nThe first.\n")


class Hub(BaseHTTPRequestHandler):
    """As much of a Hub's interface as an upload asks for; keeps the bytes that it is sent."""

    files: ClassVar[dict[str, bytes]]
    asked: ClassVar[list[str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append(f"POST {self.path}")
        if self.headers.get("Authorization") != "Bearer hf_test":
            self._answer(401, {"error": "no token"})
        elif self.path == "/api/repos/create":
            self._answer(200, {"url": f"http://{self.headers['Host']}/datasets/acre/acre"})
        elif "/preupload/" in self.path:
            paths = [file["path"] for file in json.loads(body)["files"]]
            files = [
                {"path": path, "uploadMode": "regular", "shouldIgnore": False} for path in paths
            ]
            self._answer(200, {"files": files})
        elif "/commit/" in self.path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            address = f"http://{self.headers['Host']}/datasets/acre/acre/commit/{'a' * 40}"
            self._answer(
                200,
                {"success": True, "commitOid": "a" * 40, "commitUrl": address, "hookOutput": ""},
            )
        else:
            self._answer(200, {})

    def do_GET(self) -> None:
        self.asked.append(f"GET {self.path}")
        self._answer(200, {"id": "acre/acre", "sha": "a" * 40, "siblings": []})

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[tuple[str, type[Hub]]]:
    class Own(Hub):
        files: ClassVar[dict[str, bytes]] = {}
        asked: ClassVar[list[str]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", Own
    server.shutdown()
    server.server_close()


def test_a_release_is_published_whole_and_only_when_asked_to(
    corpus: Corpus,
    write: Write,
    commit: Callable[[], None],
    run: Run,
    hub: tuple[str, type[Hub]],
    tmp_path: Path,
) -> None:
    address, received = hub
    there = {
        "HF_ENDPOINT": address,
        "HF_HUB_OFFLINE": "0",
        "HF_TOKEN": "hf_test",
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_XET": "1",
    }
    write(SENTENCE)
    secret, words = write(SENTENCE.replace("Troops", "Kestrels"), collection="local")
    store.write(corpus.annotation_path("ana", secret.id), store.dump(withhold(words)))
    store.write(
        corpus.root.parent / ".gitignore",
        b"/corpus/articles/local/\n/corpus/annotations/ana/*kestrels*\n/hf/\n",
    )
    unreleased = run("--publish", "acre/acre", **there)
    assert (unreleased.returncode, "no release yet" in unreleased.stderr) == (2, True)
    commit()
    assert run("--date", "2026-01-15", **there).returncode == 0
    assert received.asked == []
    done = run("--publish", "acre/acre", **there)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "published 0.1.0 to acre/acre"
    sums = (corpus.root / "SHA256SUMS").read_text()
    assert {line.split("  ")[1] for line in sums.splitlines()} | {"SHA256SUMS"} == set(
        received.files
    )
    for line in sums.splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(received.files[name]).hexdigest() == digest, name
    assert not any(
        secret.id in name or b"Kestrels" in content for name, content in received.files.items()
    )
    assert any(asked.endswith("/tag/main") for asked in received.asked)
    refused = run("--publish", "acre/acre", **(there | {"HF_TOKEN": "hf_wrong"}))
    assert refused.returncode == 1
    assert refused.stderr.startswith("release: acre/acre: ")
    assert "Traceback" not in refused.stderr
    assert "hf_wrong" not in refused.stderr
    nobody = run("--publish", "acre/acre", **(there | {"HF_ENDPOINT": "http://127.0.0.1:9"}))
    assert (nobody.returncode, "Traceback" in nobody.stderr) == (1, False)
    write(SENTENCE.replace("Troops", "Guards"))
    changed = run("--publish", "acre/acre", **there)
    assert (changed.returncode, "the corpus is no longer 0.1.0" in changed.stderr) == (1, True)
