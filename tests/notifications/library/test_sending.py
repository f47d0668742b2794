"""`send` and `bulk_send`: rows that are queued and one wake-up, together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications import clock, wake
from notifications.models import Credential, Device, Message, MessageState, Project, Reason
from tests.factories import make_token
from tests.fakes.process import FakeExpo
from tests.notifications.library.conftest import Rings
from tests.notifications.rows import make_devices
from tests.notifications.stepping import send_step

QUEUED, HELD = MessageState.QUEUED, MessageState.HELD


def titles(expo: FakeExpo) -> list[str]:
    """What reached Expo, in order."""
    while send_step().messages:
        pass
    return [entry.message["title"] for entry in expo.history()]


class TestMade:
    def test_a_message_that_was_only_made_waits_to_be_sent(self, device: Device, expo: FakeExpo) -> None:
        message = Message.objects.create(device=device, title="Hello")
        assert (message.state, message.reason) == (HELD, Reason.UNSENT)
        assert titles(expo) == []

    def test_so_do_many(self, device: Device, expo: FakeExpo) -> None:
        Message.objects.bulk_create([Message(device=device, title="Hello") for _ in range(3)])
        assert set(Message.objects.values_list("state", "reason")) == {(HELD, Reason.UNSENT)}
        assert titles(expo) == []

    def test_it_wakes_nobody(self, device: Device, rings: Rings) -> None:
        assert rings(lambda: device.messages.create(title="Hello")) == []

    def test_it_never_grows_too_old(self, device: Device, expo: FakeExpo) -> None:
        message = Message.objects.create(device=device, title="Hello")
        clock.turn(timedelta(days=30))
        message.send()
        assert titles(expo) == ["Hello"]


class TestOne:
    def test_send_makes_the_message(self, device: Device) -> None:
        message = Message.objects.send(device=device, title="Hello")
        assert Message.objects.get() == message
        assert (message.state, message.reason) == (QUEUED, "")

    def test_it_reaches_expo(self, device: Device, expo: FakeExpo) -> None:
        device.messages.send(title="Hello")
        assert titles(expo) == ["Hello"]

    def test_it_wakes_the_workers_once(self, device: Device, rings: Rings) -> None:
        assert rings(lambda: device.messages.send(title="Hello")) == [wake.Step.DISPATCH]

    def test_what_is_rolled_back_is_neither_there_nor_wakes_anybody(
        self, device: Device, rings: Rings
    ) -> None:
        def send() -> None:
            with transaction.atomic():
                device.messages.send(title="Hello")
                transaction.set_rollback(True)

        assert rings(send) == []
        assert not Message.objects.exists()

    def test_nothing_is_left_of_one_that_could_not_be_written(self, device: Device, rings: Rings) -> None:
        device.messages.send(title="Hello", key="same")

        def send() -> None:
            with pytest.raises(IntegrityError), transaction.atomic():
                device.messages.send(title="again", key="same")

        assert rings(send) == []
        assert Message.objects.get().title == "Hello"

    def test_one_without_a_device_is_refused_with_a_sentence(self, project: Project) -> None:
        with pytest.raises(ValueError, match="needs a device"):
            Message.objects.send(title="Hello")

    def test_a_message_sends_itself(self, device: Device, expo: FakeExpo, rings: Rings) -> None:
        message = Message.objects.create(device=device, title="Hello")
        assert rings(message.send) == [wake.Step.DISPATCH]
        assert message.state == QUEUED
        assert titles(expo) == ["Hello"]

    def test_one_that_is_not_saved_yet_is_saved_first(self, device: Device, expo: FakeExpo) -> None:
        Message(device=device, title="Hello").send()
        assert titles(expo) == ["Hello"]

    def test_it_may_leave_later(self, device: Device, expo: FakeExpo) -> None:
        device.messages.send(title="Hello", available_at=clock.now() + timedelta(days=9))
        assert titles(expo) == []
        clock.turn(timedelta(days=9))
        assert titles(expo) == ["Hello"]

    def test_a_queue_that_is_broken_loses_nothing(
        self, committed: Project, broken_queue: None, expo: FakeExpo
    ) -> None:
        (device,) = make_devices(committed)
        device.messages.send(title="Hello")
        assert titles(expo) == ["Hello"]


class TestMany:
    def test_it_returns_them_with_their_numbers(self, project: Project) -> None:
        messages = [Message(device=device, title="Hello") for device in make_devices(project, 3)]
        assert Message.objects.bulk_send(messages) == messages
        assert [message.pk for message in messages] == list(
            Message.objects.order_by("pk").values_list("pk", flat=True)
        )

    def test_they_go_in_the_order_of_the_list(self, device: Device, expo: FakeExpo) -> None:
        words = [f"{each}" for each in range(150)]
        messages = [Message(device=device, title=word) for word in words]
        Message.objects.bulk_send(messages[100:] + messages[:100])
        assert titles(expo) == words[100:] + words[:100]

    def test_they_wake_the_workers_once(self, device: Device, rings: Rings) -> None:
        messages = [Message(device=device, title="Hello") for _ in range(3)]
        assert rings(lambda: Message.objects.bulk_send(messages)) == [wake.Step.DISPATCH]

    def test_none_at_all_wake_nobody(self, project: Project, rings: Rings) -> None:
        assert rings(lambda: Message.objects.bulk_send([])) == []
        assert Message.objects.bulk_send(iter(())) == []

    def test_they_may_come_from_a_generator(self, device: Device) -> None:
        def words() -> Iterator[Message]:
            yield from (Message(device=device, title="Hello") for _ in range(3))

        assert len(Message.objects.bulk_send(words())) == Message.objects.count() == 3

    def test_a_devices_own_need_not_name_it(self, device: Device) -> None:
        device.messages.bulk_send([Message(title="Hello")])
        assert device.messages.get().title == "Hello"

    def test_all_or_none(self, project: Project, rings: Rings) -> None:
        first, second = (Message(device=device, key="same") for device in make_devices(project, 2))

        def send() -> None:
            with pytest.raises(IntegrityError), transaction.atomic():
                Message.objects.bulk_send([first, second])

        assert rings(send) == []
        assert (Message.objects.count(), first.pk) == (0, None)

    def test_more_than_one_statement_takes_are_one_transaction(self, device: Device) -> None:
        messages = [Message(device=device, title="Hello") for _ in range(4_001)]
        messages[-1].key = "same"
        messages[0].key = "same"
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.bulk_send(messages)
        assert not Message.objects.exists()

    @pytest.mark.parametrize("kwargs", [{"batch_size": 2}, {"ignore_conflicts": True}])
    def test_what_djangos_bulk_create_takes_may_be_given(
        self, device: Device, expo: FakeExpo, kwargs: dict[str, object]
    ) -> None:
        Message.objects.bulk_send([Message(device=device, title=f"{n}") for n in range(3)], **kwargs)
        assert titles(expo) == ["0", "1", "2"]

    def test_thousands_take_as_many_queries_as_one(self, project: Project) -> None:
        devices = make_devices(project, 2_000)

        def queries(number: int) -> int:
            messages = [Message(device_id=each.pk, title=each.push_token) for each in devices[:number]]
            with CaptureQueriesContext(connection) as captured:
                Message.objects.bulk_send(messages)
            return len(captured)

        queries(1)
        assert queries(1) == queries(2_000)

    def test_an_inactive_device_is_no_error(self, device: Device, expo: FakeExpo) -> None:
        Device.objects.filter(pk=device.pk).update(is_active=False)
        (message,) = Message.objects.bulk_send([Message(device=device, title="Hello")])
        assert titles(expo) == []
        message.refresh_from_db()
        assert (message.state, message.reason) == (MessageState.SUPPRESSED, Reason.DEVICE_INACTIVE)

    def test_only_messages_to_active_devices_reach_expo(
        self, alice: User, device: Device, expo: FakeExpo
    ) -> None:
        off = Device.objects.create(user=alice, push_token=make_token(), is_active=False)
        Message.objects.bulk_send([Message(device=each, title=f"{each.pk}") for each in (off, device)])
        assert titles(expo) == [f"{device.pk}"]


class TestStored:
    @pytest.fixture
    def stored(self, device: Device) -> list[Message]:
        """Three that were made and not sent."""
        return Message.objects.bulk_create([Message(device=device, title=f"{n}") for n in range(3)])

    def test_they_go_in_their_order(self, stored: list[Message], expo: FakeExpo) -> None:
        assert Message.objects.order_by("?").send() is None
        assert titles(expo) == ["0", "1", "2"]

    def test_only_those_that_are_meant(self, stored: list[Message], expo: FakeExpo) -> None:
        Message.objects.filter(title="1").send()
        assert titles(expo) == ["1"]

    def test_also_a_slice(self, stored: list[Message], expo: FakeExpo) -> None:
        Message.objects.order_by("-pk")[:2].send()
        assert titles(expo) == ["1", "2"]

    def test_they_wake_the_workers_once(self, stored: list[Message], rings: Rings) -> None:
        assert rings(Message.objects.all().send) == [wake.Step.DISPATCH]

    def test_none_at_all_wake_nobody(self, stored: list[Message], rings: Rings) -> None:
        assert rings(Message.objects.none().send) == []
        assert rings(Message.objects.filter(title="nobody's").send) == []

    def test_what_is_rolled_back_stays_unsent(self, stored: list[Message], rings: Rings) -> None:
        def send() -> None:
            with transaction.atomic():
                Message.objects.all().send()
                transaction.set_rollback(True)

        assert rings(send) == []
        assert set(Message.objects.values_list("state", flat=True)) == {HELD}

    def test_the_number_of_queries_is_always_the_same(self, stored: list[Message], device: Device) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                Message.objects.filter(state=HELD).send()
            return len(captured)

        Message.objects.filter(title="0").send()
        few = queries()
        Message.objects.bulk_create([Message(device=device) for _ in range(300)])
        assert queries() == few


def test_a_provider_without_a_key_gets_its_row(device: Device) -> None:
    assert not Credential.objects.exists()
    device.messages.send(title="Hello")
    device.messages.bulk_send([Message(title="Hello")])
    assert Credential.objects.get().provider == "expo"


def test_also_when_what_stands_is_sent(device: Device) -> None:
    device.messages.create(title="Hello").send()
    assert Credential.objects.get().provider == "expo"


def test_one_of_a_provider_nobody_speaks_waits(device: Device, expo: FakeExpo) -> None:
    Device.objects.update(provider="pigeon")
    device.refresh_from_db()
    device.messages.send(title="Hello")
    assert titles(expo) == []
    assert not Credential.objects.exists()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite knows no lengths")
def test_what_is_too_long_is_refused_and_not_cut_off(device: Device) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        device.messages.bulk_send([Message(title="x" * 300)])
