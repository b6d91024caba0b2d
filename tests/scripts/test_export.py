"""The maintainers' job in one command, against two real desks' accounts on a real server."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus
from annotate.labelstudio import config, load, tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model import notation
from annotate.model.records import Annotation, Article, Provenance
from annotate.model.schema import Schema
from tests.conftest import ROOT, SENTENCE
from tests.measured import PEAK

pytestmark = pytest.mark.server
Write = Callable[..., tuple[Article, Annotation]]


def _run(
    config: Path, corpus: Corpus, state: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        str(ROOT / "scripts" / "export.py"),
        str(config),
        "--corpus",
        str(corpus.root),
        "--state",
        str(state),
    ]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


def test_it_pulls_validates_writes_builds_and_says_what_and_why(
    corpus: Corpus,
    write: Write,
    schema: Schema,
    client: Client,
    desk: Desk,
    state: Path,
    project: str,
    declare: Callable[..., None],
    tmp_path: Path,
) -> None:
    declare("ana")
    (one, of_one), (two, of_two) = (
        write(SENTENCE, annotator="zoe"),
        write("[m1:person|Žofia] left.\n---\n", annotator="zoe"),
    )
    for article in (one, two):
        corpus.annotation_path("zoe", article.id).unlink()
    number = load.load(client, project, corpus.articles(), schema).project
    by_article = {
        task["data"]["article"]: task["id"] for page in client.tasks(number) for task in page
    }
    client.annotate(by_article[one.id], tasks.result(of_one, one, schema))
    client.annotate(
        by_article[two.id],
        [
            entry | {"value": {"start": 0, "end": 5, "labels": ["castle"]}}
            for entry in tasks.result(of_two, two, schema)
        ],
    )
    (tmp_path / "token").write_text(desk.token + "\n")
    config = tmp_path / "servers.yaml"
    config.write_text(
        f"servers:\n- url: {desk.url}\n  token_file: token\n  project: {project}\n  annotators:"
        f" {{{desk.email}: ana}}\n- desk: nobody\n"
    )
    dry = _run(config, corpus, state, "--dry-run")
    assert dry.returncode == 1
    slip = tmp_path / "slip.yaml"
    slip.write_text(config.read_text().replace(": ana}", ": anna}"))
    assert (
        "annotators.yaml: no annotator 'anna' (ana)"
        in _run(slip, corpus, state, "--dry-run").stderr
    )
    assert f"would write annotations/ana/{one.id}.json" in dry.stdout
    assert not (corpus.root / "annotations" / "ana").exists()
    assert not corpus.card.exists()

    done = _run(config, corpus, state)
    assert done.returncode == 1  # one set aside, one server that is not there: each named
    assert f"wrote annotations/ana/{one.id}.json" in done.stdout
    assert f"{desk.url}: the project has 2 tasks; all were asked for" in done.stdout
    assert "1 new" in done.stdout
    assert "1 set aside" in done.stdout
    assert f"ana/{two.id}: m1: label-unknown: 'castle' is no label" in done.stderr
    assert "no desk 'nobody'" in done.stderr
    assert "1 documents (train 1): 3 mentions" in done.stdout
    assert desk.token not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert (corpus.data / "documents" / "train.parquet").exists()
    again = _run(config, corpus, state, "--dry-run")
    assert f"{desk.url}: the project has 2 tasks; those touched since 20" in again.stdout


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            "servers:\n- desk: ana\n  url: http://x\n",
            "servers.0: Value error, give either desk, or url and token_file",
        ),
        (
            "servers:\n- desk: ana\n  token: secret\n",
            "servers.0.token: Extra inputs are not permitted",
        ),
        ("servers: [", "servers.yaml: file: while parsing"),
    ],
)
def test_a_bad_config_is_one_clear_line(
    corpus: Corpus, tmp_path: Path, config: str, message: str
) -> None:
    (tmp_path / "servers.yaml").write_text(config)
    done = _run(tmp_path / "servers.yaml", corpus, tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_memory_stays_flat(
    corpus: Corpus,
    schema: Schema,
    client: Client,
    desk: Desk,
    project: str,
    tmp_path: Path,
    made: Callable[..., Provenance],
    declare: Callable[..., None],
) -> None:
    """Ten times the tasks, and not a tenth more memory."""
    declare("ana")
    text, annotation = notation.parse(SENTENCE, schema, "x", "0" * 64, made())
    peaks = []
    for size in (100, 1000):
        title = f"{project} {size}"
        articles = [
            reading.article("t", f"{text} No. {n} of {size}.", reading.About("sample")).article
            for n in range(size)
        ]
        sent = []
        for article in articles:
            assert article is not None
            corpus.write_article(article)
            result = tasks.result(
                annotation.model_copy(update={"article": article.id, "sha256": article.sha256}),
                article,
                schema,
            )
            sent.append({"data": tasks.data(article, schema), "annotations": [{"result": result}]})
        fields = {"title": title, "label_config": config.build(schema)}
        number = int(client.create_project(fields)["id"])
        for first in range(0, size, 500):
            client.import_tasks(number, sent[first : first + 500])
        (tmp_path / "token").write_text(desk.token)
        servers = tmp_path / "servers.yaml"
        servers.write_text(
            f"servers:\n- {{url: '{desk.url}', token_file: token, project: '{title}', annotators:"
            f" {{{desk.email}: ana}}}}\n"
        )
        program = (
            "import runpy, sys\n"
            "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
            f"except SystemExit: pass\n{PEAK}"
        )
        command = ["scripts/export.py", str(servers), "--corpus", str(corpus.root)]
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; sys.argv = {command!r}\n{program}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"{size} new" in done.stdout, done.stdout + done.stderr
        peaks.append(int(done.stderr.splitlines()[-1]))
    assert peaks[1] < peaks[0] * 1.1, peaks


class _Shop(BaseHTTPRequestHandler):
    """A server of the network that is no Label Studio: whatever it is asked, it answers with its front page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[1, 2]" if self.path.startswith("/list") else b"<h1>Welcome</h1>")

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shop) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def test_whatever_one_server_does_the_next_one_is_pulled(
    corpus: Corpus,
    write: Write,
    schema: Schema,
    client: Client,
    desk: Desk,
    state: Path,
    project: str,
    declare: Callable[..., None],
    tmp_path: Path,
    shop: str,
) -> None:
    declare("ana")
    article, annotation = write(SENTENCE, annotator="zoe")
    number = load.load(client, project, corpus.articles(), schema).project
    (task,) = (task["id"] for page in client.tasks(number) for task in page)
    client.annotate(task, tasks.result(annotation, article, schema))
    (tmp_path / "token").write_text(desk.token)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    bad = [("http://[", "token"), (shop, "token"), (f"{shop}/list", "token"), (desk.url, "binary")]
    entries = [{"url": url, "token_file": token} for url, token in bad]
    good = {
        "url": desk.url,
        "token_file": "token",
        "project": project,
        "annotators": {desk.email: "ana"},
    }
    config = tmp_path / "servers.yaml"
    config.write_text(yaml.safe_dump({"servers": [*entries, good]}))
    done = _run(config, corpus, state, "--dry-run")
    assert "Traceback" not in done.stderr
    assert done.returncode == 1
    assert f"would write annotations/ana/{article.id}.json" in done.stdout
    lines = " ".join(done.stderr.split())
    assert "binary: not UTF-8; give a file that can be read" in lines
    assert "servers not pulled: http://[, " in lines
