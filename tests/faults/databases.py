"""A database of its own for each test, which other processes can open too: a copy of the migrated test database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import OperationalError, connection

_numbers = count(1)


@contextmanager
def template() -> Iterator[None]:
    """A migrated test database for the length of a block, to be copied."""
    original = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(original, verbosity=0)


@contextmanager
def fresh() -> Iterator[str]:
    """Let Django's connection lead to a fresh database for the length of a block; yields its DATABASE_URL.

    Rows of other processes are committed rows, so neither a transaction around the test nor a flush after it will do.
    """
    original = connection.settings_dict["NAME"]
    suffix = f"faults{next(_numbers)}"
    connection.close()
    connection.creation.clone_test_db(suffix, verbosity=0, autoclobber=True)
    own = connection.creation.get_test_db_clone_settings(suffix)["NAME"]
    try:
        connection.close()
        connection.settings_dict["NAME"] = own
        yield _url(own)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = original
        _drop(own)


def nobody_writes(folder: Path) -> bool:
    """Is no process in the middle of a transaction? (Who is frozen in one keeps all others from writing.)

    `folder`: where they keep their data; on SQLite the wake-ups have a file of their own in it.
    """
    with connection.cursor() as cursor:
        if not settings.EMBEDDED:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND state NOT IN ('idle', 'disabled')"
            )
            return bool(cursor.fetchone() == (0,))
        cursor.execute("PRAGMA busy_timeout = 200")
        try:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
        except OperationalError:
            return False
        finally:
            cursor.execute("PRAGMA busy_timeout = 20000")
    return _can_be_written(folder / "queue.sqlite3")


def _can_be_written(file: Path) -> bool:
    with closing(sqlite3.connect(file, timeout=0.2, isolation_level=None)) as queue:
        try:
            queue.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        queue.execute("ROLLBACK")
        return True


def _url(name: str) -> str:
    if settings.EMBEDDED:
        return f"sqlite:///{name}"
    return urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl()


def _drop(name: str) -> None:
    if settings.EMBEDDED:
        for end in ("", "-wal", "-shm"):
            Path(f"{name}{end}").unlink(missing_ok=True)
        return
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {connection.ops.quote_name(name)} WITH (FORCE)")
