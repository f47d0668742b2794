"""Receipts: several questions of one turn, under one lease; each answer is saved by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from notifications import clock
from notifications.models import Credential, MessageState, Project, Receipt, Ticket
from notifications.pipeline import receipts
from notifications.providers.expo import ExpoProvider
from tests.fakes.asking import on_send
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.accepted import DELAY, send, standing
from tests.notifications.rows import queue_messages
from tests.notifications.stepping import send_step

SAVED = 'UPDATE "notifications_ticket"'
"""How the statement begins with which an answer is nearly saved."""


@pytest.fixture(autouse=True)
def _two_of_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExpoProvider, "receipt_batch_size", 2)


@contextmanager
def at_each(words: str, work: Callable[[int], object]) -> Iterator[None]:
    """Do this before each statement that begins with the words; it hears how many came before."""
    seen = 0

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        if sql.startswith(words):
            seen += 1
            work(seen - 1)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield


def asking_until() -> Any:
    return Credential.objects.get().asking_until


def test_all_that_is_due_is_asked_for(expo: FakeExpo, project: Project) -> None:
    messages = send(project, 7)
    assert receipts.step().messages == 7
    assert expo.stats("receipts").requests == 4
    assert {standing(message)[0] for message in messages} == {MessageState.DELIVERED}


def test_the_lease_is_lengthened_with_each_answer_and_ends_with_the_last(
    expo: FakeExpo, project: Project
) -> None:
    send(project, 6)
    leases = []

    def note(number: int) -> None:
        leases.append(asking_until() - clock.now())
        clock.turn(settings.CARILLON_LEASE / 2)

    with at_each(SAVED, note):
        receipts.step()
    assert len(leases) == 3
    assert min(leases) > settings.CARILLON_LEASE * 0.4
    assert asking_until() is None


def test_what_comes_after_the_lease_changes_nothing_and_ends_the_turn(
    expo: FakeExpo, project: Project
) -> None:
    messages = send(project, 8)

    def take_over(number: int) -> None:
        if number == 1:
            Credential.objects.update(asking_until=clock.now() + timedelta(hours=1))

    with at_each(SAVED, take_over):
        assert receipts.step().messages == 2
    assert [standing(each)[0] for each in messages].count(MessageState.ACCEPTED) == 6
    assert Receipt.objects.count() == 2
    assert Ticket.objects.filter(check_at__lte=clock.now()).count() == 6


def test_trouble_ends_the_turn(expo: FakeExpo, project: Project) -> None:
    expo.faults(Rule(match=Match(endpoint="receipts"), action=Action(kind=Kind.ANSWER, status=503)))
    send(project, 20)
    receipts.step()
    assert expo.stats("receipts").requests == 2
    assert Ticket.objects.filter(checks=1).count() == 4


def test_a_receipt_that_says_that_the_key_is_wrong_ends_it_too(expo: FakeExpo, project: Project) -> None:
    expo.faults(on_send(Kind.RECEIPT_ERROR, code="InvalidCredentials"))
    send(project, 20)
    receipts.step()
    assert expo.stats("receipts").requests <= 3
    assert Credential.objects.get().paused_reason.startswith("InvalidCredentials")


def test_good_bad_and_missing_ones_of_a_question_are_told_apart(
    expo: FakeExpo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExpoProvider, "receipt_batch_size", 3)
    messages = queue_messages(project, 3)
    of = [Match(endpoint="send", token=each.device.push_token) for each in messages if each.device]
    expo.faults(
        on_send(Kind.RECEIPT_ERROR, of[1], code="MessageTooBig"), on_send(Kind.RECEIPT_MISSING, of[2])
    )
    send_step()
    clock.turn(DELAY)
    receipts.step()
    delivered, failed, accepted = MessageState.DELIVERED, MessageState.FAILED, MessageState.ACCEPTED
    assert [standing(each)[0] for each in messages] == [delivered, failed, accepted]
    assert set(Receipt.objects.values_list("ticket__message", "is_success")) == {
        (messages[0].pk, True),
        (messages[1].pk, False),
    }
    waiting = Ticket.objects.filter(check_at__isnull=False)
    assert list(waiting.values_list("message", "checks")) == [(messages[2].pk, 1)]


def test_nothing_due_leaves_no_lease(expo: FakeExpo, project: Project) -> None:
    send(project)
    first = 'UPDATE "notifications_credential"'
    with at_each(first, lambda number: Ticket.objects.update(check_at=None)):
        assert receipts.step().messages == 0
    assert asking_until() is None
