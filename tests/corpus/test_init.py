"""A corpus that starts from nothing but an installed wheel."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import datasets
import pytest
import yaml

from annotate.corpus import init
from annotate.corpus.store import Corpus
from annotate.labelstudio import server, tasks
from annotate.labelstudio.client import Client
from annotate.model import notation
from annotate.model import schema as schema_
from annotate.model.issues import UsageError
from annotate.model.records import Provenance
from tests.conftest import ROOT, Prepare

Run = Callable[..., str]


def test_the_schema_and_pages_are_those_of_the_repository(tmp_path: Path) -> None:
    made = init.init(tmp_path / "mine")
    for name in made:
        if name.startswith(("guidelines/", "corpus/articles/")):
            assert (tmp_path / "mine" / name).read_bytes() == (ROOT / name).read_bytes(), name
    assert {"README.md", ".gitignore", "sample.txt", "guidelines/labels/person.md"} <= set(made)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not an empty folder; name a new one"):
        init.init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("count", [1, 3, 20, 40])
def test_labels_of_ones_own_can_be_read_and_told_apart(tmp_path: Path, count: int) -> None:
    labels = tmp_path / "labels.yaml"
    labels.write_text(yaml.safe_dump({"mentions": [f"KIND-{n}" for n in range(count)]}))
    init.init(tmp_path / "mine", labels)
    schema = schema_.load(tmp_path / "mine" / "guidelines" / "schema.yaml")
    assert list(schema.mentions) == [f"kind_{n}" for n in range(count)]
    assert not schema.events
    for name, label in schema.mentions.items():
        contrast = [
            (_luminance(label.colour) + 0.05) / 0.05,
            1.05 / (_luminance(label.colour) + 0.05),
        ]
        assert min(contrast) > 3, name


def test_mentions_and_events_of_ones_own(tmp_path: Path) -> None:
    labels = tmp_path / "labels.yaml"
    labels.write_text("mentions: {PER: A human being., Source: }\nevents: [attack]\n")
    init.init(tmp_path / "mine", labels)
    schema = schema_.load(tmp_path / "mine" / "guidelines" / "schema.yaml")
    assert schema.mentions["per"].definition == "A human being."
    # A source is one of the attribution layer, which every schema has.
    assert list(schema.mentions) == ["per"]
    assert schema.fillers("attack", "agent") == {"per", "attack"}
    assert schema.events["attack"].attributes == ("realis",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[per", "not YAML"),
        ("actors: [per]", "names actors; give a list of labels under mentions, events or both"),
        ("mentions: 3", "is no list of labels"),
        ("mentions: []", "is no list of labels"),
        (
            "mentions: [no, yes]",
            "False is no name in YAML; put a label such as no, on or 1 in quotes",
        ),
        ("mentions: {1: one}", "1 is no name in YAML"),
        ("mentions: ['42']", "can't be a label's name"),
        ("mentions: [PER, per]", "is there twice"),
        ("{mentions: [raid], events: [raid]}", "both a mention and an event"),
        (f"mentions: {[f'l{n}' for n in range(99)]}", "keys are free for them"),
    ],
)
def test_a_label_set_that_cannot_be_used_is_refused(
    tmp_path: Path, content: str, told: str
) -> None:
    labels = tmp_path / "labels.yaml"
    labels.write_text(content)
    with pytest.raises(UsageError, match=re.escape(told)):
        init.init(tmp_path / "mine", labels)
    assert not (tmp_path / "mine").exists()


def test_a_label_set_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"labels\.yaml"):
        init.init(tmp_path / "mine", tmp_path / "labels.yaml")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the project's own wheel is installed into, without its dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT],
        check=True,
    )
    (built,) = folder.glob("*.whl")
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--target", folder / "site", built], check=True
    )
    return folder / "site"


@pytest.fixture
def run(wheel: Path, tmp_path: Path) -> Run:
    """The installed command, in the new corpus's folder."""

    def run(*arguments: str, cwd: Path = tmp_path / "mine") -> str:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("ACRE_")
        }
        environment |= {"PYTHONPATH": str(wheel), "PYTHONSAFEPATH": "1"}
        command = [sys.executable, "-m", "annotate", *arguments]
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.server
def test_five_commands_lead_from_an_installed_wheel_to_a_dataset(
    run: Run, tmp_path: Path, prepare: Prepare
) -> None:
    home = tmp_path / "mine"
    run("init", "mine", cwd=tmp_path)
    prepare(home / ".acre", "desk")
    commands = re.findall(r"^acre (\w+)([^#\n]*)", (home / "README.md").read_text(), re.MULTILINE)
    assert [name for name, _rest in commands] == ["add", "serve", "load", "pull", "build"]
    run(
        "add",
        "sample.txt",
        "--collection",
        "sample",
        "--outlet",
        "Lowland Wire",
        "--published",
        "2024-03-20",
    )
    run("serve", "--detach")
    try:
        run("load")
        _submit(home)
        run("pull")
        run("build")
    finally:
        run("serve", "--stop")
    claims = datasets.load_dataset(str(home / "corpus"), "claims", split="train")
    (claim,) = claims
    assert (claim["text"], claim["source"]) == ("reached", "the harbour master")
    assert [filler["text"] for filler in claim["destination"]] == ["the besieged port of Tessaly"]


def _submit(home: Path) -> None:
    """What an annotator would do at the page: one claim."""
    desk = server.read(home / ".acre", "desk")
    schema = schema_.load(home / "guidelines" / "schema.yaml")
    corpus = Corpus(home / "corpus")
    (article,) = (found for found in corpus.articles() if found.collection == "sample")
    assert article.text is not None
    source = re.sub(r"([\[\]{}\\])", r"\\\1", article.text)
    for words, marked in (
        (
            "Eleven barges with grain reached",
            "[c1:content|Eleven barges with grain [e1:aid|reached]",
        ),
        (
            " the besieged port of Tessaly on Tuesday",
            " [m2:place|the besieged port of Tessaly] on Tuesday]",
        ),
        ("the harbour master told", "[h1:source|the harbour master] [q1:cue|told]"),
    ):
        assert words in source
        source = source.replace(words, marked, 1)
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    provenance = Provenance(
        annotator="desk",
        kind="human",
        tool="test",
        schema_version=schema.version,
        created=now,
        updated=now,
    )
    links = (
        "e1 destination:m2 realis=actual\n"
        "c1 source:h1 cue:q1 stance=asserts style=indirect source_status=named\n"
    )
    _text, annotation = notation.parse(
        f"{source}\n---\n{links}", schema, article.id, article.sha256, provenance
    )
    client = Client(desk.url, desk.token)
    project = client.project("ACRE")
    assert project is not None
    (page,) = client.tasks(project["id"])
    assert page[0]["data"]["article"] == article.id
    client.annotate(page[0]["id"], tasks.result(annotation, article, schema))
