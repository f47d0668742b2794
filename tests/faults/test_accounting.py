"""The comparison of a vendor's history with our rows: it must see what it is there for."""

from __future__ import annotations

import pytest

from notifications import wire
from notifications.models import Batch, Credential, Device, Message, MessageState, Ticket
from tests.fakes.history import Entry
from tests.faults.accounting import balance

TOKEN = "ExponentPushToken[one]"


@pytest.fixture
def message(project):
    device = Device.objects.create(project=project, push_token=TOKEN)
    return Message.objects.create(project=project, channel="push", provider="expo", device=device, key="one")


def taken(times):
    """A history in which the message was taken over so many times."""
    entry = {
        "at": 0,
        "monotonic": 0,
        "ticket": "",
        "outcome": "ok",
        "receipt": "ok",
        "fault": "",
        "message": {},
    }
    return [Entry(request=number, token=TOKEN, **entry) for number in range(times)]


def settle(message, state, *outcomes, reason=""):
    """Put the message into this state, with a ticket of each outcome."""
    Message.objects.filter(pk=message.pk).update(state=state, reason=reason)
    credential, _ = Credential.objects.get_or_create(project=message.project, provider="expo")
    for outcome in outcomes:
        batch = Batch.objects.create(credential=credential, size=1, leased_until=message.date_created)
        Ticket.objects.create(message=message, batch=batch, outcome=outcome, is_success=outcome == "accepted")


OK, DOUBT = wire.Outcome.ACCEPTED, wire.Outcome.AMBIGUOUS
ARRIVED, UNKNOWN, FAILED = MessageState.DELIVERED, MessageState.UNKNOWN, MessageState.FAILED


@pytest.mark.parametrize(
    ("state", "reason", "outcomes", "times"),
    [
        (ARRIVED, "", [OK], 1),
        (ARRIVED, "", [DOUBT, OK], 1),
        (ARRIVED, "", [DOUBT, OK], 2),
        (UNKNOWN, "no_answer", [DOUBT], 0),
        (UNKNOWN, "no_answer", [DOUBT], 1),
        (FAILED, "rejected", [], 0),
    ],
)
def test_it_is_content_with_what_adds_up(message, state, reason, outcomes, times):
    settle(message, state, *outcomes, reason=reason)
    found = balance(taken(times))
    assert (found.lost, found.unexplained) == ([], [])


@pytest.mark.parametrize(
    ("state", "reason", "outcomes", "times", "says"),
    [
        (MessageState.QUEUED, "", [], 0, "still queued"),
        (MessageState.SENDING, "", [], 1, "still sending"),
        (ARRIVED, "", [OK], 0, "the vendor never had it"),
        (FAILED, "", [], 0, "failed without a reason"),
        (UNKNOWN, "no_answer", [], 0, "without an ambiguous ticket"),
        (FAILED, "rejected", [], 1, "no ticket says so"),
        (ARRIVED, "", [OK, OK, DOUBT], 1, "accepted by 2 tickets"),
    ],
)
def test_it_sees_what_is_lost(message, state, reason, outcomes, times, says):
    settle(message, state, *outcomes, reason=reason)
    assert says in " ".join(balance(taken(times)).lost)


@pytest.mark.parametrize(("outcomes", "times"), [([OK], 2), ([OK, OK], 2), ([DOUBT, OK], 3)])
def test_it_sees_what_was_sent_twice_without_a_reason(message, outcomes, times):
    settle(message, ARRIVED, *outcomes)
    found = balance(taken(times))
    assert len(found.unexplained) == 1
    assert found.twice == 1


def test_a_replay_explains_a_duplicate(message):
    settle(message, ARRIVED, OK, OK)
    Message.objects.update(replays=1)
    assert balance(taken(2)).unexplained == []
