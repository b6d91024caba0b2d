"""`make faults ARGS="--runs 10000"`: the long run. Prints a table and, for each failure, how to have it again."""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults import injection


def main() -> int:
    """Exit 0 where nothing was lost, moved or doubled, and no command ended badly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="Tell of each run.")
    parser.add_argument("--minutes", type=float, default=None, help="Stop after these.")
    options = parser.parse_args()
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # the server is stopped, what was done told
    done: Counter[tuple[str, str]] = Counter()
    failures: list[tuple[int, str, str, list[str]]] = []
    start = time.monotonic()
    with (
        contextlib.suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="acre-faults-") as temporary,
    ):
        folder = Path(temporary)
        with injection.bench(folder / "bench", folder / "state", options.seed) as bench:
            for number in range(options.runs):
                # Each run has its own seed: one that failed can be had again alone.
                bench.random = random.Random(f"{options.seed} {number}")
                command, fault = injection.plan(bench.random)
                began = time.monotonic()
                problems = injection.inject(bench, command, fault)
                if options.verbose:
                    took = time.monotonic() - began
                    print(f"run {number}: {command}, {fault}: {took:.1f} s", flush=True)
                done[command, fault] += 1
                if problems:
                    failures.append((number, command, fault, problems))
                    print(f"run {number}: {command}, {fault}: {problems}", flush=True)
                if options.minutes and time.monotonic() - start > options.minutes * 60:
                    break
    _print(done, failures, options.seed, time.monotonic() - start)
    return 1 if failures else 0


def _print(
    done: Counter[tuple[str, str]],
    failures: list[tuple[int, str, str, list[str]]],
    seed: int,
    seconds: float,
) -> None:
    faults = sorted({fault for _command, fault in done})
    print(f"\n| command | {' | '.join(faults)} |\n|---|{'---|' * len(faults)}")
    for command in sorted({command for command, _fault in done}):
        cells = (str(done[command, fault] or "–") for fault in faults)
        print(f"| {command} | {' | '.join(cells)} |")
    print(
        f"\n{sum(done.values())} faults, seed {seed}, {seconds / 60:.0f} minutes: {len(failures)} failures"
    )


if __name__ == "__main__":
    sys.exit(main())
