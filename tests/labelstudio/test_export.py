"""An export is read task by task, wherever the file is cut into what is read at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.labelstudio import export
from annotate.labelstudio.export import SourceError, entries

_NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@_FILES
@given(
    values=st.lists(_VALUES, max_size=6),
    chunk=st.integers(1, 40),
    plain=st.booleans(),
    indent=st.sampled_from([None, 0, 3]),
)
def test_a_list_is_read_whatever_is_read_at_a_time(
    values: list[Any], chunk: int, plain: bool, indent: int | None, tmp_path: Path
) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(values, ensure_ascii=plain, indent=indent), encoding="utf-8")
    assert _read(path, chunk) == values


@_FILES
@given(values=st.lists(_VALUES, min_size=1, max_size=6), chunk=st.integers(1, 40), data=st.data())
def test_of_a_list_that_breaks_off_the_entries_before_are_read(
    values: list[Any], chunk: int, data: st.DataObject, tmp_path: Path
) -> None:
    whole = json.dumps(values)
    kept = data.draw(st.integers(1, len(whole) - 1))
    path = tmp_path / "export.json"
    path.write_text(whole[:kept])
    read: list[Any] = []
    with pytest.raises(SourceError, match=r"broken JSON: .*; export it anew"):
        _read(path, chunk, read)
    ends = [len(json.dumps(values[:number])) - 1 for number in range(1, len(values) + 1)]
    followed = sum(end < kept for end in ends)
    assert read == values[: len(read)]
    # A last number may be half of one, and is not read; a last list may be whole, and is.
    assert len(read) in (followed, sum(end <= kept for end in ends))


@pytest.mark.parametrize(
    ("content", "number", "found"),
    [
        (b'[{"a": 1}, {"a" 2}]', 1, "Expecting ':' delimiter, found '2}]'"),
        (b'[{"a": 1} {"a": 2}]', 1, "expected ',' or ']'"),
        (b'[{"a": 1}, ]', 1, "Expecting value"),
        (b'[{"a": 1}, {"a": "\xff"}, {"a": 3}]', 1, "not UTF-8"),
        (b'[{"a": 1}] [', 1, "the list ends before '['"),
        (b'[{"a": "\n"}]', 0, "Invalid control character"),
        (b'[{"a": -Infinity}]', 0, "-Infinity is no number of JSON"),
        (b'[{"a": "b', 0, "Unterminated string"),
        (b"[" * 101 + b"]" * 101, 0, "more than 100 lists in one another"),
    ],
    ids=str,
)
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_what_is_wrong_is_told_with_its_place(
    content: bytes, number: int, found: str, chunk: int, tmp_path: Path
) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(content)
    read: list[Any] = []
    with pytest.raises(SourceError) as error:
        _read(path, chunk, read)
    assert found in str(error.value)
    assert len(read) == number


def test_a_hundred_lists_in_one_another_are_read(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(b"[" * 100 + b"]" * 100)
    assert _read(path, 1000) == json.loads(path.read_bytes())


def _read(path: Path, chunk: int, read: list[Any] | None = None) -> list[Any]:
    """The entries, a few characters read at a time; those before a break are in `read`."""
    read = [] if read is None else read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "_CHUNK", chunk)
        for entry in entries(path):
            read.append(entry)
    return read
