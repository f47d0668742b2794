"""Dispatch: what each answer of the vendor makes of a message."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications import clock
from notifications.models import Device, InactiveReason, MessageState, Project, Reason, Ticket
from notifications.wire import Outcome
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import carry_out, claim
from tests.notifications.rows import queue_message, queue_messages, sending
from tests.notifications.stepping import send_step

FAILED, QUEUED = MessageState.FAILED, MessageState.QUEUED


def test_it_says_there_is_nothing_to_do(expo: FakeExpo, project: Project) -> None:
    done = send_step()
    assert (done.messages, done.wait) == (0, 1.0)


def test_an_accepted_message_waits_for_its_receipt(expo: FakeExpo, project: Project) -> None:
    message = queue_message(project)
    send_step()
    message.refresh_from_db()
    assert (message.state, message.reason, message.attempts) == (MessageState.ACCEPTED, "", 1)


def test_the_ticket_keeps_the_vendors_id(expo: FakeExpo, project: Project) -> None:
    queue_message(project)
    send_step()
    ticket = Ticket.objects.get()
    assert (ticket.is_success, ticket.external_id) == (True, expo.history()[0].ticket)


def test_a_receipt_is_due_half_an_hour_later(expo: FakeExpo, project: Project) -> None:
    queue_message(project)
    send_step()
    ticket = Ticket.objects.get()
    assert ticket.check_at == ticket.date_received + timedelta(minutes=30)


def test_a_ticket_without_an_id_asks_for_no_receipt(expo: FakeExpo, project: Project) -> None:
    expo.faults(on_send(Kind.TICKET_WITHOUT_ID))
    message = queue_message(project)
    send_step()
    message.refresh_from_db()
    assert (message.state, Ticket.objects.get().check_at) == (MessageState.ACCEPTED, None)


def test_the_vendor_gets_what_the_broadcast_says(expo: FakeExpo, project: Project) -> None:
    broadcast = sending(project, link="https://bells.example/", data={"page": "song"})
    queue_message(project, broadcast=broadcast)
    send_step()
    said = expo.history()[0].message
    assert (said["title"], said["body"]) == (broadcast.title, broadcast.body)
    assert said["data"] == {"page": "song", "url": "https://bells.example/"}


def test_a_message_with_words_of_its_own_says_those(expo: FakeExpo, project: Project) -> None:
    queue_message(project, broadcast=sending(project), title="Only for you")
    send_step()
    assert expo.history()[0].message["title"] == "Only for you"


def test_it_names_the_pages_that_changed(expo: FakeExpo, project: Project) -> None:
    broadcast = sending(project)
    queue_message(project, broadcast=broadcast)
    assert send_step().topics == {f"project:{project.pk}", f"broadcast:{broadcast.pk}"}


@pytest.mark.parametrize(
    ("code", "outcome", "state", "reason", "attempts"),
    [
        ("DeviceNotRegistered", Outcome.GONE, FAILED, Reason.GONE, 1),
        ("MessageTooBig", Outcome.REJECTED, FAILED, Reason.REJECTED, 1),
        ("DeveloperError", Outcome.REJECTED, FAILED, Reason.REJECTED, 1),
        ("NobodyKnowsThis", Outcome.REJECTED, FAILED, Reason.REJECTED, 1),
        ("MessageRateExceeded", Outcome.RETRY, QUEUED, "", 1),
        ("ExpoError", Outcome.RETRY, QUEUED, "", 1),
        ("ProviderError", Outcome.RETRY, QUEUED, "", 1),
        ("InvalidCredentials", Outcome.MISCONFIGURED, QUEUED, "", 0),
        ("MismatchSenderId", Outcome.MISCONFIGURED, QUEUED, "", 0),
    ],
)
def test_each_error_of_a_ticket_has_its_state(
    expo: FakeExpo, project: Project, code: str, outcome: str, state: str, reason: str, attempts: int
) -> None:
    expo.faults(on_send(Kind.TICKET_ERROR, code=code))
    message = queue_message(project)
    send_step()
    message.refresh_from_db()
    assert (message.state, message.reason, message.attempts) == (state, reason, attempts)
    assert message.code == code
    ticket = Ticket.objects.get()
    assert (ticket.outcome, ticket.error_code, ticket.is_success) == (outcome, code, False)


def test_one_bad_message_does_not_touch_its_neighbours(expo: FakeExpo, project: Project) -> None:
    good, bad = queue_messages(project, 2)
    expo.faults(on_send(Kind.TICKET_ERROR, Match(token=bad.device.push_token), code="MessageTooBig"))  # type: ignore[union-attr]
    send_step()
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.state, bad.state) == (MessageState.ACCEPTED, FAILED)


def test_a_device_that_is_gone_is_retired(expo: FakeExpo, project: Project) -> None:
    expo.faults(on_send(Kind.TICKET_ERROR, code="DeviceNotRegistered"))
    queue_message(project)
    send_step()
    device = Device.objects.get()
    assert (device.is_active, device.inactive_reason) == (False, InactiveReason.GONE)
    assert device.date_retired is not None


def test_a_device_that_registered_anew_meanwhile_stays(expo: FakeExpo, project: Project) -> None:
    expo.faults(on_send(Kind.TICKET_ERROR, code="DeviceNotRegistered"))
    message = queue_message(project)
    claimed = claim()
    Device.objects.update(date_registered=clock.now() + timedelta(seconds=1))
    carry_out(claimed)
    message.refresh_from_db()
    assert (message.state, Device.objects.get().is_active) == (FAILED, True)


@pytest.mark.parametrize("code", ["MessageTooBig", "InvalidCredentials", "ExpoError", "NobodyKnowsThis"])
def test_no_other_error_retires_a_device(expo: FakeExpo, project: Project, code: str) -> None:
    expo.faults(on_send(Kind.TICKET_ERROR, code=code))
    queue_message(project)
    send_step()
    assert Device.objects.get().is_active
