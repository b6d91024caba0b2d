"""Rows of JSON of many kinds: read, or refused in one line, and the others go on."""

from __future__ import annotations

import codecs
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.corpus.articles import reading
from annotate.corpus.articles.reading import About, Reading
from annotate.corpus.store import Corpus
from annotate.model.issues import UsageError
from tests import strategies

TEXT = (
    "A barge sank below the lock at Ostrel on Sunday, and two of its crew are missing, the river"
    " police said."
)


def read(tmp_path: Path, raw: bytes | str, suffix: str = ".jsonl") -> list[Reading]:
    path = tmp_path / f"rows{suffix}"
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return list(reading.read(path, About("sample")))


def one(tmp_path: Path, **fields: Any) -> Reading:
    (found,) = read(tmp_path, json.dumps({"text": TEXT, **fields}))
    return found


ROWS = [json.dumps({"text": f"{TEXT} It was number {n}."}) for n in range(2)]


@pytest.mark.parametrize(
    "raw",
    [
        codecs.BOM_UTF8 + "\n".join(ROWS).encode(),
        "\r\n".join([*ROWS, ""]).encode(),
        codecs.BOM_UTF8 + "\r\n".join(ROWS).encode(),
        "\n".join(ROWS).encode("utf-16"),
        f"\n\n{ROWS[0]}\n  \n{ROWS[1]}\n\n".encode(),
        f"[{ROWS[0]}, {ROWS[1]}]".encode(),
        codecs.BOM_UTF8 + json.dumps([json.loads(row) for row in ROWS], indent=2).encode(),
        json.dumps(
            {"status": "ok", "articles": [json.loads(row) for row in ROWS]}, indent=1
        ).encode(),
        json.dumps({"status": "ok", "text": None, "results": [*map(json.loads, ROWS)]}).encode(),
    ],
    ids=[
        "bom",
        "crlf",
        "bom-crlf",
        "utf-16",
        "blank-lines",
        "list",
        "list-over-lines",
        "object-with-list",
        "object-with-list-in-a-line",
    ],
)
def test_rows_come_in_whatever_stands_between_them(tmp_path: Path, raw: bytes) -> None:
    found = read(tmp_path, raw)
    assert [reading.error for reading in found] == [None, None]
    assert [reading.article.text for reading in found if reading.article] == [
        json.loads(row)["text"] for row in ROWS
    ]


def test_one_object_over_several_lines_is_one_article(tmp_path: Path) -> None:
    (found,) = read(tmp_path, json.dumps({"text": TEXT, "title": "Barge sinks"}, indent=4), ".json")
    assert found.article is not None
    assert found.article.title == "Barge sinks"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("en-US", "en"), ("EN", "en"), ("english", "en"), ("English", "en"), ("en_GB", "en"), ("eng", "en"), ("", "en"),
        ("de-AT", "de"), ("German", "de"),
    ],
)  # fmt: skip
def test_a_language_is_read_as_its_code(tmp_path: Path, given: str, code: str) -> None:
    found = one(tmp_path, language=given)
    assert found.article is not None
    assert found.article.language == code


@pytest.mark.parametrize(
    "given", ["klingon", "und", "xyzzy", "12", "en" * 500, "../en", "\ud800", "日本"]
)
def test_a_language_that_nothing_can_cut_is_refused_in_one_line(tmp_path: Path, given: str) -> None:
    found = one(tmp_path, language=given)
    assert found.article is None
    assert "spaCy has no rules for it; give an ISO 639 code that it has, such as en" in str(
        found.error
    )
    assert len(str(found.error).replace(str(tmp_path), "")) < 200
    with pytest.raises(UsageError):
        reading.language(given)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            {"date": "2017-08-09 00:00:00", "domain": "news.example"},
            ("news.example", dt.date(2017, 8, 9)),
        ),
        (
            {"date_publish": "2017-08-09T10:00:00Z", "source_domain": "news.example"},
            ("news.example", dt.date(2017, 8, 9)),
        ),
        (
            {"publishedAt": "2017-08-09", "source": {"id": None, "name": "News"}},
            ("News", dt.date(2017, 8, 9)),
        ),
        (
            {"pubDate": "Wed, 09 Aug 2017 10:00:00 GMT", "publisher": "News"},
            ("News", dt.date(2017, 8, 9)),
        ),
        (
            {"published": None, "date": "20170809", "outlet": "", "source": "News"},
            ("News", dt.date(2017, 8, 9)),
        ),
    ],
)
def test_other_names_of_a_field_are_known(
    tmp_path: Path, names: dict[str, Any], expected: tuple[str, dt.date]
) -> None:
    found = one(tmp_path, **names)
    assert found.article is not None, found.error
    assert (found.article.outlet, found.article.published) == expected
    assert found.notes == ()


