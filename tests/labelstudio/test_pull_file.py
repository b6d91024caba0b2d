"""A project's export comes in as its server's tasks do: the same bytes, and whatever the file is, no traceback."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.corpus.store import Corpus, read_annotation
from annotate.labelstudio import load, pull, tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.labelstudio.source import File
from annotate.model.issues import AcreError, Issue
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests import strategies
from tests.conftest import SENTENCE, Acre

Write = Callable[..., tuple[Article, Annotation]]


def _export(client: Client, project: int, path: Path, snapshot: bool = False) -> Path:
    """What the project's page gives under Export: as JSON at once, or as a snapshot that was made before."""
    address, params = f"api/projects/{project}/export", {"exportType": "JSON"}
    if snapshot:
        made = client._call("POST", f"api/projects/{project}/exports/", json={"title": "all"})
        address = f"{address}s/{made['id']}/download"
        for _ in range(60):
            state = client._call("GET", f"api/projects/{project}/exports/{made['id']}")
            if state["status"] == "completed":
                break
            time.sleep(1)
    else:
        params["download_all_tasks"] = "true"
    path.write_bytes(client._answer("GET", address, params=params).content)
    return path


_ADDRESS = re.compile(rb' "address": [^\n]+\n')
"""Of the task's page, which a server alone tells."""


def _written(corpus: Path) -> dict[str, bytes]:
    """All that a pull wrote into the corpus, but for how far the server was pulled."""
    folders = ("annotations", "suggestions", "aside")
    files = [path for name in folders for path in (corpus / name).rglob("*.json")]
    return {
        str(path.relative_to(corpus)): _ADDRESS.sub(b"", path.read_bytes())
        for path in files
        if not path.name.startswith("pulled-")
    }


@pytest.mark.server
def test_a_project_and_its_export_give_the_same_bytes_and_counts(
    write: Write,
    corpus: Corpus,
    schema: Schema,
    client: Client,
    desk: Desk,
    project: str,
    acre: Acre,
    tmp_path: Path,
    state: Path,
) -> None:
    written = [write(f"[m1:person|Number {n}] left the town of Brel.\n---\n") for n in range(7)]
    written.append(write(SENTENCE, collection="local"))
    for article, annotation in written:
        corpus.annotation_path(annotation.provenance.annotator, article.id).unlink()
    number = load.load(client, project, corpus.articles(), schema).project
    assert number is not None
    at = {task["data"]["article"]: task["id"] for page in client.tasks(number) for task in page}

    def submit(which: int, seconds: float | None = 12.25, **fields: Any) -> None:
        article, annotation = written[which]
        body = {"result": tasks.result(annotation, article, schema), "lead_time": seconds} | fields
        client._call("POST", f"api/tasks/{at[article.id]}/annotations", json=body)

    submit(0)
    submit(1, None)
    submit(2, result=[], was_cancelled=True)
    client.draft(at[written[3][0].id], tasks.result(written[3][1], written[3][0], schema))
    submit(0, 3.0, result=[])  # a second pass over the first article
    bad = tasks.result(written[4][1], written[4][0], schema)[0]
    submit(4, result=[bad | {"meta": "unsure"}])
    # What begins with a suggestion has it whole in the export, where it is the project's current one.
    client.predict(
        at[written[5][0].id], tasks.result(written[5][1], written[5][0], schema), 0.5, "reader 1"
    )
    client.update_project(number, {"model_version": "reader 1"})
    submit(5, parent_prediction=client.predictions(number)[0]["id"])
    submit(7)
    options = ("--schema", tmp_path / "guidelines" / "schema.yaml", "--state", state)
    copies = {}
    for name in ("server", "export", "snapshot"):
        copies[name] = tmp_path / name
        shutil.copytree(corpus.root, copies[name])
    done = [
        acre("pull", "--project", project, "--desk", "ana", "--corpus", copies["server"], *options)
    ]
    for name in ("export", "snapshot"):
        path = _export(client, number, tmp_path / f"{name}.json", name == "snapshot")
        command = ("pull", "--file", path, "--corpus", copies[name], *options)
        done.append(acre(*command, "--desk", "ana"))
        nobodys = acre(*command, "--dry-run")
        assert nobodys.returncode == 1
        assert "annotator-unknown: account 1 has no pseudonym" in nobodys.stderr
    of_server = _written(copies["server"])
    assert {path.split("/")[0] for path in of_server} == {"annotations", "suggestions", "aside"}
    assert sum(path.startswith("annotations/ana/") for path in of_server) == 4
    # What the project has and what was asked for, a server alone knows.
    of_project = "the project has 8 tasks; all were asked for\n"
    assert of_project in done[0].stdout
    counted = done[0].stdout.replace(of_project, "")
    for name, told in zip(copies, done, strict=True):
        assert _written(copies[name]) == of_server
        assert (told.returncode, told.stdout.replace(of_project, "")) == (1, counted), told.stderr
    assert "      4 new" in counted
    assert "      8 tasks" in done[0].stdout


