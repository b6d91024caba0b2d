"""`acre extract` on any article: a table, rows, a page that stands alone, the inline notation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from annotate.corpus.store import Corpus
from annotate.dataset import build
from annotate.extract import extractors
from annotate.extract.lookup import Lookup
from annotate.model import schema as schema_
from annotate.model.issues import AcreError, UsageError
from annotate.model.schema import Schema
from annotate.site import extracted
from tests.conftest import ROOT, Acre

Write = Callable[..., Any]
ARTICLE = """\
Rebels take hill

The rebels seized the hill on Friday, the ministry said. More than 40 rebels were killed.

At <the mill> & elsewhere it is quiet.
"""


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "hill.txt"
    path.write_text(ARTICLE)
    return path


@pytest.fixture
def learned(model: Lookup, tmp_path: Path) -> Path:
    path = tmp_path / "lookup.json"
    path.write_text(model.model_dump_json())
    return path


def test_rows_are_those_of_the_config_claims_and_slice_exactly(
    acre_here: Acre, article: Path, learned: Path
) -> None:
    done = acre_here(
        "extract",
        article,
        "--model",
        learned,
        "--format",
        "jsonl",
        "--published",
        "2024-03-17",
        "--outlet",
        "Wire",
    )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    capture = next(row for row in rows if row["label"] == "capture")
    assert capture["source"] == "the ministry"
    assert capture["stance"] == "asserts"
    assert [filler["text"] for filler in capture["agent"]] == ["The rebels"]
    assert capture["time_value"] == ["2024-03-15"]
    assert capture["outlet"] == "Wire"
    text = ARTICLE.rstrip("\n")
    assert all(text[row["start"] : row["end"]] == row["text"] for row in rows)
    death = next(row for row in rows if row["label"] == "death")
    assert (death["voice"], death["count_min"]) == ("outlet", [41])


UNDATED = """<!doctype html><html lang="en"><head><title>Rebels take hill</title></head><body><article>
<h1>Rebels take hill</h1>
<p>The rebels seized the hill on Friday, the ministry said. It had lost it
<a href="/2014/01/09/x">ten years ago</a>.</p>
<p>More than 40 rebels were killed, and the mill below the hill burnt down with all that was in it, the miller said.</p>
</article></body></html>"""


def test_a_page_without_a_date_says_so_and_its_times_stay_open(
    acre: Acre, learned: Path, tmp_path: Path
) -> None:
    path = tmp_path / "hill.html"
    path.write_text(UNDATED)
    done = acre("extract", path, "--model", learned, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    assert f"{path}: no date: times stay relative; give --published" in done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert any(row["label"] == "capture" for row in rows)
    assert not any(value for row in rows for value in row["time_value"])


def test_the_page_stands_alone_and_draws_every_mark(
    acre_here: Acre, article: Path, learned: Path, tmp_path: Path, schema: Schema
) -> None:
    page = tmp_path / "page.html"
    done = acre_here("extract", article, "--model", learned, "--format", "html", "--output", page)
    assert (done.returncode, done.stdout.replace("\n", "")) == (0, f"wrote {page}")
    written = page.read_text(encoding="utf-8")
    root = html.fromstring(written)
    assert not root.xpath("//link | //img | //*[@src]")
    assert "http:" not in written.replace("default-src 'none'", "")
    assert "https:" not in written
    policy = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert re.fullmatch(
        r"default-src 'none'; base-uri 'none'; form-action 'none'"
        r"; style-src 'sha256-\S+'; script-src 'sha256-\S+'",
        policy,
    )
    assert "<the mill>" not in written
    assert schema.labels["capture"].colour.lower() in written.lower()
    assert "the ministry" in [
        name.text_content() for name in root.xpath("//p[@class='teller']/b/bdi")
    ]
    kinds = {
        each.get("class").split()[0].removeprefix("label-")
        for each in root.xpath("//mark[@data-mark]")
    }
    assert {"armed_group", "capture", "content", "source", "cue"} <= kinds
    assert "unread by a person" in root.text_content()


def test_a_table_and_the_notation_are_printed(
    acre: Acre, acre_here: Acre, article: Path, learned: Path
) -> None:
    table = acre("extract", article, "--model", learned)
    assert table.returncode == 0
    assert "the ministry" in table.stdout
    assert "capture" in table.stdout
    shown = acre_here("extract", article, "--model", learned, "--format", "acre").stdout
    assert "[e" in shown or ":capture|seized]" in shown


def test_nothing_is_added_to_the_corpus_and_a_bad_file_does_not_stop_the_others(
    acre_here: Acre, article: Path, learned: Path, corpus: Corpus, tmp_path: Path
) -> None:
    before = sorted(corpus.root.rglob("*"))
    done = acre_here("extract", tmp_path / "none.txt", article, "--model", learned)
    assert done.returncode == 1
    assert "none.txt: No such file or directory" in done.stderr
    assert "the ministry" in done.stdout
    assert sorted(corpus.root.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "pdf"], "no format pdf; give one of table, json, jsonl, html, acre"),
        (["--published", "Friday"], "is no date; give it as 2015-10-11"),
        (["--model", "nowhere"], "train one with: python scripts/train.py"),
        (["--model", "lookup"], "nothing is built there to learn from; run acre build"),
    ],
)
def test_wrong_usage_is_said(
    acre_here: Acre, article: Path, arguments: list[str], message: str
) -> None:
    done = acre_here("extract", article, *arguments)
    assert done.returncode == 2
    assert message in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def test_a_lookup_of_another_schema_and_what_is_none_are_refused(
    learned: Path, corpus: Corpus, schema: Schema
) -> None:
    other = schema.model_copy(update={"version": "9.9.9"})
    with pytest.raises(UsageError, match="train one anew"):
        extractors.load(str(learned), corpus.root, other)
    learned.write_text("{}")
    with pytest.raises(AcreError, match="no lookup"):
        extractors.load(str(learned), corpus.root, schema)


def test_the_corpus_teaches_the_rules_where_it_is_built(
    corpus: Corpus, write: Write, schema: Schema
) -> None:
    article, _ = write(SIMPLE)
    build.build(corpus, schema)
    predicted, scores = extractors.load(
        "lookup", corpus.root, schema_.load(ROOT / "guidelines" / "schema.yaml")
    ).predict(article)
    assert [mark.label for mark in predicted.event_mentions] == ["capture"]
    assert set(scores.values()) == {1.0}


SIMPLE = (
    "[m1:state_force|The army] [e1:capture|seized] [m2:place|the town].\n---\ne1 agent:m1 object:m2"
    " realis=actual\n"
)


def test_the_table_says_what_is_only_mentioned(schema: Schema, write: Write) -> None:
    article, annotation = write(
        """[c1:content|It will [e1:refusal|boycott] [e2:talks|talks]], [h1:source|it] [q1:cue|said].
