from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from datasets import load_dataset

from annotate.__main__ import main
from annotate.corpus.store import Corpus
from annotate.model.text import sha256
from scripts.sources import RECIPES, SourceError, read
from tests.conftest import ROOT, SEED, SHARED, here

MUC3 = """<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml" id="DEV-9"><head>
<meta name="DC.date" content="1990-01-15"/></head><body><p>DEV-9 (XYZ)</p>
<p>BREL (ORSENIA), 15 JAN 90 (ABC - DE) -- [TEXT] THE FRONT TODAY
DENIED IT.</p><p>"NO," IT SAID.</p></body></html>"""
DAY = """---
layout: post
date: 2025-03-07
---

#### Armed conflicts and attacks

* [Orsenian war](https://x.example "Orsenian war")
  * [Shelling of *Brel*](https://x.example), [Talks](https://y.example)
    * The [Front](https://x.example) (HVF) says
      it has left [Brel](https://x.example). [(Velmora Wire)](https://w.example) [(Courier via *Meridian*)](https://m.example)
    + A ferry sinks. [(Velmora Wire)](https://w.example)
* A bullet without a topic

#### Sports

* Somebody wins. [(Courier)](https://w.example)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b.xhtml").write_text(MUC3)
    (tmp_path / "a.md").write_text(DAY)
    words = '"Friday, January 4, 2019 \n\n\nFive were hurt.\n\n\nOne  left."'
    row = f"https://n.example,2019-01-04,Five hurt,{words}\n"
    (tmp_path / "c.csv").write_text(f"url,date,title,text\n{row}")
    (tmp_path / "documents.json").write_text(
        '{"text": "A.\\nB.", "title": "T", "sourceName": "S"}\n'
    )
    return tmp_path


def test_a_news_item_of_muc3(folder: Path) -> None:
    (row,) = read("muc3", [folder])
    assert row == {
        "text": 'BREL (ORSENIA), 15 JAN 90 (ABC - DE) -- [TEXT] THE FRONT TODAY DENIED IT.\n\n"NO," IT SAID.',
        "title": "DEV-9",
        "outlet": "ABC - DE",
        "published": "1990-01-15",
    }


def test_a_day_of_current_events(folder: Path) -> None:
    (row,) = read("current-events", [folder])
    assert row["text"].split("\n\n") == [
        "Armed conflicts and attacks, 7 March 2025",
        "Orsenian war",
        "Shelling of Brel, Talks",
        "The Front (HVF) says it has left Brel.",
        "A ferry sinks.",
        "A bullet without a topic",
    ]
    assert row["cites"] == ["Velmora Wire", "Courier via Meridian"]
    assert (row["published"], row["url"]) == (
        "2025-03-07",
        "https://en.wikipedia.org/wiki/Portal:Current_events/2025_March_7",
    )


def test_articles_of_wikinews_and_re3d(folder: Path) -> None:
    (news,) = read("wikinews", [folder])
    assert news["text"] == "Five hurt\n\nFive were hurt.\n\nOne left."
    assert (news["url"], news["published"]) == ("https://n.example", "2019-01-04")
    (document,) = read("re3d", [folder / "documents.json"])
    assert document == {"text": "A.\nB.", "title": "T", "outlet": "S"}


def test_articles_of_wikinews_as_a_list_of_sentences(tmp_path: Path) -> None:
    sentences = [
        "Friday, January 25, 2008  Five were hurt.",
        "One  left.",
        "Have an opinion on this story?",
        "Share this article    This page is archived.",
        "Sunday, March 2, 2008\n \nBREL -\nA ferry sank.",
        "Nobody knows why.",
    ]
    rows = [{"id": number, "sentence": words} for number, words in enumerate(sentences, 1)]
    (tmp_path / "politics_d.json").write_text(json.dumps(rows))
    first, second = read("wikinews", [tmp_path])
    assert (first["text"], first["published"]) == ("Five were hurt. One left.", "2008-01-25")
    assert (second["text"], second["published"]) == (
        "BREL - A ferry sank. Nobody knows why.",
        "2008-03-02",
    )


@pytest.mark.parametrize(
    ("source", "name", "content", "told"),
    [
        ("muc3", "a.xhtml", "<html><p>", "no XHTML"),
        ("muc3", "a.xhtml", "<html><p>1</p></html>", "no paragraphs"),
        ("current-events", "a.md", "no front", "no `date:`"),
        ("wikinews", "a.csv", "url,text\nx,\n", "a.csv:2: no text"),
        ("wikinews", "a.jsonl", '{"text"\n', "a.jsonl:1: no JSON"),
        ("wikinews", "politics_a.json", '{"id": 1}', "politics_a.json: no list of sentences"),
        ("re3d", "documents.json", "{}\n", "no text"),
        ("re3d", "other.json", "{}\n", "no documents.json inside"),
    ],
)
def test_what_is_no_file_of_the_source(
    tmp_path: Path, source: str, name: str, content: str, told: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SourceError, match=told):
        list(read(source, [tmp_path]))


def test_the_command(folder: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "scripts" / "sources.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    done = run("muc3", str(folder))
    assert done.returncode == 0
    assert json.loads(done.stdout)["title"] == "DEV-9"
    (folder / "b.xhtml").write_bytes(b"\xff")
    assert run("muc3", str(folder)).returncode == 1
    wrong = run("bbc", str(folder))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "no such source; give one of muc3, current-events, wikinews, re3d" in wrong.stderr


@pytest.mark.skipif(
    not SHARED.exists(),
    reason="the reference article is not at ../shared, nor are the clones of the sources",
)
def test_the_clones_restore_every_withheld_text(tmp_path: Path) -> None:
    """Two commands, as docs/programs.md shows them: a file of each source, and a dataset with all of the texts."""
    copy = tmp_path / "project"
    left_out = shutil.ignore_patterns("data", "baselines", "aside", "images")
    shutil.copytree(ROOT / "corpus", copy / "corpus", ignore=left_out)
    shutil.copytree(ROOT / "guidelines", copy / "guidelines")
    corpus = Corpus(copy / "corpus")
    for name, collection in corpus.collections().items():
        for text in (copy / "corpus" / "articles" / name).glob("*.txt"):
            if not collection.ships_text:
                text.unlink()
    files = [SEED]
    for source in RECIPES:
        files.append(tmp_path / f"{source}.jsonl")
        with files[-1].open("w", encoding="utf-8") as file:
            run = [sys.executable, "scripts/sources.py", source, SHARED / source]
            subprocess.run(run, cwd=ROOT, stdout=file, check=True)
    mine = tmp_path / "mine"
    done = here(main, "acre", "rehydrate", *files, "--output", mine, cwd=copy)
    assert done.returncode == 0, done.stderr
    splits = load_dataset(str(mine), "documents", cache_dir=str(tmp_path / "cache"))
    rows = [row for split in splits.values() for row in split]
    assert {row["collection"] for row in rows} >= {"muc3", "wikinews", "current-events", "centcom"}
    for row in rows:
        assert row["text"] is not None, row["id"]
        assert sha256(row["text"]) == row["sha256"]
