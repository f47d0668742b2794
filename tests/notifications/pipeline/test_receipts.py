"""Receipts: asked for later, until the vendor says or a day has passed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from notifications import clock
from notifications.models import (
    Batch,
    Credential,
    Device,
    InactiveReason,
    Message,
    MessageState,
    Project,
    Reason,
    Receipt,
    Ticket,
)
from notifications.pipeline import dispatch, receipts
from tests.fakes.asking import on_send
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import together
from tests.notifications.rows import DAY, HOUR, queue_message, queue_messages, sending

DELAY = timedelta(minutes=30)


def send(project: Project, number: int = 1) -> list[Message]:
    """So many messages that the vendor has accepted, and whose receipts are due."""
    messages = queue_messages(project, number)
    dispatch.step()
    clock.turn(DELAY)
    return messages


def on_question(kind: Kind, **action: object) -> Rule:
    return Rule(match=Match(endpoint="receipts"), action=Action(kind=kind, **action))  # type: ignore[arg-type]


def standing(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


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
        dispatch.step()
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
        dispatch.step()
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
        dispatch.step()
        clock.turn(DELAY)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")
        assert len(expo.history()) == 2

    def test_it_waits_before(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code="MessageRateExceeded"))
        (message,) = send(project)
        receipts.step()
        message.refresh_from_db()
        assert message.available_at - clock.now() > timedelta(seconds=23)

    def test_the_tries_are_used_up_in_the_end(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code="MessageRateExceeded"))
        message = queue_message(project)
        for _ in range(8):
            dispatch.step()
            clock.turn(DELAY)
            receipts.step()
            clock.turn(HOUR * 2)
        assert standing(message) == (MessageState.FAILED, Reason.ATTEMPTS_USED_UP)
        assert len(expo.history()) == 6

    def test_wrong_credentials_pause_the_credential(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code="InvalidCredentials"))
        send(project)
        receipts.step()
        assert Credential.objects.get().paused_reason.startswith("InvalidCredentials")
        assert Device.objects.get().is_active


class TestSilence:
    def test_it_asks_again_at_growing_gaps(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_MISSING))
        queue_message(project)
        dispatch.step()
        gaps = []
        for _ in range(5):
            due = Ticket.objects.get().check_at
            assert due is not None
            clock.turn(due - clock.now())
            receipts.step()
            after = Ticket.objects.get().check_at
            assert after is not None
            gaps.append(round((after - due) / HOUR, 1))
        assert gaps == [0.5, 1, 2, 4, 4]

    def test_it_stays_accepted_meanwhile(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_MISSING))
        (message,) = send(project)
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, "")

    def test_after_a_day_it_says_that_none_came(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_MISSING))
        (message,) = send(project)
        clock.turn(DAY)
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, Reason.RECEIPT_MISSING)

    def test_then_it_is_never_asked_again(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_MISSING))
        send(project)
        clock.turn(DAY)
        receipts.step()
        clock.turn(10 * DAY)
        receipts.step()
        assert (Ticket.objects.get().check_at, expo.stats("receipts").requests) == (None, 1)

    def test_a_worker_that_was_away_for_a_day_still_collects(self, expo: FakeExpo, project: Project) -> None:
        (message,) = send(project)
        clock.turn(DAY)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")

    def test_a_late_receipt_is_taken(self, expo: FakeExpo, project: Project) -> None:
        expo.configure(receipt_delay=3600)
        (message,) = send(project)
        receipts.step()
        expo.configure(receipt_delay=0)
        clock.turn(HOUR)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")


class TestTrouble:
    def test_a_server_error_is_asked_again(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_question(Kind.ANSWER, status=500))
        (message,) = send(project)
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, "")
        expo.faults()
        clock.turn(HOUR)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")

    def test_a_lost_answer_is_asked_again(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_question(Kind.DROP_AFTER_ACCEPT))
        (message,) = send(project)
        receipts.step()
        expo.faults()
        clock.turn(HOUR)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")

    def test_trouble_for_a_day_gives_nothing_up(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_question(Kind.ANSWER, status=500))
        (message,) = send(project)
        clock.turn(2 * DAY)
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, "")
        assert Ticket.objects.get().check_at is not None

    def test_a_question_refused_for_a_day_is_given_up(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_question(Kind.ANSWER, status=400))
        (message,) = send(project)
        clock.turn(DAY)
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, Reason.RECEIPT_MISSING)

    def test_a_wrong_key_pauses_the_credential(self, expo: FakeExpo, project: Project) -> None:
        send(project)
        expo.configure(access_token="another")
        receipts.step()
        assert Credential.objects.get().paused_reason.startswith("UNAUTHORIZED")

    def test_nothing_is_asked_with_a_paused_credential(self, expo: FakeExpo, project: Project) -> None:
        send(project)
        Credential.objects.update(paused_reason="by hand")
        receipts.step()
        assert expo.stats("receipts").requests == 0

    def test_retry_after_holds_back_every_question(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_question(Kind.ANSWER, status=429, retry_after="300"))
        send(project)
        receipts.step()
        send(project)
        clock.turn(-DELAY + timedelta(seconds=200))
        Ticket.objects.update(check_at=clock.now())
        receipts.step()
        assert expo.stats("receipts").requests == 1


class TestQuestions:
    def test_a_thousand_are_asked_at_once(self, expo: FakeExpo, project: Project) -> None:
        queue_messages(project, 1100)
        while dispatch.step().messages:
            pass
        clock.turn(DELAY)
        while receipts.step().more:
            pass
        asked = [call.recipients for call in expo.calls() if call.endpoint == "receipts"]
        assert asked == [1000, 100]

    def test_each_project_asks_for_its_own(
        self, expo: FakeExpo, project: Project, other_project: Project
    ) -> None:
        queue_messages(project, 2)
        queue_messages(other_project, 3)
        dispatch.step()
        dispatch.step()
        clock.turn(DELAY)
        receipts.step()
        receipts.step()
        asked = sorted(call.recipients for call in expo.calls() if call.endpoint == "receipts")
        assert asked == [2, 3]

    def test_two_workers_do_not_ask_the_same(self, expo: FakeExpo, committed: Project) -> None:
        send(committed, 50)
        together(4, receipts.step)
        assert expo.stats("receipts").recipients == Receipt.objects.count() == 50

    def test_what_a_dead_worker_wanted_to_ask_another_asks(
        self, expo: FakeExpo, project: Project, settings: Settings
    ) -> None:
        (message,) = send(project)
        settings.CARILLON_CALL_DEADLINE = None  # so that the step ends in the middle
        with pytest.raises(AttributeError):
            receipts.step()
        settings.CARILLON_CALL_DEADLINE = timedelta(seconds=30)
        assert not receipts.step().more
        clock.turn(settings.CARILLON_LEASE)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")
