"""Ahead: what is claimed while all connections are taken leaves as soon as one is free, or goes back to the queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Event

import pytest
from django.db import OperationalError
from pytest_django import Settings

from notifications import clock
from notifications.models import Batch, Credential, Message, MessageState, Project, Ticket
from notifications.pipeline import Done, ahead
from notifications.pipeline.dispatcher import Dispatcher
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind
from tests.fakes.process import FakeExpo
from tests.notifications.meanwhile import failing_once
from tests.notifications.pipeline.halves import one_round, until
from tests.notifications.rows import queue_message, queue_messages

MOST = 6
"""As many as Expo takes connections: where a worker cannot use them all, nothing is claimed ahead."""
ACCEPTED, QUEUED, SENDING = MessageState.ACCEPTED, MessageState.QUEUED, MessageState.SENDING
SLOW = 0.5


@pytest.fixture
def dispatcher(expo: FakeExpo) -> Iterator[Dispatcher]:
    """One that has just heard from a quick vendor."""
    dispatcher = quick()
    yield dispatcher
    dispatcher.land(10)
    assert not dispatcher._flying


def quick(most: int = MOST) -> Dispatcher:
    dispatcher = Dispatcher(most, Event().set)
    dispatcher._took = 0.0
    return dispatcher


def count(**fields: object) -> int:
    return Message.objects.filter(**fields).count()


def claim_ahead(dispatcher: Dispatcher, expo: FakeExpo, project: Project, number: int = 2 * MOST) -> None:
    """All connections are taken for a while, and the rest is claimed."""
    expo.faults(on_send(Kind.DELAY, delay_after=SLOW))
    queue_messages(project, number, batch_limit=1)
    assert [dispatcher.send().messages for _ in range(2)] == [MOST, 0]
    assert len(dispatcher._ahead._claims) == min(number - MOST, MOST)


def all_landed(dispatcher: Dispatcher) -> None:
    until(lambda: not dispatcher._flying)


class TestClaiming:
    def test_it_leaves_when_a_connection_is_free(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        claim_ahead(dispatcher, expo, project)
        all_landed(dispatcher)
        assert dispatcher.send().messages == MOST
        all_landed(dispatcher)
        dispatcher.save()
        assert count(state=ACCEPTED) == expo.stats().requests == 2 * MOST

    def test_no_more_is_claimed_than_leaves_at_once(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        claim_ahead(dispatcher, expo, project, 4 * MOST)
        assert dispatcher.send() == Done(wait=1.0)
        assert count(state=QUEUED) == 2 * MOST

    def test_nothing_is_claimed_behind_a_slow_vendor(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        dispatcher._took = 2 * ahead.QUICK
        queue_messages(project, 2 * MOST, batch_limit=1)
        expo.faults(on_send(Kind.DELAY, delay_after=SLOW))
        for _ in range(2):
            dispatcher.send()
        assert count(state=QUEUED) == MOST

    def test_nor_behind_one_that_hangs(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.DELAY, delay_after=SLOW))
        queue_messages(project, MOST, batch_limit=1)
        dispatcher.send()
        next(iter(dispatcher._flying.values())).left_at -= 2 * ahead.QUICK
        queue_messages(project, MOST, batch_limit=1)
        dispatcher.send()
        assert count(state=QUEUED) == MOST

    def test_nor_where_the_vendor_names_a_limit(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project, settings: Settings
    ) -> None:
        settings.EXPO_NOTIFICATIONS_RATE = 600
        expo.faults(on_send(Kind.DELAY, delay_after=SLOW))
        queue_messages(project, MOST + 1, batch_limit=1)
        until(lambda: bool(dispatcher.send()) and Batch.objects.count() == MOST)
        clock.turn(timedelta(seconds=2))
        dispatcher.send()
        assert count(state=QUEUED) == 1

    def test_nor_where_this_worker_cannot_use_all_connections(self, expo: FakeExpo, project: Project) -> None:
        dispatcher = quick(MOST - 1)
        expo.faults(on_send(Kind.DELAY, delay_after=SLOW))
        queue_messages(project, 2 * MOST, batch_limit=1)
        for _ in range(2):
            dispatcher.send()
        queued = count(state=QUEUED)
        dispatcher.land(10)
        assert queued == MOST + 1


class TestOthers:
    def test_another_worker_counts_it_as_under_way(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        claim_ahead(dispatcher, expo, project)
        queue_message(project)
        all_landed(dispatcher)
        dispatcher.save()
        assert Dispatcher(MOST, Event().set).send() == Done(wait=1.0)
        assert dispatcher.send().messages == MOST

    def test_it_uses_no_connection_that_another_worker_has(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project, other_project: Project
    ) -> None:
        """One connection is left for the project: the message that is ahead waits for the one that flies."""
        under_way_elsewhere(project, MOST - 1)
        expo.faults(on_send(Kind.DELAY, delay_after=SLOW))
        queue_message(project)
        queue_messages(other_project, MOST - 1, batch_limit=1)
        for _ in range(2):
            dispatcher.send()
        flying = [f for f in dispatcher._flying.values() if f.credential.project_id == project.pk]
        queue_message(project)
        dispatcher.send()
        all_landed(dispatcher)
        dispatcher._flying[flying[0].batch.pk] = flying[0]
        assert (bool(dispatcher._ahead), dispatcher.send().messages) == (True, 0)
        del dispatcher._flying[flying[0].batch.pk]
        assert dispatcher.send().messages == 1

    def test_another_credential_uses_the_connections_that_it_cannot(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project, other_project: Project
    ) -> None:
        claim_ahead(dispatcher, expo, project)
        all_landed(dispatcher)
        for each in dispatcher._ahead._claims:
            each.connections = 0
        urgent = queue_message(other_project)
        dispatcher.send()
        assert set(count_of_flying(dispatcher)) == {urgent.pk}


def under_way_elsewhere(project: Project, number: int) -> None:
    """Another worker sends so many batches of this project just now."""
    credential, _ = Credential.objects.get_or_create(project=project, provider="expo")
    for _ in range(number):
        Batch.objects.create(credential=credential, size=0, leased_until=clock.now() + timedelta(minutes=1))


def count_of_flying(dispatcher: Dispatcher) -> list[int]:
    return [message.pk for flight in dispatcher._flying.values() for message in flight.messages]


class TestGivingBack:
    def test_what_waited_too_long_goes_back_to_its_place_in_the_queue(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        claim_ahead(dispatcher, expo, project)
        places = dict(Message.objects.values_list("pk", "available_at"))
        dispatcher._ahead._since -= ahead.LONGEST
        dispatcher._took = ahead.LONGEST
        dispatcher.send()
        back = Message.objects.filter(state=QUEUED, attempts=0)
        assert dict(back.values_list("pk", "available_at")).items() <= places.items()
        assert len(back) == Ticket.objects.filter(error_code="NotStarted").count() == MOST

    def test_so_does_everything_when_the_worker_ends(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        claim_ahead(dispatcher, expo, project)
        dispatcher.land(10)
        assert (expo.stats().requests, count(state=QUEUED)) == (MOST, MOST)

    def test_and_whatever_may_not_be_sent_since(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        claim_ahead(dispatcher, expo, project)
        Credential.objects.update(paused_reason="by an operator")
        all_landed(dispatcher)
        assert dispatcher.send().messages == 0
        assert (expo.stats().requests, count(state=QUEUED)) == (MOST, MOST)

    def test_also_while_the_provider_asks_for_patience(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        claim_ahead(dispatcher, expo, project)
        Credential.objects.update(not_before=clock.now() + timedelta(minutes=1))
        all_landed(dispatcher)
        assert dispatcher.send().messages == 0

    def test_one_that_cannot_be_given_back_keeps_nothing_from_being_saved(
        self, dispatcher: Dispatcher, expo: FakeExpo, committed: Project
    ) -> None:
        claim_ahead(dispatcher, expo, committed)
        with failing_once("SELECT", OperationalError("the connection was lost")):
            dispatcher.land(10)
        assert (count(state=ACCEPTED), count(state=SENDING), count(state=QUEUED)) == (MOST, 1, MOST - 1)

    def test_a_start_that_fails_is_tried_again(
        self, dispatcher: Dispatcher, expo: FakeExpo, committed: Project
    ) -> None:
        claim_ahead(dispatcher, expo, committed)
        all_landed(dispatcher)
        with (
            failing_once("WITH v AS", OperationalError("the connection was lost")),
            pytest.raises(OperationalError),
        ):
            dispatcher.send()
        assert dispatcher.send().messages == MOST

    def test_trouble_is_saved_before_it_leaves(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.DROP, delay_before=SLOW))
        queue_messages(project, 2 * MOST, batch_limit=1)
        for _ in range(2):
            dispatcher.send()
        all_landed(dispatcher)
        assert (bool(dispatcher._ahead), dispatcher.send()) == (True, Done(wait=1.0))


def test_two_workers_never_use_more_connections_than_the_vendor_takes(
    dispatcher: Dispatcher, expo: FakeExpo, project: Project
) -> None:
    expo.faults(on_send(Kind.DELAY, delay_after=0.05))
    queue_messages(project, 5 * MOST, batch_limit=1)
    other = quick()

    def is_over() -> bool:
        for each in (dispatcher, other):
            one_round(each)
        return count(state=ACCEPTED) == 5 * MOST

    until(is_over)
    other.land(10)
    assert expo.stats().max_under_way == MOST
