"""Holds things by name in a temporary file, so that a corpus of any size can be gone through in any order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Spool(Mapping[str, T], Generic[T]):
    """Things by name. In memory is where each is in the file, which is removed with the spool.

    Of two things of one name the later stands, as in a dict.
    """

    def __init__(
        self,
        things: Iterable[tuple[str, T]],
        dump: Callable[[T], bytes],
        load: Callable[[bytes], T],
    ) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the spool is
        self._load = load
        self._place: dict[str, tuple[int, int]] = {}
        for name, thing in things:
            content = dump(thing)
            self._place[name] = (self._file.tell(), len(content))
            self._file.write(content)

    def __getitem__(self, name: str) -> T:
        start, length = self._place[name]
        self._file.seek(start)
        return self._load(self._file.read(length))

    def __iter__(self) -> Iterator[str]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._place)

    def __contains__(self, name: object) -> bool:
        return name in self._place
