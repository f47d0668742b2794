"""PostgreSQL and Redis for the bench: those of the tests, found by the same rules."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from config import bootstrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Addresses; "" where nobody answers."""

    database: str = ""
    redis: str = ""
    missing: list[str] = field(default_factory=list)
    """Why something was not measured, or not in the usual way: a sentence each."""


def find() -> Services:
    """See who answers."""
    database = os.environ.get("CARILLON_TEST_DATABASE_URL") or bootstrap.DATABASE
    redis = os.environ.get("CARILLON_TEST_REDIS_URL") or bootstrap.REDIS
    if not _answers(database, 5432):
        return Services(
            missing=["PostgreSQL does not answer (set CARILLON_TEST_DATABASE_URL), so it was not measured."]
        )
    if not _answers(redis, 6379):
        return Services(
            database=database,
            missing=[
                "Redis does not answer (set CARILLON_TEST_REDIS_URL); with PostgreSQL, Carillon's wake-ups "
                "travelled through a file instead."
            ],
        )
    return Services(database=database, redis=_beside_the_tests(redis))


def _answers(url: str, port: int) -> bool:
    place = urlsplit(url)
    return bootstrap.answers(place.hostname or "127.0.0.1", place.port or port)


def _beside_the_tests(redis: str) -> str:
    """Another database of the same server: a test that runs meanwhile must not hear our wake-ups, nor we its."""
    place = urlsplit(redis)
    number = place.path.strip("/")
    return place._replace(path=f"/{int(number) - 1}").geturl() if number.isdigit() and number > "0" else redis
