"""Messages and tickets that an operator picked by hand; tests/dashboard/admin holds what the pages make of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.actions import by_hand
from notifications.models import AuditEntry, Message, MessageState, Project, Ticket
from tests.factories import make_project
from tests.fakes.process import FakeExpo
from tests.notifications.rows import ACTOR, queue_messages, sending
from tests.notifications.stepping import send_step


def queries_of(work: Callable[[], object]) -> int:
    """How many queries it takes."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def failed(number: int) -> None:
    """So many messages that failed, each in a project of its own."""
    for _ in range(number):
        queue_messages(make_project(), state=MessageState.FAILED, reason="rejected")


def test_to_send_many_takes_as_many_queries_as_to_send_few(project: Project) -> None:
    failed(3)
    three = queries_of(lambda: by_hand.send(ACTOR, Message.objects.filter(state="failed")))
    failed(30)
    assert queries_of(lambda: by_hand.send(ACTOR, Message.objects.filter(state="failed"))) == three
    assert Message.objects.filter(state="queued").count() == 33


def test_to_check_many_takes_as_many_queries_as_to_check_few(project: Project, expo: FakeExpo) -> None:
    queue_messages(project, 30)
    send_step()
    three = queries_of(lambda: by_hand.check(ACTOR, Ticket.objects.order_by("pk")[:3]))
    assert queries_of(lambda: by_hand.check(ACTOR, Ticket.objects.all())) == three


def test_a_broadcast_whose_copies_are_sent_again_is_sending(project: Project) -> None:
    broadcast = sending(project, state="sent")
    queue_messages(project, broadcast=broadcast, state=MessageState.UNKNOWN, reason="no_answer")
    by_hand.send(ACTOR, Message.objects.all())
    broadcast.refresh_from_db()
    assert broadcast.state == "sending"


@pytest.mark.parametrize(("action", "model"), [(by_hand.send, Message), (by_hand.check, Ticket)])
def test_for_nothing_nothing_is_done(project: Project, action: Callable[..., object], model: type) -> None:
    assert action(ACTOR, model.objects.all()) == (0, 0)
    assert not AuditEntry.objects.exists()
