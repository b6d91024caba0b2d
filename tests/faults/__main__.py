"""`make faults ARGS="--runs 10000"`: the long run. Prints a table and, for each failure, how to have it again."""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from annotate.model.issues import AcreError
from tests.faults import injection

Done = tuple[int, str, str, list[str]]
"""The number of a run, its command, its fault, and what was wrong after it."""


@dataclass(frozen=True)
class Share:
    """The runs of one worker."""

    seed: int
    numbers: range
    seconds: float
    """After these it begins no more."""


def main() -> int:
    """Exit 0 where nothing was lost, moved or doubled, and no command ended badly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--first", type=int, default=0, help="The run to begin with: a long run in parts."
    )
    parser.add_argument("--workers", type=int, default=1, help="Each has a server of its own.")
    parser.add_argument("--verbose", action="store_true", help="Tell of each run.")
    parser.add_argument("--minutes", type=float, default=1e6, help="Stop after these.")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was done is told
    start = time.monotonic()
    shares = [
        Share(
            options.seed,
            range(options.first + worker, options.first + options.runs, options.workers),
            options.minutes * 60,
        )
        for worker in range(options.workers)
    ]
    done: Counter[tuple[str, str]] = Counter()
    failures = 0
    for number, command, fault, problems in _at_once(shares):
        done[command, fault] += 1
        failures += bool(problems)
        if problems or options.verbose:
            took = time.monotonic() - start
            print(f"{took:.1f} s: run {number}: {command}, {fault}: {problems}", flush=True)
    _print(done)
    minutes = (time.monotonic() - start) / 60
    print(
        f"\n{done.total()} faults, seed {options.seed}, {minutes:.0f} minutes: {failures} failures"
    )
    return 1 if failures else 0


def _at_once(shares: list[Share]) -> Iterator[Done]:
    """What was done, as it is done, by a process for each share; an interruption ends them all."""
    context = multiprocessing.get_context("fork")
    workers, pipes = [], []
    for share in shares:
        reading, writing = context.Pipe(duplex=False)
        workers.append(context.Process(target=_work, args=(share, writing)))
        workers[-1].start()
        writing.close()
        pipes.append(reading)
    while pipes:
        try:
            for pipe in wait(pipes):
                try:
                    yield pipe.recv()
                except EOFError:
                    pipes.remove(pipe)
        except KeyboardInterrupt:
            for worker in workers:
                worker.terminate()
    for worker in workers:
        worker.join()


def _work(share: Share, output: Connection) -> None:
    """Do the runs of a share, with a server of its own, which is stopped at the end and where it is interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    start = time.monotonic()
    with (
        contextlib.suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="acre-faults-") as temporary,
        injection.bench(Path(temporary, "bench"), Path(temporary, "state"), share.seed) as bench,
    ):
        for number in share.numbers:
            if time.monotonic() - start > share.seconds:
                break
            # Each run has its own seed: one that failed can be had again alone.
            bench.random = random.Random(f"{share.seed} {number}")
            command, fault = injection.plan(bench.random)
            try:
                problems = injection.inject(bench, command, fault)
            except AcreError as error:  # what a fault left is such that it can't even be looked at
                problems = [str(error)]
            output.send((number, command, fault, problems))


def _print(done: Counter[tuple[str, str]]) -> None:
    faults = sorted({fault for _command, fault in done})
    print(f"\n| command | {' | '.join(faults)} |\n|---|{'---|' * len(faults)}")
    for command in sorted({command for command, _fault in done}):
        cells = (str(done[command, fault] or "–") for fault in faults)
        print(f"| {command} | {' | '.join(cells)} |")


if __name__ == "__main__":
    sys.exit(main())
