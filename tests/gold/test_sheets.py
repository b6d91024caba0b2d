"""Sheets as files and at a desk, read back, revised, cut off, and read again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus
from annotate.gold import adjudicate, desk_sheets, sheets
from annotate.labelstudio.client import AnswerError, Client
from annotate.labelstudio.server import Desk
from annotate.model.issues import Issue, errors
from annotate.model.records import MARK_FIELDS, Annotation, Article, Gold
from annotate.model.schema import Schema
from tests.conftest import SENTENCE, Acre
from tests.measure.test_agreement import OTHER

Write = Callable[..., tuple[Article, Annotation]]


class Adjudication:
    """The command's steps on one corpus, with what they told."""

    def __init__(self, corpus: Corpus, schema: Schema, folder: Path) -> None:
        self.corpus, self.schema, self.folder = corpus, schema, folder
        self.messages: list[Issue | str] = []
        self.report = sheets.AdjudicationReport()

    def run(
        self, client: Client | None = None, project: str = "", majority: bool = False
    ) -> list[str]:
        """Read back, make gold, and send out; the sheets that were sent."""
        self.messages = []
        run = sheets.Run(self.corpus, self.schema, "gold", majority, False, self.messages.append)
        filled = (
            desk_sheets.read(run, client, project)
            if client
            else sheets.read_files(run, self.folder)
        )
        new = sheets.gold_of(
            run, validate.passes(self.corpus, self.schema, self.messages.append), filled
        )
        sent = (
            desk_sheets.load(client, project, self.schema, new)
            if client
            else sheets.write_files(self.folder, new, False)
        )
        names = list(sent)
        self.report = run.report
        return names

    @property
    def codes(self) -> list[str]:
        return [message.code for message in self.messages if isinstance(message, Issue)]


@pytest.fixture
def at(corpus: Corpus, schema: Schema, tmp_path: Path) -> Adjudication:
    return Adjudication(corpus, schema, tmp_path / "sheets")


def fill(path: Path, **answers: str) -> None:
    """Keep what the letter of the mark's own side says, answer what is asked, as in an editor."""
    lines = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        name = line.partition(" ")[0]
        said = "verdict=keep" if "offered=" in line and "verdict=" not in line else ""
        lines.append(" ".join(filter(None, [line, said, answers.get(name)])))
    path.write_text("\n".join(lines), encoding="utf-8")


def _gold(at: Adjudication, article: Article) -> Gold:
    gold = at.corpus.gold(article.id)
    assert gold is not None
    return gold


def test_a_file_is_written_filled_and_read_and_a_late_change_asks_only_for_what_is_new(
    at: Adjudication, write: Write, schema: Schema
) -> None:
    article, _ = write(SENTENCE)
    write(OTHER, annotator="ben")
    (sent,) = map(Path, at.run())
    assert at.report.open == {article.id: 6}
    assert at.corpus.gold(article.id) is None
    before = sent.read_bytes()
    assert at.run() == []  # it is out: nothing is sent twice, nothing is overwritten
    assert sent.read_bytes() == before
    assert at.codes == ["choice-open"] * 6
    fill(sent, e2="realis=actual", c1="stance=asserts")
    assert at.run() == []
    assert at.messages == [f"gold/{article.id}.json"]
    first = at.corpus.gold_path(article.id).read_bytes()
    assert at.run() == []
    assert (at.messages, at.corpus.gold_path(article.id).read_bytes()) == ([], first)
    # Ben looks again, and finds a place that is none: one new question, all else stands.
    write(OTHER.replace("medic]", "[m9:person|medic]]"), annotator="ben")
    (new,) = map(Path, at.run())
    assert at.report.open == {article.id: 1}
    text = new.read_text(encoding="utf-8")
    assert text.count("offered=") == 1
    fill(new)
    at.run()
    assert at.report.open == {}
    assert "person" in {mention.label for mention in _gold(at, article).mentions}
    # Both of two marks that overlap were kept, as agent and as count: a lint tells it.
    assert {issue.code for issue in validate.corpus(at.corpus, schema)} == {"filler-nested"}
    # The first sheet is still in the folder, and is history.
    assert sent.exists()
    assert at.codes == []


