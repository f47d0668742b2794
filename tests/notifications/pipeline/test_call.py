"""The call itself, seen from another connection: what is committed before it, and what is not held during it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from notifications import clock
from notifications.models import Batch, Message, MessageState, Project
from notifications.pipeline import Done
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import alone, until
from tests.notifications.rows import queue_message
from tests.notifications.stepping import send_step


@pytest.fixture
def call(committed: Project, expo: FakeExpo) -> Iterator[Future[Done]]:
    """A call that the vendor has received and not answered yet."""
    expo.faults(on_send(Kind.DELAY, delay_after=1.0))
    queue_message(committed)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(alone, send_step)
        until(lambda: bool(expo.history()))
        yield future


def test_its_start_was_committed_before(call: Future[Done], expo: FakeExpo) -> None:
    started_at = Batch.objects.get().started_at
    assert not call.done()
    assert started_at is not None
    assert started_at.timestamp() <= expo.calls()[0].at


def test_its_lease_holds(call: Future[Done]) -> None:
    batch = Batch.objects.get()
    assert not call.done()
    assert batch.finished_at is None
    assert batch.leased_until > clock.now()


def test_it_holds_no_lock(call: Future[Done]) -> None:
    Message.objects.update(subtitle="written meanwhile")
    assert not call.done()


def test_its_answer_is_saved(call: Future[Done]) -> None:
    assert call.result().messages == 1
    assert Message.objects.get().state == MessageState.ACCEPTED
