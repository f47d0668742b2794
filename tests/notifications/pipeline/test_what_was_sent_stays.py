"""What was sent stays known: no key and no batch is deleted from under a message or a ticket that names it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.db.models import RestrictedError
from django.db.models.deletion import Collector

from notifications import clock
from notifications.models import Batch, Credential, Device, Message, MessageState, Project, Ticket
from notifications.pipeline import receipts
from tests.factories import make_credential, make_device, make_project
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import claim, save_answers, start
from tests.notifications.rows import queue_message, queue_messages
from tests.notifications.stepping import send_step


@pytest.fixture
def sent(project: Project, expo: FakeExpo) -> Ticket:
    """An answer whose receipt is awaited."""
    queue_message(project)
    send_step()
    return Ticket.objects.get()


class TestUnderWay:
    @pytest.mark.parametrize("model", [Credential, Batch])
    @pytest.mark.parametrize("is_started", [False, True], ids=["claimed", "started"])
    def test_neither_is_deleted(
        self, project: Project, expo: FakeExpo, model: type[Credential | Batch], is_started: bool
    ) -> None:
        queue_messages(project, 2)
        claimed = claim()
        assert not is_started or start(claimed)
        with pytest.raises(RestrictedError, match=r"Message\.batch"):
            model.objects.get().delete()
        assert set(Message.objects.values_list("state", "batch")) == {
            (MessageState.SENDING, claimed.batch.pk)
        }

    @pytest.mark.parametrize("model", [Credential, Batch])
    def test_nor_are_all_at_once(
        self, project: Project, expo: FakeExpo, model: type[Credential | Batch]
    ) -> None:
        queue_message(project)
        claim()
        with pytest.raises(RestrictedError):
            model.objects.all().delete()

    def test_the_answer_is_saved_as_ever(self, project: Project, expo: FakeExpo) -> None:
        queue_message(project)
        claimed = claim()
        assert start(claimed)
        with pytest.raises(RestrictedError):
            claimed.credential.delete()
        save_answers(claimed)
        assert Message.objects.get().state == MessageState.ACCEPTED

    def test_a_claim_that_comes_while_somebody_deletes_keeps_the_key(self, committed: Project) -> None:
        queue_message(committed)
        deletion = Collector(using="default")
        deletion.collect([Credential.objects.get()])
        claim()
        with pytest.raises(IntegrityError):
            deletion.delete()
        assert Batch.objects.get().credential == Credential.objects.get()


class TestAnswered:
    @pytest.mark.parametrize("model", [Credential, Batch])
    def test_neither_is_deleted(self, sent: Ticket, model: type[Credential | Batch]) -> None:
        with pytest.raises(RestrictedError, match=r"Ticket\.batch"):
            model.objects.get().delete()
        assert Ticket.objects.get() == sent

    def test_its_receipt_is_still_asked_for(self, sent: Ticket) -> None:
        with pytest.raises(RestrictedError):
            Credential.objects.all().delete()
        clock.turn(timedelta(hours=1))
        receipts.step()
        assert Message.objects.get().state == MessageState.DELIVERED

    def test_nor_where_the_message_went_on_with_another_batch(self, sent: Ticket) -> None:
        sent.message.send()
        send_step()
        with pytest.raises(RestrictedError, match=r"Ticket\.batch"):
            Batch.objects.get(pk=sent.batch_id).delete()

    def test_why_a_device_was_switched_off_stays_known(self, project: Project, expo: FakeExpo) -> None:
        expo.faults(on_send(Kind.TICKET_ERROR, code="DeviceNotRegistered"))
        queue_message(project)
        send_step()
        with pytest.raises(RestrictedError):
            Credential.objects.all().delete()
        assert not Device.objects.get().is_active

    def test_what_code_wrote_down_is_kept_too(self, project: Project) -> None:
        message = Message.objects.create(device=make_device(project))
        message.tickets.create(is_success=True)
        with pytest.raises(RestrictedError):
            Credential.objects.all().delete()


class TestWhatMayGo:
    def test_a_key_with_which_nothing_was_sent(self, project: Project) -> None:
        make_credential(project).delete()
        assert not Credential.objects.exists()

    def test_one_whose_messages_are_gone(self, sent: Ticket) -> None:
        Message.objects.all().delete()
        Credential.objects.all().delete()
        assert not Batch.objects.exists()

    @pytest.mark.parametrize("is_answered", [False, True], ids=["under way", "answered"])
    def test_a_project_with_all_that_it_sent(self, expo: FakeExpo, db: None, is_answered: bool) -> None:
        project = make_project()
        queue_messages(project, 3)
        claimed = claim()
        assert start(claimed)
        if is_answered:
            save_answers(claimed)
        project.delete()
        assert not any(model.objects.exists() for model in (Credential, Batch, Message, Ticket))
