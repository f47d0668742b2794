"""Receipts: what each of them makes of an accepted message and its device."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications import clock
from notifications.actions import broadcasts
from notifications.models import (
    Batch,
    Broadcast,
    BroadcastState,
    Device,
    InactiveReason,
    Message,
    MessageState,
    Project,
    Reason,
    Receipt,
)
from notifications.pipeline import expand, receipts
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.accepted import DELAY, send, standing
from tests.notifications.rows import ACTOR, DAY, HOUR, queue_message, sending
from tests.notifications.stepping import send_step


def state_of(broadcast: Broadcast) -> str:
    broadcast.refresh_from_db()
    return broadcast.state


class TestAnswers:
    def test_a_good_receipt_means_delivered(self, expo: FakeExpo, project: Project) -> None:
        (message,) = send(project)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")

    def test_it_is_kept(self, expo: FakeExpo, project: Project) -> None:
        send(project)
        receipts.step()
        assert Receipt.objects.get().is_success

    def test_it_is_not_asked_for_again(self, expo: FakeExpo, project: Project) -> None:
        send(project)
        receipts.step()
        clock.turn(DAY)
        receipts.step()
        assert expo.stats("receipts").requests == 1

    def test_nothing_is_asked_before_its_time(self, expo: FakeExpo, project: Project) -> None:
        queue_message(project)
        send_step()
        clock.turn(DELAY - timedelta(seconds=10))
        assert not receipts.step().more
        assert expo.stats("receipts").requests == 0

    @pytest.mark.parametrize(
        ("code", "state", "reason"),
        [
            ("DeviceNotRegistered", MessageState.FAILED, Reason.GONE),
            ("MessageTooBig", MessageState.FAILED, Reason.REJECTED),
            ("NobodyKnowsThis", MessageState.FAILED, Reason.REJECTED),
            ("MessageRateExceeded", MessageState.QUEUED, ""),
            ("ProviderError", MessageState.QUEUED, ""),
            ("InvalidCredentials", MessageState.QUEUED, ""),
        ],
    )
    def test_each_error_has_its_state(
        self, expo: FakeExpo, project: Project, code: str, state: str, reason: str
    ) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code=code))
        (message,) = send(project)
        receipts.step()
        assert standing(message) == (state, reason)
        assert message.code == code
        kept = Receipt.objects.get()
        assert (kept.is_success, kept.error_code) == (False, code)

    def test_one_of_its_own_pages_is_named(self, expo: FakeExpo, project: Project) -> None:
        broadcast = sending(project)
        queue_message(project, broadcast=broadcast)
        send_step()
        clock.turn(DELAY)
        assert receipts.step().topics == {f"project:{project.pk}", f"broadcast:{broadcast.pk}"}

    @pytest.mark.usefixtures("crooked_rows")
    def test_a_receipt_of_an_earlier_attempt_changes_nothing(self, expo: FakeExpo, project: Project) -> None:
        (message,) = send(project)
        earlier = Batch.objects.get()
        later = Batch.objects.create(
            credential=earlier.credential, size=1, leased_until=clock.now() + timedelta(minutes=1)
        )
        Message.objects.update(batch=later)
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, "")

    @pytest.mark.usefixtures("crooked_rows")
    def test_a_message_that_is_no_longer_accepted_is_left_alone(
        self, expo: FakeExpo, project: Project
    ) -> None:
        (message,) = send(project)
        Message.objects.update(state=MessageState.CANCELLED, reason=Reason.CANCELLED)
        receipts.step()
        assert standing(message) == (MessageState.CANCELLED, Reason.CANCELLED)


class TestDevices:
    def test_a_device_that_is_gone_is_retired(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code="DeviceNotRegistered"))
        send(project)
        receipts.step()
        device = Device.objects.get()
        assert (device.is_active, device.inactive_reason) == (False, InactiveReason.GONE)

    def test_one_that_registered_anew_since_stays(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code="DeviceNotRegistered"))
        send(project)
        Device.objects.update(date_registered=clock.now())
        receipts.step()
        assert Device.objects.get().is_active

    def test_each_is_judged_by_the_time_of_its_own_message(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code="DeviceNotRegistered"))
        send(project)
        clock.turn(-DELAY / 2)
        (second,) = send(project)
        Device.objects.filter(pk=second.device_id).update(date_registered=clock.now() - DELAY - HOUR / 20)
        receipts.step()
        assert Device.objects.filter(is_active=True).count() == 0

    def test_no_other_error_retires_one(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code="MessageTooBig"))
        send(project)
        receipts.step()
        assert Device.objects.get().is_active


class TestBusy:
    def test_it_is_sent_again_and_delivered(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, Match(nth=[1]), code="MessageRateExceeded"))
        (message,) = send(project)
        assert receipts.step().requeued
        clock.turn(timedelta(minutes=1))
        send_step()
        clock.turn(DELAY)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")
        assert len(expo.history()) == 2

    def test_it_waits_before(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code="MessageRateExceeded"))
        (message,) = send(project)
        receipts.step()
        message.refresh_from_db()
        assert message.available_at - clock.now() > timedelta(seconds=20)

    def test_the_tries_are_used_up_in_the_end(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code="MessageRateExceeded"))
        message = queue_message(project)
        for _ in range(8):
            send_step()
            clock.turn(DELAY)
            receipts.step()
            clock.turn(HOUR * 2)
        assert standing(message) == (MessageState.FAILED, Reason.ATTEMPTS_USED_UP)
        assert len(expo.history()) == 6

    def test_its_broadcast_is_sending_again_and_can_be_cancelled(
        self, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code="MessageRateExceeded"))
        broadcast = sending(project, expanded_at=clock.now())
        message = queue_message(project, broadcast=broadcast)
        send_step()
        expand.finish()
        clock.turn(DELAY)
        assert state_of(broadcast) == BroadcastState.SENT
        receipts.step()
        assert state_of(broadcast) == BroadcastState.SENDING
        broadcasts.cancel(ACTOR, broadcast)
        assert standing(message) == (MessageState.CANCELLED, Reason.CANCELLED)

    def test_one_whose_copies_are_all_answered_stays_sent(self, expo: FakeExpo, project: Project) -> None:
        broadcast = sending(project, expanded_at=clock.now())
        queue_message(project, broadcast=broadcast)
        send_step()
        expand.finish()
        clock.turn(DELAY)
        receipts.step()
        assert state_of(broadcast) == BroadcastState.SENT
