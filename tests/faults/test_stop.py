"""SIGTERM while messages are on the wire: what was begun is finished and saved, nothing is left in doubt."""

from __future__ import annotations

import pytest

from notifications import wire
from notifications.models import Batch, Message, MessageState, Ticket
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.faults.accounting import balance
from tests.faults.sending import limit_batches, make_devices, start_broadcast, write_out
from tests.faults.servers import until

DEADLINE = 5.0
"""Seconds that a call may take. A process that was told to stop gets so many, and a few to close its doors."""
CLOSING = 5.0
SLOW = Rule(match=Match(endpoint="send"), action=Action(kind=Kind.DELAY, delay_before=0.5, delay_after=0.5))
BATCHES = 40


@pytest.fixture(autouse=True)
def _much_to_do(installation, project, expo):
    installation.environment |= {"CARILLON_CALL_DEADLINE": f"{DEADLINE:g}", "CARILLON_LEASE": "10"}
    expo.faults(SLOW)
    make_devices(project, 10 * BATCHES)
    start_broadcast(project)
    write_out()
    limit_batches(10)


@pytest.mark.parametrize("command", ["worker", "serve"])
def test_it_finishes_what_is_on_the_wire_and_leaves_the_rest(installation, expo, command):
    process = getattr(installation, command)()
    until(lambda: expo.stats().max_under_way >= 4, "four calls are under way")
    assert process.stop(DEADLINE + CLOSING) == 0

    assert not Batch.objects.filter(finished_at=None).exists()
    assert set(Ticket.objects.values_list("outcome", flat=True)) == {wire.Outcome.ACCEPTED}
    states = set(Message.objects.values_list("state", flat=True))
    assert states <= {MessageState.QUEUED, MessageState.ACCEPTED, MessageState.DELIVERED}
    assert MessageState.QUEUED in states
    assert len(expo.history()) == Ticket.objects.count()


def test_another_worker_goes_on_where_it_stopped(installation, expo):
    first = installation.worker("first")
    until(lambda: expo.stats().max_under_way >= 4, "four calls are under way")
    first.stop(DEADLINE + CLOSING)
    expo.faults()
    installation.worker("second")
    delivered = Message.objects.filter(state=MessageState.DELIVERED)
    until(lambda: delivered.count() == 10 * BATCHES, "everything has arrived", each=0.1)
    found = balance(expo.history())
    assert (found.lost, found.unexplained, found.twice) == ([], [], 0)


def test_what_the_sandbox_has_on_the_wire_is_answered_too(installation):
    """The sandbox lives in the process that is stopped: it must answer to the last call."""
    server = installation.serve(CARILLON_SANDBOX=1, EXPO_NOTIFICATIONS_HOST="")
    until(lambda: Ticket.objects.count() >= 50, "it is in the middle of sending", each=0.005)
    assert server.stop(DEADLINE + CLOSING) == 0
    assert not Ticket.objects.filter(error_code__in=["NotSent", "NoAnswer"]).exists()
    assert not Batch.objects.filter(finished_at=None).exists()
