"""The bare work: what must be read, posted and written, in bare SQL on Carillon's tables and over bare HTTP.

    python -m tests.bench.carillon.bare        with the environment of the worker

What Carillon does beyond that is looking at credentials, pauses, rules and strange answers, waking and telling. Here is
one batch for six requests, and ids follow each other. Each load is committed as often: its start before it leaves, and
its answers; one after the other, so that over one connection nothing overlaps. It is told what to do on standard input:
see obedience.py.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.bench import content
from tests.bench.carillon import client  # sets Django up: before anything of Carillon's

from django.conf import settings  # isort: skip
from django.db import connection, transaction  # isort: skip

from notifications import clock  # isort: skip
from notifications.models import Credential, Message, Ticket  # isort: skip
from tests.bench.obedience import obey  # isort: skip

LOAD = 600
"""Messages of six connections."""
QUESTION = 1000
"""Receipts that Expo gives at once."""
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
ANSWERS = {
    "postgresql": "(SELECT * FROM unnest(%s::bigint[], %s::text[]) AS a(message, name))",
    "sqlite": "(SELECT value ->> 0 AS message, value ->> 1 AS name FROM json_each(%s))",
}
TICKETS = """
    INSERT INTO notifications_ticket (message_id, batch_id, outcome, is_success, external_id, error_code,
    error_message, date_received, check_at, asked_with_id, checks)
    SELECT message, %s, 'accepted', true, name, '', '', %s, %s, %s, 0 FROM {answers} answers"""
ASK = "SELECT external_id FROM notifications_ticket WHERE id BETWEEN %s AND %s"
RECEIPTS = """
    INSERT INTO notifications_receipt (ticket_id, is_success, error_code, error_message, date_checked)
    SELECT id, true, '', '', %s FROM notifications_ticket WHERE id BETWEEN %s AND %s"""
CLOSE = "UPDATE notifications_ticket SET check_at = NULL, checks = checks + 1 WHERE id BETWEEN %s AND %s"
DELIVER = """
    UPDATE notifications_message SET state = 'delivered', reason = '', code = '', changed_at = %s
    WHERE id IN (SELECT message_id FROM notifications_ticket WHERE id BETWEEN %s AND %s) AND state = 'accepted'"""


def send(number: int, connections: int) -> float:
    """Messages a second, over so many connections to the database side by side."""
    client.build(number)
    client.queue()
    ids = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    rate = _rate(_ranges(ids, LOAD), connections, _carry)
    assert not Message.objects.exclude(state="accepted").exists()
    return rate


def receive(number: int, connections: int) -> float:
    """Receipts a second, of the tickets that are there."""
    ids = list(Ticket.objects.filter(is_success=True).order_by("pk").values_list("pk", flat=True))
    assert len(ids) == ids[-1] - ids[0] + 1 == number
    rate = _rate(_ranges(ids, QUESTION), connections, _ask)
    assert Message.objects.filter(state="delivered").count() == number
    return rate


Range = tuple[int, int]
"""The first and the last of ids that follow each other."""


def _ranges(ids: Sequence[int], size: int) -> list[Range]:
    return [(part[0], part[-1]) for at in range(0, len(ids), size) if (part := ids[at : at + size])]


def _rate(
    ranges: Sequence[Range], connections: int, work: Callable[[HTTPConnection, int, int], None]
) -> float:
    def run(mine: Sequence[Range]) -> None:
        with _to_expo() as line:
            for first, last in mine:
                work(line, first, last)
        connection.close()

    threads = [Thread(target=run, args=(ranges[each::connections],)) for each in range(connections)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(last - first + 1 for first, last in ranges) / (time.monotonic() - began)


def _carry(line: HTTPConnection, first: int, last: int) -> None:
    credential = Credential.objects.values_list("pk", flat=True)[0]
    batch, rows = _start(credential, first, last)
    names: list[str] = []
    for at in range(0, len(rows), content.BATCH):
        body = b"[" + b",".join(map(_words, rows[at : at + content.BATCH])) + b"]"
        names += [ticket["id"] for ticket in _post(line, "send", body)]
    _land(credential, batch, [row[0] for row in rows], names)


@transaction.atomic
def _start(credential: int, first: int, last: int) -> tuple[int, list[Any]]:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(READ, [first, last])
        rows = cursor.fetchall()
        cursor.execute(BATCH, [credential, now, now, now])
        (batch,) = cursor.fetchone()
        cursor.execute(GO, [batch, now, first, last])
    return int(batch), rows


def _words(row: tuple[Any, ...]) -> bytes:
    _, title, body, data, token = row
    told = orjson.Fragment(data) if isinstance(data, str) else data
    return orjson.dumps({"to": token, "title": title, "body": body, "data": told})


@transaction.atomic
def _land(credential: int, batch: int, ids: list[int], names: list[str]) -> None:
    now = clock.now()
    pairs = zip(ids, names, strict=True)
    lists = [ids, names] if connection.vendor == "postgresql" else [json.dumps(list(pairs))]
    with connection.cursor() as cursor:
        cursor.execute(END, [now, batch])
        cursor.execute(ARRIVE, [now, now, batch])
        tickets = TICKETS.format(answers=ANSWERS[connection.vendor])
        cursor.execute(tickets, [batch, now, now, credential, *lists])


def _ask(line: HTTPConnection, first: int, last: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ASK, [first, last])
        names = [name for (name,) in cursor.fetchall()]
    receipts = _post(line, "getReceipts", orjson.dumps({"ids": names}))
    assert all(receipts[name]["status"] == "ok" for name in names)
    with transaction.atomic(), connection.cursor() as cursor:
        now = clock.now()
        cursor.execute(RECEIPTS, [now, first, last])
        cursor.execute(CLOSE, [first, last])
        cursor.execute(DELIVER, [now, first, last])


@contextmanager
def _to_expo() -> Iterator[HTTPConnection]:
    line = HTTPConnection(urlsplit(settings.EXPO_NOTIFICATIONS_HOST).netloc, timeout=30)
    try:
        yield line
    finally:
        line.close()


def _post(line: HTTPConnection, what: str, body: bytes) -> Any:
    line.request("POST", f"/--/api/v2/push/{what}", body, {"Content-Type": "application/json"})
    return orjson.loads(line.getresponse().read())["data"]


if __name__ == "__main__":
    obey({"send": send, "receive": receive})
