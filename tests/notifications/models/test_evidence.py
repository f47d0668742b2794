"""Batch, Ticket, Receipt: exactly one ticket for each message of a batch."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from notifications import clock
from notifications.models import Batch, Project, Ticket
from tests.factories import make_credential
from tests.notifications.rows import queue_message


def test_a_message_has_one_ticket_in_a_batch(project: Project) -> None:
    message = queue_message(project)
    batch = Batch.objects.create(credential=make_credential(project), size=1, leased_until=clock.now())
    Ticket.objects.create(message=message, batch=batch, outcome="accepted", is_success=True)
    with pytest.raises(IntegrityError):
        Ticket.objects.create(message=message, batch=batch, outcome="ambiguous", is_success=False)


def test_a_call_lasts_from_its_start_to_its_saved_answer() -> None:
    now = clock.now()
    batch = Batch(started_at=now, finished_at=now + timedelta(seconds=3))
    assert batch.duration == timedelta(seconds=3)


@pytest.mark.parametrize("known", ["started_at", "finished_at"])
def test_one_that_never_began_or_never_ended_lasted_nobody_knows_how_long(known: str) -> None:
    assert Batch(**{known: clock.now()}).duration is None
