"""How many queries a step takes: the same for few and for many rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from notifications import clock
from notifications.actions import broadcasts
from notifications.channels import push
from notifications.models import AudienceKind, Broadcast, Device, Project
from notifications.pipeline import expand, receipts, sweep
from tests.factories import make_broadcast
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import claim
from tests.notifications.rows import ACTOR, DAY, make_crowd, make_devices, queue_messages, sending
from tests.notifications.stepping import send_step

MOST_PER_BATCH = 10
OVERHEAD = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SET LOCAL")


def queries_of(work: Callable[[], object]) -> int:
    """How many statements the work takes, without those that only frame transactions."""
    with CaptureQueriesContext(connection) as captured:
        work()
    statements = [each["sql"] for each in captured.captured_queries]
    return sum(not statement.startswith(OVERHEAD) for statement in statements)


class TestBatch:
    @pytest.fixture(autouse=True)
    def _a_limit_that_nobody_feels(self, expo: FakeExpo, settings: Settings) -> None:
        clock.stop()
        settings.EXPO_NOTIFICATIONS_RATE = 1_000_000

    def batch(self, project: Project, size: int) -> int:
        clock.turn(DAY / 1000)
        broadcast = sending(project)
        queue_messages(project, size, broadcast=broadcast, expires_at=broadcast.expires_at)
        assert broadcast.expires_at is not None
        push._broadcast_content(broadcast.pk, int(broadcast.expires_at.timestamp()))
        return queries_of(send_step)

    def test_ten_or_fewer_whatever_its_size(self, expo: FakeExpo, project: Project) -> None:
        small, large = self.batch(project, 10), self.batch(project, 100)
        assert small == large <= MOST_PER_BATCH
        assert len(expo.history()) == 110

    def test_also_when_a_tenth_of_the_devices_is_gone(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.TICKET_ERROR, Match(token="0]"), code="DeviceNotRegistered"))
        small, large = self.batch(project, 10), self.batch(project, 100)
        assert small == large <= MOST_PER_BATCH
        assert sum(not entry.is_accepted for entry in expo.history()) == 11

    def test_also_when_they_are_throttled(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, status=429, retry_after="0"))
        small = self.batch(project, 10)
        clock.turn(DAY / 24)
        assert small == self.batch(project, 90) <= MOST_PER_BATCH


class TestReceipts:
    def ask(self, project: Project, size: int) -> int:
        queue_messages(project, size)
        send_step()
        clock.turn(DAY / 2)
        return queries_of(receipts.step)

    def ask_after(self, project: Project, batches: int) -> int:
        """So many batches of one message."""
        queue_messages(project, batches, batch_limit=1)
        while send_step().messages:
            pass
        clock.turn(DAY / 2)
        return queries_of(receipts.step)

    def test_the_same_for_ten_and_a_hundred(self, expo: FakeExpo, project: Project) -> None:
        assert self.ask(project, 10) == self.ask(project, 100) <= MOST_PER_BATCH

    def test_also_when_devices_of_many_batches_are_gone(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code="DeviceNotRegistered"))
        assert self.ask_after(project, 2) == self.ask_after(project, 20) <= MOST_PER_BATCH + 1
        assert Device.objects.filter(is_active=True).count() == 0


class TestSweep:
    def rescue(self, project: Project, size: int, settings: Settings) -> int:
        queue_messages(project, size)
        claim()
        clock.turn(settings.CARILLON_LEASE)
        queries = queries_of(sweep.step)
        clock.turn(settings.CARILLON_LEASE)
        while send_step().messages:
            pass
        return queries

    def test_the_same_for_ten_and_a_hundred(
        self, expo: FakeExpo, project: Project, settings: Settings
    ) -> None:
        assert self.rescue(project, 10, settings) == self.rescue(project, 100, settings) <= MOST_PER_BATCH


class TestExpansion:
    def slice_of(self, project: Project, size: int, settings: Settings) -> int:
        settings.CARILLON_SLICE = size
        broadcast = sending(project)
        queries = queries_of(expand.step)
        Broadcast.objects.filter(pk=broadcast.pk).update(state="paused")
        return queries

    def test_a_slice_of_ten_and_one_of_five_hundred(self, project: Project, settings: Settings) -> None:
        make_crowd(project, 510)
        assert self.slice_of(project, 10, settings) == self.slice_of(project, 500, settings)

    def test_also_for_devices_without_an_account(self, project: Project, settings: Settings) -> None:
        make_devices(project, 510)
        few = sending(project, "push", cursors={"push": {"phase": "devices", "after": 0}})
        settings.CARILLON_SLICE = 10
        small = queries_of(expand.step)
        Broadcast.objects.filter(pk=few.pk).update(state="paused")
        sending(project, "push", cursors={"push": {"phase": "devices", "after": 0}})
        settings.CARILLON_SLICE = 500
        assert small == queries_of(expand.step)


class TestStart:
    def start(self, project: Project, *uids: str) -> int:
        kind = AudienceKind.UIDS if uids else AudienceKind.EVERYONE
        broadcast = make_broadcast(project, audience_kind=kind, audience_uids=uids)
        return queries_of(lambda: broadcasts.start(ACTOR, broadcast))

    def test_the_same_for_ten_people_and_a_thousand(self, project: Project) -> None:
        make_crowd(project, 10)
        few = self.start(project)
        make_crowd(project, 990, name="q")
        assert few == self.start(project)

    def test_the_same_for_ten_uids_and_a_thousand(self, project: Project) -> None:
        make_crowd(project, 1000)
        assert self.start(project, *uids(10)) == self.start(project, *uids(1000))


def uids(size: int) -> list[str]:
    return [f"p{number}" for number in range(size)]
