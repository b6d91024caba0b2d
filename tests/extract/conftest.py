"""What the extractors' tests share: a tokenizer, a lookup that is learned once, and the command in this process."""

from __future__ import annotations

import contextlib
import io
import runpy
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import spacy

from annotate.__main__ import main
from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus, read_gold
from annotate.extract import docs, lookup
from annotate.extract.lookup import Lookup
from annotate.model import notation
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import ROOT, Acre

_CORPUS = Corpus(ROOT / "corpus")
Document = tuple[Article, Annotation]

TAUGHT = """\
[c1:content|[t1:state_force|The army] [e1:capture|seized] [t2:place|the town] on [t3:time|Friday]], \
[h1:source|a medic] [q1:cue|said].

[t4:armed_group|The rebels] [e2:capture|seized] [t5:facility|the clinic]. \
[t6:state_force|The army] [e3:shelling|shelled] [t7:place|the hill].

[h2:source|[t8:government|The ministry]] [q2:cue|denied] that \
[c2:content|[t9:quantity|at least 12 people] were [e4:death|killed]].
---
e1 agent:t1 object:t2 time:t3 realis=actual
e2 agent:t4 object:t5 realis=actual
e3 agent:t6 target:t7 realis=actual
e4 count:t9 realis=actual
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=anonymous
c2 source:h2 cue:q2 stance=denies style=indirect source_status=named
t3 value=2024-03-15
t9 min=12 unit=people
"""


@cache
def blank() -> Any:
    """A tokenizer alone, for docs that are written here."""
    return spacy.blank("en")


@pytest.fixture(scope="session")
def nlp() -> Any:
    return blank()


def parsed(source: str, schema: Schema, **about: Any) -> Document:
    """An article with its annotation, from the inline notation."""
    provenance = docs.provenance("ana", "", schema)
    text, annotation = notation.parse(source, schema, "x", "0" * 64, provenance)
    article = reading.article("test", text, reading.About("sample", **about)).article
    assert article is not None
    return article, annotation.model_copy(update={"article": article.id, "sha256": article.sha256})


@pytest.fixture(scope="session")
def annotated() -> list[Document]:
    """The articles of the pilot, with an annotator's pass over each."""
    articles = {
        article.id: article
        for article in _CORPUS.articles()
        if article.text and article.collection == "pilot"
    }
    paths = sorted((_CORPUS.root / "annotations" / "alder").glob("*.json"))
    return [(articles[path.stem], read_gold(path)) for path in paths if path.stem in articles]


@pytest.fixture(scope="session")
def gold_docs(annotated: list[Document], schema: Schema, nlp: Any) -> list[list[Any]]:
    """The docs of each of these, with gold marks and links."""
    return [list(docs.gold(article, gold, schema, nlp)) for article, gold in annotated]


def arguments(annotation: Any) -> set[tuple[int, str, int]]:
    """Its arguments: where the trigger starts, the role, where the filler starts."""
    starts = {mark.id: mark.start for mark in annotation.marks()}
    triples = set()
    for event in annotation.event_mentions:
        for argument in event.arguments:
            triples.add((event.start, argument.role, starts[argument.target]))
    return triples


@pytest.fixture(scope="session")
def taught(schema: Schema) -> Document:
    return parsed(TAUGHT, schema)


@pytest.fixture(scope="session")
def model(taught: Document, schema: Schema) -> Lookup:
    return lookup.fit([taught], schema)


@pytest.fixture
def acre_here(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Acre:
    """As the fixture `acre`, in this process: one of its own imports spaCy anew, for seconds."""

    def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(cwd or corpus.root.parent)
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(sys, "argv", ["acre", *map(str, arguments)])
        capfd.readouterr()
        code = _exit_code(main)
        printed = capfd.readouterr()
        return subprocess.CompletedProcess(sys.argv, code, printed.out, printed.err)

    return run


def run_script(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A program of `scripts/` as from the command line, in this process; what it printed."""
    out, err = io.StringIO(), io.StringIO()
    path = ROOT / "scripts" / f"{name}.py"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(path), *map(str, arguments)])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = _exit_code(lambda: runpy.run_path(str(path), run_name="__main__"))
    return subprocess.CompletedProcess(
        list(map(str, arguments)), code, out.getvalue(), err.getvalue()
    )


def _exit_code(program: Callable[[], object]) -> int:
    try:
        program()
    except SystemExit as done:
        return int(done.code or 0)
    return 0
