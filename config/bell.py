"""A bell between the processes of one machine: a named pipe, in which a byte says "look now"."""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from pathlib import Path

_MANY = 4096
"""Bytes read at once: however often it rang, one look is enough."""


class Bell:
    """Wakes one of those who wait, or the next one who would. A hint: it may be lost."""

    def __init__(self, path: Path) -> None:
        """`path`: the pipe, made by the first who waits."""
        self._path = path
        self._ear: int | None = None

    def ring(self) -> None:
        """Never waits and never raises: where nobody listens, nobody is woken."""
        if not hasattr(os, "mkfifo"):
            return
        with suppress(OSError):
            pipe = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(pipe, b".")
            finally:
                os.close(pipe)

    def wait(self, seconds: float, deaf: float) -> None:
        """Until it rings, at most so long; `deaf`: how long where there can be no pipe."""
        if self._ear is None:
            self._ear = _listen(self._path)
        if self._ear is None:
            time.sleep(deaf)
        elif _has_rung(self._ear, seconds):
            with suppress(BlockingIOError):  # another process was quicker, and looks
                os.read(self._ear, _MANY)


def _has_rung(ear: int, seconds: float) -> bool:
    poll = select.poll()  # not select(), which knows no more than 1,024 files
    poll.register(ear, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _listen(path: Path) -> int | None:
    """The pipe, open for reading; None on systems and file systems that have none."""
    if not hasattr(os, "mkfifo"):
        return None
    try:
        with suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        # For writing too, so that it does not end whenever the last who rang has closed it.
        return os.open(path, os.O_RDWR | os.O_NONBLOCK) if path.is_fifo() else None
    except OSError:
        return None
