"""Tickets: one for each time a message is sent, saved chunk by chunk, and what follows from each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from notifications import clock
from notifications.models import Device, Message, MessageState, Ticket
from tests.factories import make_token
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match, Rule
from tests.fakes.process import FakeExpo
from tests.notifications.stepping import send_step

CHUNK = 100


def send(*devices: Device) -> None:
    """A message to each, as far as it can be sent now."""
    Message.objects.bulk_send([Message(device=device, title="Hello") for device in devices])
    while send_step().messages:
        pass


def only(token: str, code: str) -> Rule:
    """Expo refuses the message to this address."""
    return on_send(Kind.TICKET_ERROR, Match(endpoint="send", token=token), code=code)


@pytest.fixture
def odd(alice: User) -> Device:
    """Another phone of hers."""
    return Device.objects.create(user=alice, push_token="ExponentPushToken[odd]")


class TestAnswer:
    def test_each_message_has_its_ticket(self, device: Device, odd: Device, expo: FakeExpo) -> None:
        send(device, odd)
        assert [message.tickets.count() for message in Message.objects.all()] == [1, 1]

    def test_it_says_whether_and_what_and_when(self, device: Device, odd: Device, expo: FakeExpo) -> None:
        clock.stop()
        expo.faults(only("[odd]", "MessageTooBig"))
        send(device, odd)
        good, bad = Ticket.objects.order_by("message")
        assert (good.is_success, good.external_id) == (True, expo.history()[0].ticket)
        assert (good.error_code, good.error_message, good.date_received) == ("", "", clock.now())
        assert (bad.is_success, bad.external_id) == (False, "")
        assert (bad.error_code, bad.date_received) == ("MessageTooBig", clock.now())
        assert bad.error_message

    def test_a_device_that_is_gone_is_switched_off_and_no_other(
        self, device: Device, odd: Device, expo: FakeExpo
    ) -> None:
        expo.faults(only("[odd]", "DeviceNotRegistered"))
        send(device, odd)
        assert list(Device.objects.active) == [device]

    def test_receipts_are_planned_for_the_successful_ones_only(
        self, device: Device, odd: Device, expo: FakeExpo
    ) -> None:
        clock.stop()
        expo.faults(only("[odd]", "MessageTooBig"))
        send(device, odd)
        planned = list(Ticket.objects.order_by("message").values_list("check_at", flat=True))
        assert planned == [clock.now() + timedelta(minutes=30), None]


class TestTrouble:
    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_vendor_in_trouble_is_asked_again_later(
        self, device: Device, expo: FakeExpo, status: int
    ) -> None:
        expo.faults(on_send(Kind.ANSWER, Match(endpoint="send", times=1), status=status))
        send(device)
        assert Message.objects.get().state == MessageState.QUEUED
        clock.turn(timedelta(hours=1))
        send_step()
        assert Message.objects.get().state == MessageState.ACCEPTED

    def test_so_is_one_that_cannot_be_reached(
        self, device: Device, expo: FakeExpo, settings: Settings
    ) -> None:
        settings.EXPO_NOTIFICATIONS_HOST = "http://127.0.0.1:1"
        send(device)
        assert Message.objects.get().state == MessageState.QUEUED
        settings.EXPO_NOTIFICATIONS_HOST = expo.url
        clock.turn(timedelta(hours=1))
        send_step()
        assert Message.objects.get().state == MessageState.ACCEPTED

    def test_what_is_refused_is_not_asked_again(self, device: Device, expo: FakeExpo) -> None:
        refusal = {"errors": [{"code": "VALIDATION_ERROR", "message": "“to” is required."}]}
        expo.faults(on_send(Kind.ANSWER, status=400, body=refusal))
        send(device)
        assert Message.objects.get().state == MessageState.FAILED
        asked = len(expo.calls())
        clock.turn(timedelta(days=1))
        assert send_step().messages == 0
        assert len(expo.calls()) == asked


class TestChunks:
    def test_where_one_fails_the_others_stand_and_it_alone_is_sent_again(
        self, alice: User, expo: FakeExpo
    ) -> None:
        devices = Device.objects.bulk_create(
            [Device(user=alice, push_token=make_token()) for _ in range(3 * CHUNK)]
        )
        expo.faults(on_send(Kind.ANSWER, Match(endpoint="send", nth=(2,)), status=503))
        send(*devices)
        stand = set(Ticket.objects.filter(is_success=True).values_list("pk", flat=True))
        assert len(stand) == 2 * CHUNK
        clock.turn(timedelta(hours=1))
        while send_step().messages:
            pass
        accepted = [entry.token for entry in expo.history() if entry.is_accepted]
        assert len(accepted) == len(set(accepted)) == 3 * CHUNK
        later = set(Ticket.objects.filter(is_success=True).values_list("pk", flat=True))
        assert stand < later
        assert len(later) == 3 * CHUNK

    def test_a_hundred_messages_take_ten_queries_at_the_most(self, alice: User, expo: FakeExpo) -> None:
        tokens = [make_token() for _ in range(CHUNK)]
        devices = Device.objects.bulk_create([Device(user=alice, push_token=token) for token in tokens])
        Message.objects.bulk_send([Message(device=device, title="Hello") for device in devices])
        with CaptureQueriesContext(connection) as captured:
            send_step()
        framing = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
        assert sum(not each["sql"].startswith(framing) for each in captured) <= 10
        assert len(expo.calls()) == 1
