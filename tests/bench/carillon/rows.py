"""What the rows alone cost: the reads and writes of sending in bare SQL, with nothing sent and no object made.

    python -m tests.bench.carillon.rows        with the environment of the worker

Less than Carillon asks of the database: one batch for a whole load, ids that follow each other, no look at credentials,
rules or answers. Each load is committed twice, as its start and its answers must be. It is told what to do on standard
input: see obedience.py.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Thread

from tests.bench.carillon import client  # sets Django up: before anything of Carillon's
from tests.bench.obedience import obey

from django.db import connection, transaction  # isort: skip

from notifications import clock  # isort: skip
from notifications.models import Credential, Message  # isort: skip

LOAD = 600
"""Messages of six connections."""
READ = """
    SELECT m.id, m.title, m.body, m.data, d.push_token FROM notifications_message m
    JOIN notifications_device d ON d.id = m.device_id
    WHERE m.id BETWEEN %s AND %s AND m.state = 'queued' ORDER BY m.id"""
BATCH = """
    INSERT INTO notifications_batch (credential_id, size, created_at, leased_until, started_at, outcome)
    VALUES (%s, 100, %s, %s, %s, '') RETURNING id"""
GO = "UPDATE notifications_message SET state = 'sending', batch_id = %s, changed_at = %s WHERE id BETWEEN %s AND %s"
END = "UPDATE notifications_batch SET finished_at = %s, outcome = 'accepted' WHERE id = %s"
ARRIVE = """
    UPDATE notifications_message SET state = 'accepted', reason = '', code = '', attempts = 1, available_at = %s,
    changed_at = %s WHERE batch_id = %s AND state = 'sending'"""
TICKETS = """
    INSERT INTO notifications_ticket (message_id, batch_id, outcome, is_success, external_id, error_code,
    error_message, date_received, check_at, asked_with_id, checks)
    SELECT id, %s, 'accepted', true, '0190a1b2-c3d4-7e5f-8a9b-' || id, '', '', %s, %s, %s, 0
    FROM notifications_message WHERE id BETWEEN %s AND %s"""


def write(number: int, connections: int) -> float:
    """Messages a second, over so many connections to the database side by side."""
    client.build(number)
    client.queue()
    ids = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    loads = [(part[0], part[-1]) for start in range(0, number, LOAD) if (part := ids[start : start + LOAD])]
    credential = Credential.objects.get().pk
    threads = [
        Thread(target=_carry, args=(loads[first::connections], credential)) for first in range(connections)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    assert not Message.objects.exclude(state="accepted").exists()
    return number / seconds


def _carry(loads: Sequence[tuple[int, int]], credential: int) -> None:
    try:
        for first, last in loads:
            _land(credential, _start(credential, first, last), first, last)
    finally:
        connection.close()


@transaction.atomic
def _start(credential: int, first: int, last: int) -> int:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(READ, [first, last])
        cursor.fetchall()
        cursor.execute(BATCH, [credential, now, now, now])
        (batch,) = cursor.fetchone()
        cursor.execute(GO, [batch, now, first, last])
    return int(batch)


@transaction.atomic
def _land(credential: int, batch: int, first: int, last: int) -> None:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(END, [now, batch])
        cursor.execute(ARRIVE, [now, now, batch])
        cursor.execute(TICKETS, [batch, now, now, credential, first, last])


if __name__ == "__main__":
    obey({"write": write})
