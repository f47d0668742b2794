"""Wake-ups over the queue: they carry a step's name, and a queue that is down harms nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings

from notifications import clock, tasks, worker
from notifications.models import Project
from notifications.wake import Step
from notifications.worker import Worker


@pytest.fixture(autouse=True)
def _empty_queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tasks, "_quiet_until", 0.0)  # so that no test is quiet for another's sake
    settings.HUEY.flush()
    yield
    settings.HUEY.flush()


@pytest.fixture
def running(committed: Project) -> Iterator[Worker]:
    """This process does the work itself."""
    yield worker.start()
    worker.stop()


@pytest.mark.parametrize("step", Step)
def test_a_wake_up_carries_the_steps_name_and_nothing_else(step: Step) -> None:
    tasks.ring(step)
    (task,) = settings.HUEY.pending()
    assert (task.name, task.args, task.kwargs) == ("wake_up", (step.value,), {})


def test_what_travels_is_signed() -> None:
    tasks.ring(Step.DISPATCH)
    (data,) = settings.HUEY.storage.enqueued_items()
    with pytest.raises(ValueError, match="Signature"):
        settings.HUEY.serializer.deserialize(bytes(data)[:-1] + b"x")


def test_a_process_with_workers_needs_no_queue(running: Worker) -> None:
    tasks.ring(Step.DISPATCH)
    assert settings.HUEY.pending_count() == 0


def test_a_wake_up_where_nobody_works_does_no_harm() -> None:
    tasks.wake_up.call_local(Step.DISPATCH.value)


@pytest.mark.usefixtures("broken_queue")
class TestBroken:
    def test_nothing_is_raised(self, caplog: pytest.LogCaptureFixture) -> None:
        tasks.ring(Step.DISPATCH)
        assert "The queue cannot be reached" in caplog.text

    def test_it_is_not_tried_again_at_once(self, caplog: pytest.LogCaptureFixture) -> None:
        for _ in range(3):
            tasks.ring(Step.DISPATCH)
        assert caplog.text.count("The queue cannot be reached") == 1

    def test_but_after_a_while(self, caplog: pytest.LogCaptureFixture) -> None:
        tasks.ring(Step.DISPATCH)
        clock.turn(timedelta(seconds=tasks.QUIET_AFTER_FAILURE + 1))
        tasks.ring(Step.DISPATCH)
        assert caplog.text.count("The queue cannot be reached") == 2
