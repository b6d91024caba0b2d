"""A version of the corpus: which number it gets, what the changelog says of it, which bytes it has."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from annotate.corpus import files as files_
from annotate.dataset.diff import KINDS, Diff
from annotate.model.issues import AcreError, UsageError
from annotate.model.schema import Schema

FIRST = "0.1.0"
_OF_SCREEN = {"colour", "hotkey", "crosswalk", "version"}
"""What a schema may change without a label meaning something else."""
SUMS = "SHA256SUMS"


def propose(last: str | None, diff: Diff, old: Schema | None, new: Schema) -> tuple[str, str]:
    """The next version, and why.

    Major where a label's meaning changed, minor where labels or documents came or went, patch for corrections. Before
    1.0.0 a changed meaning raises the minor number (Semantic Versioning 2.0.0, 4: anything may change).
    AcreError where nothing changed.
    """
    if last is None or old is None:
        return FIRST, "the first release"
    major, minor, patch = map(int, last.split("."))
    changed, more = meanings(old, new)
    if changed:
        version = f"{major + 1}.0.0" if major else f"0.{minor + 1}.0"
        return version, f"labels changed their meaning: {', '.join(changed)}"
    if more:
        return f"{major}.{minor + 1}.0", f"labels were added: {', '.join(more)}"
    if diff.added or diff.removed:
        return (
            f"{major}.{minor + 1}.0",
            f"{len(diff.added)} documents added, {len(diff.removed)} removed",
        )
    if not diff.is_empty:
        return (
            f"{major}.{minor}.{patch + 1}",
            f"{len(diff.changes) + len(diff.described)} corrections",
        )
    raise AcreError(f"nothing changed since {last}: there is nothing to release")


def meanings(old: Schema, new: Schema) -> tuple[list[str], list[str]]:
    """The labels, roles and attributes that are gone or defined in another way, and those that are new."""
    changed, more = [], []
    for section in ("mentions", "events", "attribution", "roles", "attributes", "links", "zones"):
        before, after = (schema.model_dump()[section] for schema in (old, new))
        changed += [
            name for name in sorted(before) if _meaning(before[name]) != _meaning(after.get(name))
        ]
        more += sorted(set(after) - set(before))
    return changed, more


def _meaning(entry: object) -> object:
    if isinstance(entry, dict):
        return {name: _meaning(value) for name, value in entry.items() if name not in _OF_SCREEN}
    return entry


def checked(version: str, proposed: str, last: str | None) -> str:
    """A version that a person gave: three numbers, not below what is proposed; UsageError otherwise."""
    numbers = [part for part in version.split(".") if part.isdecimal()]
    if len(numbers) != 3 or version.count(".") != 2:
        raise UsageError(f"--version {version!r}: give it as {proposed}")
    if _order(version) < _order(proposed):
        raise UsageError(
            f"--version {version}: the changes since {last or 'the start'} ask for {proposed} at"
            " least"
        )
    return version


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def entry(version: str, date: str, why: str, diff: Diff) -> str:
    """What the changelog says of the version: counts before and after, and the changes by layer."""
    lines = [
        f"## {version} ({date})",
        "",
        f"{why[0].upper()}{why[1:]}.",
        "",
        "| | before | after |",
        "|---|---:|---:|",
    ]
    lines += [f"| {name} | {diff.before[name]} | {diff.after[name]} |" for name in diff.after]
    if diff.counts:
        lines += ["", f"| changed | {' | '.join(KINDS)} |", f"|---|{'---:|' * len(KINDS)}"]
        lines += [
            f"| {layer} | {' | '.join(str(counts[kind]) for kind in KINDS)} |"
            for layer, counts in sorted(diff.counts.items())
        ]
    for what, names in (("Added", diff.added), ("Removed", diff.removed)):
        if names:
            lines += ["", f"{what}:", "", *(f"- `{name}`" for name in names)]
    return "\n".join(lines) + "\n"


def with_entry(changelog: str, written: str) -> str:
    """The changelog with the entry as its newest; what stood under `Unreleased` goes with it."""
    head, unreleased, rest = changelog.partition("## Unreleased\n")
    if not unreleased:
        head, mark, rest = changelog.partition("\n## ")
        return f"{head.rstrip()}\n\n{written}" + (f"\n## {rest}" if mark else "")
    noted, mark, older = rest.partition("\n## ")
    first, _, body = written.partition("\n")
    note = f"\n{noted.strip()}\n" if noted.strip() else ""
    return f"{head}{first}\n{note}{body}" + (f"\n## {older}" if mark else "")


def sums(root: Path, files: Iterable[Path]) -> str:
    """A line for each file, as `sha256sum --check` reads it; paths as seen from the root."""
    return "".join(f"{files_.digest(root / path)}  {path.as_posix()}\n" for path in sorted(files))
