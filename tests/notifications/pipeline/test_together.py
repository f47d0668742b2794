"""Several workers at the same moment, on real transactions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from notifications import clock
from notifications.actions import broadcasts
from notifications.actions.audit import Refused
from notifications.models import Batch, Message, MessageState, Project, Ticket
from notifications.models.project import WINDOW
from notifications.pipeline import expand
from notifications.pipeline.claims import Claim
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import alone, start, together, try_to_claim
from tests.notifications.rows import ACTOR, make_crowd, queue_messages, sending
from tests.notifications.stepping import send_step

WORKERS = 8


def claim_all() -> list[list[int]]:
    """The batches that one worker gets until it is told to wait."""
    mine: list[list[int]] = []
    while True:
        claimed = try_to_claim()
        if isinstance(claimed, Claim):
            mine.append([message.pk for message in claimed.messages])
        elif claimed.wait > 0:
            return mine


def send_all() -> None:
    """Step until told to wait."""
    while not send_step().wait:
        pass


def test_no_message_is_claimed_by_two_workers(committed: Project) -> None:
    queue_messages(committed, 500)
    claimed = [pk for mine in together(WORKERS, claim_all) for batch in mine for pk in batch]
    assert len(claimed) == len(set(claimed)) == 500


def test_no_message_is_sent_by_two_workers(committed: Project, expo: FakeExpo) -> None:
    queue_messages(committed, 500)
    together(WORKERS, send_all)
    tokens = [entry.token for entry in expo.history()]
    assert len(tokens) == len(set(tokens)) == 500
    assert Ticket.objects.count() == 500


def test_they_open_no_more_batches_than_the_vendor_takes_connections(committed: Project) -> None:
    queue_messages(committed, 20, batch_limit=1)
    batches = [batch for mine in together(WORKERS, claim_all) for batch in mine]
    assert len(batches) == Batch.objects.count() == 6


def test_they_share_one_pace(committed: Project, settings: Settings) -> None:
    settings.EXPO_NOTIFICATIONS_RATE = 10
    queue_messages(committed, 100)
    began = clock.now()
    batches = [batch for mine in together(WORKERS, claim_all) for batch in mine]
    assert 1 <= len(batches) <= 1 + (clock.now() - began).total_seconds() / WINDOW


def test_batches_that_were_held_up_together_keep_the_limit(committed: Project, settings: Settings) -> None:
    settings.EXPO_NOTIFICATIONS_RATE = 10
    queue_messages(committed, 40, batch_limit=10)
    held_up = []
    for _ in range(4):
        clock.turn(timedelta(seconds=2))
        claimed = try_to_claim()
        assert isinstance(claimed, Claim)
        held_up.append(claimed)
    clock.turn(timedelta(seconds=2))
    assert together(4, lambda: start(held_up.pop())) == [True] * 4
    starts = sorted(each for each in Batch.objects.values_list("started_at", flat=True) if each)
    assert all(after - before >= timedelta(seconds=1) for before, after in pairwise(starts))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_a_claim_does_not_wait_for_messages_that_are_being_cancelled(committed: Project) -> None:
    first, *others = queue_messages(committed, 5)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Message.objects.filter(pk=first.pk).update(state=MessageState.CANCELLED, reason="cancelled")
        claimed = pool.submit(alone, try_to_claim).result(timeout=10)
    assert isinstance(claimed, Claim)
    assert {message.pk for message in claimed.messages} == {message.pk for message in others}
    assert Batch.objects.get().size == 4


def test_two_that_expand_at_once_double_nothing(committed: Project, settings: Settings) -> None:
    settings.CARILLON_SLICE = 10
    make_crowd(committed, 30)
    broadcast = sending(committed, "push")
    together(4, expand.step)
    while expand.step().more:
        pass
    broadcast.refresh_from_db()
    assert broadcast.expanded_messages == Message.objects.count() == 30


def test_a_double_click_on_retry_sends_one_copy(committed: Project) -> None:
    broadcast = sending(committed)
    queue_messages(committed, 300, broadcast=broadcast, state=MessageState.FAILED, reason="rejected")

    def click() -> int:
        try:
            return int(broadcasts.retry(ACTOR, broadcast, MessageState.FAILED)["requeued"])
        except Refused:
            return 0

    assert sorted(together(4, click)) == [0, 0, 0, 300]
    assert set(Message.objects.values_list("replays", flat=True)) == {1}