---
e1 object:e2 realis=future_or_hypothetical
e2 realis=future_or_hypothetical
c1 source:h1 cue:q1 stance=commits style=indirect source_status=named
"""
    )
    rows = extractors.claims(article, annotation, schema)
    assert [extracted.claim_text(row, schema)["stance"] for row in rows] == [
        "commits",
        "only mentioned",
    ]


ARMY = """\
Army says hill is lost

The rebels seized the hill on Friday, the army said. No soldier was killed.
"""


def test_a_story_joins_the_events_that_files_share_and_says_that_it_guesses(
    acre_here: Acre, article: Path, learned: Path, tmp_path: Path
) -> None:
    other = tmp_path / "army.txt"
    other.write_text(ARMY)
    page = tmp_path / "page.html"
    done = acre_here(
        "extract", article, other, "--model", learned, "--format", "html", "--story",
        "--published", "2024-03-17", "--output", page,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    root = html.fromstring(page.read_text(encoding="utf-8"))
    (matrix,) = root.xpath("//table[contains(@class, 'dispute')]")
    sources = [row.text_content() for row in matrix.xpath(".//th[@class='source']/bdi")]
    assert set(sources) == {"the ministry", "the army"}
    assert "guessed" in root.find_class("guess")[0].text_content()
    places = set(root.xpath("//@id"))
    assert {link.removeprefix("#") for link in root.xpath("//a/@href")} <= places


def test_a_story_is_a_page(acre_here: Acre, article: Path) -> None:
    done = acre_here("extract", article, "--story")
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "acre: --story is a page; give --format html with it",
    )
