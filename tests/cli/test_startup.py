"""A command starts quickly: what takes long to import is imported by the command that needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "dateparser",
    "datasets",
    "httpx",
    "jinja2",
    "krippendorff",
    "label_studio",
    "label_studio_sdk",
    "matplotlib",
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "spacy",
    "thinc",
    "torch",
    "trafilatura",
    "transformers",
)
_PROGRAM = """
import runpy, sys
try:
    runpy.run_module("annotate", run_name="__main__", alter_sys=True)
except SystemExit as end:
    assert not end.code, end.code
print("annotate.cli" in sys.modules, *sorted(set(sys.modules) & set({heavy!r})))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["validate", "--help"]], ids=" ".join)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    command = [sys.executable, "-c", _PROGRAM.format(heavy=HEAVY), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"