FOREIGN = """<View><Header value="$headline"/><Text name="body" value="$body"/>
<Labels name="ner" toName="body"><Label value="GROUP"/><Label value="TOWN"/><Label value="SEIZE"/></Labels>
<Choices name="Certainty" toName="body" perRegion="true"><Choice value="sure"/></Choices>
<Choices name="tone" toName="body"><Choice value="grave"/></Choices>
<Relations><Relation value="By"/></Relations></View>"""
MAP = """labels: {GROUP: armed_group, TOWN: place, SEIZE: capture}
links: {By: agent}
attributes: {Certainty: null, tone: null}
defaults: {realis: actual}
"""
# Line ends of another system, decomposed letters, a sign outside the basic plane.
BODY = "Dawn at Brel\r\n\r\nThe Iste\u0301r Brigade 🛶 seized Old Tarn on Monday, a fisherman said.\r\n"


def _region(name: str, label: str, words: str) -> dict[str, Any]:
    start = BODY.index(words)
    span = {"start": start, "end": start + len(words), "text": words, "labels": [label]}
    return {"id": name, "from_name": "ner", "to_name": "body", "type": "labels", "value": span}


def _foreign_result() -> list[dict[str, Any]]:
    sure = _region("a#1", "GROUP", "The Iste\u0301r Brigade")
    sure["value"] = {**sure["value"], "choices": ["sure"]}
    del sure["value"]["labels"]
    return [
        _region("a#1", "GROUP", "The Iste\u0301r Brigade"),
        sure | {"from_name": "Certainty", "type": "choices"},
        _region("b", "SEIZE", "seized"),
        _region("c", "TOWN", "Old Tarn"),
        {"id": "t", "from_name": "tone", "to_name": "body", "type": "choices", "value": {"choices": ["grave"]}},
        {"type": "relation", "from_id": "b", "to_id": "a#1", "direction": "right", "labels": ["By"]},
    ]  # fmt: skip


@pytest.mark.server
def test_a_project_that_was_never_loaded_comes_in_with_its_texts(
    corpus: Corpus,
    schema: Schema,
    client: Client,
    desk: Desk,
    project: str,
    acre: Acre,
    declare: Callable[..., None],
    tmp_path: Path,
) -> None:
    declare("ben")
    number = int(client.create_project({"title": project, "label_config": FOREIGN})["id"])
    bodies = [
        {"headline": "Dawn at Brel", "body": BODY, "date": "2024-05-01"},
        {"body": "Nothing was marked here."},
    ]
    first, _second = client.import_tasks(number, [{"data": data} for data in bodies])
    client.annotate(first, _foreign_result(), seconds=4.5)
    path, labels = _export(client, number, tmp_path / "export.json"), tmp_path / "map.yaml"
    labels.write_text(MAP, encoding="utf-8")
    command = ("pull", "--file", path, "--annotator", "1=ben", "--labels", labels)
    stray = acre(*command)
    assert (stray.returncode, list(_written(corpus.root))) == (1, [])
    (line,) = stray.stderr.splitlines()
    assert (
        "article-unknown: tasks of no article of the corpus, by id or by text: 2, with 1 annotations (task"
        in line
    )
    assert "1 of no article, left where they are" in stray.stdout

    dry = acre(*command, "--add-to", "sample", "--dry-run")
    assert (dry.returncode, list(corpus.articles())) == (0, []), dry.stderr
    done = acre(*command, "--add-to", "sample")
    assert done.returncode == 0, done.stderr
    assert done.stdout == dry.stdout.replace("would write", "wrote")
    articles = {article.title: article for article in corpus.articles()}
    assert sorted(articles) == ["Dawn at Brel", "Nothing was marked here."]
    article = articles["Dawn at Brel"]
    assert str(article.published) == "2024-05-01"
    pulled = read_annotation(corpus.annotation_path("ben", article.id))
    marks = [
        (mark.label, article.text[mark.start : mark.end]) for mark in pulled.marks() if article.text
    ]
    assert marks == [
        ("armed_group", "The Istér Brigade"),
        ("place", "Old Tarn"),
        ("capture", "seized"),
    ]
    (event,) = pulled.event_mentions
    assert [argument.role for argument in event.arguments] == ["agent"]
    assert pulled.provenance.seconds == 4.5
    assert "not read: answers to Certainty, which the map drops" in done.stdout
    assert "by default: realis=actual" in done.stdout
    assert "not read: answers about the whole text, or about no region" in done.stdout

    before = _written(corpus.root)
    again = acre(*command, "--add-to", "sample")
    assert (again.returncode, "      1 unchanged" in again.stdout) == (0, True)
    token = tmp_path / "token"
    token.write_text(desk.token)
    shutil.rmtree(corpus.root / "annotations")
    options = ("--project", project, "--url", desk.url, "--token-file", token)
    assert (
        acre("pull", *options, "--annotator", f"{desk.email}=ben", "--labels", labels).returncode
        == 0
    )
    assert _written(corpus.root) == before


