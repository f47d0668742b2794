"""The threads that do the work: each asks the database once a second and sooner when woken."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import close_old_connections, connection, connections

from notifications import live
from notifications.pipeline import Done, expand, imports, receipts, sweep, timekeeping
from notifications.pipeline.dispatcher import Dispatcher
from notifications.wake import Step

log = logging.getLogger(__name__)
POLL = 1.0
"""Seconds after which a thread looks for work even if nobody woke it."""
LONGEST_REST = 30.0
"""Seconds that a step which fails again and again rests at the most."""
SHORT_REST = 5.0
"""The same for those that send and save: answers must be saved before their lease is over."""

SWITCH = 0.0001
"""Seconds that a thread may keep the interpreter while another one waits for it, in the whole process."""
PYTHONS_SWITCH = sys.getswitchinterval()


class _Thread(threading.Thread):
    """One thread, one step, for ever: do what is due, then wait to be woken."""

    def __init__(
        self,
        step: str,
        work: Callable[[], float],
        stopping: threading.Event,
        finish: Callable[[], None] = lambda: None,
        longest_rest: float = LONGEST_REST,
    ) -> None:
        """`work` says how many seconds to rest; `finish` is done at the end."""
        super().__init__(name=f"carillon-{step}", daemon=True)
        self.step = step
        self.bell = threading.Event()
        self._work = work
        self._stopping = stopping
        self._finish = finish
        self._longest_rest = longest_rest
        self._failures = 0

    def run(self) -> None:
        while not self._stopping.is_set():
            self.bell.clear()
            pause = self._one_round()
            if pause > 0:
                self.bell.wait(pause)
        try:
            self._finish()
        finally:
            connections.close_all()

    def _one_round(self) -> float:
        """Seconds to rest. A failing round is logged and tried again: the work is in the database."""
        close_old_connections()
        try:
            pause = self._work()
        except Exception:
            self._failures += 1
            pause = min(POLL * 2 ** (self._failures - 1), self._longest_rest)
            log.exception("The %s step failed; it is tried again in %g seconds.", self.step, pause)
            self._stopping.wait(pause)  # not the bell: what fails must not be rung into failing faster
            return 0.0
        self._failures = 0
        return pause


class Worker:
    """All threads of one process."""

    def __init__(self, flights: int) -> None:
        """`flights`: batches on their way at once."""
        self._stopping = threading.Event()
        self._dispatcher = Dispatcher(flights, self._landing)
        self._resting = expand.Resting()
        self._threads = [
            *self._dispatching(),
            _Thread(Step.EXPAND.value, self._expand, self._stopping),
            _Thread(Step.RECEIPTS.value, self._receipts, self._stopping),
            _Thread(Step.IMPORT.value, self._import, self._stopping),
            _Thread("sweep", self._sweep, self._stopping),
        ]

    def start(self) -> None:
        """Start all threads."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float) -> None:
        """Let every thread finish the call it is in, at most so many seconds for all of them together."""
        ends = time.monotonic() + timeout
        self._stopping.set()
        for thread in self._threads:
            thread.bell.set()
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def ring(self, step: Step) -> None:
        """Wake the thread of a step."""
        for thread in self._threads:
            if thread.step == step.value:
                thread.bell.set()

    def _dispatching(self) -> list[_Thread]:
        """One thread that sends and one that saves; a single one where only one may write to the database."""
        if connection.vendor == "sqlite":
            return [_Thread(Step.DISPATCH.value, self._send_and_save, self._stopping, self._land, SHORT_REST)]
        sending = _Thread(Step.DISPATCH.value, self._send, self._stopping, longest_rest=SHORT_REST)

        def land() -> None:
            while sending.is_alive():  # what it still sends must be saved, too
                self._save()
                sending.join(0.1)
            self._land()

        return [sending, _Thread("save", self._save, self._stopping, land, SHORT_REST)]

    def _send_and_save(self) -> float:
        try:
            sent = self._dispatcher.send()
        finally:  # whatever keeps it from sending must not keep answers from being saved
            saved = self._dispatcher.save()
            self._tell(saved)
        self._tell([sent])
        return 0.0 if saved else min(sent.wait, POLL)

    def _send(self) -> float:
        done = self._dispatcher.send()
        self._tell([done])
        return min(done.wait, POLL)

    def _save(self) -> float:
        had_landed, saved = self._dispatcher.has_landed, self._dispatcher.save()
        self._tell(saved)
        if had_landed or saved:
            self.ring(Step.DISPATCH)  # it may have waited for this to be out of the way
        return POLL

    def _landing(self) -> None:
        """Answers have come: they are to be saved, and there may be a connection to spare."""
        for thread in self._threads:
            if thread.step in (Step.DISPATCH.value, "save"):
                thread.bell.set()

    def _land(self) -> None:
        self._tell(self._dispatcher.land(settings.CARILLON_CALL_DEADLINE.total_seconds()))

    def _tell(self, rounds: Sequence[Done]) -> None:
        """Say which pages changed, and whether there is room for more copies of broadcasts."""
        live.publish(*(topic for done in rounds for topic in done.topics))
        if any(done.is_room for done in rounds):
            self.ring(Step.EXPAND)  # the queue is shorter now, or the broadcast is through

    def _expand(self) -> float:
        done = expand.step(self._resting)
        live.publish(*done.topics)
        if done.messages:
            self.ring(Step.DISPATCH)
        return 0.0 if done.more else POLL

    def _receipts(self) -> float:
        done = receipts.step()
        live.publish(*done.topics)
        if done.requeued:
            self.ring(Step.DISPATCH)
        return 0.0 if done.more else POLL

    def _import(self) -> float:
        done = imports.step()
        live.publish(*done.topics)
        return 0.0 if done.more else POLL

    def _sweep(self) -> float:
        timekeeping.step()
        imports.forget_old()
        done = sweep.step()
        live.publish(*done.topics)
        if done.requeued:
            self.ring(Step.DISPATCH)
        pause: float = settings.CARILLON_SWEEP.total_seconds()
        return 0.0 if done.more else pause


_running: Worker | None = None


def start() -> Worker:
    """Start the workers of this process."""
    global _running
    # What stands by now stays for good: the collector need not walk it again for every few thousand answers.
    gc.collect()
    gc.freeze()
    # A thread that lets go of the interpreter for every row it reads must not wait 5 ms each time to get it back.
    sys.setswitchinterval(SWITCH)
    _running = Worker(settings.CARILLON_WORKERS)
    _running.start()
    return _running


def stop() -> None:
    """Stop the workers of this process gracefully: what is on the wire is answered and recorded."""
    global _running
    if _running:
        _running.stop(settings.CARILLON_CALL_DEADLINE.total_seconds() + 5)
        sys.setswitchinterval(PYTHONS_SWITCH)
    _running = None


def ring(step: Step) -> bool:
    """Wake the workers of this process; False when it has none."""
    if _running is None:
        return False
    _running.ring(step)
    return True
