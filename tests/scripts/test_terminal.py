"""What the scripts share, and that it is not the command line."""

from __future__ import annotations

import ast
from functools import partial

import pytest

from annotate.model.issues import AcreError, UsageError
from scripts import terminal
from tests.conftest import ROOT, here


@pytest.mark.parametrize(("refusal", "code"), [(AcreError, 1), (UsageError, 2)])
def test_what_is_refused_is_one_line_and_an_exit_code(refusal: type[AcreError], code: int) -> None:
    def command() -> None:
        """Refuse."""
        raise refusal("corpus/x.yaml: it is empty; fill it")

    done = here(partial(terminal.run, command), "scripts/fill.py")
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == "fill: corpus/x.yaml: it is empty; fill it\n"


@pytest.mark.parametrize("script", sorted((ROOT / "scripts").glob("*.py")), ids=lambda p: p.stem)
def test_no_script_imports_the_command_line(script: object) -> None:
    imported = set()
    for node in ast.walk(ast.parse((ROOT / "scripts" / str(script)).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert not [name for name in imported if f"{name}.".startswith("annotate.cli.")]
