"""How many queries the peer asks: client and task in one process.

    python -m tests.bench.peer.queries        in the peer's environment

It is told what to do on standard input: see obedience.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from tests.bench.obedience import obey
from tests.bench.peer import client
from tests.bench.peer.project import check_receipts, handed_over, send_messages


def count(number: int) -> dict[str, float]:
    """Per 100 messages and per 100 receipts of so many."""
    client.build(number)
    return {
        "messages": _counted(lambda: (client.queue(), send_messages(handed_over["pks"]))) / number * 100,
        "receipts": _counted(lambda: (client.make_due(), check_receipts(handed_over["pks"]))) / number * 100,
    }


def _counted(work: Callable[[], object]) -> int:
    asked = 0

    def note(execute: Any, *arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*arguments)

    with connection.execute_wrapper(note):
        work()
    return asked


if __name__ == "__main__":
    obey({"count": count})
