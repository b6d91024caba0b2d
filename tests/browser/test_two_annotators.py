"""The whole way: dealt, labelled at two desks, compared, adjudicated at a third and in an editor, gold, dataset."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus
from annotate.labelstudio import server
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model.records import Article
from tests.browser.page import LabellingPage, open_page
from tests.conftest import Prepare

pytestmark = [pytest.mark.server, pytest.mark.browser]

TAK = "Troops seized Tak."
MAHIN = "Rebels left Mahin on Monday."
VELMORA = "Police detained nine in Velmora."

Acre = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def gold_desk(state: Path, prepare: Prepare) -> Iterator[Desk]:
    running = server.start(prepare(state, "ida"), "ida")
    yield running
    server.stop(running)


@pytest.fixture
def articles(corpus: Corpus) -> dict[str, Article]:
    found = {}
    for text in (TAK, MAHIN, VELMORA):
        article = reading.article(
            "test", text, reading.About("sample", published="2024-03-22")
        ).article  # type: ignore[arg-type]
        assert article is not None
        corpus.write_article(article)
        found[text] = article
    return found


def _label(labelling: LabellingPage, text: str, who: str) -> None:
    """What the two see in each article: they differ over who the troops are, and over the time."""
    if text == TAK:
        labelling.mark("s" if who == "ana" else "a", "Troops")
        labelling.mark("shift+p", "seized")
        labelling.press("1")
        labelling.mark("l", "Tak")
        labelling.link("seized", "agent", "Troops")
        labelling.link("seized", "object", "Tak")
    elif text == MAHIN:
        labelling.mark("a", "Rebels")
        labelling.mark("shift+w", "left")
        labelling.press("1")
        labelling.mark("l", "Mahin")
        if who == "ana":
            labelling.mark("t", "on Monday")
            labelling.fill("value", "2024-03-18")
        labelling.link("left", "agent", "Rebels")
    else:
        labelling.mark("s", "Police")
        labelling.mark("shift+k", "detained")
        labelling.press("1")
        labelling.mark("l", "Velmora")
        labelling.link("detained", "agent", "Police")
    labelling.submit()


def _tasks(client: Client, project: str) -> dict[str, int]:
    found = client.project(project)
    assert found is not None
    return {
        task["data"]["article"]: task["id"] for page in client.tasks(found["id"]) for task in page
    }


def test_two_annotators_one_gold(
    browser: Any, corpus: Corpus, articles: dict[str, Article], state: Path, desk: Desk, ben: Desk, gold_desk: Desk,
    project: str, tmp_path: Path,
) -> None:  # fmt: skip

    def acre(*arguments: str, at: Path = corpus.root, code: int = 0) -> str:
        command = [sys.executable, "-m", "annotate", *arguments, "--corpus", str(at)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"COLUMNS": "180"},
            cwd=tmp_path,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    # Dealt, and each desk gets what is its annotator's.
    acre("assign", "ana", "ben", "--passes", "2")
    at_desk = ("--state", str(state), "--project", project)
    for name in ("ana", "ben"):
        assert "3 articles are assigned" in acre("load", "--desk", name, *at_desk)
    for one in (desk, ben):
        labelling = open_page(browser, one)
        client = Client(one.url, one.token)
        found = client.project(project)
        assert found is not None
        for text, article in articles.items():
            labelling.open_task(found["id"], _tasks(client, project)[article.id])
            _label(labelling, text, one.name)
        labelling.page.context.close()

    # Ben's server dies as it stands; started again, it has all that was submitted.
    assert ben.pid is not None
    os.killpg(ben.pid, signal.SIGKILL)
    time.sleep(0.5)
    assert not server.is_ours(ben)
    server.start(state, "ben")
    for name in ("ana", "ben"):
        assert "3 new" in acre("pull", "--desk", name, *at_desk)
    status = json.loads(acre("status", "--json"))
    assert [
        (status["annotators"][name]["done"], status["annotators"][name]["left"])
        for name in ("ana", "ben")
    ] == [(3, 0)] * 2
    assert all(status["annotators"][name]["seconds"] > 0 for name in ("ana", "ben"))

    # By hand: 7 and 6 mentions, of which 5 are equal (Tak; Rebels, Mahin; Police, Velmora): F1 = 2 · 5 / 13. Three
    # events each, all equal. Four arguments each; the agent of seized has another label: F1 = 2 · 3 / 8; of those whose
    # ends both have, all three are equal. Every claim is the paper's, on an equal event.
    report = json.loads(acre("agreement", "--json", *at_desk))
    measured = {row["layer"]: row["measures"] for row in report["rows"] if row["label"] is None}
    assert {layer: measures["F1"]["value"] for layer, measures in measured.items()} == {
        "mention": 10 / 13, "event": 1.0, "argument": 6 / 8, "claim": 1.0,
    }  # fmt: skip
    assert measured["argument"]["F1 matched ends"]["value"] == 1.0
    (realis,) = (row for row in report["rows"] if row["label"] == "realis")
    assert (realis["counts"], realis["measures"]["same"]["value"]) == ({"ana": 3, "ben": 3}, 1.0)
    # Tokens (spaCy's): 4 + 6 + 6, n = 32. Three are apart: Troops, on, Monday. Places 2 · 3; armed_group Rebels twice
    # and Troops once; state_force Police twice and Troops once; time twice; the rest are bare.
    values = {"place": 6, "armed_group": 3, "state_force": 3, "time": 2, "–": 32 - 14}
    alpha = 1 - 31 * 6 / (32**2 - sum(count**2 for count in values.values()))
    assert measured["mention"]["α tokens"]["value"] == pytest.approx(alpha)
    assert report["confusions"]["mention"] == [["armed_group", "state_force", 1], ["time", "–", 1]]
    links = report["disagreements"][0]["tasks"]
    assert links["ben"].startswith(f"{ben.url}/projects/")
    assert " .77" in acre("agreement", *at_desk)

    # The same passes, adjudicated twice: in the browser, and in an editor.
    copy = tmp_path / "copy"
    shutil.copytree(corpus.root.parent, copy, ignore=shutil.ignore_patterns("state*"))
    _in_the_browser(acre, browser, gold_desk, articles, state, project)
    _in_an_editor(acre, Corpus(copy / "corpus"))
    for article in articles.values():
        one, other = corpus.gold(article.id), Corpus(copy / "corpus").gold(article.id)
        assert one is not None
        assert other is not None
        assert one.layers() == other.layers()
        assert one.decisions == other.decisions
    gold = corpus.gold(articles[TAK].id)
    assert gold is not None
    assert [(mention.label, mention.text) for mention in gold.mentions] == [
        ("state_force", "Troops"),
        ("place", "Tak"),
    ]
    assert [(argument.role, argument.target) for argument in gold.event_mentions[0].arguments] == [
        ("agent", "m1"),
        ("object", "m2"),
    ]
    assert gold.provenance.annotator == "ida"
    refused = [
        (found.label, found.annotators, found.reason)
        for found in gold.decisions
        if found.origin == "rejected"
    ]
    assert refused == [("armed_group", ("ben",), "they wear uniforms")]
    assert "3 documents" in acre("build")
    acre("validate")


def _in_the_browser(
    acre: Acre, browser: Any, desk: Desk, articles: dict[str, Article], state: Path, project: str
) -> None:
    at_desk = ("adjudicate", "--desk", "ida", "--state", str(state), "--project", project)
    told = acre(*at_desk, code=1)
    assert told.count("sheet ") == 2  # of Velmora nothing is left to decide
    client = Client(desk.url, desk.token)
    tasks, found = _tasks(client, project), client.project(project)
    assert found is not None
    labelling = open_page(browser, desk)
    labelling.open_task(found["id"], tasks[articles[TAK].id])
    labelling.select_listed("armed_group", "Troops")
    labelling.press("/")
    labelling.fill("reason", "they wear uniforms")
    labelling.select_listed("state_force", "Troops")
    labelling.press(",")
    labelling.submit()
    acre(*at_desk, code=1)  # one is in, one is out
    labelling.open_task(found["id"], tasks[articles[MAHIN].id])
    labelling.select_listed("time", "on Monday")
    labelling.press(",")
    labelling.submit()
    labelling.page.context.close()
    assert "gold written from a sheet" in acre(*at_desk)
    assert "3 gold unchanged" in acre(*at_desk)  # and again, it is the same


def _in_an_editor(acre: Acre, corpus: Corpus) -> None:
    folder = corpus.root.parent / "sheets"
    in_folder = ("adjudicate", "--folder", str(folder), "--adjudicator", "ida")
    acre(*in_folder, at=corpus.root, code=1)
    for path in folder.iterdir():
        lines = []
        for line in path.read_text(encoding="utf-8").split("\n"):
            name = line.partition(" ")[0]
            is_refused = f"[{name}:armed_group|" in path.read_text(encoding="utf-8")
            answer = 'verdict=reject reason="they wear uniforms"' if is_refused else "verdict=keep"
            lines.append(f"{line} {answer}" if "offered=" in line else line)
        path.write_text("\n".join(lines), encoding="utf-8")
    acre(*in_folder, at=corpus.root)
