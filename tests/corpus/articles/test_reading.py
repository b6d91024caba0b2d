from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from annotate.corpus.articles import reading
from annotate.corpus.articles.reading import About, Reading
from annotate.model import text

ABOUT = About("sample")

PAGE = """<!doctype html><html lang="en"><head><title>Ferry blast kills nine | Courier</title>
<meta property="og:title" content="Ferry blast kills nine"><meta property="og:site_name" content="The Courier">
<meta property="article:published_time" content="2024-04-10T08:00:00Z">
<meta name="description" content="The harbour office blames a mine; the navy calls that absurd.">
</head><body><nav><a href="/">Home</a><a href="/world">World</a></nav><article><h1>Ferry blast kills nine</h1>
<p>An explosion tore through the car deck of a ferry on Tuesday morning, killing at least nine people, the harbour
office in the town of Lisk said on Wednesday, after divers had searched the wreck for most of the night.</p>
<figure><img src="a.jpg" alt="A ferry with a torn hull">
<figcaption>The Saint Brana at Lisk <b>[Handout]</b></figcaption></figure>
<h2>Mine or engine</h2>
<p>The interior minister said that a mine had drifted into the shipping lane. The navy called the accusation absurd
&amp; said that its divers had not entered the lake since the armistice was signed &#8220;in good faith&#8221;.</p>
<p>The ferry company said that the ship, built in 1971, had reported engine trouble twice in March, and that it would
publish the log of its last voyage as soon as the inspectors allowed it to do so.</p>
</article><footer>Copyright, imprint, cookies</footer></body></html>"""


def _read(tmp_path: Path, name: str, raw: bytes | str) -> list[Reading]:
    path = tmp_path / name
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return list(reading.read(path, ABOUT))


def test_text_is_normalised_and_what_changed_is_said(tmp_path: Path) -> None:
    (found,) = _read(
        tmp_path,
        "a.txt",
        "\ufeffAn untold headline\r\n\r\nCafe\u0301 owners\x07 left. They went far.\r\n",
    )
    assert found.article is not None
    assert found.article.text == "An untold headline\n\nCafé owners left. They went far."
    assert found.article.title == "An untold headline"
    assert found.article.length == len(found.article.text)
    assert found.article.sha256 == text.sha256(found.article.text)
    assert set(found.changes or {}) == {
        "byte order mark removed",
        "line end made a newline",
        "control character removed",
        "sequence composed (NFC)",
        "blank line at start or end removed",
    }


def test_a_web_page_gives_its_article_its_zones_and_its_metadata(tmp_path: Path) -> None:
    (found,) = _read(tmp_path, "a.html", PAGE)
    article = found.article
    assert article is not None
    assert article.text is not None
    assert (article.title, article.outlet, article.published) == (
        "Ferry blast kills nine",
        "The Courier",
        dt.date(2024, 4, 10),
    )
    kinds = "headline standfirst paragraph caption caption subhead paragraph paragraph"
    assert [zone.kind for zone in article.zones] == kinds.split()
    captions = [zone.slice(article.text) for zone in article.zones if zone.kind == "caption"]
    assert captions == ["A ferry with a torn hull", "The Saint Brana at Lisk [Handout]"]
    assert "absurd & said" in article.text
    assert "“in good faith”" in article.text
    assert "cookies" not in article.text


UNDATED = """<!doctype html><html lang="en"><head><title>Mill burns in Tarn Ostra</title></head><body><article>
<h1>Mill burns in Tarn Ostra</h1>
<p>The mill of Tarn Ostra burnt down on Sunday, the fire brigade said, and two men are missing.</p>
<p>The owner said that the building was insured. {}</p>
<p>A fire in the same street had killed a watchman, and the inquiry into it was never closed, the mayor said.</p>
</article></body></html>"""


@pytest.mark.parametrize(
    "words",
    [
        'It was <a href="http://www.example.org/world/2014/01/09/mill-sold">sold last year</a>.',
        "The first mill on the river burnt on 9 January 2014.",
        "It is to be opened anew on 2014-01-09.",
    ],
)
def test_a_date_in_a_link_or_in_the_text_is_not_the_date_of_publication(
    tmp_path: Path, words: str
) -> None:
    (found,) = _read(tmp_path, "a.html", UNDATED.format(words))
    assert found.article is not None
    assert found.article.published is None


def test_rows_bring_their_own_metadata_and_a_bad_one_stops_no_other(tmp_path: Path) -> None:
    rows = [
        json.dumps(
            {
                "text": "First of all.",
                "title": "One",
                "outlet": "Wire",
                "published": "2024-04-10T10:00",
            }
        ),
        "{not json",
        json.dumps({"title": "no text"}),
        json.dumps({"text": "Third.", "published": "yesterday"}),
        "",
        json.dumps({"text": "Fourth. \ud800"}),
        json.dumps(["text"]),
    ]
    first, *bad, fourth, last = _read(tmp_path, "a.jsonl", "\n".join(rows))
    assert first.article is not None
    assert (first.article.title, first.article.outlet, first.article.published) == (
        "One",
        "Wire",
        dt.date(2024, 4, 10),
    )
    path = tmp_path / "a.jsonl"
    assert [str(found.error).replace(str(path), "f") for found in bad] == [
        (
            "f:2: not JSON: Expecting property name enclosed in double quotes: line 1 column 2"
            " (char 1); give one object a line"
        ),
        (
            "f:3: no `text`: each line is an object with `text`, and `title`, `outlet`, `url`,"
            " `published` if known"
        ),
        "f:4: published: 'yesterday' is no date; give it as 2015-10-11",
    ]
    assert fourth.article is not None
    assert fourth.article.text == "Fourth."  # the lone surrogate would break every later export
    assert "no `text`" in str(last.error)


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b"\x7fELF\x00\x00", "binary"),
        ("a.txt", "café".encode("latin-1"), "not UTF-8"),
        ("a.txt", "… — …", "no text: nothing but white space and signs is left"),
        (
            "a.txt",
            b"a" * 50_000_000,
            "50 MB is no single article (5 MB at most); split it, or give .jsonl",
        ),
        ("a.html", "<html><body></body></html>", "no text"),
        ("a.jsonl", b"\n\n", "empty: no rows"),
        ("a.pdf", b"%PDF", ".pdf: give one of .txt, .html, .htm, .jsonl"),
    ],
)
def test_bad_input_is_one_clear_line(
    tmp_path: Path, name: str, raw: bytes | str, message: str
) -> None:
    (found,) = _read(tmp_path, name, raw)
    assert found.article is None
    assert message in str(found.error)
    assert "\n" not in str(found.error)


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    (found,) = reading.read(tmp_path / "none.txt", ABOUT)
    assert "No such file or directory; give a file that can be read" in str(found.error)


@pytest.mark.parametrize("raw", ["A barge sank below the lock.", ""])
def test_a_file_name_in_another_encoding_can_be_told(tmp_path: Path, raw: str) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text(raw)
    (found,) = reading.read(path, ABOUT)
    f"{found.where} {found.error}".encode()
    assert found.where.endswith("caf\\udce9.txt")
