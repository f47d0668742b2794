"""The peers' databases as Carillon's is set up, so that only the code differs. The standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
SQLITE_OPTIONS = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": PRAGMAS}
"""config.settings.SQLITE_OPTIONS, word for word."""


def database(url: str, sqlite_options: Mapping[str, Any] = SQLITE_OPTIONS) -> dict[str, Any]:
    """What Django wants to know of the database at this address."""
    place = urlsplit(url)
    if place.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": place.path[1:],
            "OPTIONS": dict(sqlite_options),
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": place.path[1:],
        "USER": unquote(place.username or ""),
        "PASSWORD": unquote(place.password or ""),
        "HOST": place.hostname or "",
        "PORT": place.port or "",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
