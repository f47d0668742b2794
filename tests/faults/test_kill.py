"""Workers are killed again and again while they send: nothing is lost, and nothing is sent twice without a reason."""

from __future__ import annotations

import random
import time

import pytest

from notifications import clock
from notifications.models import (
    Broadcast,
    BroadcastState,
    Credential,
    Message,
    NotificationPriority,
    Project,
)
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.faults.accounting import balance
from tests.faults.sending import (
    all_is_settled,
    limit_batches,
    make_devices,
    messages_left,
    start_broadcast,
    write_out,
)
from tests.faults.servers import free_port, until
from tests.faults.victims import Victim, is_embedded

SEED = 20
KILLS = 50
MESSAGES, CRITICAL_MESSAGES = 9_600, 400
SMALL_BATCH = 30
"""Messages in a batch, but in those of 100: even if every life loses four batches, there is work for the last kill."""
SLOW = 0.15
"""Seconds before and after the fake accepts, so that a kill can hit either."""
EXPANDED, EXPANSION_KILLS = 2_000, 5
LONGEST_LIFE = 6 * SLOW
"""Seconds from a victim's first call until it is killed, at the most. At once where work would run out otherwise."""


def faults(slow: float) -> list[Rule]:
    """1 % of the answers are lost, 1 % are 500s, all others are right and slow."""
    delays = {"delay_before": slow, "delay_after": slow}
    lost = Action(kind=Kind.DROP_AFTER_ACCEPT, **delays)
    broken = Action(kind=Kind.ANSWER, status=500, **delays)
    return [
        Rule(match=Match(endpoint="send", probability=0.01, seed=SEED), action=lost),
        Rule(match=Match(endpoint="send", probability=0.01, seed=SEED + 1), action=broken),
        Rule(match=Match(endpoint="send"), action=Action(kind=Kind.DELAY, **delays)),
    ]


@pytest.fixture
def work(project, expo):
    """10,000 messages in batches of two sizes, some of a kind that is sent again after a lost answer."""
    expo.faults(*faults(SLOW))
    urgent = Project.objects.create(name="Urgent", slug="urgent")
    make_devices(project, MESSAGES)
    make_devices(urgent, CRITICAL_MESSAGES, "urgent")
    start_broadcast(project)
    start_broadcast(urgent, NotificationPriority.CRITICAL)
    write_out()
    limit_batches(SMALL_BATCH, but_each=4)
    assert messages_left() == MESSAGES + CRITICAL_MESSAGES


@pytest.fixture
def victims(work, installation, expo):
    """Embedded: the one server, three batches on their way. Scaled: four workers beside a server with the pages."""
    if is_embedded():
        installation.environment["CARILLON_WORKERS"] = "3"
        return [Victim(installation, expo, "serve", "serve", "--port", str(free_port()))]
    installation.serve("--web-only")
    installation.environment["CARILLON_WORKERS"] = "1"
    return [Victim(installation, expo, f"worker-{number}", "worker") for number in range(4)]


def is_enough_left_after(kill):
    """Is there at least as much work for each of the kills to come as there was for those before?"""
    return messages_left() * KILLS > (MESSAGES + CRITICAL_MESSAGES) * (KILLS - kill)


def pick(victims, chance):
    """A victim that has sent something in this life, or None so far."""
    ready = [victim for victim in victims if victim.has_sent]
    return chance.choice(ready) if ready else None


def test_it_loses_nothing_and_explains_every_duplicate(installation, victims, expo, say):
    began, chance = time.monotonic(), random.Random(SEED)
    for kill in range(1, KILLS + 1):
        victim = until(
            lambda: pick(victims, chance) or not messages_left(), f"somebody to be killed ({kill})"
        )
        assert victim is not True, (
            f"The work ended after {kill - 1} kills: there was none left for the others."
        )
        time.sleep(chance.uniform(0, LONGEST_LIFE) if is_enough_left_after(kill) else 0)
        victim.kill_and_restart()
    last_kill, left = time.monotonic(), messages_left()
    expo.faults(*faults(0))
    until(all_is_settled, "every message has its last word", 90, each=0.2)
    drained = time.monotonic()
    found = balance(expo.history())
    broken = installation.check_invariants()
    say(
        f"{found.summary()} kills={KILLS} seconds={drained - began:.0f} "
        f"left_after_last_kill={left} drained_after={drained - last_kill:.1f} "
        f"requests={expo.stats().requests} seed={SEED}"
    )
    assert (found.lost, found.unexplained, broken) == ([], [], "")
    assert set(Broadcast.objects.values_list("state", flat=True)) == {BroadcastState.SENT}


def test_it_writes_an_audience_out_exactly_once(project, installation, expo):
    """Killed while it expands a broadcast; the paused credential keeps the copies where they are."""
    installation.environment["CARILLON_SLICE"] = "20"
    make_devices(project, EXPANDED)
    broadcast = start_broadcast(project)
    Credential.objects.update(paused_reason="Paused by a test", paused_at=clock.now())
    victim = Victim(installation, expo, "worker", "worker")
    for _ in range(EXPANSION_KILLS):
        before = Message.objects.count()
        until(lambda before=before: Message.objects.count() > before, "it writes out a slice")
        victim.kill_and_restart()
    broadcast.refresh_from_db()
    assert broadcast.expanded_at is None, "All was written out before the last kill."
    until(
        lambda: Broadcast.objects.filter(expanded_at__isnull=False),
        "the audience is written out",
        60,
        each=0.1,
    )
    assert Message.objects.count() == Message.objects.values("device").distinct().count() == EXPANDED
    assert installation.check_invariants() == ""
