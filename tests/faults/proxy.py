"""A connection that fails: between a command and a real server, it cuts, lies or answers something else."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime

_DATE = re.compile(rb"(?im)^(Date: )(.*?)(\r?)$")


@dataclass
class Trouble:
    """What happens to a connection; nothing, where all is as it is."""

    cut_after: int | None = None
    """Bytes of the answers, after which the connection breaks off."""
    answer: bytes | None = None
    """What is answered instead of what the server says."""
    shift: dt.timedelta | None = None
    """By how much the server's clock is ahead."""


class Proxy:
    """Listens on a port of its own and passes on what the server at the other port says, with trouble."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.trouble = Trouble()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        trouble = self.trouble
        with client, _shut(client), contextlib.suppress(OSError):
            if trouble.answer is not None:
                client.recv(1 << 16)
                client.sendall(trouble.answer)
                return
            with socket.create_connection(("127.0.0.1", self.port)) as server:
                for side in (client, server):  # nothing waits until there is more to send
                    side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=_pass_on, args=(client, server), daemon=True).start()
                left = trouble.cut_after
                while chunk := server.recv(1 << 16):
                    if trouble.shift is not None:
                        chunk = _shifted(chunk, trouble.shift)
                    if left is not None:
                        chunk, left = chunk[:left], left - len(chunk)
                    client.sendall(chunk)
                    if left is not None and left <= 0:
                        return


@contextlib.contextmanager
def _shut(client: socket.socket) -> Iterator[None]:
    """The other side sees the end, though another thread still waits for what the client says."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


def _pass_on(client: socket.socket, server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := client.recv(1 << 16):
            server.sendall(chunk)


def _shifted(chunk: bytes, by: dt.timedelta) -> bytes:
    def later(match: re.Match[bytes]) -> bytes:
        moment = parsedate_to_datetime(match[2].decode()) + by
        return match[1] + format_datetime(moment, usegmt=True).encode() + match[3]

    return _DATE.sub(later, chunk, count=1)
