"""The dispatcher amid bugs: whatever one batch does to it, the others are sent and saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from notifications import clock, providers, wire
from notifications.models import Batch, Credential, Message, MessageState, Project, Reason, Ticket
from notifications.pipeline import sweep
from notifications.pipeline.dispatcher import Dispatcher
from tests.fakes.process import FakeExpo
from tests.notifications.meanwhile import failing_once
from tests.notifications.pipeline import pigeons
from tests.notifications.pipeline.halves import one_round, until
from tests.notifications.rows import queue_message, queue_messages

ACCEPTED, UNKNOWN = MessageState.ACCEPTED, MessageState.UNKNOWN
Batches = Sequence[wire.PushMessage]
GOOD = wire.Ticket(outcome=wire.Outcome.ACCEPTED, external_id="letter")
UNSAVABLE = wire.Ticket(outcome=wire.Outcome.ACCEPTED, external_id=42)  # type: ignore[arg-type]


@pytest.fixture
def dispatcher(expo: FakeExpo, project: Project) -> Iterator[Dispatcher]:
    """One for three batches at once. However a test ends, nothing of it is left on its way."""
    dispatcher = Dispatcher(3, Event().set)
    yield dispatcher
    dispatcher.land(10)
    assert not dispatcher._flying


@pytest.fixture(autouse=True)
def _the_registry_forgets_pigeons() -> Iterator[None]:
    """After everything else: what it has read once it knows for good."""
    yield
    providers.get.cache_clear()


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, project: Project) -> Callable[[Callable[[Batches], Any]], None]:
    """Pigeons are a provider of the project, and say this of each batch."""
    monkeypatch.setitem(providers.PROVIDERS, pigeons.KEY, pigeons.WHERE)
    Credential.objects.create(project=project, provider=pigeons.KEY)
    return lambda words: monkeypatch.setattr(pigeons.PigeonProvider, "says", words, raising=False)


def letters(project: Project, number: int = 1, **fields: Any) -> list[Message]:
    """Messages that go by pigeon."""
    return queue_messages(project, number, provider=pigeons.KEY, **fields)


def send_all(dispatcher: Dispatcher) -> None:
    """Until nothing is left to send, and nothing on its way."""

    def is_over() -> bool:
        return one_round(dispatcher)[-1].wait > 0 and not (dispatcher._flying or dispatcher._ahead)

    until(is_over)


def states(messages: Sequence[Message]) -> set[str]:
    rows = Message.objects.filter(pk__in=[message.pk for message in messages])
    return set(rows.values_list("state", flat=True))


def failing(batch: Batches) -> Iterator[Any]:
    yield batch[0], GOOD
    raise RuntimeError("a bug")


def babbling(batch: Batches) -> Iterator[Any]:
    yield batch[0], GOOD
    yield "that was all"


def silent_about_the_outcome(batch: Batches) -> Iterator[Any]:
    yield batch[0], GOOD
    yield batch[1], None


@pytest.mark.parametrize("words", [failing, babbling, silent_about_the_outcome])
class TestABrokenProvider:
    def test_what_it_did_not_answer_is_ambiguous(
        self, dispatcher: Dispatcher, say: Any, project: Project, words: Any
    ) -> None:
        say(words)
        first, *others = letters(project, 3)
        send_all(dispatcher)
        assert (states([first]), states(others)) == ({ACCEPTED}, {UNKNOWN})
        assert Ticket.objects.count() == 3

    def test_the_dispatcher_goes_on(
        self, dispatcher: Dispatcher, say: Any, project: Project, words: Any
    ) -> None:
        say(words)
        letters(project, 10, batch_limit=2)
        good = queue_messages(project, 4, batch_limit=1)
        send_all(dispatcher)
        assert states(good) == {ACCEPTED}


class TestABatchThatCannotBeMadeReady:
    """Its messages name a channel that nobody knows."""

    def test_holds_up_no_other_of_the_same_claim(
        self, dispatcher: Dispatcher, expo: FakeExpo, project: Project
    ) -> None:
        (bad,) = queue_messages(project, 1, channel="smoke")
        good = queue_messages(project, 3)
        send_all(dispatcher)
        assert (states([bad]), states(good)) == ({MessageState.SENDING}, {ACCEPTED})

    def test_ends_as_poison_alone(self, dispatcher: Dispatcher, project: Project, settings: Settings) -> None:
        (bad,) = queue_messages(project, 1, channel="smoke")
        for _ in range(Message.RESCUES_ALONE):
            good = queue_messages(project, 2, batch_limit=1)
            send_all(dispatcher)
            assert states(good) == {ACCEPTED}
            clock.turn(settings.CARILLON_LEASE)
            sweep.step()
        bad.refresh_from_db()
        assert (bad.state, bad.reason) == (MessageState.FAILED, Reason.POISON)

    def test_is_logged(
        self, dispatcher: Dispatcher, project: Project, caplog: pytest.LogCaptureFixture
    ) -> None:
        queue_messages(project, 1, channel="smoke")
        send_all(dispatcher)
        assert "could not be made ready" in caplog.text


def two_batches(batch: Batches) -> Iterator[Any]:
    """The answer to one message cannot be written down."""
    for message in batch:
        yield message, UNSAVABLE if message.content.title == "Bad" else GOOD


class TestAnswersThatCannotBeSaved:
    def test_do_not_take_those_of_another_credential_with_them(
        self, dispatcher: Dispatcher, say: Any, project: Project
    ) -> None:
        say(two_batches)
        letters(project, title="Bad")
        good = queue_message(project)
        assert [dispatcher.send().messages for _ in range(2)] == [1, 1]
        until(lambda: dispatcher._answers.qsize() == 2)
        dispatcher.save()
        assert states([good]) == {ACCEPTED}

    def test_nor_those_of_another_batch(self, dispatcher: Dispatcher, say: Any, project: Project) -> None:
        say(two_batches)
        (bad,) = letters(project, title="Bad", batch_limit=1)
        good = letters(project, 2, batch_limit=1)
        dispatcher.send()
        until(lambda: dispatcher._answers.qsize() == 3)
        assert sum(done.messages for done in dispatcher.save()) == 2
        assert (states([bad]), states(good)) == ({MessageState.SENDING}, {ACCEPTED})

    def test_are_left_to_the_sweep(
        self, dispatcher: Dispatcher, say: Any, project: Project, settings: Settings
    ) -> None:
        say(two_batches)
        bad = letters(project, title="Bad")
        send_all(dispatcher)
        clock.turn(settings.CARILLON_LEASE)
        sweep.step()
        assert states(bad) == {UNKNOWN}

    def test_while_landing_hold_up_no_other(self, dispatcher: Dispatcher, say: Any, project: Project) -> None:
        say(two_batches)
        letters(project, title="Bad", batch_limit=1)
        good = letters(project, 2, batch_limit=1)
        dispatcher.send()
        dispatcher.land(10)
        assert states(good) == {ACCEPTED}

    def test_once_a_lease_is_over_the_others_are_tried_again(
        self, dispatcher: Dispatcher, committed: Project, settings: Settings
    ) -> None:
        """One batch is older than the other, and the database is away for a moment."""
        queue_message(committed)
        dispatcher.send()
        clock.turn(settings.CARILLON_LEASE - timedelta(seconds=1))
        young = queue_message(committed)
        dispatcher.send()
        until(lambda: dispatcher._answers.qsize() == 2)
        clock.turn(timedelta(seconds=2))
        with failing_once("INSERT INTO", OperationalError("the connection was lost")):
            dispatcher.save()
        assert states([young]) == {ACCEPTED}
        assert Batch.objects.filter(finished_at=None).count() == 0
