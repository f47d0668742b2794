"""How many queries Carillon asks: client and workers in one process, the workers' looking out for work included.

    python -m tests.bench.carillon.queries        with the environment of the worker

It is told what to do on standard input: see obedience.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tests.bench.carillon import client  # sets Django up: before anything of Carillon's
from tests.bench.obedience import obey

from django.db import connection  # isort: skip
from django.db.backends.base.base import BaseDatabaseWrapper  # isort: skip
from django.db.backends.signals import connection_created  # isort: skip

from notifications import worker  # isort: skip


class Count:
    """Queries over every connection that is opened from now on, in whatever thread."""

    def __init__(self) -> None:
        self.queries = 0
        self.ignored: int | None = None
        """A thread that merely looks whether all is there."""
        self._lock = threading.Lock()
        connection_created.connect(self._watch)

    def _watch(self, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        if self._note not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._note)

    def _note(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        if threading.get_ident() != self.ignored:
            with self._lock:
                self.queries += 1
        return execute(*arguments)


def count(number: int) -> dict[str, float]:
    """Per 100 messages and per 100 receipts of so many."""
    connection.close()
    counted = Count()
    client.build(number)
    worker.start()
    try:
        return {
            "messages": _during(counted, client.queue, client.wait_for_tickets, number),
            "receipts": _during(counted, client.make_due, client.wait_for_receipts, number),
        }
    finally:
        worker.stop()


def _during(counted: Count, begin: Callable[[], object], wait: Callable[[int], float], number: int) -> float:
    before = counted.queries
    begin()
    counted.ignored = threading.get_ident()
    wait(number)
    counted.ignored = None
    return (counted.queries - before) / number * 100


if __name__ == "__main__":
    obey({"count": count})