@pytest.mark.parametrize("name", ["text", "body", "content", "maintext"])
def test_the_text_has_other_names_too(tmp_path: Path, name: str) -> None:
    (found,) = read(
        tmp_path,
        json.dumps({name: TEXT, "headline": "Barge sinks", "link": "https://news.example/1"}),
    )
    assert found.article is not None
    assert (found.article.text, found.article.title, found.article.url) == (
        TEXT,
        "Barge sinks",
        "https://news.example/1",
    )


def test_fields_that_are_not_used_are_named(tmp_path: Path) -> None:
    found = one(tmp_path, description="d", authors=["a"], content="another text", **{"\ud800\n": 1})
    assert found.article is not None
    assert found.article.text == TEXT
    assert found.notes == ("fields not used: `description`, `authors`, `content`, '\\ud800\\n'",)


def test_control_characters_are_removed_and_counted(tmp_path: Path) -> None:
    (found,) = read(
        tmp_path,
        '{"text": "A barge\x07 sank\\u0000 below the lock.\tIt was full.", "title": "Barge\x1f'
        ' sinks"}',
    )
    assert found.article is not None
    assert found.article.text == "A barge sank below the lock.\tIt was full."
    assert found.article.title == "Barge sinks"
    assert found.changes == {"control character removed": 2}


def test_mojibake_is_mended_in_text_and_title(tmp_path: Path) -> None:
    found = one(tmp_path, title="The pilotâ€™s cafÃ©", text="â€œNo,â€\x9d said the pilotâ€™s wife.")
    assert found.article is not None
    assert (found.article.title, found.article.text) == (
        "The pilot’s café",
        "“No,” said the pilot’s wife.",
    )
    assert found.changes == {"word with mojibake mended": 2}


def test_what_can_not_be_mended_is_named(tmp_path: Path) -> None:
    found = one(tmp_path, text="The pilot\ufffds wife said that it was so.")
    assert found.notes == ("1 letters were lost before the text came here: they stand as \ufffd",)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("<p>The pilot&#8217;s wife</p> said so.", "<p>"),
        ("She left &amp; came back&nbsp;late.", "&amp;"),
        ("It sank.<br/>They swam.<br/>", "<br/>"),
    ],
)
def test_markup_that_stands_in_a_text_is_told(tmp_path: Path, text: str, first: str) -> None:
    found = one(tmp_path, text=text)
    (note,) = found.notes
    assert "of HTML stand in it as letters, such as" in note
    assert repr(first) in note


def test_the_outlets_that_a_row_cites_are_kept(tmp_path: Path, corpus: Corpus) -> None:
    found = one(tmp_path, cites=["Velmora Wire", " ", "The  Courier"])
    assert found.article is not None, found.error
    assert found.article.cites == ("Velmora Wire", "The Courier")
    assert found.notes == ()
    corpus.write_article(found.article)
    assert corpus.article(found.article.collection, found.article.id) == found.article


