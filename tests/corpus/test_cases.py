"""Files as users bring them: each folder of ../shared/cases does what its README expects.

What they hold is not the project's to give on; where it is missing, these tests skip, and the variants in the other
tests remain.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from annotate.corpus import store
from annotate.corpus.store import Corpus
from tests.conftest import ROOT, Acre

CASES = ROOT.parent / "shared" / "cases"
ID = "rebels-shell-dol-harun-clinic-91455aab51"

pytestmark = pytest.mark.skipif(
    not CASES.exists(), reason="the shared cases are not at ../shared/cases"
)


class Expected(NamedTuple):
    """What the command does."""

    code: int
    prints: tuple[str, ...] = ()
    marks: tuple[str, ...] | None = None
    """`label words` of the pass that is written, in the order of the text; None where none is."""
    texts: tuple[str, ...] = ()
    """What stands in the articles that are added, each in one of them."""


FOUR = (
    "armed_group the Harun Valley Front", "facility the clinic", "place Dol Harun", "time Friday", "person Ana Mirel",
)  # fmt: skip
READ = Expected(0, marks=FOUR)
FORMATS = {
    "brat-dangling": Expected(
        0,
        ("3 links to marks that are not there", "1 answers of marks that are not there"),
        ("armed_group the Harun Valley Front", "shelling shelled", "place Dol Harun"),
    ),
    "brat-quote-mismatch": Expected(1, ("T1: mark-text: 106–115 reads 'l Harun o'", "the file says 'Dol Harun'")),
    "brat-windows-line-ends": Expected(0, marks=("armed_group the Harun Valley Front", "shelling shelled")),
    "conll-cut-off": Expected(1, ("it ends after 24 tokens, the article goes on with ', a nurse said",)),
    "conll-empty-token": Expected(1, (f"{ID}.conll:2: file-unreadable: an empty token",)),
    "conll-iobes": READ,
    "conll-windows-line-ends": READ,
    "docbin-entities-only": Expected(0, marks=("place Dol Harun", "time Friday")),
    "labelstudio-project-export": Expected(
        0,
        (f"task 1: is {ID}, by the name in it", "task 2: no annotation in it; nothing to read"),
        ("place Dol Harun",),
    ),
    "labelstudio-utf16-offsets": Expected(
        0, ("r1, r2: mark-text: the offsets count UTF-16 units",), ("place Dol Harun", "civilians nurse")
    ),
    "oneie-graph": READ,
    "webannotation-foreign-id": Expected(0, marks=("place Dol Harun",)),
}  # fmt: skip
CHILDREN = "Three children died in the attack, according to the Kestrel Monitor, which follows the war from abroad."
ARMY = "The Orsenian army denied that it had fired on the town and said its guns had been silent since Thursday."
ADDED = {
    "html-control-character": (
        Expected(
            0,
            ("control character removed: 1",),
            texts=(
                "Clinic shelled in Dol Harun\n\nFighters of",
                "The governor called for an inquiry.",
            ),
        ),
        (),
    ),
    "html-date-guessed": (
        Expected(0, ("no date",), texts=("in two markets of Orsen on Sunday",)),
        ("--outlet", "X"),
    ),
    "html-declared-charset": (Expected(0, texts=("said. Café.",)), ()),
    "html-div-lost": (
        Expected(0, ("paragraph 4",), texts=("the group said in a statement sent to reporters.",)),
        (),
    ),
    "html-gallery-instead-of-article": (
        Expected(0, ("paragraph 5",), texts=(f"{CHILDREN}\n\n{ARMY}",)),
        (),
    ),
    "html-lede-lost": (Expected(0, texts=("Security forces fired live rounds at protesters",)), ()),
    "html-line-breaks": (
        Expected(
            0,
            texts=(
                f"said.\n{CHILDREN}",
                "three\n\nchildren\n\nof the town",
                "We had no warning.\n\nThey were",
            ),
        ),
        (),
    ),
    "jsonl-byte-order-mark": (Expected(0, texts=("said. Row 0.", "from abroad. Row 1.")), ()),
    "jsonl-language-tag": (
        Expected(0, texts=("It was report 1 of the day.", "It was report 2 of the day.")),
        (),
    ),
    "jsonl-other-names": (
        Expected(
            0,
            ("date: 2017-08-09", "outlet: news.example", "fields not used: `description`"),
            texts=(ARMY,),
        ),
        (),
    ),
}
ELSEWHERE = {"datasets-before-4", "own-file-not-read-back"}


def test_every_case_is_in_a_table() -> None:
    assert {path.name for path in CASES.iterdir() if path.is_dir()} == {
        *FORMATS,
        *ADDED,
        *ELSEWHERE,
    }


def _format(case: str) -> str:
    return case.partition("-")[0]


@pytest.fixture
def brought(acre: Acre, declare: Callable[..., None], tmp_path: Path) -> Path:
    """A folder to copy files to, beside a corpus that has the article and an annotator."""
    declare("b", "again")
    done = acre("add", CASES / "article.txt", "--collection", "sample")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "brought"
    folder.mkdir()
    return folder


def _marks(corpus: Corpus, annotator: str) -> tuple[str, ...] | None:
    path, article = corpus.annotation_path(annotator, ID), corpus.find(ID)
    if not path.exists() or article is None:
        return None
    marks = sorted(store.read_annotation(path).marks(), key=lambda mark: mark.order)
    return tuple(f"{mark.label} {mark.slice(article.text or '')}" for mark in marks)


@pytest.mark.parametrize("case", FORMATS)
def test_a_foreign_file_is_read_or_refused_by_name(
    case: str, acre: Acre, corpus: Corpus, brought: Path
) -> None:
    expected = FORMATS[case]
    for path in (CASES / case).iterdir():
        if path.name != "README":
            shutil.copy(path, brought)
    done = acre("convert", brought, "--from", _format(case), "--annotator", "b")
    said = done.stdout + done.stderr
    assert done.returncode == expected.code, said
    assert _marks(corpus, "b") == expected.marks, said
    assert "Traceback" not in said
    for words in expected.prints:
        assert words in said
    # What was written can be written again, and read back.
    if expected.marks is not None and _format(case) == "webannotation":
        notation = brought / f"{ID}.acre"
        assert acre("convert", ID, "--annotator", "b", "-o", notation).returncode == 0
        assert acre("convert", notation, "--annotator", "again").returncode == 0
        assert _marks(corpus, "again") == expected.marks


@pytest.mark.parametrize("case", ADDED)
def test_what_is_added_is_whole_and_what_was_changed_is_told(
    case: str, acre: Acre, corpus: Corpus
) -> None:
    expected, options = ADDED[case]
    files = sorted(path for path in (CASES / case).iterdir() if path.name != "README")
    collection = "local" if case == "jsonl-language-tag" else "sample"
    done = acre("add", *files, "--collection", collection, *options)
    said = done.stdout + done.stderr
    assert done.returncode == expected.code, said
    texts = [article.text or "" for article in corpus.articles()]
    for words in expected.texts:
        assert [words in text for text in texts].count(True) == 1, (words, texts)
    for words in expected.prints:
        assert words in said
    assert {article.language for article in corpus.articles()} == {"en"}
    checked = acre("validate")
    assert "error" not in checked.stderr.replace("0 errors", ""), checked.stderr


def test_relative_times_of_a_page_without_a_date_stay_open(acre: Acre, tmp_path: Path) -> None:
    done = acre(
        "extract",
        CASES / "html-date-guessed" / "page.html",
        "--format",
        "jsonl",
        "--corpus",
        ROOT / "corpus",
    )
    assert done.returncode == 0, done.stderr
    assert "2014-01" not in done.stdout.replace("January 2014", "")
    assert "no date" in done.stderr + done.stdout


@pytest.mark.parametrize("name", ["oneie", "conll"])
def test_what_is_written_is_read_back(
    name: str, acre: Acre, corpus: Corpus, declare: Callable[..., None], tmp_path: Path
) -> None:
    article = "orsenian-army-retakes-dol-harun-as-velmora-c923ee6953"
    shutil.rmtree(corpus.root)
    shutil.copytree(ROOT / "corpus", corpus.root, ignore=shutil.ignore_patterns("data", "images"))
    shutil.rmtree(tmp_path / "guidelines")
    shutil.copytree(ROOT / "guidelines", tmp_path / "guidelines")
    declare("z")
    assert acre("convert", article, "--to", name, "--output", "o").returncode == 0
    done = acre("convert", "o", "--from", name, "--annotator", "z")
    assert done.returncode == 0, done.stderr
    assert corpus.annotation_path("z", article).exists()


def test_what_loads_the_dataset_names_the_version_that_can() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.md", "*.jinja", "docs/*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in listed if name}
    loading = {name: text for name, text in texts.items() if "import load_dataset" in text}
    assert {"README.md", "corpus/README.md", "docs/programs/look.py"} < set(loading)
    for name, text in loading.items():
        assert "datasets>=4" in text.replace("&gt;", ">"), name
