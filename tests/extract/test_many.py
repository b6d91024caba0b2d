"""An extractor over many articles: the same rows whatever happens to a worker, and a reason for each that fails."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from annotate.extract import many
from annotate.extract.lookup import Lookup
from annotate.model.issues import UsageError
from annotate.model.schema import Schema
from scripts import extract_many
from tests.conftest import ROOT

TEXT = "The army seized the town on Friday, a medic said. Number {}."
PAGE = """<html><head><title>Town falls</title></head><body><article><h1>Town falls</h1>
<p>The army seized the town on Friday, a medic said, after three days of fighting in the hills to the north.</p>
<p>The ministry denied that at least 12 people were killed, and told reporters that the roads were open.</p>
</article></body></html>"""


@pytest.fixture
def lookup_file(model: Lookup, tmp_path: Path) -> str:
    path = tmp_path / "lookup.json"
    path.write_text(model.model_dump_json())
    return str(path)


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """Four files of five articles; in the second a line is broken, in the third a row has no text."""
    folder = tmp_path / "news"
    folder.mkdir()
    for number in range(4):
        rows = [
            json.dumps({"title": f"Town {number}-{n}", "text": TEXT.format(10 * number + n)})
            for n in range(5)
        ]
        rows[2:2] = {1: ["{broken"], 2: ['{"title": "bare"}']}.get(number, [])
        (folder / f"{number}.jsonl").write_text("\n".join(rows) + "\n")
    return folder


class EndedOnce(PipelineStep):
    """Ends its own process, as the system does for want of memory, at the third article of the second task."""

    name = "ended once"
    type = "test"

    def __init__(self, flag: Path) -> None:
        super().__init__()
        self.flag = flag

    def run(
        self, data: Iterable[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        for number, document in enumerate(data):
            if (rank, number) == (1, 2) and not self.flag.exists():
                self.flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            yield document


def _extracted(steps: list[PipelineStep], output: Path, workers: int) -> list[tuple[int, int]]:
    shown: list[tuple[int, int]] = []
    many.Local(
        lambda done, tasks: shown.append((done, tasks)),
        pipeline=steps, tasks=4, workers=workers, logging_dir=str(output / "logs"),
    ).run()  # fmt: skip
    return shown


def _step(model: str, output: Path, kind: str = "jsonl") -> many.Extract:
    return many.Extract(model, ROOT / "corpus", ROOT / "guidelines" / "schema.yaml", output, kind)


def _rows(output: Path) -> dict[str, list[dict[str, Any]]]:
    """By shard, what is in it."""
    rows = {
        str(path.relative_to(output)): pq.read_table(path).to_pylist()
        for path in sorted(output.glob("*/*.parquet"))
    }
    failures = sorted((output / "failures").glob("*.jsonl"))
    return rows | {path.name: [json.loads(line) for line in path.open()] for path in failures}


def test_a_worker_that_is_killed_costs_no_row(lookup_file: str, news: Path, tmp_path: Path) -> None:
    whole, killed, flag = tmp_path / "whole", tmp_path / "killed", tmp_path / "flag"
    _extracted([many.reader(str(news), "jsonl"), _step(lookup_file, whole)], whole, 1)
    shown = _extracted(
        [many.reader(str(news), "jsonl"), EndedOnce(flag), _step(lookup_file, killed)], killed, 2
    )
    assert flag.exists()
    assert shown[-1] == (4, 4)
    assert _rows(killed) == _rows(whole)
    assert not list(killed.glob("*/.*.part"))
    rows = _rows(whole)
    assert [len(rows[f"documents/{rank:05}.parquet"]) for rank in range(4)] == [5, 5, 5, 5]
    assert len(rows["claims/00000.parquet"]) == 5
    assert {name: [row["where"] for row in rows[name]] for name in rows if name.endswith("l")} == {
        "00000.jsonl": [], "00001.jsonl": ["1.jsonl:3"], "00002.jsonl": ["2.jsonl:3"], "00003.jsonl": [],
    }  # fmt: skip
    assert "broken JSON" in rows["00001.jsonl"][0]["reason"]
    assert "no `text`" in rows["00002.jsonl"][0]["reason"]


@pytest.fixture
def ray() -> Iterator[None]:
    """A Ray of this machine with two workers."""
    module = pytest.importorskip("ray", reason="Ray is not installed (extra: ray)")
    try:
        module.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    except Exception as error:
        module.shutdown()
        pytest.skip(f"Ray itself does not start here, to which it gives 30 s: {error}")
    yield
    module.shutdown()


def test_on_ray_too_a_worker_that_is_killed_costs_no_row(
    lookup_file: str, news: Path, tmp_path: Path, ray: None
) -> None:
    here, there, flag = tmp_path / "here", tmp_path / "there", tmp_path / "flag"
    for rank in range(4):
        read = many.reader(str(news), "jsonl").run(None, rank, 4)
        list(_step(lookup_file, here).run(read, rank, 4))
    shown: list[tuple[int, int]] = []
    many.Ray(
        lambda done, tasks: shown.append((done, tasks)), 1,
        pipeline=[many.reader(str(news), "jsonl"), EndedOnce(flag), _step(lookup_file, there)],
        tasks=4, workers=2, logging_dir=str(there / "logs"),
    ).run()  # fmt: skip
    assert flag.exists()
    assert shown[-1] == (4, 4)
    assert _rows(there) == _rows(here)


def test_what_is_complete_is_not_done_again(lookup_file: str, news: Path, tmp_path: Path) -> None:
    steps: list[PipelineStep] = [
        many.reader(str(news), "jsonl"),
        _step(lookup_file, tmp_path / "out"),
    ]
    _extracted(steps, tmp_path / "out", 1)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*/*.parquet")}
    assert _extracted(steps, tmp_path / "out", 1) == []
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_a_shard_that_breaks_off_is_absent(
    lookup_file: str, schema: Schema, tmp_path: Path
) -> None:
    extractor = many.extractors.load(lookup_file, ROOT / "corpus", schema)
    article = many.read_row(Document(json.dumps({"text": TEXT}), "row 1")).article
    assert article is not None
    output = tmp_path / "out"

    def breaks_off() -> None:
        with many.Shard(output, 3, schema) as shard:
            shard.add(article, extractor)
            assert [path for path in output.rglob("*") if path.is_file()]
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="full"):
        breaks_off()
    assert not [path for path in output.rglob("*") if path.is_file()]


def test_an_article_at_which_the_extractor_fails_is_aside_and_whole_out(
    lookup_file: str, schema: Schema, tmp_path: Path
) -> None:
    step = _step(lookup_file, tmp_path)
    nothing = Document("   ", "row 0")
    rows = [Document(json.dumps({"text": TEXT.format(n)}), f"row {n}") for n in (1, 2)]
    list(step.run(iter([rows[0], nothing, rows[1]])))
    assert pq.read_table(tmp_path / "documents" / "00000.parquet").num_rows == 2
    (failure,) = (tmp_path / "failures" / "00000.jsonl").read_text().splitlines()
    assert json.loads(failure)["where"] == "row 0"


def test_parquet_and_web_archives_are_read_as_well(
    lookup_file: str, news: Path, tmp_path: Path
) -> None:
    from io import BytesIO

    import pyarrow as pa
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    rows = [json.loads(line) for line in (news / "0.jsonl").open()]
    (tmp_path / "tables").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "tables" / "0.parquet")
    (tmp_path / "pages").mkdir()
    with (tmp_path / "pages" / "0.warc.gz").open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        record = writer.create_warc_record(
            "https://example.com/town",
            "response",
            payload=BytesIO(PAGE.encode()),
            http_headers=head,
        )
        writer.write_record(record)
    for kind, folder, number in (("parquet", "tables", 5), ("warc", "pages", 1)):
        output = tmp_path / kind
        list(_step(lookup_file, output, kind).run(many.reader(str(tmp_path / folder), kind).run()))
        found = _rows(output)
        assert len(found["documents/00000.parquet"]) == number, found["00000.jsonl"]
    (page,) = found["documents/00000.parquet"]
    assert (page["title"], page["url"]) == ("Town falls", "https://example.com/town")


def test_the_script_tells_what_it_wrote(
    lookup_file: str, news: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    extract_many.extract_many(
        str(news), tmp_path / "found", model=lookup_file, tasks=2, corpus=ROOT / "corpus"
    )
    told = capsys.readouterr()
    assert "20 documents in" in told.out
    assert "2 articles of which nothing came" in told.out
    assert told.err.splitlines()[-1] == "2 of 2 shards are complete"
    # Of what is complete nothing is submitted: no sbatch is needed.
    extract_many.extract_many(
        str(news), tmp_path / "found", model=lookup_file, tasks=2, executor="slurm", partition="news",
        corpus=ROOT / "corpus",
    )  # fmt: skip
    assert capsys.readouterr().out == told.out


@pytest.mark.parametrize(
    ("kind", "executor", "refused"),
    [
        ("csv", "local", "--from 'csv'"),
        ("jsonl", "pigeon", "--executor 'pigeon'"),
        ("jsonl", "slurm", "--partition"),
    ],
)
def test_what_is_asked_for_and_there_is_not_is_refused(
    tmp_path: Path, kind: str, executor: str, refused: str
) -> None:
    with pytest.raises(UsageError, match=refused):
        extract_many.extract_many(
            str(tmp_path), tmp_path, kind, executor=executor, corpus=ROOT / "corpus"
        )
