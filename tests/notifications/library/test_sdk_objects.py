"""The SDK's own objects, for code that was written against them."""

from __future__ import annotations

from datetime import timedelta

from notifications.models import Device, Message, Ticket
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind
from tests.fakes.process import FakeExpo
from tests.notifications.stepping import send_step


def test_a_message_has_what_the_sdk_sends(device: Device) -> None:
    message = Message(
        device=device, title="Hello", data={"page": 1}, ttl=timedelta(0), badge=0, category_id="c"
    )
    pushed = message.to_push_message()
    assert pushed.get_payload() == {
        "to": device.push_token,
        "title": "Hello",
        "data": {"page": 1},
        "ttl": 0,
        "badge": 0,
        "categoryId": "c",
        "mutableContent": False,
    } | {key: pushed.get_payload()[key] for key in pushed.get_payload().keys() & {"_displayInForeground"}}


def test_what_is_blank_is_absent(device: Device) -> None:
    pushed = Message(device=device, title="Hello").to_push_message()
    absent = (pushed.body, pushed.sound, pushed.priority, pushed.subtitle, pushed.channel_id, pushed.data)
    assert absent == (None,) * 6


def test_a_ticket_says_what_expo_said(device: Device, expo: FakeExpo) -> None:
    device.messages.send(title="Hello")
    send_step()
    ticket = Ticket.objects.get()
    pushed = ticket.to_push_ticket()
    assert pushed.is_success()
    assert (pushed.id, pushed.push_message.to) == (ticket.external_id, device.push_token)


def test_a_refusal_is_one_for_the_sdk_too(device: Device, expo: FakeExpo) -> None:
    expo.faults(on_send(Kind.TICKET_ERROR, code="MessageTooBig"))
    device.messages.send(title="Hello")
    send_step()
    pushed = Ticket.objects.get().to_push_ticket()
    assert (pushed.is_success(), pushed.message) == (False, Ticket.objects.get().error_message)
