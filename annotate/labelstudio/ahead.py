"""Work is done while a server works: what comes next is made in a thread of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
_END = object()


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items in the same order; while one is worked on, the next is being made, and no more than that.

    What making one raises is raised in its place, when all before it are done.
    """
    source = iter(items)
    coming = _begin(source)
    while (item := coming.result()) is not _END:
        coming = _begin(source)
        yield item  # type: ignore[misc]  # it is no end


def _begin(source: Iterator[T]) -> Future[T | object]:
    coming: Future[T | object] = Future()

    def make() -> None:
        try:
            coming.set_result(next(source, _END))
        except BaseException as error:
            coming.set_exception(error)

    # A daemon: who is interrupted does not wait for a server that does not answer.
    Thread(target=make, daemon=True).start()
    return coming
