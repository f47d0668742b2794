"""The peer's worker: its two tasks, called directly with what a broker would have brought: the best case for it.

    python -m tests.bench.peer.worker        in the peer's environment

It is told what to do on standard input: see obedience.py.
"""

from __future__ import annotations

from django.db import connection

from tests.bench.obedience import obey
from tests.bench.peer.project import check_receipts, send_messages


def warm_up() -> None:
    """Open the connection to the database: a worker that has been running for a while has one."""
    connection.ensure_connection()


def send(pks: list[int]) -> None:
    """Run the sending task."""
    send_messages(pks)


def check(pks: list[int]) -> None:
    """Run the receipt task."""
    check_receipts(pks)


if __name__ == "__main__":
    obey({verb.__name__: verb for verb in (warm_up, send, check)})
