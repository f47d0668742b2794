"""A Redis of the test's own, which it may stop, restart, freeze and empty."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.faults.servers import free_port, until

PROGRAM = "redis-server"


class PrivateRedis:
    """`redis-server` on a free port, with nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis(port=self.port, retry=Retry(NoBackoff(), 0), socket_timeout=5)
        self.start()

    def start(self) -> None:
        """Start it (again), empty."""
        self._process = subprocess.Popen(
            [
                *(PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", str(self._folder)),
            ],
            stdout=subprocess.DEVNULL,
        )
        until(self.answers, "the private Redis answers")

    def answers(self) -> bool:
        """Is it there?"""
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        """End it at once; connections break."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Let it hold every connection and answer nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def clean_up(self) -> None:
        """End it for good."""
        self.client.close()
        self.thaw()
        self.stop()


@contextmanager
def private_redis(folder: Path) -> Iterator[PrivateRedis]:
    """One for the length of a block. Skips the test where there is no redis-server, or fails it."""
    _require_redis_server()
    redis = PrivateRedis(folder)
    try:
        yield redis
    finally:
        redis.clean_up()


def _require_redis_server() -> None:
    if shutil.which(PROGRAM):
        return
    words = (
        f"{PROGRAM} is not on PATH, so no Redis can be restarted here (Debian: apt-get install redis-server)."
    )
    if os.environ.get("CARILLON_REQUIRE_SERVICES") == "1":
        pytest.fail(words)
    pytest.skip(words)
