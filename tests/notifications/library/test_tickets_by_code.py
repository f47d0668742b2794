"""Tickets that code writes by itself, as code for django-expo-notifications does: they name no batch and no outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from notifications import clock
from notifications.models import Batch, Credential, Device, Message, Project, Receipt, Ticket
from notifications.pipeline import receipts
from tests.factories import make_credential, make_device, make_project
from tests.fakes.process import FakeExpo
from tests.notifications.library.conftest import Rings
from tests.notifications.rows import DAY, HOUR, make_devices
from tests.notifications.stepping import send_step

ANSWER = {"is_success": True, "external_id": "abc", "error_message": ""}


def write_many(message: Message) -> Ticket:
    """One among others."""
    return Ticket.objects.bulk_create([Ticket(message=message, **ANSWER) for _ in range(3)])[0]


def write_and_save(message: Message) -> Ticket:
    """Made first, saved later."""
    ticket = Ticket(message=message, **ANSWER)
    ticket.save()
    return ticket


WAYS = {
    "create": lambda message: Ticket.objects.create(message=message, **ANSWER),
    "by its number": lambda message: Ticket.objects.create(message_id=message.pk, **ANSWER),
    "save": write_and_save,
    "bulk_create": write_many,
    "of its message": lambda message: message.tickets.create(**ANSWER),
}


@pytest.fixture
def message(device: Device) -> Message:
    """One that was made and never sent."""
    return Message.objects.create(device=device, title="Hello")


@pytest.mark.parametrize("write", WAYS.values(), ids=WAYS)
class TestEachWay:
    def test_it_stands_as_it_was_written(self, message: Message, write: Callable[[Message], Ticket]) -> None:
        clock.stop()
        ticket = Ticket.objects.get(pk=write(message).pk)
        assert (ticket.message, ticket.is_success, ticket.external_id) == (message, True, "abc")
        assert (ticket.error_message, ticket.date_received) == ("", clock.now())

    def test_it_has_a_finished_batch_of_its_own(
        self, message: Message, write: Callable[[Message], Ticket]
    ) -> None:
        batch = write(message).batch
        assert (batch.size, batch.tickets.count()) == (1, 1)
        assert batch.finished_at is not None

    def test_it_is_accepted(self, message: Message, write: Callable[[Message], Ticket]) -> None:
        assert write(message).outcome == "accepted"


class TestOutcome:
    def test_what_is_no_success_is_rejected(self, message: Message) -> None:
        assert message.tickets.create(is_success=False, error_message="No.").outcome == "rejected"

    def test_one_that_is_given_stands(self, message: Message) -> None:
        assert message.tickets.create(is_success=False, outcome="gone").outcome == "gone"

    def test_it_follows_in_a_batch_that_is_named_too(self, message: Message) -> None:
        key, now = make_credential(message.project), clock.now()
        batch = Batch.objects.create(credential=key, size=1, leased_until=now, finished_at=now)
        ticket = message.tickets.create(batch=batch, is_success=True)
        assert (ticket.outcome, ticket.batch) == ("accepted", batch)


class TestBatch:
    def test_it_is_of_the_messages_own_project_and_provider(self, device: Device) -> None:
        elsewhere = make_project()
        mine, _ = make_credential(elsewhere), make_credential(device.project)
        message = Message.objects.create(device=make_device(elsewhere))
        assert message.tickets.create(is_success=True).batch.credential == mine

    def test_the_credential_is_opened_where_there_is_none_yet(self, message: Message) -> None:
        assert not Credential.objects.exists()
        credential = message.tickets.create(is_success=True).batch.credential
        assert (credential.project, credential.provider) == (message.project, "expo")

    def test_it_is_from_the_moment_of_the_answer(self, message: Message) -> None:
        then = clock.now() - DAY
        batch = message.tickets.create(is_success=True, date_received=then).batch
        assert (batch.created_at, batch.finished_at) == (then, then)

    def test_nothing_was_sent_in_it(self, message: Message) -> None:
        batch = message.tickets.create(is_success=True).batch
        assert (batch.started_at, batch.outcome) == (None, Batch.BY_CODE)

    def test_its_message_stays_as_it_is(self, message: Message) -> None:
        message.tickets.create(is_success=True)
        message.refresh_from_db()
        assert (message.state, message.batch) == ("held", None)


class TestMany:
    def test_they_take_as_many_queries_as_two(self, project: Project) -> None:
        devices = make_devices(project, 50)
        messages = Message.objects.bulk_create([Message(device=each) for each in devices])
        make_credential(project)

        def queries(number: int) -> int:
            tickets = [Ticket(message_id=each.pk, is_success=True) for each in messages[:number]]
            with CaptureQueriesContext(connection) as captured:
                Ticket.objects.bulk_create(tickets)
            return len(captured)

        assert queries(2) == queries(50)

    def test_more_than_the_vendor_takes_in_a_second_are_not_too_fast(
        self, message: Message, settings: Settings
    ) -> None:
        settings.EXPO_NOTIFICATIONS_RATE = 600
        Ticket.objects.bulk_create([Ticket(message=message, is_success=True) for _ in range(700)])
        assert message.tickets.count() == 700

    def test_those_that_stand_already_leave_no_batch_behind(self, message: Message) -> None:
        first = message.tickets.create(is_success=True)
        again = Ticket(pk=first.pk, message=message, is_success=False)
        Ticket.objects.bulk_create([again, Ticket(message=message, is_success=True)], ignore_conflicts=True)
        assert Batch.objects.count() == Ticket.objects.count() == 2


class TestReceipt:
    def test_it_is_asked_for(self, device: Device, message: Message, expo: FakeExpo) -> None:
        device.messages.send(title="Hello")
        send_step()
        ticket = message.tickets.create(is_success=True, external_id=expo.history()[0].ticket)
        ticket.check_receipt()
        receipts.step()
        assert Receipt.objects.get().ticket == ticket

    def test_only_when_somebody_asks(self, message: Message, rings: Rings) -> None:
        assert rings(lambda: message.tickets.create(**ANSWER)) == []
        assert message.tickets.get().check_at is None


class TestRefused:
    def test_one_of_no_message_says_what_it_needs(self, project: Project) -> None:
        with pytest.raises(ValueError, match="message that exists"):
            Ticket.objects.create(message_id=42, is_success=True)

    def test_so_does_one_of_a_message_that_is_not_saved(self, device: Device) -> None:
        with pytest.raises(ValueError, match="message that exists"):
            Ticket.objects.bulk_create([Ticket(message=Message(device=device), is_success=True)])

    def test_so_does_one_of_a_provider_nobody_speaks(self, device: Device) -> None:
        message = Message.objects.create(device=device, provider="pigeon")
        with pytest.raises(ValueError, match="provider"):
            message.tickets.create(is_success=True)

    def test_one_that_cannot_be_written_leaves_no_batch_behind(self, message: Message) -> None:
        with pytest.raises(IntegrityError):
            message.tickets.create()
        assert not Batch.objects.exists()

    def test_it_may_be_mended_and_saved(self, message: Message) -> None:
        ticket = Ticket(message=message)
        with pytest.raises(IntegrityError):
            ticket.save()
        ticket.is_success = True
        ticket.save()
        assert (ticket.batch, ticket.outcome) == (Batch.objects.get(), "accepted")


class TestNothingLeftFromHere:
    """Whatever such a ticket says, no invariant takes it for something that this server did."""

    def test_a_message_may_have_many(self, message: Message) -> None:
        for _ in range(3):
            message.tickets.create(is_success=True)
        assert message.tickets.count() == 3

    def test_its_message_may_be_too_old(self, device: Device) -> None:
        then = clock.now() - HOUR
        Message.objects.create(device=device, expires_at=then).tickets.create(is_success=True)

    def test_its_device_may_be_switched_off(self, device: Device, message: Message) -> None:
        Device.objects.update(is_active=False, date_retired=clock.now() - DAY)
        message.tickets.create(is_success=True)

    def test_its_provider_may_be_paused(self, message: Message) -> None:
        make_credential(message.project, paused_reason="by hand", paused_at=clock.now() - timedelta(days=1))
        message.tickets.create(is_success=True)
