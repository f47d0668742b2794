"""Lifetime: until when a message may wait, by the same rule in memory and in SQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import DateTimeField, Value

from notifications import clock
from notifications.models import Device, Message, Project
from notifications.models.lifetime import HANDING_OVER, expires_at, expires_at_sql
from tests.factories import make_device

NOW = clock.now()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST = 3 * DAY
CASES = [
    (None, None, LONGEST),
    (HOUR, None, HOUR),
    (timedelta(0), None, HANDING_OVER),
    (timedelta(seconds=1), None, HANDING_OVER),
    (30 * DAY, None, LONGEST),
    (timedelta(days=365_000), None, LONGEST),
    (None, HOUR, HOUR),
    (None, -HOUR, -HOUR),
    (None, 30 * DAY, LONGEST),
    (2 * HOUR, HOUR, 2 * HOUR),
]
"""ttl, how far ahead the expiration is, and how far ahead the message expires."""


@pytest.mark.parametrize(("ttl", "ahead", "life"), CASES)
def test_it_ends_with_the_project_or_sooner(
    ttl: timedelta | None, ahead: timedelta | None, life: timedelta
) -> None:
    assert expires_at(NOW, ttl, NOW + ahead if ahead else None, LONGEST) == NOW + life


@pytest.mark.parametrize(("ttl", "ahead", "life"), CASES)
@pytest.mark.parametrize("fraction", [0, 250_000])
def test_the_database_says_the_same(
    project: Project, ttl: timedelta | None, ahead: timedelta | None, life: timedelta, fraction: int
) -> None:
    start = NOW.replace(microsecond=fraction)
    message = make_device(project).messages.create(ttl=ttl, expiration=start + ahead if ahead else None)
    rule = expires_at_sql(Value(start, output_field=DateTimeField()))
    Message.objects.update(expires_at=rule)
    message.refresh_from_db()
    assert message.expires_at == start + life


@pytest.fixture
def device(project: Project) -> Device:
    """Somebody's phone; the project's messages wait a day at the most."""
    Project.objects.update(message_ttl=DAY)
    clock.stop()
    return make_device(project)


class TestSent:
    def test_a_message_lives_as_long_as_its_project_says(self, device: Device) -> None:
        assert device.messages.send(title="Hello").expires_at == clock.now() + DAY

    def test_so_does_one_that_was_made_long_ago(self, device: Device) -> None:
        message = device.messages.create(title="Hello")
        clock.turn(30 * DAY)
        message.send()
        assert message.expires_at == clock.now() + DAY

    def test_an_end_that_was_named_is_kept(self, device: Device) -> None:
        message = device.messages.create(title="Hello", expires_at=clock.now() + HOUR)
        message.send()
        named = device.messages.send(title="Hello", expires_at=clock.now() + HOUR)
        assert message.expires_at == named.expires_at == clock.now() + HOUR

    def test_it_lives_from_the_moment_at_which_it_is_to_leave(self, device: Device) -> None:
        later = clock.now() + 9 * DAY
        message = device.messages.create(title="Hello", available_at=later)
        message.send()
        at_once = device.messages.send(title="Hello", available_at=later)
        assert message.expires_at == at_once.expires_at == later + DAY
        assert message.available_at == at_once.available_at == later
