"""What a check finds: where, what was found, what to do."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """How bad an issue is: an error keeps a file out, a warning asks for a look, a note only tells."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, order=True)
class Issue:
    """One finding; `code` is stable, and `message` says what was found and what to do."""

    where: str
    code: str
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.where}: {self.code}: {self.message}"


def errors(issues: Iterable[Issue]) -> list[Issue]:
    """The issues that keep a file out."""
    return [issue for issue in issues if issue.severity is Severity.ERROR]


class AcreError(Exception):
    """Bad input or a refused step, worded for the person who reads it; the command line prints it without a traceback."""

    exit_code = 1


class UsageError(AcreError):
    """The command was asked for something it cannot mean."""

    exit_code = 2
