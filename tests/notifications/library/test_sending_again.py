"""A message may be sent again: a new series of attempts and a new ticket each time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications import clock
from notifications.models import Broadcast, BroadcastState, Device, Message, MessageState, Project
from notifications.pipeline import expand, receipts
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind
from tests.fakes.process import FakeExpo
from tests.notifications.library.conftest import Rings
from tests.notifications.pipeline.halves import together
from tests.notifications.rows import DAY, make_devices, queue_message, sending
from tests.notifications.stepping import send_step

QUEUED = MessageState.QUEUED
FINAL = [
    MessageState.ACCEPTED,
    MessageState.DELIVERED,
    MessageState.FAILED,
    MessageState.UNKNOWN,
    MessageState.SUPPRESSED,
    MessageState.EXPIRED,
    MessageState.CANCELLED,
]
SPENT = {"reason": "rejected", "code": "HTTP 500", "attempts": 6, "rescues": 2, "batch_limit": 1}


def test_each_time_adds_a_ticket(device: Device, expo: FakeExpo) -> None:
    message = device.messages.send(title="Hello")
    send_step()
    message.send()
    send_step()
    assert len(expo.history()) == message.tickets.count() == 2


def test_many_times_at_once_too(device: Device, expo: FakeExpo) -> None:
    device.messages.bulk_send([Message(title="one"), Message(title="two")])
    send_step()
    device.messages.all().send()
    send_step()
    assert [message.tickets.count() for message in device.messages.all()] == [2, 2]


@pytest.mark.parametrize("state", FINAL)
def test_whatever_became_of_it(project: Project, state: MessageState) -> None:
    message = queue_message(project, state=state, **SPENT)
    message.send()
    assert (message.state, message.replays, message.reason, message.code) == (QUEUED, 1, "", "")
    assert (message.attempts, message.rescues, message.batch_limit) == (0, 0, None)


@pytest.mark.parametrize("state", [QUEUED, MessageState.SENDING])
@pytest.mark.usefixtures("crooked_rows")
def test_one_that_is_on_its_way_stays_as_it_is(project: Project, rings: Rings, state: MessageState) -> None:
    message = queue_message(project, state=state, attempts=2)
    assert rings(message.send) == []
    assert (message.state, message.attempts, message.replays) == (state, 2, 0)


def test_it_gets_time_again(device: Device, expo: FakeExpo) -> None:
    message = device.messages.send(title="Hello", ttl=timedelta(hours=1))
    clock.turn(DAY)
    send_step()
    assert expo.history() == []
    message.send()
    send_step()
    assert len(expo.history()) == 1


def test_the_receipt_of_the_first_ticket_says_nothing_of_the_second(device: Device, expo: FakeExpo) -> None:
    expo.faults(on_send(Kind.RECEIPT_ERROR, code="MessageTooBig"))
    message = device.messages.send(title="Hello")
    send_step()
    expo.faults()
    message.send()
    send_step()
    clock.turn(DAY / 24)
    receipts.step()
    message.refresh_from_db()
    assert message.state == MessageState.DELIVERED


def test_who_sends_it_twice_at_the_same_moment_sends_it_once(committed: Project, expo: FakeExpo) -> None:
    (device,) = make_devices(committed)
    message = device.messages.send(title="Hello")
    send_step()
    together(4, Message.objects.filter(pk=message.pk).send)
    message.refresh_from_db()
    assert (message.state, message.replays) == (QUEUED, 1)


class TestBroadcast:
    @pytest.fixture
    def broadcast(self, project: Project) -> Broadcast:
        """One that is through, with one copy."""
        broadcast = sending(project, "push", expanded_at=clock.now(), finished_at=clock.now())
        queue_message(project, broadcast=broadcast, state=MessageState.FAILED, reason="rejected")
        Broadcast.objects.update(state=BroadcastState.SENT)
        return broadcast

    def test_it_is_sending_again_and_comes_to_its_end(self, broadcast: Broadcast, expo: FakeExpo) -> None:
        broadcast.messages.all().send()
        broadcast.refresh_from_db()
        assert broadcast.state == BroadcastState.SENDING
        send_step()
        expand.finish()
        broadcast.refresh_from_db()
        assert broadcast.state == BroadcastState.SENT

    def test_a_cancelled_one_stays_cancelled(self, broadcast: Broadcast, rings: Rings) -> None:
        Broadcast.objects.update(state=BroadcastState.CANCELLED)
        assert rings(broadcast.messages.all().send) == []
        assert broadcast.messages.get().state == MessageState.FAILED
