"""The end of a broadcast, and somebody who queues its copies again at the same moment; on real transactions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from notifications import clock
from notifications.models import Broadcast, BroadcastState, Message, MessageState, Project
from notifications.pipeline import expand
from tests.notifications.meanwhile import after_first
from tests.notifications.pipeline.halves import alone
from tests.notifications.rows import queue_messages, sending


@pytest.fixture
def broadcast(committed: Project) -> Broadcast:
    """One that is through, though nobody has noted it yet."""
    broadcast = sending(committed, "push", expanded_at=clock.now())
    queue_messages(committed, 3, broadcast=broadcast, state=MessageState.FAILED, reason="rejected")
    return broadcast


def queue_again() -> None:
    """What a retry does to the rows."""
    with transaction.atomic():
        Broadcast.objects.all().reopen()
        Message.objects.update(state=MessageState.QUEUED, reason="")


def test_it_is_over(broadcast: Broadcast) -> None:
    assert expand.finish() == [broadcast]
    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.SENT


def test_it_is_not_when_its_copies_were_queued_again_since_the_first_look(broadcast: Broadcast) -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        after_first("SELECT", lambda: pool.submit(alone, queue_again).result()),
    ):
        assert expand.finish() == []
    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.SENDING


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_it_is_not_while_its_copies_are_being_queued_again(broadcast: Broadcast) -> None:
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        queue_again()
        assert pool.submit(alone, expand.finish).result(timeout=5) == []
    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.SENDING
