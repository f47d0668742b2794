"""The threads that do the work: woken or not, they find it; what fails is tried again."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from notifications import worker
from notifications.models import Broadcast, BroadcastState, Message, MessageState, Notification, Project
from notifications.wake import Step
from notifications.worker import Worker
from tests.factories import make_credential
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import until
from tests.notifications.rows import make_crowd, queue_message, queue_messages, sending


@pytest.fixture
def running(committed: Project, expo: FakeExpo) -> Iterator[Worker]:
    """The workers of this process."""
    configured.HUEY.flush()
    yield worker.start()
    worker.stop()


def all_are(state: str) -> bool:
    return set(Message.objects.values_list("state", flat=True)) == {state}


def test_it_finds_work_that_nobody_told_it_of(running: Worker, committed: Project) -> None:
    queue_message(committed)
    until(lambda: all_are(MessageState.ACCEPTED))
    assert configured.HUEY.pending_count() == 0


def test_a_broadcast_goes_all_the_way_by_itself(
    running: Worker, committed: Project, settings: Settings
) -> None:
    settings.EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY *= 0
    make_crowd(committed, 3)
    make_credential(committed)
    broadcast = sending(committed)
    until(lambda: Message.objects.count() == 3 and all_are(MessageState.DELIVERED))
    until(lambda: Broadcast.objects.get(pk=broadcast.pk).state == BroadcastState.SENT)


class TestFailure:
    @pytest.fixture(autouse=True)
    def _dispatch_fails(self, settings: Settings) -> None:
        """A batch without a lease cannot be claimed."""
        settings.CARILLON_LEASE = None

    def test_a_step_that_fails_is_logged_and_tried_again(
        self, running: Worker, committed: Project, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        queue_message(committed)
        until(lambda: "The dispatch step failed; it is tried again in 1 seconds." in caplog.text)
        settings.CARILLON_LEASE = timedelta(seconds=60)
        until(lambda: all_are(MessageState.ACCEPTED))

    def test_it_rests_longer_each_time(
        self, running: Worker, committed: Project, caplog: pytest.LogCaptureFixture
    ) -> None:
        queue_message(committed)
        until(lambda: "tried again in 2 seconds" in caplog.text)

    def test_while_nothing_can_be_claimed_answers_wait_a_few_seconds_at_the_most(
        self, committed: Project, caplog: pytest.LogCaptureFixture
    ) -> None:
        queue_message(committed)
        stopped = Worker(1)
        stopped._stopping.set()  # it does not really rest
        for _ in range(7):
            stopped._threads[0]._one_round()
        rests = re.findall(r"tried again in (\d+) seconds", caplog.text)
        assert rests == ["1", "2", "4", "5", "5", "5", "5"]

    def test_it_holds_up_no_other(self, running: Worker, committed: Project) -> None:
        queue_message(committed)
        make_crowd(committed, 2)
        sending(committed, "bell")
        until(lambda: Notification.objects.count() == 2)


def test_a_broadcast_that_cannot_be_written_out_is_tried_again(
    running: Worker, committed: Project, caplog: pytest.LogCaptureFixture
) -> None:
    make_crowd(committed, 2)
    sending(committed, "pigeon")
    until(lambda: "tried again in 2 seconds" in caplog.text)
    Broadcast.objects.update(channels=["bell"])
    until(lambda: Notification.objects.count() == 2)
    assert "step failed" not in caplog.text


def test_stopping_waits_for_the_answer_of_a_call(committed: Project, expo: FakeExpo) -> None:
    expo.faults(on_send(Kind.DELAY, delay_after=0.5))
    queue_message(committed)
    worker.start()
    until(lambda: bool(expo.history()))
    worker.stop()
    assert all_are(MessageState.ACCEPTED)


def test_answers_are_saved_while_nothing_can_be_claimed(
    running: Worker, committed: Project, expo: FakeExpo, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    expo.faults(on_send(Kind.DELAY, delay_after=0.5))
    first = queue_message(committed)
    until(lambda: bool(expo.history()))
    settings.CARILLON_LEASE = None
    queue_message(committed)
    until(lambda: Message.objects.get(pk=first.pk).state == MessageState.ACCEPTED)
    until(lambda: "The dispatch step failed" in caplog.text)
    settings.CARILLON_LEASE = timedelta(seconds=60)
    until(lambda: all_are(MessageState.ACCEPTED))


def test_stopping_waits_for_all_batches_that_are_on_their_way(committed: Project, expo: FakeExpo) -> None:
    expo.faults(on_send(Kind.DELAY, delay_after=0.5))
    queue_messages(committed, 4, batch_limit=1)
    worker.start()
    until(lambda: len(expo.history()) == 4)
    worker.stop()
    assert all_are(MessageState.ACCEPTED)


def test_stopping_takes_no_longer_than_it_may(committed: Project, expo: FakeExpo) -> None:
    expo.faults(on_send(Kind.DELAY, delay_after=2.0))
    queue_message(committed)
    hurried = Worker(1)
    hurried.start()
    until(lambda: bool(expo.history()))
    began = time.monotonic()
    hurried.stop(0.3)
    assert time.monotonic() - began < 1
    hurried.stop(10)
    assert all_are(MessageState.ACCEPTED)


@pytest.mark.parametrize("step", Step)
def test_ringing_wakes_the_thread_of_a_step_and_no_other(step: Step) -> None:
    silent = Worker(1)
    silent.ring(step)
    assert [each.step for each in silent._threads if each.bell.is_set()] == [step.value]


def test_none_of_its_threads_is_left_once_it_has_stopped(running: Worker) -> None:
    assert {f"carillon-{step}" for step in (*Step, "sweep")} <= threads()
    worker.stop()
    running.ring(Step.DISPATCH)
    assert not {f"carillon-{step}" for step in (*Step, "sweep")} & threads()


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_a_process_knows_whether_it_works(committed: Project) -> None:
    assert not worker.ring(Step.DISPATCH)
    worker.start()
    assert worker.ring(Step.DISPATCH)
    worker.stop()
    assert not worker.ring(Step.DISPATCH)


def test_stopping_what_never_started_does_no_harm() -> None:
    worker.stop()
