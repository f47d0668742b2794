"""One run: messages from queued to saved, or receipts from due to saved, and what the worker used for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import machine
from tests.bench.carillon.system import Carillon
from tests.bench.fake import FastExpo
from tests.bench.stores import Store
from tests.bench.system import Run, System

LONGEST_RUN = 1200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run took."""

    number: int
    queued_seconds: float
    """From the commit until all is saved: the headline."""
    called_seconds: float
    """From the call until all is saved."""
    wake_seconds: float
    """From the commit until the first request reached Expo; part of the above."""
    tail_seconds: float
    """From the last answer of Expo until all is saved; part of the above."""
    requests: int
    peak_mib: float | None
    cpu_us: float | None
    """The worker's processor time for each message, in microseconds."""

    @property
    def rate(self) -> float:
        """A second, by the headline's clock."""
        return self.number / self.queued_seconds

    @property
    def rate_called(self) -> float:
        """A second, from the call."""
        return self.number / self.called_seconds


class Bench:
    """A folder for what runs leave, and one Expo for all of them."""

    def __init__(self, folder: Path, expo: FastExpo) -> None:
        self.folder = folder
        self.expo = expo
        self._sent: set[tuple[str, str]] = set()

    def prepare(self, system: System, store: Store, number: int) -> str:
        """A database with tables and so many devices, made once; its name, to be copied."""
        name = f"{system.key}_{number}"
        if not store.has(name):
            with self._scratch() as scratch:
                system.prepare(store.create(name), scratch, number)
        return name

    def prepare_sent(self, system: System, store: Store, number: int) -> str:
        """The same, after so many messages were really sent: it has tickets to ask about."""
        prepared = self.prepare(system, store, number)
        name = f"{prepared}_sent"
        if (store.key, name) in self._sent:
            return name
        store.copy(prepared, name)
        with self._scratch() as scratch:
            self.expo.begin(0)
            with system.running(store.address(name), scratch, self.expo.url) as run:
                run.build(number)
                self._follow(run, "messages", "tickets", number)
        self._sent.add((store.key, name))
        return name

    def send(self, system: System, store: Store, source: str, number: int, latency: float) -> Figures:
        """So many messages, in a copy of a prepared database; `latency` in milliseconds."""
        with self._scratch() as scratch, store.copied(source) as url:
            self.expo.begin(latency)
            with system.running(url, scratch, self.expo.url) as run:
                run.build(number)
                return self._follow(run, "messages", "tickets", number)

    def receipts(self, system: System, store: Store, source: str, number: int) -> Figures:
        """The receipts of so many tickets, in a copy of a database that has them."""
        with self._scratch() as scratch, store.copied(source) as url:
            self.expo.begin(0)
            with system.running(url, scratch, self.expo.url) as run:
                return self._follow(run, "receipts", "receipts", number)

    def queries(self, system: System, store: Store, source: str, number: int) -> dict[str, float]:
        """Queries per 100 messages and per 100 receipts."""
        with self._scratch() as scratch, store.copied(source) as url:
            self.expo.begin(0)
            return system.queries(url, scratch, self.expo.url, number)

    def bare(
        self, carillon: Carillon, store: Store, source: str, what: str, number: int, connections: int
    ) -> float:
        """Messages or receipts a second of the bare work."""
        with self._scratch() as scratch, store.copied(source) as url:
            self.expo.begin(0)
            return carillon.bare(url, scratch, self.expo.url, what, number, connections)

    def _follow(self, run: Run, answered: str, saved: str, number: int) -> Figures:
        before = machine.processor_seconds(run.worker)
        times = run.queue() if answered == "messages" else run.make_due()
        count = self._all_answered(run, answered, number)
        end = run.wait_for(saved, number)
        after = machine.processor_seconds(run.worker)
        return Figures(
            number=number,
            queued_seconds=end - times["committed"],
            called_seconds=end - times["called"],
            wake_seconds=count["first"] - times["committed"],
            tail_seconds=max(0.0, end - count["last"]),
            requests=count["requests"],
            peak_mib=machine.peak_memory(run.worker),
            cpu_us=None if before is None or after is None else (after - before) / number * 1e6,
        )

    def _all_answered(self, run: Run, kind: str, number: int) -> dict[str, Any]:
        """Wait until Expo has answered for so many: looking at the database before would cost what is measured."""
        ends = time.monotonic() + LONGEST_RUN
        while (count := self.expo.count_once(kind, number))[kind] < number:
            run.check()
            if time.monotonic() > ends:
                come = count[kind]
                raise TimeoutError(
                    f"After {LONGEST_RUN:g} s Expo was asked for {come:,} of {number:,} {kind}."
                )
        return count

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        with TemporaryDirectory(dir=self.folder, prefix="run-") as folder:
            yield Path(folder)
