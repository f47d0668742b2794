"""The only room that knows Huey: wake-ups that travel between processes. They carry a step's name and nothing else."""

from __future__ import annotations

import logging

from huey.contrib.djhuey import task

from notifications import clock, worker
from notifications.models.digest_times import is_digest_due as _is_digest_due
from notifications.wake import Step

__all__ = ["_is_digest_due", "ring", "wake_up"]
log = logging.getLogger(__name__)
QUIET_AFTER_FAILURE = 5.0
"""Seconds in which a queue that could not be reached is not tried again: no page waits for it twice."""

_quiet_until = 0.0


@task()  # type: ignore[untyped-decorator]
def wake_up(step: str) -> None:
    """Wake the workers of the process that runs this."""
    worker.ring(Step(step))


def ring(step: Step) -> None:
    """Wake the workers of this process; where it has none, those of another through the queue."""
    global _quiet_until
    if worker.ring(step) or clock.now().timestamp() < _quiet_until:
        return
    try:
        wake_up(step.value)
    except Exception as error:  # the queue is a convenience: whatever it throws, the poll finds the work
        _quiet_until = clock.now().timestamp() + QUIET_AFTER_FAILURE
        log.warning(
            "The queue cannot be reached (%s); the workers' poll finds the work.", type(error).__name__
        )
