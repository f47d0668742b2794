"""New copies: what a message need not say, because its device says it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import RFC_4122, UUID

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from notifications import clock
from notifications.models import Device, Message, Project
from notifications.models.new_copies import complete
from tests.factories import make_account, make_device, make_project
from tests.notifications.rows import make_devices

SOUND = {"critical": True, "name": "bell.wav", "volume": 0.8}


@pytest.fixture
def ada(project: Project) -> User:
    """A person."""
    return make_account(project, "ada")


@pytest.fixture
def device(project: Project, ada: User) -> Device:
    """Her phone."""
    return make_device(project, ada)


class TestDevice:
    def test_project_provider_channel_and_person_are_its_devices(self, device: Device, ada: User) -> None:
        message = Message.objects.create(device=device, title="Hello")
        assert (message.project, message.provider, message.user) == (device.project, "expo", ada)
        assert message.channel == "push"

    def test_of_many_too(self, device: Device, ada: User) -> None:
        (message,) = Message.objects.bulk_create([Message(device=device, title="Hello")])
        assert (message.project, message.provider, message.user) == (device.project, "expo", ada)

    def test_what_was_said_is_kept(self, device: Device) -> None:
        other = make_account(device.project)
        message = Message.objects.create(device=device, user=other, channel="pager", key="k")
        assert (message.user, message.channel, message.key) == (other, "pager", "k")

    def test_those_that_are_loaded_are_not_asked_for(
        self, device: Device, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            complete([Message(device=device) for _ in range(3)])

    def test_the_others_are_asked_for_at_once(
        self, project: Project, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_devices(project, 3)
        ids = Device.objects.values_list("pk", flat=True)
        parts = Device.objects.only("push_token")
        messages = [Message(device_id=pk) for pk in ids] + [Message(device=part) for part in parts]
        with django_assert_num_queries(1):
            complete(messages)
        assert {message.project_id for message in messages} == {project.pk}

    def test_one_that_was_saved_after_the_message_was_made(self, project: Project) -> None:
        device = Device(project=project, push_token="ExponentPushToken[late]")
        message = Message(device=device, title="Hello")
        device.save()
        Message.objects.bulk_send([message])
        assert device.messages.get() == message

    @pytest.mark.parametrize("fields", [{}, {"device_id": 0}])
    def test_without_one_nothing_is_made(self, project: Project, fields: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="needs a device that exists"):
            Message.objects.create(title="Hello", **fields)

    def test_one_that_was_never_saved_is_refused_with_a_hint(self, project: Project) -> None:
        device = Device(project=project, push_token="ExponentPushToken[late]")
        with pytest.raises(ValueError, match="save its device first"):
            Message.objects.send(device=device, title="Hello")

    def test_an_address_and_a_project_will_do(self) -> None:
        message = Message(project=Project(pk=1), address="ada@example.com")
        complete([message])
        assert message.provider == ""

    def test_a_stored_one_is_left_alone(self, device: Device) -> None:
        message = Message.objects.create(device=device)
        message.device = make_device(make_project())
        message.save()
        assert message.project_id == device.project_id


class TestKey:
    def test_each_has_its_own(self, device: Device) -> None:
        messages = [Message(device=device) for _ in range(1_000)]
        complete(messages)
        assert len({message.key for message in messages}) == 1_000

    def test_it_is_a_uuid_that_begins_with_the_time(self, device: Device) -> None:
        clock.stop()
        message = Message.objects.create(device=device)
        number = UUID(message.key.removeprefix("m:"))
        assert (number.version, number.variant) == (7, RFC_4122)
        assert number.int >> 80 == int(clock.now().timestamp() * 1000)


class TestSound:
    def test_an_object_is_spread_over_the_columns(self) -> None:
        message = Message(sound=SOUND)
        assert (message.sound, message.sound_critical, message.sound_volume) == ("bell.wav", True, 0.8)

    def test_also_one_that_is_given_later(self, device: Device) -> None:
        message = Message(device=device)
        message.sound = SOUND
        message.save()
        assert (message.sound, message.sound_critical, message.sound_volume) == ("bell.wav", True, 0.8)

    def test_a_name_is_a_name(self) -> None:
        assert (Message(sound="bell.wav").sound, Message(sound=None).sound) == ("bell.wav", "")

    @pytest.mark.parametrize("sound", [{"loud": True}, 3, ["bell.wav"]])
    def test_anything_else_is_refused_with_an_example(self, sound: Any) -> None:
        with pytest.raises(ValueError, match=r"bell\.wav"):
            Message(sound=sound)


class TestTimes:
    @pytest.mark.parametrize("ttl", [60, "60", 1.5])
    def test_a_ttl_that_is_no_time_is_refused_with_an_example(self, device: Device, ttl: Any) -> None:
        with pytest.raises(ValueError, match=r"timedelta\(seconds=60\)"):
            device.messages.send(title="Hello", ttl=ttl)

    @pytest.mark.parametrize("expiration", ["2030-01-01", datetime(2030, 1, 1), 1893456000])
    def test_so_is_an_expiration_without_a_time_zone(self, device: Device, expiration: Any) -> None:
        with pytest.raises(ValueError, match="with a time zone"):
            device.messages.send(title="Hello", expiration=expiration)

    def test_the_right_ones_are_taken(self, device: Device) -> None:
        message = device.messages.send(title="Hello", ttl=timedelta(0), expiration=clock.now())
        assert message.ttl == timedelta(0)
