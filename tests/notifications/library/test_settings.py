"""The six settings: their defaults, and that each is read whenever it is needed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from notifications import clock
from notifications.models import Device, Message, MessageState, Ticket
from notifications.pipeline import receipts
from tests.factories import make_credential
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.stepping import send_step

DEFAULTS = {
    "EXPO_NOTIFICATIONS_TOKEN": None,
    "EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY": timedelta(minutes=30),
    "EXPO_NOTIFICATIONS_SENDING_TASK_MAX_RETRIES": 5,
    "EXPO_NOTIFICATIONS_SENDING_TASK_RETRY_DELAY": timedelta(seconds=30),
    "EXPO_NOTIFICATIONS_CHECKING_TASK_MAX_RETRIES": 3,
    "EXPO_NOTIFICATIONS_CHECKING_TASK_RETRY_DELAY": timedelta(minutes=1),
}


def stamp(name: str) -> timedelta:
    """How long from now the only ticket is asked for, or the only message is tried, again."""
    rows = Ticket if name == "check_at" else Message
    return rows.objects.values_list(name, flat=True).get() - clock.now()


@pytest.mark.parametrize("name", DEFAULTS)
def test_it_has_its_default(name: str) -> None:
    assert getattr(django_settings, name) == DEFAULTS[name]


def test_without_a_token_no_authorisation_is_sent(device: Device, expo: FakeExpo) -> None:
    device.messages.send(title="Hello")
    send_step()
    assert "authorization" not in expo.calls()[0].headers


def test_the_token_is_sent(device: Device, expo: FakeExpo, settings: Settings) -> None:
    settings.EXPO_NOTIFICATIONS_TOKEN = "viewer"
    device.messages.send(title="Hello")
    send_step()
    assert expo.calls()[0].headers["authorization"] == "Bearer viewer"


def test_receipts_are_asked_for_after_the_delay(device: Device, expo: FakeExpo, settings: Settings) -> None:
    settings.EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY = timedelta(hours=1)
    clock.stop()
    device.messages.send(title="Hello")
    send_step()
    assert stamp("check_at") == timedelta(hours=1)


@pytest.mark.parametrize("retries", [0, 2])
def test_it_is_tried_so_often_again(device: Device, expo: FakeExpo, settings: Settings, retries: int) -> None:
    settings.EXPO_NOTIFICATIONS_SENDING_TASK_MAX_RETRIES = retries
    expo.faults(on_send(Kind.ANSWER, status=500))
    message = device.messages.send(title="Hello")
    for _ in range(5):
        send_step()
        clock.turn(timedelta(hours=2))
    message.refresh_from_db()
    assert (message.state, len(expo.calls())) == (MessageState.FAILED, retries + 1)


def test_it_is_tried_again_after_the_delay(device: Device, expo: FakeExpo, settings: Settings) -> None:
    settings.EXPO_NOTIFICATIONS_SENDING_TASK_RETRY_DELAY = timedelta(minutes=10)
    expo.faults(on_send(Kind.ANSWER, status=500))
    device.messages.send(title="Hello")
    send_step()
    assert timedelta(minutes=7) < stamp("available_at") < timedelta(minutes=13)


def test_a_question_that_failed_is_asked_again_after_the_delay(
    device: Device, expo: FakeExpo, settings: Settings
) -> None:
    settings.EXPO_NOTIFICATIONS_CHECKING_TASK_RETRY_DELAY = timedelta(minutes=10)
    make_credential(device.project)
    device.messages.send(title="Hello")
    send_step()
    expo.faults(on_send(Kind.ANSWER, Match(endpoint="receipts"), status=500))
    clock.turn(timedelta(hours=1))
    receipts.step()
    assert timedelta(minutes=7) < stamp("check_at") < timedelta(minutes=13)
