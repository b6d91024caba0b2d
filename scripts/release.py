"""Makes a version of the corpus: proposes its number from what changed, writes what belongs to it, commits and tags it.

    python scripts/release.py --dry-run
    python scripts/release.py
    python scripts/release.py --publish organisation/acre  # after a release: to a Hub, as `hf auth login` says who

Nothing leaves this machine without `--publish`. The tag is `corpus-<version>`.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus
from annotate.dataset import build, reading, release
from annotate.dataset.check import DatasetCheck
from annotate.dataset.diff import Diff, diff
from annotate.model import schema as schema_
from annotate.model.issues import AcreError, Severity, UsageError
from annotate.model.schema import Schema
from scripts import terminal

ROOT = Path(__file__).parents[1]


def main(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what would be released.")
    ] = False,
    version: Annotated[
        str | None, typer.Option(help="Another number than the proposed one; not a lower one.")
    ] = None,
    date: Annotated[
        str | None, typer.Option(help="Date of the release; by default today's, in UTC.")
    ] = None,
    publish: Annotated[
        str | None,
        typer.Option(help="Upload the newest release to this dataset repository of a Hub."),
    ] = None,
    corpus: Annotated[Path, typer.Option(help="The corpus folder.")] = ROOT / "corpus",
) -> None:
    """Release the corpus, or publish its newest release."""
    folder, schema = Corpus(corpus), schema_.load(corpus.parent / "guidelines" / "schema.yaml")
    if publish is not None:
        _publish(folder, publish)
        return
    _refuse_unfit(folder, schema)
    last, _date = folder.release()
    changes, old = _since(folder, last, schema)
    proposed, why = release.propose(last, changes, old, schema)
    number = release.checked(version, proposed, last) if version else proposed
    print(f"{last or 'nothing'} → {number}: {why}")
    for line in changes.lines(details=False):
        print(line)
    if dry_run:
        return
    day = date or dt.datetime.now(dt.UTC).date().isoformat()
    before = (
        folder.changelog.read_text(encoding="utf-8")
        if folder.changelog.exists()
        else "# Changes of the corpus\n"
    )
    store.write(
        folder.changelog,
        release.with_entry(before, release.entry(number, day, why, changes)).encode(),
    )
    build.build(folder, schema)
    _git(folder, "add", "--all", "--", corpus.name)
    store.write(corpus / release.SUMS, release.sums(corpus, _tracked(folder)).encode())
    _git(folder, "add", "--all", "--", corpus.name)
    _git(
        folder, "commit", "--quiet", "--message", f"Release the corpus {number}", "--", corpus.name
    )
    _git(folder, "tag", "--annotate", _tag(number), "--message", f"Corpus {number}")
    print(f"wrote CHANGELOG.md, README.md, croissant.json, {release.SUMS}; tagged {_tag(number)}")


def _refuse_unfit(folder: Corpus, schema: Schema) -> None:
    """AcreError where the corpus is not committed, not valid, not assigned to splits, or not built."""
    left = _git(folder, "status", "--porcelain", "--", folder.root.name, "guidelines")
    if left:
        raise AcreError(
            f"not committed: {', '.join(line[3:] for line in left.splitlines()[:5])}; commit first"
        )
    issues = [
        issue
        for issue in validate.corpus(folder, schema, also=[DatasetCheck(folder, schema)])
        if issue.severity is Severity.ERROR or issue.code == "split-missing"
    ]
    if issues:
        heading = f"the corpus has {len(issues)} issues; correct them first"
        raise AcreError("\n".join([heading, *map(str, issues[:10])]))


def _since(folder: Corpus, last: str | None, schema: Schema) -> tuple[Diff, Schema | None]:
    """What changed since the last release, and the schema that it was made under."""
    new = list(reading.rows(folder.root))
    if last is None:
        return diff([], new, schema), None
    with reading.version(_tag(last), folder.root) as before:
        changes = diff(reading.rows(before), new, schema)
    with tempfile.TemporaryDirectory() as aside:
        path = Path(aside) / "schema.yaml"
        path.write_text(
            _git(folder, "show", f"{_tag(last)}:./guidelines/schema.yaml"), encoding="utf-8"
        )
        return changes, schema_.load(path)


def _publish(folder: Corpus, repository: str) -> None:
    """Upload what git tracks of the newest release, and nothing else."""
    from huggingface_hub import HfApi

    number, _date = folder.release()
    if number is None:
        raise UsageError(f"{folder.changelog}: no release yet; make one first, without --publish")
    changed = _git(folder, "diff", "--name-only", _tag(number), "--", folder.root.name)
    changed += _git(folder, "status", "--porcelain", "--", folder.root.name)
    if changed:
        raise AcreError(
            f"the corpus is no longer {number}: {changed.splitlines()[0]}; check out"
            f" {_tag(number)}, or release"
        )
    api = HfApi()
    try:
        api.create_repo(repository, repo_type="dataset", exist_ok=True)
        api.upload_folder(
            repo_id=repository, repo_type="dataset", folder_path=folder.root, commit_message=f"Corpus {number}",
            allow_patterns=[str(path) for path in [*_tracked(folder), Path(release.SUMS)]],
        )  # fmt: skip
        api.create_tag(repository, tag=number, repo_type="dataset")
    except (
        Exception
    ) as error:  # its client raises what its HTTP library does, and that has changed before
        raise AcreError(
            f"{repository}: {' '.join(str(error).split())[:300]}; nothing else was changed"
        ) from None
    print(f"published {number} to {repository}")


def _tracked(folder: Corpus) -> list[Path]:
    """What git tracks of the corpus, but for the checksums themselves; paths in the corpus."""
    listed = _git(folder, "ls-files", "-z", "--", folder.root.name).split("\0")
    paths = (Path(path).relative_to(folder.root.name) for path in listed if path)
    return sorted(path for path in paths if path.name != release.SUMS)


def _tag(version: str) -> str:
    return f"corpus-{version}"


def _git(folder: Corpus, *arguments: str) -> str:
    command = ["git", "-C", str(folder.root.resolve().parent), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except FileNotFoundError:
        raise UsageError("git is not installed; a release is a tag") from None
    except subprocess.CalledProcessError as error:
        raise AcreError(f"git {arguments[0]}: {' '.join(error.stderr.split())}") from None


if __name__ == "__main__":
    terminal.run(main)
