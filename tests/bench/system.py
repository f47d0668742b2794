"""What is measured: a system that keeps messages in a database and sends them from a worker process of its own."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

FOREIGN = (
    "CARILLON_",
    "EXPO_",
    "DATABASE_URL",
    "REDIS_URL",
    "DEBUG",
    "PORT",
    "DJANGO_",
    "SECRET_KEY",
    "SITE_URL",
)
"""Settings of whoever started the bench: they would change what is measured."""


class Run(Protocol):
    """A system at work on one database."""

    worker: int
    """The worker's process."""

    def build(self, number: int) -> None:
        """Make the objects of so many messages, not the rows."""
        ...

    def queue(self) -> dict[str, float]:
        """Have them sent: the moments of the call (`called`) and of the commit (`committed`)."""
        ...

    def make_due(self) -> dict[str, float]:
        """Have the receipts of all tickets asked for; the same two moments."""
        ...

    def wait_for(self, kind: str, number: int) -> float:
        """The moment when so many `tickets` or `receipts` are saved."""
        ...

    def check(self) -> None:
        """Raise RuntimeError, with what was said, if the worker has ended."""
        ...


class System(Protocol):
    """A system, not at work yet."""

    key: str
    label: str

    def prepare(self, url: str, folder: Path, devices: int) -> None:
        """Make tables and devices in an empty database."""
        ...

    def running(self, url: str, folder: Path, expo: str) -> AbstractContextManager[Run]:
        """A worker, idle, and a client, both on this database and this Expo."""
        ...

    def queries(self, url: str, folder: Path, expo: str, number: int) -> dict[str, float]:
        """Queries per 100 `messages` and per 100 `receipts`, in one process."""
        ...


def environment(**settings: str) -> dict[str, str]:
    """The environment of this process without settings of its own, and with these."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {**own, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **settings}
