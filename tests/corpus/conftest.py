"""The command in this process: it starts once for all tests of the folder, and not two seconds for each call."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from annotate import cli
from annotate.corpus.store import Corpus
from tests.conftest import Acre


@pytest.fixture
def acre(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Acre:
    """The whole command, from its arguments to its exit code, run beside the corpus as its user does."""
    for name in [name for name in os.environ if name.startswith("ACRE_")]:
        monkeypatch.delenv(name)

    def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = ["acre", *map(str, arguments)]
        monkeypatch.chdir(cwd or corpus.root.parent)
        monkeypatch.setattr(sys, "argv", command)
        capsys.readouterr()
        code: object = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
        printed = capsys.readouterr()
        assert isinstance(code, int), code
        return subprocess.CompletedProcess(command, code, printed.out, printed.err)

    return run
