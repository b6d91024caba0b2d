"""Reads the list of tasks that Label Studio exports as JSON: task by task, whatever the size of the file."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

from annotate.model.issues import AcreError

_DEEPEST = 100
"""Lists and objects in one another; an export has ten of them."""
_CHUNK = 1 << 20
"""Characters that are read at a time: some tasks."""
_CUT = 16
"""JSON that is cut off outside of a string is found to be broken no more than so many characters before its end."""
_SHOWN = 20
_BLANK = re.compile(r"[ \t\n\r]*")


class SourceError(AcreError):
    """A file that is no project's export, or breaks off: what was found, and what to do."""


def entries(path: Path) -> Iterator[Any]:
    """The entries of the list that the file holds; SourceError, also after some, where it holds none or breaks off."""
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise SourceError("UTF-16; convert it to UTF-8 first, for example with iconv")
    # Bytes that are not UTF-8 come as half characters, and only the entry that they stand in can't be read.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        yield from _entries(stream)


def _entries(stream: TextIO) -> Iterator[Any]:
    text, place, sign = stream.read(_CHUNK), 0, "["
    if not text.lstrip().startswith(sign):
        raise SourceError("no list of tasks; give the file that Label Studio exports as JSON")
    while True:
        try:
            found = _after(sign, text, place)
        except json.JSONDecodeError as error:
            is_cut = error.pos + _CUT > len(text) or error.msg.startswith("Unterminated string")
            # As much again as there is: in a long entry, time grows with its length alone.
            more = stream.read(max(_CHUNK, len(text) - place)) if is_cut else ""
            if not more:
                _check_letters(text[place:])
                around = text[error.pos : error.pos + _SHOWN]
                raise _broken(f"{error.msg}, found {around!r}") from None
            text, place = text[place:] + more, 0
            continue
        except RecursionError:
            raise _too_deep() from None
        except ValueError as error:
            raise _broken(str(error)) from None
        if found is None:
            rest = text[place:].partition("]")[2] + stream.read(_CHUNK)
            if rest.strip():
                raise _broken(f"the list ends before {rest.strip()[:_SHOWN]!r}")
            return
        entry, end = found
        _check_letters(text[place:end])
        _check_depth(entry)
        yield entry
        place, sign = end, ","


def _after(sign: str, text: str, place: int) -> tuple[Any, int] | None:
    """The entry after the sign that comes next, and where it ends; None where the list ends there.

    JSONDecodeError also where the text may go on.
    """
    place = _blank(text, place)
    if text.startswith("]", place) and sign == ",":
        return None
    if not text.startswith(sign, place):
        raise json.JSONDecodeError(f"expected {sign!r} or ']'", text, place)
    place = _blank(text, place + 1)
    if text.startswith("]", place) and sign == "[":
        return None
    entry, end = _DECODER.raw_decode(text, place)
    # A number alone may go on after what was read.
    if isinstance(entry, int | float) and not text.startswith((",", "]"), _blank(text, end)):
        raise json.JSONDecodeError("expected ',' or ']'", text, end)
    return entry, end


def _blank(text: str, place: int) -> int:
    """Where the white space that may be there ends."""
    match = _BLANK.match(text, place)
    return match.end() if match else place


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _check_letters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SourceError("not UTF-8; export it anew") from None


def _check_depth(entry: Any) -> None:
    level: list[Any] = [[entry]]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for outer in level:
            for inner in outer.values() if isinstance(outer, dict) else outer:
                if isinstance(inner, dict | list):
                    below.append(inner)
        if not below:
            return
        level = below
    raise _too_deep()


def _too_deep() -> SourceError:
    return SourceError(f"more than {_DEEPEST} lists in one another; export it anew")


def _broken(reason: str) -> SourceError:
    return SourceError(f"broken JSON: {reason}; export it anew")
