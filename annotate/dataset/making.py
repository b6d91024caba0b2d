"""Makes the parts of a build, in this process or in several, and takes from the cache what has not changed."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, NamedTuple

from annotate.corpus.store import Corpus
from annotate.dataset.cache import Cache
from annotate.dataset.parts import Name, Part, PartMaker
from annotate.model.issues import AcreError
from annotate.model.schema import Schema

_TOGETHER = 25
"""Articles that are made at a time."""
_WORTH_A_WORKER = 200
"""Articles for which another process pays: it takes some seconds to start."""


def workers(corpus: Corpus) -> int:
    """How many processes a build of the corpus pays for on this machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, len(corpus.article_names()) // _WORTH_A_WORKER))


def parts(
    corpus: Corpus, schema: Schema, texts: bool, workers: int, cache: Cache | None
) -> Iterator[Part]:
    """What is built of all articles, in the order of their ids; with a cache, a part is of one article."""
    names = corpus.article_names()
    groups = (names[start : start + _TOGETHER] for start in range(0, len(names), _TOGETHER))
    with _no_collector(), _executor(workers, corpus, schema, texts) as executor:
        waiting: deque[_Group] = deque()
        for group in groups:
            waiting.append(_begin(group, executor, cache))
            # No further ahead: what is made and not yet taken is held.
            if len(waiting) > 2 * workers:
                yield from _end(waiting.popleft(), cache)
        while waiting:
            yield from _end(waiting.popleft(), cache)
    if cache is not None:
        cache.forget_others(names)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Without Python's search for cycles of garbage: there are none, and among many records it takes a quarter."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Group(NamedTuple):
    """Articles of which parts are being made."""

    names: Sequence[Name]
    keys: dict[Name, bytes]
    kept: dict[Name, Part]
    jobs: list[list[Name]]
    """What is not kept; of each a part is made."""
    made: Future[list[Part]]


def _begin(names: Sequence[Name], executor: Executor, cache: Cache | None) -> _Group:
    keys: dict[Name, bytes] = {}
    kept: dict[Name, Part] = {}
    for name in names if cache is not None else ():
        assert cache is not None
        keys[name] = cache.key(name)
        part = cache.load(name, keys[name])
        if part is not None:
            kept[name] = part
    jobs = [[name] for name in names if name not in kept] if cache is not None else [list(names)]
    return _Group(names, keys, kept, jobs, _submit(executor, jobs))


def _end(group: _Group, cache: Cache | None) -> Iterator[Part]:
    try:
        made = group.made.result()
    except BrokenProcessPool:
        message = (
            "a process of the build was ended, perhaps for want of memory; run it with --workers 1"
        )
        raise AcreError(message) from None
    if cache is None:
        yield from made
        return
    part_of = {name: part for (name,), part in zip(group.jobs, made, strict=True)}
    for name in group.names:
        if name in group.kept:
            yield group.kept[name]
        else:
            cache.keep(name, group.keys[name], part_of[name])
            yield part_of[name]


def _submit(executor: Executor, jobs: list[list[Name]]) -> Future[list[Part]]:
    if jobs:
        return executor.submit(_make, jobs)
    nothing: Future[list[Part]] = Future()
    nothing.set_result([])
    return nothing


def _executor(workers: int, *arguments: Any) -> Executor:
    if workers == 1:
        return _Here(_start, arguments)
    # Not a fork of this process: that would copy locks that its threads hold.
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload([__name__, "spacy"])
    return ProcessPoolExecutor(workers, context, _start, arguments)


class _Here(Executor):
    """Runs what it is given at once, in this process."""

    def __init__(self, initializer: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        initializer(*arguments)

    def submit(
        self, function: Callable[..., Any], /, *arguments: Any, **options: Any
    ) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(function(*arguments, **options))
        return done


_maker: PartMaker
"""Of this process."""


def _start(corpus: Corpus, schema: Schema, texts: bool) -> None:
    global _maker
    _maker = PartMaker(corpus, schema, texts)
    gc.disable()  # as `parts` does, in the processes that it starts


def _make(jobs: list[list[Name]]) -> list[Part]:
    """A part of the articles of each job."""
    return [_maker.of_names(names) for names in jobs]
