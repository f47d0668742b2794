"""Timekeeping: all processes go by the database's clock: one that is ahead would end the leases of others."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from notifications import clock

log = logging.getLogger(__name__)
TOLERANCE = timedelta(milliseconds=20)
"""How far two machines may differ that both go by the database's clock."""
WORTH_SAYING = timedelta(seconds=1)


def step() -> None:
    """Set the clock of this process by the database's; SQLite lives on this machine and has none of its own."""
    follow(connection)


def follow(connection: BaseDatabaseWrapper, **signal: Any) -> None:
    """The same, by this connection: asked of every new one, before anything else is."""
    if connection.vendor != "postgresql" or connection.alias != DEFAULT_DB_ALIAS:
        return
    with connection.cursor() as cursor:
        asked = clock.now()
        cursor.execute("SELECT clock_timestamp()")
        (shown,) = cursor.fetchone()
    trip = clock.now() - asked
    wrong = clock.follow(shown + trip / 2, TOLERANCE + trip / 2)
    if abs(wrong) > WORTH_SAYING:
        log.warning(
            "This machine's clock is %.1f seconds off the database's, which is followed. Check its NTP.",
            wrong.total_seconds(),
        )
