"""Runs a command in a process of its own, and tells the most memory that it had."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

PEAK = """
import re, resource, sys
from pathlib import Path
status = Path("/proc/self/status")
# A process begins with the peak of the one that started it: Linux has its own beside that.
own = re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text()) if status.exists() else None
peak = int(own[1]) if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak * (1 if sys.platform == "darwin" else 1024), file=sys.stderr)
"""
"""A program's last lines: they print the most memory that it had, in bytes, to standard error."""
_MEASURED = (
    """
import runpy
try:
    runpy.run_module("annotate", run_name="__main__", alter_sys=True)
except SystemExit as end:
    assert not end.code, end.code
"""
    + PEAK
)


def measured(*arguments: str) -> tuple[str, int]:
    """What the command `acre` prints in a process of its own, and the most memory that it had, in bytes."""
    command = [sys.executable, "-c", _MEASURED, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout, int(done.stderr.splitlines()[-1])
