"""However a file is damaged: a message and an exit code, never a traceback, and never a pass that is not valid."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.corpus import validate
from annotate.corpus.store import Corpus, read_annotation
from annotate.formats import FORMATS, convert
from annotate.model.issues import errors
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests import strategies
from tests.conftest import SENTENCE, Acre

Write = Callable[..., tuple[Article, Annotation]]
JUNK: list[Any] = [
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "\ud800",
    "ID",
    [],
    {},
    [[]],
    {"id": []},
    "é" * 99,
    2,
]
PIECES = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r",
    b"\n",
    b"\t",
    b";",
    b"9" * 5000,
    b"\\u",
    b"]",
    b"{",
    "🚀".encode(),
    b"-1",
    b"E1",
    b"NaN",
]


def _nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(found for key, child in inner for found in _nodes(child, (*path, key)))]


def _replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], by)
    return copy


@st.composite
def damaged(draw: st.DrawFn, content: bytes, is_json: bool) -> bytes:
    """The content with some bytes in place of others or, of JSON, some value in place of another."""
    if is_json and draw(st.booleans()):
        lines = (
            content.decode().split("\n")
            if content.startswith((b'{"doc_id"', b'{"_id"', b'{"documentId"'))
            else [content.decode()]
        )
        row = draw(st.integers(0, max(0, len([line for line in lines if line]) - 1)))
        value = json.loads(lines[row])
        for _ in range(draw(st.integers(1, 3))):
            value = _replaced(
                value, draw(st.sampled_from(_nodes(value))), draw(st.sampled_from(JUNK))
            )
        lines[row] = json.dumps(value)
        return "\n".join(lines).encode()
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 20)))
        content = content[:start] + draw(st.sampled_from(PIECES)) + content[end:]
    return content


@pytest.fixture
def take(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Reads files as ben's pass over the sentence, and checks what becomes of them."""
    monkeypatch.setattr("os.fsync", lambda handle: None)
    article, _annotation = write(SENTENCE)
    folder = tmp_path / "given"
    folder.mkdir()

    def take(name: str, files: dict[str, bytes]) -> None:
        for suffix, content in files.items():
            (folder / (suffix if name == "re3d" else f"{article.id}{suffix}")).write_bytes(content)
        path = corpus.annotation_path("ben", article.id)
        path.unlink(missing_ok=True)
        for outcome in convert.from_files(corpus, schema, [folder], name, "ben", force=True):
            issues = [*outcome.issues, *(outcome.converted.issues if outcome.converted else ())]
            assert outcome.note or outcome.converted or issues
            assert all(str(issue).encode() for issue in issues)
        if path.exists():
            assert not errors(validate.check(read_annotation(path), article, schema))

    return take


@pytest.fixture
def files(write: Write, schema: Schema) -> Callable[[str], dict[str, bytes]]:
    """The sentence's files in a format."""
    article, annotation = write(SENTENCE)
    return lambda name: _files(name, article, annotation, schema)


@pytest.mark.parametrize("name", [*FORMATS, "re3d"])
@settings(
    max_examples=120 * strategies.EFFORT,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_damage_is_a_traceback_or_an_invalid_pass(
    name: str,
    data: st.DataObject,
    take: Callable[..., None],
    files: Callable[[str], dict[str, bytes]],
) -> None:
    contents = files(name)
    which = data.draw(st.sampled_from(sorted(contents)))
    is_json = name not in ("brat", "conll", "docbin")
    take(name, contents | {which: data.draw(damaged(contents[which], is_json))})


def _files(name: str, article: Article, annotation: Annotation, schema: Schema) -> dict[str, bytes]:
    if name != "re3d":
        return dict(FORMATS[name].write(article, annotation, schema).files)
    rows = {
        "documents.json": {"_id": "d", "text": f"{article.text}  \n"},
        "entities.json": {
            "documentId": "d",
            "type": "Location",
            "begin": 14,
            "end": 17,
            "value": "Tak",
        },
        "relations.json": {"documentId": "d"},
    }
    return {part: f"{json.dumps(row)}\n".encode() for part, row in rows.items()}


@pytest.mark.parametrize("name", FORMATS)
def test_the_command_ends_with_a_message(
    name: str, acre: Acre, write: Write, schema: Schema, declare: Any, tmp_path: Path
) -> None:
    article, _annotation = write(SENTENCE)
    declare("ben")
    for suffix in FORMATS[name].SUFFIXES:
        (tmp_path / f"{article.id}{suffix}").write_bytes(b"\xff\xfe\x00[{")
    done = acre(
        "convert",
        *(tmp_path / f"{article.id}{suffix}" for suffix in FORMATS[name].SUFFIXES),
        "--from",
        name,
        "--annotator",
        "ben",
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "file-unreadable" in done.stderr or "article-unknown" in done.stderr