def _raw(annotation: Annotation, article: Article, schema: Schema, **fields: Any) -> dict[str, Any]:
    return {
        "id": 5, "result": tasks.result(annotation, article, schema), "was_cancelled": False, "completed_by": 4,
        "created_at": "2026-01-01T12:00:00.5Z", "updated_at": "2026-01-01T12:30:00Z", "lead_time": 12.5,
    } | fields  # fmt: skip


Take = Callable[..., tuple[int, str, list[Annotation]]]


@pytest.fixture
def take(acre: Acre, corpus: Corpus, declare: Callable[..., None], tmp_path: Path) -> Take:
    """Gives a file to `acre pull`: the exit code, what it said, and the passes that it wrote. Ben is declared."""
    declare("ben")

    def take(content: Any, *options: str) -> tuple[int, str, list[Annotation]]:
        path = tmp_path / "export.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        done = acre("pull", "--file", path, *options)
        assert "Traceback" not in done.stderr
        passes = sorted(corpus.root.glob("annotations/*/*.json"))
        return (
            done.returncode,
            done.stdout + done.stderr,
            [read_annotation(path) for path in passes],
        )

    return take


@pytest.fixture
def bare(write: Write, corpus: Corpus) -> tuple[Article, Annotation]:
    """An article that has no pass, and one over it."""
    article, annotation = write(SENTENCE)
    corpus.annotation_path("ana", article.id).unlink()
    return article, annotation


@pytest.mark.parametrize(
    ("account", "given"),
    [
        (4, "4=ben"),
        ({"id": 4, "email": "Ben@acre.invalid", "first_name": ""}, "ben@acre.invalid=ben"),
        ({"id": 4, "email": "ben@acre.invalid"}, "4=ben"),
    ],
    ids=["number", "e-mail", "number of an account with an e-mail"],
)
def test_an_account_is_known_by_its_number_or_its_address(
    bare: tuple[Article, Annotation], schema: Schema, take: Take, account: Any, given: str
) -> None:
    article, annotation = bare
    raw = _raw(annotation, article, schema, completed_by=account, updated_by=4)
    task = {"id": 1, "data": tasks.data(article, schema), "annotations": [raw]}
    code, said, (taken,) = take([task], "--annotator", given)
    assert (code, taken.provenance.annotator, taken.layers()) == (0, "ben", annotation.layers()), (
        said
    )


def test_suggestions_of_an_extractor_that_the_file_does_not_name_are_counted_and_told(
    bare: tuple[Article, Annotation], schema: Schema, take: Take
) -> None:
    article, annotation = bare
    offered = tasks.result(annotation, article, schema)
    for entry in offered:
        entry["origin"] = "prediction"
    offered[0]["origin"] = "prediction-changed"
    raw = _raw(annotation, article, schema, result=offered)
    task = {"id": 1, "data": tasks.data(article, schema), "annotations": [raw]}
    code, said, (taken,) = take([task], "--annotator", "4=ben", "--list")
    assert (code, "suggestions-unknown" in said) == (0, True), said
    marks = {entry["id"] for entry in offered if entry["type"] == "labels"}
    assert (taken.provenance.started_from, taken.provenance.untouched) == (None, len(marks) - 1)


