"""The peer: a client, and its tasks in a process that waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.hand import Hand
from tests.bench.peer.environment import python
from tests.bench.system import Run, environment

COUNTED = 500
"""Messages at the most whose queries are counted: they grow in proportion, the time with the square."""


class PeerRun:
    """One worker and one client."""

    def __init__(self, client: Hand, worker: Hand) -> None:
        self.worker = worker.pid
        self._client = client
        self._worker = worker

    def build(self, number: int) -> None:
        self._client.ask("build", number)

    def queue(self) -> dict[str, float]:
        return self._hand_over("send", self._client.ask("queue"))

    def make_due(self) -> dict[str, float]:
        return self._hand_over("check", self._client.ask("make_due"))

    def wait_for(self, kind: str, number: int) -> float:
        moment = float(self._client.ask(f"wait_for_{kind}", number))
        self._worker.answer()
        return moment

    def check(self) -> None:
        self._worker.complain()

    def _hand_over(self, task: str, queued: dict[str, Any]) -> dict[str, float]:
        self._worker.tell(task, queued.pop("pks"))
        return queued


class Peer:
    """django-expo-notifications."""

    key = "peer"
    label = "the peer"

    def __init__(self, folder: Path) -> None:
        """`folder`: where its environment is, or is made."""
        self._python = python(folder)

    def prepare(self, url: str, folder: Path, devices: int) -> None:
        """Make tables and devices."""
        with self._hand("client", url) as client:
            client.ask("make_devices", devices)

    @contextmanager
    def running(self, url: str, folder: Path, expo: str) -> Iterator[Run]:
        """A worker that waits, and a client."""
        with self._hand("worker", url, expo) as worker, self._hand("client", url) as client:
            worker.ask("warm_up")
            yield PeerRun(client, worker)

    def queries(self, url: str, folder: Path, expo: str, number: int) -> dict[str, float]:
        """Counted in a process that queues and sends."""
        with self._hand("queries", url, expo) as hand:
            return dict(hand.ask("count", min(number, COUNTED)))

    def _hand(self, module: str, url: str, expo: str = "") -> Hand:
        return Hand(self._python, f"tests.bench.peer.{module}", environment(DATABASE_URL=url, EXPO=expo))
