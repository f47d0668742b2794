"""What the fault tests stand on: a database of their own, a fake Expo, and a place to start processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from notifications.models import Project
from tests.fakes.process import FakeExpo
from tests.faults import databases
from tests.faults.private_redis import PrivateRedis, private_redis
from tests.faults.servers import Installation

QUICK = {
    "EXPO_NOTIFICATIONS_RATE": "0",
    "EXPO_NOTIFICATIONS_SENDING_TASK_RETRY_DELAY": "0.2",
    "EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY": "1",
    "EXPO_NOTIFICATIONS_CHECKING_TASK_RETRY_DELAY": "0.5",
    "CARILLON_LEASE": "3",
    "CARILLON_CALL_DEADLINE": "2",
    "CARILLON_SWEEP": "1",
}


@pytest.fixture(scope="session")
def _template(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), databases.template():
        yield


@pytest.fixture
def database(_template: None, django_db_blocker: Any) -> Iterator[str]:
    """A fresh database; its DATABASE_URL."""
    with django_db_blocker.unblock(), databases.fresh() as url:
        yield url


@pytest.fixture
def project(database: str) -> Project:
    """The default project."""
    return Project.objects.default()


@pytest.fixture
def expo(tmp_path: Path) -> Iterator[FakeExpo]:
    """A fake Expo whose history outlives it."""
    with FakeExpo(history_file=tmp_path / "history.jsonl") as fake:
        yield fake


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    """A Redis that may be stopped."""
    with private_redis(tmp_path) as running:
        yield running


@pytest.fixture
def installation(database: str, expo: FakeExpo, tmp_path: Path) -> Iterator[Installation]:
    """Where processes are started that send to the fake, with short leases and quick retries."""
    surroundings = {
        **QUICK,
        "DATABASE_URL": database,
        "REDIS_URL": settings.REDIS_URL,
        "CARILLON_DATA_DIR": str(tmp_path),
        "SECRET_KEY": settings.SECRET_KEY,
        "EXPO_NOTIFICATIONS_HOST": expo.url,
        "CARILLON_SANDBOX": "0",
        "SITE_URL": "",
        "PYTHONUNBUFFERED": "1",
    }
    place = Installation(tmp_path, surroundings)
    yield place
    place.clean_up()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a line that is seen whether or not the test fails."""

    def _say(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}", flush=True)  # noqa: T201

    return _say