def test_a_sheet_that_is_filled_while_a_pass_changes_loses_nothing(
    at: Adjudication, write: Write
) -> None:
    article, _ = write(SENTENCE)
    write(OTHER, annotator="ben")
    (sent,) = map(Path, at.run())
    write(OTHER.replace("medic]", "[m9:person|medic]]"), annotator="ben")  # meanwhile
    fill(sent, e2="realis=actual", c1="stance=asserts")
    (new,) = map(Path, at.run())
    assert at.messages == [f"gold/{article.id}.json"]  # what was decided is gold
    assert at.report.open == {article.id: 1}  # and what is new is asked
    assert "m9" not in new.read_text(encoding="utf-8")
    assert {decision.origin for decision in _gold(at, article).decisions} == {
        "agreed",
        "chosen",
        "rejected",
    }


def test_a_revision_replaces_and_another_way_makes_a_sheet_stale(
    at: Adjudication, write: Write, schema: Schema
) -> None:
    article, _ = write(SENTENCE)
    write(OTHER, annotator="ben")
    (sent,) = map(Path, at.run())
    fill(sent, e2="realis=actual", c1="stance=asserts")
    at.run()
    assert _gold(at, article).attributions[0].attributes["stance"] == "asserts"
    sent.write_text(sent.read_text().replace("stance=asserts\n", "stance=doubts\n"))
    later = time.time() + 5
    os.utime(sent, (later, later))
    at.run()
    assert _gold(at, article).attributions[0].attributes["stance"] == "doubts"
    # Somebody edits gold by hand; a later revision of the old sheet does not undo that silently.
    path = at.corpus.gold_path(article.id)
    edited = _gold(at, article).model_copy(update={"sheet": None})
    store.write(path, store.dump(edited))
    os.utime(sent, (later + 5, later + 5))
    at.run()
    assert at.codes == ["sheet-stale"]
    assert at.corpus.gold(article.id) == edited
    # On a copy of the corpus that never made the sheet, it can't be read.
    for kept in (at.corpus.root / "aside" / "sheets").iterdir():
        kept.unlink()
    at.run()
    assert at.codes == ["sheet-unknown"]


def test_gold_that_nobody_had_to_decide_is_nobodys(
    at: Adjudication, write: Write, schema: Schema
) -> None:
    article, _ = write(SENTENCE)
    write(SENTENCE, annotator="ben")
    assert at.run() == []
    gold = _gold(at, article)
    assert (gold.provenance.annotator, gold.provenance.kind, gold.sheet) == (
        "merge",
        "machine",
        None,
    )
    assert gold.provenance.made_from == ("ana", "ben")
    assert list(validate.corpus(at.corpus, schema)) == []
    at.run()
    assert at.report.counts["gold unchanged"] == 1


def test_a_withheld_text_makes_gold_without_a_word_of_it(
    at: Adjudication, write: Write, schema: Schema
) -> None:
    article, one = write(SENTENCE, collection="local")
    _, other = write(OTHER, annotator="ben", collection="local")
    for annotation in (one, other):
        path = at.corpus.annotation_path(annotation.provenance.annotator, article.id)
        bare = annotation.model_copy(update={
            layer: tuple(mark.model_copy(update={"text": None}) for mark in getattr(annotation, layer))
            for layer in MARK_FIELDS
        })  # fmt: skip
        store.write(path, store.dump(bare))
    (sent,) = map(Path, at.run())
    fill(sent, e2="realis=actual", c1="stance=asserts")
    at.run()
    written = at.corpus.gold_path(article.id).read_text(encoding="utf-8")
    assert '"text"' not in written
    assert errors(validate.corpus(at.corpus, schema)) == []
    at.run()
    assert at.report.counts["gold unchanged"] == 1