@pytest.mark.parametrize("of_ours", [True, False], ids=["task of ours", "foreign task"])
def test_a_pass_that_shrinks_loses_nothing(
    bare: tuple[Article, Annotation], corpus: Corpus, schema: Schema, take: Take, of_ours: bool
) -> None:
    article, annotation = bare
    data = tasks.data(article, schema) if of_ours else {"text": article.text}

    def pulled(minute: int, keep: int, *options: str) -> tuple[int, str, dict[str, Any]]:
        result = [] if not keep else tasks.result(annotation, article, schema)
        links = [entry for entry in result if entry["type"] == "relation"]
        result = result if keep > len(links) else [one for one in result if one not in links]
        moment = f"2026-01-01T12:{minute}:00Z"
        raw = _raw(annotation, article, schema, result=result, updated_at=moment)
        task = {"id": 1, "data": data, "annotations": [raw]}
        code, said, (taken,) = take([task], "--annotator", "4=ben", *options)
        return code, said, taken.layers()

    everything, without_links, nothing = 99, 1, 0
    assert pulled(30, everything)[2] == annotation.layers()
    path = corpus.annotation_path("ben", article.id)
    whole = path.read_bytes()

    # The annotator of a task of ours may take marks and links away; of another's, what became of them is not known.
    code, said, layers = pulled(31, without_links)
    assert "pass-shorter" in said
    assert "0 links in place of 5" in said
    assert (code, layers == annotation.layers()) == ((0, False) if of_ours else (1, True)), said
    aside = sorted((corpus.root / "aside" / "ben").iterdir())
    kept = [path.read_bytes() for path in aside]
    assert kept == [whole] if of_ours else b'"issues"' in kept[0]
    assert pulled(31, without_links, "--force")[2] != annotation.layers()

    # That a pass became empty is hardly meant.
    shorter = path.read_bytes()
    code, said, layers = pulled(32, nothing)
    assert (code, path.read_bytes()) == (1, shorter), said
    assert "take it with --force" in said
    assert pulled(32, nothing, "--force")[:1] == (0,)
    assert not any(read_annotation(path).layers().values())
    assert len(list((corpus.root / "aside" / "ben").iterdir())) == 2  # each that made room


@pytest.mark.parametrize("data", [
    lambda text: {"text": text}, lambda text: {"url": "x" * 9999, "story": f"\ufeff{text}\r\n"},
    lambda text: {"article": "elsewhere", "b": text.replace("\n", "\r\n")},
], ids=["text", "another name", "another id"])  # fmt: skip
def test_a_task_is_known_by_its_text_under_any_name(
    bare: tuple[Article, Annotation],
    schema: Schema,
    take: Take,
    data: Callable[[str], dict[str, str]],
) -> None:
    article, annotation = bare
    given, result = data(article.text or ""), tasks.result(annotation, article, schema)
    shift = 1 if any(value.startswith("\ufeff") for value in given.values()) else 0
    for entry in result:
        if "value" in entry:
            entry["value"] |= {name: entry["value"][name] + shift for name in ("start", "end")}
    task = {
        "id": 1,
        "data": given,
        "annotations": [_raw(annotation, article, schema, result=result)],
    }
    code, said, (taken,) = take([task], "--annotator", "4=ben")
    assert (code, taken.layers()) == (0, annotation.layers()), said


def test_a_text_that_is_added_is_the_one_that_was_annotated_and_keeps_its_letters(
    corpus: Corpus, take: Take, schema: Schema
) -> None:
    body = "The governorâ€™s cafÃ© in Brel was hit."
    start = body.index("Brel")
    value = {"start": start, "end": start + 4, "text": "Brel", "labels": ["place"]}
    region = {"id": "r", "from_name": "x", "to_name": "y", "type": "labels", "value": value}
    raw = {
        "id": 5, "result": [region], "was_cancelled": False, "completed_by": 4,
        "created_at": "2026-01-01T12:00:00Z", "updated_at": "2026-01-01T12:00:00Z",
    }  # fmt: skip
    task = {"id": 1, "data": {"note": "z" * 500, "words": body}, "annotations": [raw]}
    code, said, (taken,) = take([task], "--annotator", "4=ben", "--add-to", "local")
    (article,) = corpus.articles()
    assert (code, article.text, article.id.startswith("local-")) == (0, body, True), said
    assert [(mark.start, mark.text) for mark in taken.marks()] == [(start, None)]


