"""The queue that carries wake-ups between processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import huey as library
from huey.consumer import Consumer
from huey.serializer import SignedSerializer
from huey.storage import SqliteStorage
from redis import ConnectionPool

from config.bell import Bell


def make_queue(redis_url: str, data_dir: Path, secret_key: str) -> library.Huey:
    """A queue in Redis, or in a file beside the database. Tasks are signed: who can write to it cannot run code."""
    serializer = SignedSerializer(secret=secret_key, salt="carillon.queue")
    if redis_url:
        return library.PriorityRedisHuey(
            "carillon",
            # A page that wakes the workers must not wait for a Redis that is away, or holds the line and says nothing.
            # (The consumer's own reads end after a second.)
            connection_pool=ConnectionPool.from_url(redis_url, socket_connect_timeout=1, socket_timeout=2),
            immediate=False,
            results=False,
            serializer=serializer,
        )
    return library.Huey(
        "carillon",
        storage_class=RingingStorage,
        filename=str(data_dir / "queue.sqlite3"),
        fsync=False,  # a lost wake-up costs a second
        immediate=False,
        results=False,
        serializer=serializer,
    )


LOOK = 0.05
"""Seconds between two looks for a wake-up where nothing says when to look."""
LOOK_ANYWAY = 0.25
"""The same where a bell does, which may be lost. A consumer that is told to stop hears of it as late."""


class RingingStorage(SqliteStorage):  # type: ignore[misc]
    """A queue in a file. Who writes to it rings a bell, so that who reads it need not look again and again."""

    blocking = True

    def __init__(self, name: str, filename: str, **options: Any) -> None:
        """As SqliteStorage's."""
        super().__init__(name, filename, **options)
        self._bell = Bell(Path(f"{filename}.bell"))

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        """Put a task into the queue."""
        super().enqueue(data, priority)
        self._bell.ring()

    def dequeue(self) -> bytes | None:
        """The next task; None, after a while, where there is none."""
        data: bytes | None = super().dequeue()
        if data is None:
            self._bell.wait(LOOK_ANYWAY, deaf=LOOK)
        return data


class WakeUpConsumer(Consumer):  # type: ignore[misc]
    """Huey's consumer inside our own process: signals are ours to handle, and hints need one thread."""

    def __init__(self, queue: library.Huey) -> None:
        super().__init__(queue, workers=1, periodic=False, initial_delay=LOOK, max_delay=LOOK)

    def _set_signal_handlers(self) -> None:
        """The server that runs us handles signals."""
