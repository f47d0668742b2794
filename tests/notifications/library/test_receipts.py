"""`check_receipt` and `check_receipts`: asked at once, as often as wanted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from notifications import clock, wake
from notifications.models import Device, Message, MessageState, Receipt, Ticket
from notifications.pipeline import receipts
from tests.factories import make_token
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.library.conftest import Rings
from tests.notifications.stepping import send_step


def send(device: Device, number: int = 1) -> list[Message]:
    """So many messages, which Expo has accepted or refused."""
    messages = Message.objects.bulk_send([Message(device=device, title=f"{n}") for n in range(number)])
    send_step()
    return messages


def questions(expo: FakeExpo) -> int:
    """How many receipts were asked for, in all questions."""
    while receipts.step().messages:
        pass
    return expo.stats("receipts").recipients


def test_it_is_asked_without_delay(device: Device, expo: FakeExpo) -> None:
    (message,) = send(device)
    message.tickets.get().check_receipt()
    assert questions(expo) == 1
    assert Receipt.objects.get().is_success


def test_otherwise_it_is_asked_half_an_hour_later(device: Device, expo: FakeExpo) -> None:
    send(device)
    assert questions(expo) == 0
    clock.turn(timedelta(minutes=30))
    assert questions(expo) == 1


def test_each_check_adds_a_receipt(device: Device, expo: FakeExpo) -> None:
    (message,) = send(device)
    ticket = message.tickets.get()
    for _ in range(3):
        ticket.check_receipt()
        questions(expo)
    assert ticket.receipts.count() == 3
    message.refresh_from_db()
    assert message.state == MessageState.DELIVERED


def test_many_are_asked_in_one_question(device: Device, expo: FakeExpo) -> None:
    send(device, 5)
    Ticket.objects.all().check_receipts()
    assert questions(expo) == 5
    assert expo.stats("receipts").requests == 1
    assert Receipt.objects.filter(is_success=True).count() == 5


def test_each_receipt_says_when_and_what(device: Device, expo: FakeExpo) -> None:
    expo.faults(on_send(Kind.RECEIPT_ERROR, Match(endpoint="send", token="off]"), code="MessageTooBig"))
    off = Device.objects.create(user=device.user, push_token=make_token()[:-1] + "off]")
    clock.stop()
    Message.objects.bulk_send([Message(device=each, title="Hello") for each in (device, off)])
    send_step()
    Ticket.objects.all().check_receipts()
    questions(expo)
    rows = Receipt.objects.order_by("ticket").values_list("is_success", "error_code", "date_checked")
    assert list(rows) == [(True, "", clock.now()), (False, "MessageTooBig", clock.now())]


def test_a_device_that_is_gone_is_switched_off_and_no_other(
    alice: User, device: Device, expo: FakeExpo
) -> None:
    gone = Device.objects.create(user=alice, push_token=make_token()[:-1] + "gone]")
    expo.faults(
        on_send(Kind.RECEIPT_ERROR, Match(endpoint="send", token="gone]"), code="DeviceNotRegistered")
    )
    Message.objects.bulk_send([Message(device=each, title="Hello") for each in (device, gone)])
    send_step()
    Ticket.objects.all().check_receipts()
    questions(expo)
    assert list(Device.objects.active) == [device]


def test_tickets_without_an_id_are_left_alone(device: Device, expo: FakeExpo, rings: Rings) -> None:
    expo.faults(on_send(Kind.TICKET_WITHOUT_ID))
    send(device)
    assert rings(Ticket.objects.all().check_receipts) == []
    assert questions(expo) == 0


def test_tickets_that_are_no_success_are_left_alone(device: Device, expo: FakeExpo, rings: Rings) -> None:
    expo.faults(on_send(Kind.TICKET_ERROR, code="MessageTooBig"))
    send(device)
    Ticket.objects.update(external_id="abc")
    assert rings(Ticket.objects.all().check_receipts) == []


def test_one_that_expo_does_not_know_is_no_error_and_is_asked_for_again(
    device: Device, expo: FakeExpo
) -> None:
    expo.faults(on_send(Kind.RECEIPT_MISSING))
    (message,) = send(device)
    message.tickets.get().check_receipt()
    assert questions(expo) == 1
    assert not Receipt.objects.exists()
    clock.turn(timedelta(hours=1))
    assert questions(expo) == 2


def test_it_wakes_those_who_ask_once(device: Device, expo: FakeExpo, rings: Rings) -> None:
    send(device, 3)
    assert rings(Ticket.objects.all().check_receipts) == [wake.Step.RECEIPTS]


def test_none_at_all_wake_nobody(device: Device, rings: Rings) -> None:
    assert rings(Ticket.objects.none().check_receipts) == []


def test_a_slice_may_be_asked_for(device: Device, expo: FakeExpo) -> None:
    send(device, 3)
    Ticket.objects.order_by("-pk")[:2].check_receipts()
    assert questions(expo) == 2


def test_what_is_rolled_back_asks_nothing(device: Device, expo: FakeExpo, rings: Rings) -> None:
    (message,) = send(device)

    def check() -> None:
        with transaction.atomic():
            message.tickets.get().check_receipt()
            transaction.set_rollback(True)

    assert rings(check) == []
    assert questions(expo) == 0


def test_one_that_was_sent_again_is_asked_about_by_each_ticket(device: Device, expo: FakeExpo) -> None:
    (message,) = send(device)
    message.send()
    send_step()
    message.tickets.all().check_receipts()
    assert questions(expo) == 2
    assert Receipt.objects.count() == 2


@pytest.mark.parametrize("model", [Device, Message, Ticket, Receipt])
def test_each_is_called_by_its_number(
    device: Device, expo: FakeExpo, model: type[Device | Message | Ticket | Receipt]
) -> None:
    (message,) = send(device)
    message.tickets.get().check_receipt()
    questions(expo)
    row = model.objects.get()
    assert str(row) == f"{model.__name__} #{row.pk}{' of alice' if model is Device else ''}"
