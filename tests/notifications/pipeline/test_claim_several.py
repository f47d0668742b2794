"""Several batches claimed at once: each may travel, and together they are no more than may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from notifications import clock
from notifications.models import Batch, Credential, Device, Message, MessageState, Project
from notifications.pipeline import Done, sweep
from notifications.pipeline.claims import claim
from tests.notifications.meanwhile import after_first
from tests.notifications.pipeline.halves import alone, together
from tests.notifications.rows import queue_messages

CONNECTIONS = 6


def claimed(most: int) -> list[list[int]]:
    """The messages of each batch that is claimed; there must be one."""
    claims = claim(most)
    assert not isinstance(claims, Done)
    return [[message.pk for message in each.messages] for each in claims]


def ids(messages: list[Message]) -> list[int]:
    return [message.pk for message in messages]


class TestLoads:
    def test_each_is_as_large_as_the_vendor_takes(self, project: Project) -> None:
        messages = ids(queue_messages(project, 250))
        assert claimed(4) == [messages[:100], messages[100:200], messages[200:]]

    def test_there_are_no_more_than_asked_for(self, project: Project) -> None:
        queue_messages(project, 10, batch_limit=2)
        assert len(claimed(3)) == 3

    def test_each_respects_the_most_careful_of_its_messages(self, project: Project) -> None:
        careful = ids(queue_messages(project, 3, batch_limit=2))
        rest = ids(queue_messages(project, 2))
        assert claimed(4) == [careful[:2], [careful[2], rest[0]], [rest[1]]]

    def test_none_mixes_channels(self, project: Project) -> None:
        first, second = (ids(queue_messages(project, 2, channel=each)) for each in ("push", "bell"))
        third = ids(queue_messages(project, 1, channel="push"))
        assert claimed(4) == [first, second, third]

    def test_the_rows_say_the_same(self, project: Project) -> None:
        queue_messages(project, 3, batch_limit=2)
        queue_messages(project, 4, channel="bell")
        claims = claim(4)
        assert not isinstance(claims, Done)
        for each in claims:
            held = Message.objects.filter(batch=each.batch.pk, state=MessageState.SENDING)
            assert set(held.values_list("pk", flat=True)) == {message.pk for message in each.messages}
            assert Batch.objects.get(pk=each.batch.pk).size == len(each.messages)

    def test_with_a_limit_there_is_one(self, project: Project, settings: Settings) -> None:
        settings.EXPO_NOTIFICATIONS_RATE = 600
        queue_messages(project, 10, batch_limit=2)
        assert len(claimed(4)) == 1

    def test_once_the_breaker_was_open_there_is_one(self, project: Project) -> None:
        queue_messages(project, 10, batch_limit=2)
        Credential.objects.update(failures=Credential.FAILURES_THAT_OPEN_THE_BREAKER)
        assert len(claimed(4)) == 1

    def test_those_that_may_not_go_are_closed_first(self, project: Project) -> None:
        stopped = queue_messages(project, 3, batch_limit=1)
        Device.objects.update(is_active=False)
        good = ids(queue_messages(project, 3, batch_limit=1))
        done = claim(4)
        assert isinstance(done, Done)
        assert (done.messages, done.wait) == (3, 0.0)
        assert set(Message.objects.filter(pk__in=ids(stopped)).values_list("state", flat=True)) == {
            MessageState.SUPPRESSED
        }
        assert claimed(4) == [[pk] for pk in good]

    def test_it_takes_as_many_queries_as_for_one(self, project: Project) -> None:
        queue_messages(project, 10, batch_limit=2)
        counts = []
        for most in (1, 4):
            with CaptureQueriesContext(connection) as captured:
                claimed(most)
            counts.append(len(captured))
        assert counts[0] == counts[1]


FIRST_LOOK = "WITH r(" if connection.vendor == "sqlite" else "SELECT"
"""How a read begins whose SQL is written once."""


class TestConnections:
    def test_those_under_way_count(self, project: Project) -> None:
        queue_messages(project, 20, batch_limit=1)
        assert [len(claimed(4)), len(claimed(4))] == [4, CONNECTIONS - 4]
        assert claim(4) == Done(wait=1.0)

    def test_also_those_that_began_since_the_first_look(self, project: Project) -> None:
        """Another process claims while this one waits for the credential."""
        queue_messages(project, 20, batch_limit=1)

        def others() -> None:
            until = clock.now() + timedelta(seconds=60)
            Batch.objects.bulk_create(
                [Batch(credential=Credential.objects.get(), size=0, leased_until=until) for _ in range(4)]
            )

        with after_first(FIRST_LOOK, others):
            assert len(claimed(6)) == CONNECTIONS - 4

    def test_several_workers_open_no_more_together(self, committed: Project) -> None:
        queue_messages(committed, 40, batch_limit=1)
        together(6, lambda: claim(4))
        assert Batch.objects.count() <= CONNECTIONS

    def test_a_message_is_claimed_once(self, committed: Project) -> None:
        queue_messages(committed, 12, batch_limit=2)
        all_claims = together(6, lambda: claim(2))
        taken = [m.pk for each in all_claims if not isinstance(each, Done) for c in each for m in c.messages]
        assert len(taken) == len(set(taken)) == Message.objects.filter(state=MessageState.SENDING).count()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_messages_that_somebody_holds_are_passed_over(committed: Project) -> None:
    held, *others = queue_messages(committed, 9, batch_limit=2)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Message.objects.filter(pk=held.pk).update(subtitle="being cancelled")
        loads = pool.submit(alone, lambda: claimed(3)).result(timeout=10)
    assert loads == [ids(others)[start : start + 2] for start in (0, 2, 4)]


def test_a_lost_worker_leaves_all_of_them_to_the_sweep(project: Project, settings: Settings) -> None:
    queue_messages(project, 6, batch_limit=2)
    claim(3)
    clock.turn(settings.CARILLON_LEASE)
    assert sweep.step().messages == 6
    assert set(Message.objects.values_list("state", "batch_limit")) == {(MessageState.QUEUED, 1)}
