"""What a message says, field by field, as it arrives at Expo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications import clock
from notifications.models import Device, Message, Ticket
from tests.fakes.process import FakeExpo
from tests.notifications.stepping import send_step

TOMORROW = datetime(2100, 1, 1, tzinfo=UTC)
SAID = [
    ("title", "Hello", "title", "Hello"),
    ("body", "World", "body", "World"),
    ("subtitle", "of it", "subtitle", "of it"),
    ("data", {"page": "home"}, "data", {"page": "home"}),
    ("ttl", timedelta(minutes=2), "ttl", 120),
    ("ttl", timedelta(0), "ttl", 0),
    ("expiration", TOMORROW, "expiration", int(TOMORROW.timestamp())),
    ("priority", "high", "priority", "high"),
    ("sound", "default", "sound", "default"),
    ("badge", 3, "badge", 3),
    ("badge", 0, "badge", 0),
    ("channel_id", "news", "channelId", "news"),
    ("category_id", "reply", "categoryId", "reply"),
    ("mutable_content", True, "mutableContent", True),
    ("interruption_level", "time-sensitive", "interruptionLevel", "time-sensitive"),
    (
        "rich_content",
        {"image": "https://a.example/b.png"},
        "richContent",
        {"image": "https://a.example/b.png"},
    ),
    ("icon", "bell", "icon", "bell"),
    ("collapse_id", "score", "collapseId", "score"),
    ("tag", "score", "tag", "score"),
    ("content_available", True, "_contentAvailable", True),
]
BLANK = {
    "subtitle": "",
    "data": None,
    "ttl": None,
    "expiration": None,
    "priority": "",
    "sound": "",
    "badge": None,
}
OPTIONAL = {key for _, _, key, _ in SAID} - {"title", "tag", "mutableContent"}
SOUND = {"critical": True, "name": "bell.wav", "volume": 0.8}


def arrived(device: Device, expo: FakeExpo, **fields: Any) -> dict[str, Any]:
    """What Expo got for a message with these fields."""
    device.messages.send(**{"title": "Hello", **fields})
    send_step()
    return expo.history()[-1].message


@pytest.mark.parametrize(("field", "value", "key", "said"), SAID)
def test_each_field_arrives_under_expos_name(
    device: Device, expo: FakeExpo, field: str, value: Any, key: str, said: Any
) -> None:
    message = arrived(device, expo, **{field: value})
    assert message[key] == said
    assert type(message[key]) is type(said)


def test_it_goes_to_the_devices_address(device: Device, expo: FakeExpo) -> None:
    assert arrived(device, expo)["to"] == device.push_token


def test_what_is_blank_is_absent(device: Device, expo: FakeExpo) -> None:
    assert not OPTIONAL & set(arrived(device, expo, **BLANK))


def test_a_sound_may_be_expos_object(device: Device, expo: FakeExpo) -> None:
    assert arrived(device, expo, sound=SOUND)["sound"] == SOUND


def test_also_among_many(device: Device, expo: FakeExpo) -> None:
    device.messages.bulk_send([Message(title="Hello", sound=SOUND)])
    send_step()
    assert expo.history()[0].message["sound"] == SOUND


def test_none_is_no_sound_and_no_priority(device: Device, expo: FakeExpo) -> None:
    assert not {"sound", "priority"} & set(arrived(device, expo, sound=None, priority=None))


@pytest.mark.parametrize(
    "form", ["ExponentPushToken[{}]", "ExpoPushToken[{}]", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"]
)
def test_each_form_of_an_address_is_accepted(device: Device, expo: FakeExpo, form: str) -> None:
    Device.objects.update(push_token=form.format("abc"))
    arrived(device, expo)
    assert Ticket.objects.get().is_success


def test_one_bad_address_fails_alone(device: Device, expo: FakeExpo) -> None:
    bad = Device.objects.create(user=device.user, push_token="no address")
    Message.objects.bulk_send([Message(device=each, title="Hello") for each in (bad, device, device)])
    while send_step().messages:
        clock.turn(timedelta(minutes=5))
    assert list(Ticket.objects.order_by("message").values_list("is_success", flat=True)) == [
        False,
        True,
        True,
    ]
    assert Ticket.objects.get(is_success=False).error_code == "InvalidPushToken"
    assert {device, bad} <= set(Device.objects.active)


@pytest.mark.parametrize("data", [[1, 2], "words", 7])
def test_data_that_is_no_object_fails_with_what_to_do(device: Device, expo: FakeExpo, data: object) -> None:
    device.messages.send(title="Hello", data=data)
    send_step()
    ticket = Ticket.objects.get()
    assert (ticket.error_code, ticket.error_message) == (
        "Unwritable",
        'Data is a JSON object, such as {"page": "home"}.',
    )
