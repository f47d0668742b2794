"""A page of a real server: it hears that something changed, asks for its fragment, and shows what the rows say."""

from __future__ import annotations

import json
import re
import time

import pytest
from django.urls import reverse
from websockets.sync.client import connect

from notifications.actions import broadcasts
from notifications.models import Broadcast, Message, MessageState
from notifications.models.copy_rules import OPEN_STATES
from tests.factories import make_operator
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.faults.browsing import Operator
from tests.faults.sending import ACTOR, all_is_settled, make_devices
from tests.faults.servers import free_port, until
from tests.faults.victims import is_embedded

MESSAGES = 1_000
RIGHT_WITHIN = 3.0
"""Seconds after which a page shows what is, whatever became of Redis."""
ODD = [
    Rule(
        match=Match(probability=0.02, seed=3),
        action=Action(kind=Kind.TICKET_ERROR, code="DeviceNotRegistered"),
    ),
    Rule(match=Match(probability=0.02, seed=4), action=Action(kind=Kind.RECEIPT_ERROR, code="MessageTooBig")),
    Rule(match=Match(endpoint="send", nth=[3]), action=Action(kind=Kind.DROP_AFTER_ACCEPT)),
    Rule(match=Match(endpoint="send"), action=Action(kind=Kind.DELAY, delay_after=0.2)),
]


class Page:
    """A broadcast's page: a socket, and the fragment it asks for when it hears something."""

    def __init__(self, operator, broadcast):
        self.operator, self.broadcast = operator, broadcast
        where = [broadcast.project.slug, broadcast.pk]
        self.path = reverse("dashboard:broadcast", args=where)
        self.start_path = reverse("dashboard:broadcast_send", args=where)
        self.confirm_path = reverse("dashboard:broadcast_confirm", args=where)

    def socket_opens(self):
        """Its socket, to be entered."""
        project = self.broadcast.project
        query = f"topic=broadcast:{self.broadcast.pk}&topic=project:{project.pk}"
        return connect(
            f"ws://{self.operator.host}/ws/live/{project.slug}/?{query}",
            origin=f"http://{self.operator.host}",
            additional_headers={"Cookie": self.operator.cookie},
            proxy=None,
        )

    def look(self):
        """The numbers of the fragment, by their labels."""
        status, text = self.operator.get(self.path, **{"HX-Request": "true"})
        assert status == 200
        assert "<html" not in text
        label, number = r'funnel__label">([^<]*)<', r'funnel__n">(?:<a[^>]*>)?([\d,]+)<'
        found = re.findall(f"{label}.*?{number}", text, re.DOTALL)
        return {label: int(number.replace(",", "")) for label, number in found}

    def start(self):
        """Press the button on the page that confirms the number."""
        assert self.operator.submit(self.confirm_path, self.start_path)[0] == 303

    def hear(self, seconds):
        """Wait for the next word, at most so long; look again when it names a topic, as the script does."""
        try:
            word = json.loads(self.socket.recv(timeout=seconds))
        except TimeoutError:
            return
        if "topic" in word:
            self.numbers = self.look()

    def is_right_within(self, seconds):
        """Does it come to show what the rows say, only by what it hears?"""
        ends = time.monotonic() + seconds
        while self.numbers != (true := numbers_of_rows()) and (left := ends - time.monotonic()) > 0:
            self.hear(left)
        return self.numbers == true


def numbers_of_rows():
    """What the page must show, counted another way than the page counts."""
    messages = Message.objects.all()
    return {
        "People": MESSAGES,
        "Copies": messages.count(),
        "Handed over": messages.exclude(state__in=OPEN_STATES).count(),
        "Accepted": messages.filter(tickets__is_success=True).distinct().count(),
        "Delivered": messages.filter(state=MessageState.DELIVERED).count(),
    }


@pytest.fixture
def page(installation, project, expo):
    """The page of a draft, on one process with threads (SQLite), or on two that share a Redis."""
    expo.faults(*ODD)
    make_devices(project, MESSAGES)
    draft = broadcasts.Draft(title="Hello", channels=["push"])
    broadcast = Broadcast.objects.get(pk=broadcasts.compose(ACTOR, project, draft)["broadcast"])
    port = free_port()
    processes = (
        [installation.serve(port=port)]
        if is_embedded()
        else [installation.serve("--web-only", port=port), installation.worker()]
    )
    for process in processes:
        process.wait_until_ready()
    page = Page(Operator(make_operator("operator"), port), broadcast)
    with page.socket_opens() as page.socket:
        page.numbers = page.look()
        yield page


def test_it_shows_what_the_rows_say(page):
    page.start()
    until(lambda: page.hear(0.2) or all_is_settled(MESSAGES), "everything is sent", 60)
    assert page.is_right_within(RIGHT_WITHIN)
    assert page.numbers["Delivered"] < page.numbers["Accepted"] < page.numbers["Handed over"] == MESSAGES


@pytest.mark.skipif(is_embedded(), reason="on SQLite there is no Redis to restart")
class TestWithARedisThatIsRestarted:
    @pytest.fixture(autouse=True)
    def _on_a_private_redis(self, installation, redis):
        installation.environment["REDIS_URL"] = redis.url
        self.redis = redis

    @pytest.fixture
    def page(self, _on_a_private_redis, page):
        return page

    def test_it_is_right_soon_after_a_restart_in_the_middle(self, page):
        page.start()
        until(lambda: page.hear(0.2) or page.numbers.get("Handed over"), "sending has begun")
        self.redis.stop()
        self.redis.start()
        assert page.is_right_within(RIGHT_WITHIN) or not all_is_settled(MESSAGES)
        until(lambda: page.hear(0.2) or all_is_settled(MESSAGES), "everything is sent", 60)
        assert page.is_right_within(RIGHT_WITHIN)

    def test_it_is_right_soon_after_redis_was_away_while_all_was_sent(self, page):
        page.start()
        until(lambda: page.hear(0.2) or page.numbers.get("Handed over"), "sending has begun")
        self.redis.stop()
        until(lambda: all_is_settled(MESSAGES), "everything is sent", 60, each=0.1)
        assert page.numbers != numbers_of_rows()
        self.redis.start()
        assert page.is_right_within(RIGHT_WITHIN)
