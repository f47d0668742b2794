"""Workers that are to be killed, each of whose lives can be told apart in what the fake Expo sees."""

from __future__ import annotations

from django.conf import settings

from notifications.models import Batch
from tests.fakes.process import FakeExpo
from tests.faults.servers import Installation, Process


class Victim:
    """A worker (embedded: the whole server) that is killed and restarted. Each life has an access token of its own."""

    def __init__(self, installation: Installation, expo: FakeExpo, name: str, *command: str) -> None:
        self._installation = installation
        self._expo = expo
        self._name = name
        self._command = command
        self._lives = 0
        self.process = self._start()

    @property
    def has_sent(self) -> bool:
        """Has a call of this life reached the fake? The database is asked first: that costs less."""
        if not Batch.objects.filter(started_at__gte=self.process.began).exists():
            return False
        return self.token in tokens_of_senders(self._expo)

    def kill_and_restart(self) -> None:
        """End this life and begin the next at once."""
        self.process.kill()
        self.process = self._start()

    def _start(self) -> Process:
        self._lives += 1
        self.token = f"{self._name}-life-{self._lives}"
        return self._installation.run(self._name, *self._command, EXPO_NOTIFICATIONS_TOKEN=self.token)


def tokens_of_senders(expo: FakeExpo) -> set[str]:
    """The access tokens of those who have sent so far."""
    return {token_of(call.headers) for call in expo.calls() if call.endpoint == "send"}


def token_of(headers: dict[str, str]) -> str:
    """The access token of a call."""
    return headers.get("authorization", "").removeprefix("Bearer ")


def is_embedded() -> bool:
    """Do these tests run on SQLite, where one process does everything?"""
    return bool(settings.EMBEDDED)
