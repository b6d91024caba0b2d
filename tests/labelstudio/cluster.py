"""A PostgreSQL server of the tests' own, in a temporary folder, that can be killed and started again."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ACCOUNT = "acre"


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs; None where they are missing."""
    folders = sorted(path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return folders[-1] if folders else Path(on_path).resolve().parent if on_path else None


class Cluster:
    """One server with one account, which has a password."""

    def __init__(self, bin_: Path, folder: Path) -> None:
        # PostgreSQL refuses to run as root: Debian's package has an account for it.
        self._user = "postgres" if os.getuid() == 0 else None
        self._bin, self._folder = bin_, folder
        self.password = secrets.token_urlsafe(16) + "@/:%"  # letters that an address must escape
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make the data folder; nothing is asked but by password."""
        password = self._folder / "password"
        password.write_text(self.password)
        if self._user:
            number = pwd.getpwnam(self._user).pw_uid
            os.chown(self._folder, number, -1)
            os.chown(password, number, -1)
        subprocess.run(
            [
                self._bin / "initdb", "-D", self._folder / "data", "-U", ACCOUNT, "-E", "UTF8", "--locale=C",
                "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync",
            ],
            user=self._user, cwd=self._folder, check=True, capture_output=True,
        )  # fmt: skip
        password.unlink()

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._bin / "postgres", "-D", self._folder / "data", "-p", str(self.port), "-h", "127.0.0.1",
                    "-c", "unix_socket_directories=", "-c", "log_statement=all", "-c", "log_connections=on",
                ],
                user=self._user, cwd=self._folder, stdout=log, stderr=log,
            )  # fmt: skip
        ready = [self._bin / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, capture_output=True, check=False).returncode:
            if self._process.poll() is not None:
                raise RuntimeError(self.log())
            time.sleep(0.1)

    def kill(self) -> None:
        """End it and all its processes at once, as when the machine loses power."""
        if self._process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(self._process.pid)
            for process in [family, *family.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def log(self) -> str:
        """What it has logged."""
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def address(self, database: str = "") -> str:
        """Its address, with the password."""
        from urllib.parse import quote

        password = quote(self.password, safe="")
        return f"postgresql://{ACCOUNT}:{password}@127.0.0.1:{self.port}/{database}"


@contextlib.contextmanager
def running() -> Iterator[Cluster]:
    """A server that is up; its folder is removed in the end."""
    bin_ = programs()
    if bin_ is None:
        raise FileNotFoundError("PostgreSQL's server programs are missing")
    folder = Path(tempfile.mkdtemp(prefix="acre-postgres-"))
    cluster = Cluster(bin_, folder)
    try:
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        cluster.kill()
        shutil.rmtree(folder, ignore_errors=True)
