"""Carillon: `manage.py worker` as it is shipped, without the rate limit, and a client beside it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.hand import ROOT, Hand
from tests.bench.system import Run, environment

CLIENT = "tests.bench.carillon.client"
START_SECONDS = 60.0
IDLE_SECONDS = 1.5
"""After which a worker that has just started has looked at everything and rests."""


class CarillonRun:
    """One worker and one client."""

    def __init__(self, hand: Hand, worker: subprocess.Popen[bytes], log: Path) -> None:
        self.worker = worker.pid
        self._hand = hand
        self._worker = worker
        self._log = log

    def build(self, number: int) -> None:
        self._hand.ask("build", number)

    def queue(self) -> dict[str, float]:
        return dict(self._hand.ask("queue"))

    def make_due(self) -> dict[str, float]:
        return dict(self._hand.ask("make_due"))

    def wait_for(self, kind: str, number: int) -> float:
        return float(self._hand.ask(f"wait_for_{kind}", number))

    def check(self) -> None:
        if self._worker.poll() is not None:
            raise RuntimeError(f"Carillon's worker ended and said:\n{self._log.read_text()}")

    def wait_until_idle(self) -> None:
        """Until it is ready and has looked once at everything."""
        ends = time.monotonic() + START_SECONDS
        while "is ready" not in self._log.read_text():
            self.check()
            if time.monotonic() > ends:
                raise RuntimeError(f"Carillon's worker did not start:\n{self._log.read_text()}")
            time.sleep(0.02)
        time.sleep(IDLE_SECONDS)


class Carillon:
    """The system under test."""

    key = "carillon"
    label = "Carillon"

    def __init__(self, redis: str = "") -> None:
        """`redis`: where wake-ups travel when the database is PostgreSQL."""
        self._redis = redis

    def prepare(self, url: str, folder: Path, devices: int) -> None:
        """Make tables and devices."""
        settings = self._settings(url, folder, "http://127.0.0.1:9")
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=settings, check=True
        )
        with Hand(Path(sys.executable), CLIENT, settings) as hand:
            hand.ask("make_devices", devices)

    @contextmanager
    def running(self, url: str, folder: Path, expo: str) -> Iterator[Run]:
        """A worker that rests, and a client."""
        settings = self._settings(url, folder, expo)
        log = folder / "worker.log"
        with log.open("wb") as said:
            worker = subprocess.Popen(
                [sys.executable, "manage.py", "worker"],
                cwd=ROOT,
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        try:
            with Hand(Path(sys.executable), CLIENT, settings) as hand:
                run = CarillonRun(hand, worker, log)
                run.wait_until_idle()
                yield run
        finally:
            _stop(worker)

    def queries(self, url: str, folder: Path, expo: str, number: int) -> dict[str, float]:
        """Counted in a process that queues and sends, its looking out for work included."""
        settings = self._settings(url, folder, expo)
        with Hand(Path(sys.executable), "tests.bench.carillon.queries", settings) as hand:
            return dict(hand.ask("count", number))

    def bare(self, url: str, folder: Path, expo: str, what: str, number: int, connections: int) -> float:
        """Messages (`what`: "send") or receipts ("receive") a second without Carillon: see bare.py."""
        settings = self._settings(url, folder, expo)
        with Hand(Path(sys.executable), "tests.bench.carillon.bare", settings) as hand:
            return float(hand.ask(what, number, connections))

    def people(self, url: str, folder: Path) -> Hand:
        """A process that tells many people: see people.py."""
        return Hand(
            Path(sys.executable),
            "tests.bench.carillon.people",
            self._settings(url, folder, "http://127.0.0.1:9"),
        )

    def _settings(self, url: str, folder: Path, expo: str) -> dict[str, str]:
        given: dict[str, Any] = {
            "DEBUG": "0",
            "SECRET_KEY": "of the bench",
            "CARILLON_SANDBOX": "0",
            "CARILLON_DATA_DIR": str(folder),
            "DATABASE_URL": url,
            "REDIS_URL": "" if url.startswith("sqlite") else self._redis,
            "EXPO_NOTIFICATIONS_HOST": expo,
            "EXPO_NOTIFICATIONS_RATE": "0",
        }
        return environment(**given)


def _stop(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    try:
        worker.wait(20)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
