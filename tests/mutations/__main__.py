"""`make mutations ARGS="--runs 1000000"`: damaged inputs through all readers; how many of each, and what failed."""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from annotate.model.issues import AcreError
from tests.mutations.readers import Reader, readers

HANGS = 30
"""Seconds after which a reader counts as hanging."""


class Hang(BaseException):
    """It took too long; no Exception, so that no reader takes it for its input's fault."""


@dataclass(frozen=True)
class Outcome:
    """What became of an input."""

    number: int
    name: str
    seconds: float
    refused: bool = False
    """By an error that says why; what is set aside within an input that is read is not counted."""
    failure: str | None = None
    """Where it was neither read nor refused: the exception, and the line of ours that it went through last."""


def main() -> int:
    """Exit 0 where each input was read or refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="The input to begin with.")
    parser.add_argument("--minutes", type=float, default=1e6, help="Stop after these.")
    options = parser.parse_args()
    start = time.monotonic()
    outcomes: Counter[tuple[str, str]] = Counter()
    microseconds: Counter[str] = Counter()
    failures: Counter[tuple[str, str]] = Counter()
    numbers = range(options.first, options.first + options.runs)
    with tempfile.TemporaryDirectory(prefix="acre-mutations-") as folder:
        signal.signal(signal.SIGALRM, _hang)
        with contextlib.suppress(KeyboardInterrupt):  # what was done is told
            for outcome in mutate(readers(Path(folder)), options.seed, numbers):
                name, failure = outcome.name, outcome.failure
                outcomes[name, "refused" if outcome.refused else "read"] += 1
                microseconds[name] += round(outcome.seconds * 1e6)
                if failure is not None:
                    failures[name, failure] += 1
                    if failures[name, failure] == 1:
                        print(f"input {outcome.number}: {name}: {failure}", flush=True)
                if time.monotonic() - start > options.minutes * 60:
                    break
    print("\n| input | damaged | refused | ms each |\n|---|---:|---:|---:|")
    for name in sorted(microseconds):
        refused = outcomes[name, "refused"]
        count = refused + outcomes[name, "read"]
        print(f"| {name} | {count:,} | {refused:,} | {microseconds[name] / 1e3 / count:.1f} |")
    minutes = (time.monotonic() - start) / 60
    print(
        f"\n{outcomes.total():,} inputs, seed {options.seed}, {minutes:.0f} minutes:"
        f" {failures.total()} failures"
    )
    return 1 if failures else 0


def mutate(among: dict[str, Reader], seed: int, numbers: range) -> Iterator[Outcome]:
    """What becomes of each input; each has a seed of its own, so that one that failed can be had again alone."""
    names, weights = list(among), [reader.weight for reader in among.values()]
    for number in numbers:
        rng = random.Random(f"{seed} {number}")
        (name,) = rng.choices(names, weights)
        content = among[name].damaged(rng)
        refused, failure, began = False, None, time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, HANGS)
        try:
            among[name].read(content)
        except AcreError as error:
            refused, failure = True, _unprintable(str(error))
        except (Exception, Hang) as error:
            failure = _where(error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        yield Outcome(number, name, time.perf_counter() - began, refused, failure)


def _unprintable(message: str) -> str | None:
    try:
        message.encode()
    except UnicodeEncodeError as error:
        return f"a message that can't be printed: {error.reason}"
    return None


def _hang(_signal: int, _frame: FrameType | None) -> None:
    raise Hang(f"longer than {HANGS} s")


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/annotate/" in frame.filename] or list(frames)
    line = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
    return f"{type(error).__name__} at {line}: {' '.join(str(error).split())[:150]}"


if __name__ == "__main__":
    sys.exit(main())