def test_signs_that_are_no_markup_are_not_told(tmp_path: Path) -> None:
    found = one(tmp_path, text="Losses of <5 % & of > 10 %: “a <b of it”, R&D; he wrote <p>.")
    assert found.notes == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"title": 5}, "`title` is 5; give a string"),
        ({"cites": "Wire"}, "`cites` is 'Wire'; give a list of outlets"),
        ({"cites": ["Wire", 5]}, "`cites` is 5; give a string"),
        ({"cites": ["Cour\ud800ier"]}, "`cites` has half a character"),
        ({"published": 20170809}, "`published` is 20170809; give a string"),
        ({"text": 1e400}, "`text` is inf; give a string"),
        ({"text": [TEXT]}, "`text` is ['A barge"),
        (
            {"outlet": "Cour\ud800ier"},
            "`outlet` has half a character (a lone surrogate): 'Cour\\ud800ier'; correct it",
        ),
        ({"title": "\udfff"}, "`title` has half a character"),
        ({"url": "https://news.example/\ud800"}, "`url` has half a character"),
        ({"published": "\ud800"}, "published: '\\ud800' is no date"),
        ({"published": "2017"}, "published: '2017' is no date; give it as 2015-10-11"),
        ({"published": "04/05/2017"}, "published: '04/05/2017' is no date; give it as 2015-10-11"),
        (
            {"published": "0001-01-01"},
            "published: 0001-01-01 is not in the years 1600 to 2199; correct it",
        ),
        (
            {"published": "9999-12-31"},
            "published: 9999-12-31 is not in the years 1600 to 2199; correct it",
        ),
        (
            {"text": "word " * 250_000},
            "1,249,999 characters are no single article (1,000,000 at most); split it",
        ),
    ],
)
def test_what_no_later_step_could_use_is_refused_in_one_line(
    tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    good = json.dumps({"text": TEXT})
    bad, other = read(tmp_path, f"{json.dumps({'text': TEXT, **fields})}\n{good}")
    assert bad.article is None
    assert f"rows.jsonl:1: {message}" in str(bad.error)
    str(bad.error).encode()  # it can be printed
    assert other.article is not None


@pytest.mark.parametrize(
    "bad",
    ["[" * 100_000, '{"a":' * 100_000, '{"text": ' + "9" * 10_000 + "}", "nul", '"text"', "\ufeff"],
)
def test_a_row_that_is_no_row_is_one_line_and_the_others_go_on(tmp_path: Path, bad: str) -> None:
    found = read(tmp_path, f"{ROWS[0]}\n{bad}\n{ROWS[1]}\n")
    assert [reading.article is not None for reading in found] == [True, False, True]
    assert "\n" not in str(found[1].error)
    assert len(str(found[1].error).replace(str(tmp_path), "")) < 300


@settings(
    max_examples=200 * strategies.EFFORT,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_no_bytes_of_rows_bring_it_down(tmp_path: Path, data: st.DataObject) -> None:
    raw = bytearray(
        "\n".join(
            [*ROWS, json.dumps({"text": "é", "date": "2017-08-09", "language": "en-US"})]
        ).encode()
    )
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), start + data.draw(st.integers(0, 10)))
        raw[start:end] = data.draw(
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from(
                    [b"\\ud800", b"\xef\xbb\xbf", b"\r", b"[", b"{", b'"', b"1e999", b"null"]
                ),
            )
        )
    for found in read(tmp_path, bytes(raw)):
        assert (found.article is None) != (found.error is None)
        assert "\n" not in (found.error or "")
        (found.error or "").encode()


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=5,
    )
)
def test_any_value_of_any_field_is_read_or_refused(value: Any) -> None:
    from annotate.corpus.articles import rows

    for name in (name for names in rows.NAMES.values() for name in names):
        row = rows.of_entry({"text": TEXT, name: value}, "f:1")
        if row.error is None:
            article = reading._of_row(row, About("sample"))
            assert (article.article is None) != (article.error is None)


def test_a_text_file_with_a_byte_order_mark_and_other_line_ends(tmp_path: Path) -> None:
    lines = f"Barge sinks\r\n\r\n{TEXT}\r\n"
    for raw in (
        codecs.BOM_UTF8 + lines.encode(),
        lines.encode("utf-16"),
        lines.replace("\r\n", "\r").encode(),
    ):
        (found,) = read(tmp_path, raw, ".txt")
        assert found.article is not None
        assert found.article.text == f"Barge sinks\n\n{TEXT}"
