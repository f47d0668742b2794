"""The dispatcher: several batches on their way side by side, and none of them stands in another's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event

import pytest
from django.db import OperationalError
from pytest_django import Settings

from notifications import clock
from notifications.models import Batch, Credential, Message, MessageState, Project, Ticket
from notifications.pipeline import Done
from notifications.pipeline.dispatcher import Dispatcher
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.meanwhile import failing_once
from tests.notifications.pipeline.halves import one_round, until
from tests.notifications.rows import queue_message, queue_messages, sending

MOST = 3
ACCEPTED, QUEUED, SENDING = MessageState.ACCEPTED, MessageState.QUEUED, MessageState.SENDING
Made = Callable[[int], Dispatcher]


@pytest.fixture
def made(expo: FakeExpo) -> Iterator[Made]:
    """Makes dispatchers for so many batches at once. However a test ends, nothing of them is left on its way."""
    all_made: list[Dispatcher] = []

    def make(most: int) -> Dispatcher:
        all_made.append(Dispatcher(most, Event().set))
        return all_made[-1]

    yield make
    for each in all_made:
        each.land(10)
        assert not each._flying


@pytest.fixture
def dispatcher(made: Made) -> Dispatcher:
    """One for three batches at once."""
    return made(MOST)


def go_on(dispatcher: Dispatcher, condition: Callable[[], bool]) -> None:
    """Go round until this is so."""

    def is_so() -> bool:
        one_round(dispatcher)
        return condition()

    until(is_so)


def states(*messages: Message) -> set[str]:
    """Of these messages; of all where none is named."""
    rows = Message.objects.filter(pk__in=[m.pk for m in messages]) if messages else Message.objects.all()
    return set(rows.values_list("state", flat=True))


def all_accepted() -> bool:
    return states() == {ACCEPTED}


def hang(expo: FakeExpo, *messages: Message) -> None:
    """The vendor takes a second to answer the batch of the first, and half a second for each of the others."""
    tokens = [message.device.push_token for message in messages]  # type: ignore[union-attr]
    seconds = [1.0, *[0.5] * len(tokens)]
    faults = [
        on_send(Kind.DELAY, Match(endpoint="send", token=token), delay_after=each)
        for token, each in zip(tokens, seconds, strict=False)
    ]
    expo.faults(*faults)


class TestSideBySide:
    def test_all_arrive_and_each_gets_one_ticket(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        queue_messages(project, 30, batch_limit=4)
        go_on(dispatcher, all_accepted)
        assert len({entry.token for entry in expo.history()}) == len(expo.history()) == 30
        assert Ticket.objects.values("message").distinct().count() == Ticket.objects.count() == 30
        assert sorted(Batch.objects.values_list("size", flat=True)) == [2, *[4] * 7]

    def test_as_many_are_on_their_way_as_it_may_and_no_more(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.DELAY, delay_after=0.1))
        queue_messages(project, 10, batch_limit=1)
        go_on(dispatcher, all_accepted)
        assert expo.stats().max_under_way == MOST

    def test_and_no_more_than_the_vendor_takes_connections(
        self, made: Made, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.DELAY, delay_after=0.1))
        queue_messages(project, 14, batch_limit=1)
        go_on(made(20), all_accepted)
        assert expo.stats().max_under_way == 6

    def test_one_that_has_room_for_two_claims_two(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        hang(expo, queue_message(project))
        dispatcher.send()
        queue_messages(project, 10, batch_limit=1)
        assert dispatcher.send().messages == MOST - 1

    def test_one_that_is_full_starts_nothing(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.DELAY, delay_after=0.5))
        queue_messages(project, 10, batch_limit=1)
        dispatcher.send()
        assert dispatcher.send() == Done(wait=1.0)
        assert Batch.objects.exclude(started_at=None).count() == MOST

    def test_it_rests_when_there_is_nothing_to_send(self, dispatcher: Dispatcher, project: Project) -> None:
        assert one_round(dispatcher) == [Done(wait=1.0)]

    def test_the_bell_rings_when_an_answer_is_there(self, expo: FakeExpo, project: Project) -> None:
        bell = Event()
        dispatcher = Dispatcher(1, bell.set)
        queue_message(project)
        one_round(dispatcher)
        assert bell.wait(10)
        dispatcher.save()
        assert all_accepted()

    def test_with_a_limit_one_batch_goes_in_each_slot(
        self, dispatcher: Dispatcher, project: Project, settings: Settings
    ) -> None:
        settings.EXPO_NOTIFICATIONS_RATE = 10
        clock.stop()
        queue_messages(project, 30)
        assert [dispatcher.send().messages for _ in range(2)] == [10, 0]
        clock.turn(timedelta(seconds=2))
        assert [dispatcher.send().messages for _ in range(2)] == [10, 0]


class TestWhatHasLanded:
    """Its answers are there, and not saved yet."""

    def test_makes_room_for_as_many(self, dispatcher: Dispatcher, project: Project) -> None:
        queue_messages(project, 10, batch_limit=1)
        dispatcher.send()
        until(lambda: len(dispatcher._landed) == MOST)
        assert dispatcher.send().messages == MOST

    def test_but_not_without_end(self, dispatcher: Dispatcher, project: Project) -> None:
        queue_messages(project, 10, batch_limit=1)
        for landed in (MOST, 2 * MOST):
            dispatcher.send()
            until(lambda: len(dispatcher._landed) == landed)  # noqa: B023
        assert dispatcher.send() == Done(wait=1.0)

    def test_and_not_beyond_the_connections_that_the_vendor_takes(
        self, made: Made, expo: FakeExpo, project: Project
    ) -> None:
        queue_messages(project, 20, batch_limit=1)
        dispatcher = made(20)
        assert dispatcher.send().messages == 6
        until(lambda: len(dispatcher._landed) == 6)
        expo.faults(on_send(Kind.DELAY, delay_after=0.5))
        assert [dispatcher.send().messages for _ in range(2)] == [6, 0]

    def test_holds_back_the_next_where_it_is_trouble(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.ANSWER, status=429))
        queue_messages(project, 10, batch_limit=1)
        dispatcher.send()
        until(lambda: len(dispatcher._landed) == MOST)
        assert dispatcher.send() == Done(wait=1.0)
        dispatcher.save()
        assert dispatcher.send().messages == 0  # the credential waits now


class TestOneThatHangs:
    def test_keeps_no_other_from_being_saved(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        slow, *others = queue_messages(project, 8, batch_limit=1)
        hang(expo, slow)
        go_on(dispatcher, lambda: states(*others) == {ACCEPTED})
        assert states(slow) == {SENDING}
        go_on(dispatcher, all_accepted)

    def test_keeps_no_other_credential_from_sending(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project, other_project: Project
    ) -> None:
        slow = queue_message(project)
        hang(expo, slow)
        go_on(dispatcher, lambda: len(expo.history()) == 1)
        other = queue_message(other_project)
        go_on(dispatcher, lambda: states(other) == {ACCEPTED})
        assert states(slow) == {SENDING}

    def test_nor_lets_it_wait_for_an_answer(
        self, dispatcher: Dispatcher, project: Project, other_project: Project
    ) -> None:
        queue_message(project)
        queue_message(other_project)
        assert dispatcher.send() == Done(messages=1, wait=0.0)
        assert dispatcher.send() == Done(messages=1, wait=0.0)
        assert dispatcher.send() == Done(wait=1.0)


class TestSaving:
    def test_the_answers_of_two_projects_are_saved_apart(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project, other_project: Project
    ) -> None:
        for each in (project, other_project):
            queue_message(each, broadcast=sending(each))
            dispatcher.send()
        until(lambda: dispatcher._answers.qsize() == 2)
        told = [done.topics for done in dispatcher.save()]
        assert sorted(sum(topic.startswith("project:") for topic in each) for each in told) == [1, 1]
        assert told[0].isdisjoint(told[1])

    def test_the_answers_to_batches_of_one_project_are_saved_together(
        self, dispatcher: Dispatcher, project: Project
    ) -> None:
        queue_messages(project, 3, batch_limit=1)
        dispatcher.send()
        until(lambda: dispatcher._answers.qsize() == 3)
        assert [done.messages for done in dispatcher.save()] == [3]

    def test_a_database_that_was_away_loses_nothing(self, dispatcher: Dispatcher, committed: Project) -> None:
        queue_messages(committed, 6)
        dispatcher.send()
        until(lambda: dispatcher._answers.qsize() == 1)
        with failing_once("INSERT INTO", OperationalError("the connection was lost")):
            dispatcher.save()
        assert all_accepted()
        assert Ticket.objects.count() == 6

    def test_each_of_several_that_fail_together_counts(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.ANSWER, status=500))
        queue_messages(project, 3, batch_limit=1)
        dispatcher.send()
        until(lambda: dispatcher._answers.qsize() == 3)
        dispatcher.save()
        assert Credential.objects.get().failures == 3

    def test_five_of_them_open_the_breaker(self, made: Made, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, status=500))
        queue_messages(project, 6, batch_limit=1)
        dispatcher = made(6)
        go_on(dispatcher, lambda: states() == {QUEUED})
        credential = Credential.objects.get()
        assert credential.failures == 5  # the sixth was under way when it opened
        assert credential.not_before is not None


class TestLanding:
    def test_what_is_on_its_way_is_saved(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.DELAY, delay_after=0.3))
        queue_messages(project, 3, batch_limit=1)
        dispatcher.send()
        assert sum(done.messages for done in dispatcher.land(10)) == 3
        assert all_accepted()

    def test_nothing_more_is_sent(self, dispatcher: Dispatcher, expo: FakeExpo, project: Project) -> None:
        queue_messages(project, 5, batch_limit=1)
        dispatcher.send()
        dispatcher.land(10)
        assert expo.stats().requests == MOST
        assert Message.objects.filter(state=QUEUED).count() == 2

    def test_what_takes_too_long_is_left_to_its_lease(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        slow, *others = queue_messages(project, 3, batch_limit=1)
        hang(expo, slow)
        dispatcher.send()
        dispatcher.land(0.5)
        assert (states(slow), states(*others)) == ({SENDING}, {ACCEPTED})

    def test_with_nothing_on_its_way_it_is_over_at_once(self, dispatcher: Dispatcher) -> None:
        assert dispatcher.land(0) == []
