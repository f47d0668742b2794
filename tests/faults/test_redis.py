"""Redis is a convenience: whatever becomes of it, pages answer and everything is sent."""

from __future__ import annotations

import time

import pytest
from django.urls import reverse

from notifications.actions import broadcasts
from notifications.models import Broadcast, Message, MessageState
from tests.factories import make_operator
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.faults.accounting import balance
from tests.faults.browsing import Operator
from tests.faults.sending import ACTOR, all_is_settled, make_devices
from tests.faults.servers import free_port, until
from tests.faults.victims import is_embedded

pytestmark = pytest.mark.skipif(is_embedded(), reason="on SQLite there is no Redis to lose")
MESSAGES = 1_000
SLOW = Rule(match=Match(endpoint="send"), action=Action(kind=Kind.DELAY, delay_after=0.1))
PATIENCE = 4.0
"""Seconds in which a page must answer, however Redis is."""


@pytest.fixture
def start(installation, project, redis, expo):
    """Servers on a private Redis; starts a broadcast on its page and returns how many seconds the page took."""
    installation.environment["REDIS_URL"] = redis.url
    expo.faults(SLOW)
    make_devices(project, MESSAGES)
    draft = broadcasts.Draft(title="Hello", channels=["push"])
    facts = broadcasts.compose(ACTOR, project, draft)
    port = free_port()
    installation.serve("--web-only", port=port).wait_until_ready()
    installation.worker().wait_until_ready()
    operator = Operator(make_operator("operator"), port)
    where = [project.slug, facts["broadcast"]]
    page, form = (
        reverse("dashboard:broadcast_confirm", args=where),
        reverse("dashboard:broadcast_send", args=where),
    )

    def _start():
        began = time.monotonic()
        status, text = operator.submit(page, form)
        assert status in (302, 303), text
        return time.monotonic() - began

    return _start


def assert_everything_arrived(expo):
    found = balance(expo.history())
    assert (found.lost, found.unexplained, found.unknown, found.twice) == ([], [], 0, 0)
    assert Message.objects.filter(state=MessageState.DELIVERED).count() == MESSAGES
    assert Broadcast.objects.get().finished_at


def is_over():
    return all_is_settled(MESSAGES)


def test_everything_is_sent_while_redis_is_emptied_again_and_again(start, redis, expo):
    start()
    until(lambda: redis.client.flushall() and is_over(), "everything is sent", 60, each=0.05)
    assert_everything_arrived(expo)


def test_everything_is_sent_when_redis_dies_in_the_middle(start, redis, expo):
    start()
    until(lambda: expo.stats().requests >= 2, "sending has begun")
    redis.stop()
    until(is_over, "everything is sent", 60, each=0.1)
    assert_everything_arrived(expo)


def test_a_broadcast_starts_and_is_sent_without_redis(start, redis, expo):
    redis.stop()
    assert start() < PATIENCE
    until(is_over, "everything is sent", 60, each=0.1)
    assert_everything_arrived(expo)


def test_a_broadcast_starts_and_is_sent_while_redis_holds_the_line_and_says_nothing(start, redis, expo):
    redis.freeze()
    assert start() < PATIENCE
    until(is_over, "everything is sent", 60, each=0.1)
    assert_everything_arrived(expo)


@pytest.mark.parametrize("trouble", ["stop", "freeze"])
def test_servers_end_well_without_redis(installation, start, redis, trouble):
    start()
    getattr(redis, trouble)()
    for process in installation.processes:
        process.ask_to_stop()
    assert [process.wait(15) for process in installation.processes] == [0, 0]
