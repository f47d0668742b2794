"""Answers that come after the sweep has freed their batch: they change nothing."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from notifications import clock
from notifications.models import Batch, Credential, Device, Message, MessageState, Project, Reason, Ticket
from notifications.models.broadcast import LANE_CRITICAL
from notifications.pipeline import sweep
from notifications.pipeline.claims import Claim
from notifications.wire import Outcome
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import claim, save_answers, start
from tests.notifications.rows import queue_message


@pytest.fixture
def outlived(expo: FakeExpo, project: Project, settings: Settings) -> Claim:
    """A batch whose call has begun, and that was swept before its answer came."""
    queue_message(project)
    return outlive(settings)


def outlive(settings: Settings) -> Claim:
    claimed = claim()
    assert start(claimed)
    clock.turn(settings.CARILLON_LEASE)
    sweep.step()
    return claimed


def test_a_late_answer_leaves_the_message_as_it_is(outlived: Claim) -> None:
    save_answers(outlived)
    message = Message.objects.get()
    assert (message.state, message.reason) == (MessageState.UNKNOWN, Reason.NO_ANSWER)


def test_it_adds_no_second_ticket(outlived: Claim) -> None:
    save_answers(outlived)
    assert Ticket.objects.get().outcome == Outcome.AMBIGUOUS


def test_the_batch_stays_lost(outlived: Claim) -> None:
    save_answers(outlived)
    assert Batch.objects.get().outcome == "lost"


def test_it_retires_no_device(outlived: Claim, expo: FakeExpo) -> None:
    expo.faults(on_send(Kind.TICKET_ERROR, code="DeviceNotRegistered"))
    save_answers(outlived)
    assert Device.objects.get().is_active


def test_it_pauses_no_credential(outlived: Claim, expo: FakeExpo) -> None:
    expo.faults(on_send(Kind.TICKET_ERROR, code="InvalidCredentials"))
    save_answers(outlived)
    assert Credential.objects.get().paused_reason == ""


def test_it_slows_nobody_down(outlived: Claim, expo: FakeExpo) -> None:
    expo.faults(on_send(Kind.ANSWER, status=429, retry_after="300"))
    save_answers(outlived)
    assert Credential.objects.get().not_before is None


def test_it_does_not_meddle_with_the_next_attempt(
    expo: FakeExpo, project: Project, settings: Settings
) -> None:
    message = queue_message(project, lane=LANE_CRITICAL)
    outlived = outlive(settings)
    second = claim()
    assert start(second)
    save_answers(outlived)
    message.refresh_from_db()
    assert (message.state, message.batch_id) == (MessageState.SENDING, second.batch.pk)


def test_the_next_attempts_own_answer_counts(expo: FakeExpo, project: Project, settings: Settings) -> None:
    expo.faults(on_send(Kind.TICKET_ERROR, Match(nth=[2]), code="MessageTooBig"))
    message = queue_message(project, lane=LANE_CRITICAL)
    outlived = outlive(settings)
    second = claim()
    assert start(second)
    save_answers(outlived)
    save_answers(second)
    message.refresh_from_db()
    assert (message.state, message.code) == (MessageState.FAILED, "MessageTooBig")
    assert Ticket.objects.count() == 2