@pytest.mark.parametrize(
    ("content", "code", "found"),
    [
        (b"", 1, "no list of tasks"),
        (b"\xff\xfe[\x00", 1, "UTF-16"),
        (b"PK\x03\x04", 1, "no list of tasks"),
        (b'{"tasks": []}', 1, "no list of tasks"),
        (b"[]", 1, "no tasks in it"),
        (b"[1]", 1, "no task with `data`"),
        (b'[{"text": "a", "id": 1, "label": []}]', 1, "not JSON-MIN"),
        (b'[{"data": {"text": "a"}, "id": 1}]', 1, "no list `annotations`"),
        (b'[{"data": {"text": "a"}, "annotations": []}]', 1, "as in a file for import"),
        (b'[{"id": 1, "data": {"text": "a"}, "annotations": []}, {"id"', 1, "(1 tasks before that were read)"),
        (b'[{"id": 1, "data": {"text": "\xff"}, "annotations": []}]', 1, "not UTF-8"),
        (b'[{"id": 1, "a\xc1\xb5 "data": {}}]', 1, "not UTF-8"),
        (b'[{"id": NaN}]', 1, "broken JSON"),
        (b'[{"id": ' + b"9" * 5000 + b"}]", 1, "broken JSON"),
        (b"[" * 100_000, 1, "lists in one another"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_export_is_one_line(
    take: Take, content: bytes, code: int, found: str, tmp_path: Path
) -> None:
    got, said, passes = take(content)
    assert (got, passes) == (code, [])
    told = [line for line in said.splitlines() if "file-unreadable" in line]
    assert len(told) == 1
    assert found in told[0]
    assert str(tmp_path) in told[0]


def test_what_comes_before_a_break_is_kept_and_the_break_is_told(
    bare: tuple[Article, Annotation], schema: Schema, take: Take
) -> None:
    article, annotation = bare
    task = {
        "id": 1,
        "data": tasks.data(article, schema),
        "annotations": [_raw(annotation, article, schema)],
    }
    whole = json.dumps([task, task]).encode()
    code, said, passes = take(whole[: len(whole) * 3 // 4], "--annotator", "4=ben")
    assert (code, len(passes)) == (1, 1)
    assert "(1 tasks before that were read)" in said


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--file", "missing.json"), "missing.json: No such file"),
        (("--file", "."), "Is a directory"),
        (("--file", "x.json", "--url", "http://127.0.0.1:1"), "--file or --url"),
        (("--add-to", "sample"), "--add-to adds the texts of a --file"),
        (("--file", "x.json", "--annotator", "4"), "EMAIL=PSEUDONYM or ID=PSEUDONYM"),
        (
            ("--file", "x.json", "--annotator", "4=bem"),
            "annotators.yaml: no annotator 'bem' (ben); add it there",
        ),
        (("--file", "x.json", "--add-to", "nowhere"), "no collection 'nowhere'"),
    ],
)
def test_wrong_usage_is_told(
    acre: Acre, declare: Callable[..., None], options: tuple[str, ...], found: str
) -> None:
    declare("ben")
    done = acre("pull", *options)
    assert (done.returncode, found in done.stderr) == (2, True), done.stderr


@settings(
    max_examples=200 * strategies.EFFORT,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_damage_is_a_traceback_and_the_next_task_comes(
    data: st.DataObject, corpus: Corpus, schema: Schema, write: Write, tmp_path: Path
) -> None:
    article, annotation = write(SENTENCE)
    good = {
        "id": 1,
        "data": tasks.data(article, schema),
        "annotations": [_raw(annotation, article, schema)],
    }
    odd = data.draw(strategies.damaged(st.just(good)))
    path, events = tmp_path / "export.json", list[Issue | str]()
    path.write_bytes(json.dumps([good, odd, good]).encode())
    corpus.annotation_path("ben", article.id).unlink(missing_ok=True)
    try:
        counts = pull.pull_from(File(path), corpus, schema, {"4": "ben"}, notify=events.append)
    except AcreError:
        return
    issues = [one for one in events if isinstance(one, Issue)]
    assert all(str(issue).encode() for issue in issues)
    assert counts["tasks"] == 3 or any(issue.code == "file-unreadable" for issue in issues)
    assert corpus.annotation_path("ben", article.id).exists()
