"""Workers die at the worst moment: the vendor has taken the messages over, and we have not saved that yet."""

from __future__ import annotations

import time

import pytest

from notifications import wire
from notifications.actions import broadcasts
from notifications.models import (
    Broadcast,
    Message,
    MessageState,
    NotificationPriority,
    Project,
    Reason,
    Ticket,
)
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.faults.accounting import balance
from tests.faults.sending import (
    ACTOR,
    all_is_settled,
    limit_batches,
    make_devices,
    start_broadcast,
    write_out,
)
from tests.faults.servers import until
from tests.faults.victims import Victim, token_of

KILLS = 50
AT_ONCE = 5
SMALL_BATCH = 2
BATCHES_IN_A_PROJECT = 5
"""Fewer than Expo's connections: the leases of the dead never keep the next victim from its batch."""
PATIENT = {"CARILLON_CALL_DEADLINE": "6", "CARILLON_LEASE": "12"}
"""However busy the machine is, a victim waits for its answer until it is killed, and has its batch sent in time."""
ACCEPTED_IN_SILENCE = Rule(match=Match(endpoint="send"), action=Action(kind=Kind.DELAY, delay_after=60))


@pytest.fixture(autouse=True)
def _one_batch_at_a_time(installation, expo):
    installation.environment["CARILLON_WORKERS"] = "1"
    expo.faults(ACCEPTED_IN_SILENCE)


def start_broadcasts(batches, priority=NotificationPriority.NORMAL):
    """Broadcasts with so many small batches in all."""
    for number in range(0, batches, BATCHES_IN_A_PROJECT):
        project = Project.objects.create(name=f"Project {number}", slug=f"project-{number}")
        make_devices(project, SMALL_BATCH * min(BATCHES_IN_A_PROJECT, batches - number), project.slug)
        start_broadcast(project, priority)
    write_out()
    limit_batches(SMALL_BATCH)


def tokens_of_accepted(expo):
    """The access tokens of those whose messages the fake has taken over."""
    requests = {entry.request for entry in expo.history()}
    calls = [call for call in expo.calls() if call.endpoint == "send" and call.number in requests]
    return {token_of(call.headers) for call in calls}


def kill_each_when_accepted(installation, expo, kills):
    """Let so many workers send one batch each, and kill each of them as soon as the fake has taken it over."""
    victims = [
        Victim(installation, expo, f"worker-{number}", "worker") for number in range(min(AT_ONCE, kills))
    ]
    for left in reversed(range(kills)):
        accepted = until(
            lambda: tokens_of_accepted(expo) & {each.token for each in victims}, "one is accepted"
        )
        victim = next(each for each in victims if each.token in accepted)
        if left >= len(victims):
            victim.kill_and_restart()
        else:
            victim.process.kill()
            victims.remove(victim)


def test_it_leaves_them_unknown_until_somebody_says_retry(installation, project, expo, say):
    began = time.monotonic()
    installation.environment |= PATIENT
    start_broadcasts(KILLS)
    kill_each_when_accepted(installation, expo, KILLS)
    expo.faults()
    installation.worker("healthy")
    until(all_is_settled, "every message has its last word", 60, each=0.1)

    assert set(Message.objects.values_list("state", "reason")) == {(MessageState.UNKNOWN, Reason.NO_ANSWER)}
    tickets = list(Ticket.objects.values_list("outcome", "error_code"))
    assert tickets == [(wire.Outcome.AMBIGUOUS, "LeaseLost")] * KILLS * SMALL_BATCH

    make_devices(project, 1, "later")
    start_broadcast(project)
    until(
        lambda: Message.objects.filter(broadcast__project=project, state=MessageState.DELIVERED), "it goes on"
    )
    assert len(expo.history()) == KILLS * SMALL_BATCH + 1

    for broadcast in Broadcast.objects.exclude(project=project):
        broadcasts.retry(ACTOR, broadcast, MessageState.UNKNOWN)
    until(all_is_settled, "every message has its last word", 60, each=0.1)
    found = balance(expo.history())
    say(f"{found.summary()} kills={KILLS} seconds={time.monotonic() - began:.0f}")
    assert (found.lost, found.unexplained, found.unknown) == ([], [], 0)
    assert len(expo.history()) == 2 * KILLS * SMALL_BATCH + 1
    assert found.twice == KILLS * SMALL_BATCH
    assert installation.check_invariants() == ""


def test_it_sends_critical_ones_again_by_itself(installation, expo):
    start_broadcasts(2, NotificationPriority.CRITICAL)
    kill_each_when_accepted(installation, expo, 2)
    expo.faults()
    installation.worker("healthy")
    until(
        lambda: Message.objects.filter(state=MessageState.DELIVERED).count() == 2 * SMALL_BATCH, "all arrived"
    )
    found = balance(expo.history())
    assert (found.lost, found.unexplained, found.twice) == ([], [], 2 * SMALL_BATCH)
    assert installation.check_invariants() == ""