@pytest.mark.server
def _kept_all(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers by which an adjudicator at a desk keeps every mark of the sheet, and what is asked of two labels."""
    answers = []
    asked = (("realis", "actual", "death"), ("stance", "asserts", "content"))
    for entry in result:
        if entry.get("from_name") != "label":
            continue
        place = {key: value for key, value in entry["value"].items() if key != "labels"}
        said = [("verdict", "keep")]
        said += [
            (name, value) for name, value, label in asked if entry["value"]["labels"] == [label]
        ]
        for name, value in said:
            answer = {key: entry[key] for key in ("id", "to_name")}
            choice = {"from_name": name, "type": "choices", "value": place | {"choices": [value]}}
            answers.append(answer | choice)
    return answers


def test_at_a_desk_a_sheet_is_a_draft_and_being_cut_off_loses_nothing(
    at: Adjudication,
    write: Write,
    schema: Schema,
    client: Client,
    desk: Desk,
    project: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    article, _ = write(SENTENCE)
    write(OTHER, annotator="ben")
    draft, cut = Client.draft, True

    def cut_off(self: Client, task: int, result: list[dict[str, Any]]) -> None:
        if cut:
            raise KeyboardInterrupt
        draft(self, task, result)

    monkeypatch.setattr(Client, "draft", cut_off)
    with pytest.raises(KeyboardInterrupt):
        at.run(client, project)
    cut = False
    assert at.run(client, project) == []  # the task is there; now its draft is too
    assert at.run(client, project) == []
    number = client.project(project)
    assert number is not None
    ((task,),) = client.tasks(number["id"], annotations=True)
    (kept,) = task["drafts"]
    with_questions = adjudicate.sheet_schema(schema)
    assert {entry["from_name"] for entry in kept["result"] if "from_name" in entry} <= {
        "label",
        *with_questions.attributes,
    }
    assert task["data"]["sheet"].startswith(article.id)
    assert at.report.open == {article.id: 6}
    # Submitted half-done, it says what is left; submitted whole, it is gold.
    client.annotate(task["id"], kept["result"])
    at.run(client, project)
    assert at.codes == ["choice-open"] * 6
    client.annotate(task["id"], kept["result"] + _kept_all(kept["result"]), seconds=42)
    assert at.run(client, project) == []
    gold = _gold(at, article)
    assert (gold.provenance.annotator, gold.provenance.seconds) == ("gold", 42)
    assert errors(validate.corpus(at.corpus, schema)) == []
    at.run(client, project)
    assert (at.messages, at.report.counts["gold unchanged"]) == ([], 1)


def test_the_command_killed_at_any_point_loses_nothing(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    for name in ("Troops", "Guards", "Police", "Scouts"):
        write(SENTENCE.replace("Troops", name))
        write(OTHER.replace("Troops", name), annotator="ben")
    folder = corpus.root.parent / "s"
    command = [sys.executable, "-m", "annotate", "adjudicate", "--folder", "s"]

    def killed(after: float) -> bool:
        """Run and kill; whether it was still running."""
        with subprocess.Popen(
            command, cwd=corpus.root.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                process.kill()
                return True
        return False

    started = time.monotonic()
    subprocess.run(
        [*command, "--dry-run"], cwd=corpus.root.parent, check=False, capture_output=True
    )
    whole = time.monotonic() - started
    # The work is at the end: most kills fall there.
    stops = [whole * share for share in (0.5, 0.8, 0.85, 0.9, 0.95, 1.0)]
    ended = [killed(after) for after in stops]
    assert any(ended)
    assert (
        subprocess.run(command, cwd=corpus.root.parent, check=False, capture_output=True).returncode
        == 1
    )
    sheets = list(
        folder.glob("[!.]*")
    )  # a kill between the first byte and the renaming leaves a hidden part
    assert len(sheets) == 4
    for sheet in sheets:
        fill(sheet, e2="realis=actual", c1="stance=asserts")
    for after in stops:
        killed(after)
    done = subprocess.run(
        command, cwd=corpus.root.parent, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(list(corpus.root.glob("gold/*.json"))) == 4
    assert errors(validate.corpus(corpus, schema)) == []


def test_the_command_says_what_is_open_and_exits_by_it(
    acre: Acre, corpus: Corpus, write: Write, tmp_path: Path
) -> None:
    article, _ = write(SENTENCE)
    write(OTHER, annotator="ben")
    corpus.write_assignments({article.id: ["ana", "ben", "eva"]})

    waits = acre("adjudicate")
    assert (waits.returncode, "1 articles that wait for a pass" in waits.stdout) == (0, True)
    none = acre("adjudicate", "no-such-article")
    assert (
        none.returncode,
        "no-such-article: no article of that id has two passes" in none.stderr,
    ) == (1, True)
    listed = acre("adjudicate", "--early")
    assert listed.returncode == 1
    assert f"{article.id}: 6 choices to make" in listed.stdout
    dry = acre("adjudicate", "--early", "--folder", "s", "--dry-run")
    assert (dry.returncode, (corpus.root.parent / "s").exists()) == (1, False)
    wrote = acre("adjudicate", "--early", "--folder", "s", "--adjudicator", "ida")
    (sheet,) = (corpus.root.parent / "s").iterdir()
    assert f"wrote s/{sheet.name}" in wrote.stdout
    fill(sheet, e2="realis=actual", c1="stance=asserts")
    done = acre("adjudicate", "--early", "--folder", "s", "--adjudicator", "ida")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"wrote gold/{article.id}.json" in done.stdout
    gold = corpus.gold(article.id)
    assert gold is not None
    assert gold.provenance.annotator == "ida"
    sheet.write_text("[" + sheet.read_text())
    later = time.time() + 5
    os.utime(sheet, (later, later))
    broken = acre("adjudicate", "--early", "--folder", "s", "--adjudicator", "ida")
    assert (broken.returncode, "Traceback" in broken.stderr) == (1, False)
    assert f"s/{sheet.name}:1:1: a mark opens with [id:label|" in broken.stderr


def test_at_a_desk_one_submission_that_cannot_be_read_stops_no_other(
    at: Adjudication, write: Write, client: Client, project: str
) -> None:
    written = []
    for name in ("Tak", "Lisk", "Brel"):
        article, _annotation = write(SENTENCE.replace("Tak", name))
        write(OTHER.replace("Tak", name), annotator="ben")
        written.append(article)
    assert len(at.run(client, project)) == 3
    found = client.project(project)
    assert found is not None
    (page,) = client.tasks(found["id"], annotations=True)
    tasks = {task["data"]["article"]: task for task in page}
    unreadable, malformed, good = (tasks[article.id] for article in written)
    for task, change in (
        (unreadable, {"meta": {"text": ["\ud800"]}}),
        (malformed, {"from_name": ["label"]}),
    ):
        sent = task["drafts"][0]["result"]
        body = json.dumps({"result": [sent[0] | change, *sent[1:]]}).encode()
        with pytest.raises(AnswerError, match="HTTP 500"):  # it is kept all the same
            client._answer(
                "POST", f"api/tasks/{task['id']}/annotations", content=body,
                headers={"Content-Type": "application/json"},
            )  # fmt: skip
    sent = good["drafts"][0]["result"]
    client.annotate(good["id"], sent + _kept_all(sent))
    assert at.run(client, project) == []  # nor is a second sheet made of what stands
    told = {
        number: [str(message) for message in at.messages if f"task={number}:" in str(message)]
        for number in (unreadable["id"], malformed["id"], good["id"])
    }
    assert len(told[unreadable["id"]]) == 1
    assert "task-unreadable: the server fails to give annotation" in told[unreadable["id"]][0]
    assert "submit the sheet again" in told[unreadable["id"]][0]
    assert any("result-malformed" in line for line in told[malformed["id"]])
    assert told[good["id"]] == []
    golds = [at.corpus.gold(article.id) is not None for article in written]
    assert golds == [False, False, True]


def test_one_sheet_that_cannot_be_read_stops_no_other(at: Adjudication, write: Write) -> None:
    names = ("Tak", "Lisk", "Brel", "Dorn")
    written = []
    for name in names:
        article, _annotation = write(SENTENCE.replace("Tak", name))
        write(OTHER.replace("Tak", name), annotator="ben")
        written.append(article)
    assert len(at.run()) == 4
    by_article = {path.name.partition(".")[0]: path for path in at.folder.iterdir()}
    broken, lost, _, good = (by_article[article.id] for article in written)
    broken.write_bytes(b"\xff\xfe[")
    at.corpus.sheet_path(lost.name.removesuffix(".acre")).write_bytes(b'{"passes": 3}')
    store.write(at.corpus.gold_path(written[2].id), b"{")
    fill(good, e2="realis=actual", c1="stance=asserts")
    assert at.run() == []  # nor is a second sheet made of what stands
    where = [str(message) for message in at.messages if isinstance(message, Issue)]
    assert [str(broken) in line and "not UTF-8" in line for line in where].count(True) == 1
    assert any(
        "file-unreadable" in line and "remove it, and adjudicate again" in line for line in where
    )
    assert any(str(at.corpus.gold_path(written[2].id)) in line for line in where)
    assert at.corpus.gold(written[3].id) is not None
