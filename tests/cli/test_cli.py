"""The commands as their user runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus import add, store
from annotate.corpus.articles.reading import About
from annotate.corpus.store import Corpus
from annotate.formats import convert
from annotate.labelstudio import tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model import tokens
from annotate.model.records import Annotation, Article, Gold
from annotate.model.schema import Schema
from tests.conftest import ROOT, SEED, SENTENCE, Acre, needs_seed


def test_adding_twice_adds_once_and_a_near_copy_is_refused(
    acre: Acre, corpus: Corpus, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    story = (
        "The convoy reached the harbour on Friday, the Union said, with flour for a month and no"
        " medicine. " * 3
    )
    path.write_text(f"Convoy reaches harbour\n\n{story}\n\nSource: Wire")
    first = acre(
        "add",
        path,
        "--collection",
        "sample",
        "--outlet",
        "Wire",
        "--published",
        "2024-03-22",
        "--url",
        "https://a.example/1",
    )
    assert first.returncode == 0, first.stderr
    assert "added sample/convoy-reaches-harbour-" in first.stdout
    assert "headline 1, paragraph 1, credit 1" in first.stdout
    (article,) = corpus.articles()
    assert (article.outlet, str(article.published), article.url) == (
        "Wire",
        "2024-03-22",
        "https://a.example/1",
    )
    again = acre("add", path, "--collection", "sample")
    assert again.returncode == 0
    assert f"already there: {path} is sample/{article.id}; nothing added" in again.stdout
    path.write_text(path.read_text().replace("Friday", "Monday", 1))
    near = acre("add", path, "--collection", "sample")
    assert near.returncode == 1
    assert f"like sample/{article.id}; nothing added" in near.stderr
    assert list(corpus.articles()) == [article]


@needs_seed
def test_add_tells_title_outlet_and_date_and_that_there_is_none(acre: Acre, tmp_path: Path) -> None:
    rows = [
        {
            "text": "The convoy reached the harbour on Friday.",
            "title": "Convoy",
            "outlet": "Courier",
            "published": "2024-04-10",
        },
        {"text": "The mill burnt down on Sunday.", "title": "Mill burns"},
    ]  # fmt: skip
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    added = acre("add", path, "--collection", "sample")
    assert added.returncode == 0, added.stderr
    dated, undated = added.stdout.split("added sample/")[1:]
    assert "  title: Convoy\n  outlet: Courier\n  date: 2024-04-10\n" in dated
    assert (
        "  title: Mill burns\n  no outlet: give --outlet\n  no date: times stay relative; give"
        " --published\n" in undated
    )


SUNK = (
    "A barge sank below the lock at Ostrel on Sunday, and two of its crew are missing, the river"
    " police said."
)
PAGE = f"""<!doctype html><html lang="en"><head><meta charset="windows-1252">
<title>Barge sinks below the lock</title></head><body>
<article><h1>Barge sinks below the lock</h1><p>{SUNK}</p><nav><a href="/">Home</a></nav>
<p>The caf\xe9 on the quay stayed open
all night for the divers,<br>its owner said.</p>
<p>The army said that it had laid no mines in the river since the truce.</p>
<p>Read more: <a href="/f">Ferry turns back</a></p></article></body></html>"""


def test_add_tells_what_it_changed_in_a_page_and_what_it_left_out(
    acre: Acre, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(PAGE.replace("Ostrel", "Ost\x07rel").encode("windows-1252"))
    added = acre("add", path, "--collection", "sample")
    assert added.returncode == 0, added.stderr
    for line in (
        "  title: Barge sinks below the lock",
        "  no date: times stay relative; give --published",
        "  normalised: control character removed: 1",
        "  note: left out of the page's main column: navigation 1",
        "  zones: headline 1, paragraph 3, related 1",
        "    related     Read more: Ferry turns back",
    ):
        assert f"{line}\n" in added.stdout, added.stdout


def test_rows_of_a_collection_whose_text_is_withheld_are_added_whole_or_not_at_all(
    acre: Acre, corpus: Corpus, tmp_path: Path
) -> None:
    languages = ("en-US", "klingon", "english")
    cargo = zip(languages, ("grain ", "salt ", "coal "), strict=True)
    rows = [
        {"text": f"{SUNK} It was barge number {n}: {word * 9}", "language": language}
        for n, (language, word) in enumerate(cargo)
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\ufeff" + "\r\n".join(map(json.dumps, rows)))
    added = acre("add", path, "--collection", "local")
    assert added.returncode == 1
    assert (
        added.stderr
        == f"{path}:2: language 'klingon': spaCy has no rules for it; give an ISO 639 code that it"
        " has, such as en\n"
    )
    assert "no date: 2 of 2 articles added; give --published" in added.stdout
    articles = list(corpus.articles())
    assert [article.language for article in articles] == ["en", "en"]
    assert all(corpus.sentences(article) for article in articles)
    assert acre("validate").returncode == 0
    wrong = acre("add", path, "--collection", "local", "--language", "klingon")
    assert (wrong.returncode, "Traceback" in wrong.stderr) == (2, False)


def test_nothing_is_written_where_an_article_can_not_be_cut(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "\n".join(json.dumps({"text": f"{SUNK} {word * 9}"}) for word in ("grain ", "salt "))
    )
    cut = iter([()])
    monkeypatch.setattr(tokens, "sentences", lambda article: next(cut))
    with pytest.raises(StopIteration):
        add.add(corpus, [path], About("local"))
    assert list(corpus.articles()) == []


def test_the_reference_article_goes_in(acre: Acre, corpus: Corpus) -> None:
    added = acre(
        "add", SEED, "--collection", "local", "--outlet", "Al Jazeera", "--published", "2015-10-11"
    )
    assert added.returncode == 0, added.stderr
    assert (
        "zones: headline 1, standfirst 1, caption 2, paragraph 26, related 1, subhead 3,"
        " infographic 2, credit 1" in added.stdout
    )
    (article,) = corpus.articles()
    assert article.text == SEED.read_text(encoding="utf-8").strip("\n")
    # Its text is withheld: no word of the headline goes into a name that the dataset holds.
    assert article.id == f"local-{article.sha256[:10]}"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["add", "none.txt", "--collection", "sample"],
            1,
            "none.txt: No such file or directory; give a file that can be read",
        ),
        (
            ["add", "none.txt", "--collection", "nope"],
            2,
            "no collection 'nope' (",
        ),
        (
            ["add", "none.txt", "--collection", "sample", "--published", "today"],
            2,
            "--published 'today' is no date; give it as 2015-10-11",
        ),
        (["add"], 2, "Missing argument"),
        (["frobnicate"], 2, "No such command"),
        (["build", "--corpus", "nowhere"], 2, "is nowhere a corpus"),
        (
            ["validate", "--schema", "none.yaml"],
            1,
            "none.yaml: no such file; the schema belongs there",
        ),
        (["load"], 2, "no desk 'desk' (there is: none yet); start it with: acre serve --desk desk"),
        (
            ["pull", "--url", "http://127.0.0.1:9"],
            2,
            "--url needs an access token; give it in the variable ACRE_TOKEN or in a file",
        ),
        (
            ["pull", "--url", "http://127.0.0.1:9", "--token-file", "none"],
            2,
            "none: No such file or directory; give a file that can be read",
        ),
        (["pull", "--annotator", "ana"], 2, "no desk 'desk'"),
        (["serve", "--desk", "../up"], 2, "use lower-case letters, digits"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(
    acre: Acre, arguments: list[str], code: int, message: str
) -> None:
    done = acre(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


UNDECLARED = "no collection 'ghost' ("


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["build"], 1, UNDECLARED),
        (["split"], 1, UNDECLARED),
        (["rehydrate", "copy"], 1, UNDECLARED),
        (["rehydrate", "copy", "--output", "built"], 1, UNDECLARED),
        (["score", "corpus/gold", "corpus/gold", "--split", "train"], 1, UNDECLARED),
        (["convert", "--from", "brat", "--annotator", "ben", "brat"], 1, UNDECLARED),
        (["validate"], 1, UNDECLARED),
        (["assign", "ana", "ben"], 1, UNDECLARED),
        (["add", "copy/new.txt", "--collection", "ghost"], 2, UNDECLARED),
        # These go by the collections that are declared, or by none, and pass the article over.
        (["status"], 0, ""),
        (["agreement"], 0, ""),
        (["adjudicate"], 0, ""),
        (["score", "corpus/gold", "corpus/gold"], 0, ""),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_collection_that_is_not_declared_is_one_line(
    acre: Acre,
    corpus: Corpus,
    write: Callable[..., tuple[Article, Annotation]],
    schema: Schema,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    article, annotation = write(SENTENCE, collection="ghost")
    gold = Gold.model_validate(annotation.model_dump())
    store.write(corpus.gold_path(article.id), store.dump(gold))
    store.write(corpus.root.parent / "copy" / "new.txt", b"Troops left Lisk on Friday.")
    declared = "ben: {kind: human, description: Reads brat}\n"
    store.write(corpus.root / "annotators.yaml", declared.encode())
    exported = convert.to_format(article, annotation, schema, "brat").files
    for suffix, content in exported.items():
        store.write(corpus.root.parent / "brat" / f"{article.id}{suffix}", content)
    done = acre(*arguments)
    assert (done.returncode, message in done.stdout + done.stderr) == (code, True), done
    assert not message or "; declare it" in done.stdout + done.stderr


@pytest.mark.server
def test_nor_is_it_more_at_a_desk(
    acre: Acre,
    corpus: Corpus,
    write: Callable[..., tuple[Article, Annotation]],
    schema: Schema,
    client: Client,
    desk: Desk,
    state: Path,
    project: str,
) -> None:
    article, annotation = write(SENTENCE, collection="ghost")
    corpus.annotation_path("ana", article.id).unlink()
    options = ("--desk", desk.name, "--state", state, "--project", project)
    loaded = acre("load", *options)
    assert (loaded.returncode, UNDECLARED in loaded.stderr) == (1, True), loaded
    assert acre("load", article.id, *options).returncode == 0
    number = client.project(project)["id"]
    (task,) = (task for page in client.tasks(number) for task in page)
    client.annotate(task["id"], tasks.result(annotation, article, schema))
    pulled = acre("pull", *options)
    assert (pulled.returncode, UNDECLARED in pulled.stderr) == (1, True), pulled


def test_validate_and_build_report_and_exit_by_what_they_find(
    acre: Acre, corpus: Corpus, write: Callable[..., tuple[Article, Annotation]]
) -> None:
    article, _ = write(SENTENCE)
    good = acre("validate")
    assert (good.returncode, good.stdout.split()) == (
        0,
        ["1", "annotations", "checked", "1", "articles", "checked"],
    )
    built = acre("build")
    assert built.returncode == 0, built.stderr
    assert "1 documents (train 1): 3 mentions" in built.stdout
    path = corpus.annotation_path("ana", article.id)
    path.write_text(path.read_text().replace('"text": "Troops"', '"text": "Troup"'))
    bad = acre("validate", "--json")
    assert bad.returncode == 1
    rows: list[dict[str, Any]] = [json.loads(line) for line in bad.stdout.splitlines()]
    assert rows[0]["code"] == "mark-text"
    assert rows[0]["where"] == f"annotations/ana/{article.id}.json: m1"
    assert rows[-2]["code"] == "dataset-behind"
    assert rows[-1] == {
        "counts": {"annotations checked": 1, "articles checked": 1, "errors": 8, "rows checked": 8}
    }
    assert acre("build").returncode == 1


def test_every_command_is_documented_as_it_helps(acre: Acre) -> None:
    import scripts.docs

    before = {page: (ROOT / "docs" / page).read_bytes() for page in scripts.docs.PAGES}
    for page, text in scripts.docs.PAGES.items():
        assert text().encode() == before[page], f"docs/{page} is behind the code; run make docs"


def test_the_version_is_that_of_the_package(acre: Acre) -> None:
    shown = acre("--version")
    assert (shown.returncode, shown.stdout) == (0, f"acre {metadata.version('acre-corpus')}\n")
