"""How a program ends: what was refused or failed is one line on standard error, and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from annotate.model.issues import AcreError
from annotate.model.text import shown

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_IN_THE_WAY = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY)


def run(program: Callable[[], object], name: str) -> NoReturn:
    """Run the program and exit with its code; with 1 where it fails on the machine or is interrupted.

    SystemExit, always. Whatever fails here is not the input, which is checked where it is read.
    """
    code: str | int | None = 0
    try:
        program()
    except SystemExit as end:
        code = end.code
    except AcreError as error:
        code = _fail(f"{name}: {error}", error.exit_code)
    except KeyboardInterrupt:
        code = _fail(f"{name}: interrupted; run it again: what was written is whole")
    except OSError as error:
        code = _fail(f"{name}: {_told(error)}")
    except RecursionError:
        code = _fail(f"{name}: something is nested too deep to be read; correct the file")
    except MemoryError:
        code = _fail(f"{name}: the memory is full; give it fewer files at once")
    sys.exit(_flushed(name, code))


def _fail(line: str, code: int = 1) -> int:
    with suppress(OSError):
        print(shown(line), file=sys.stderr, flush=True)
    return code


def _told(error: OSError) -> str:
    where = error.filename if error.filename is not None else "output"
    reason = error.strerror or str(error) or type(error).__name__
    remedies = {
        **dict.fromkeys(_FULL, "make room"),
        **dict.fromkeys(_CLOSED, "get the right to use it, or name another place"),
        **dict.fromkeys(_IN_THE_WAY, "move what stands there"),
    }
    remedy = remedies.get(error.errno or 0, "put that right")
    return f"{os.fsdecode(where) if isinstance(where, bytes) else where}: {reason}; {remedy} and run it again"


def _flushed(name: str, code: str | int | None) -> str | int | None:
    """The exit code, with all that was printed delivered; 1 where it could not be, as on a full disk."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer must not be tried again as the process ends.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno != errno.EPIPE:
            _fail(f"{name}: {_told(error)}")
        return code or 1
    return code
