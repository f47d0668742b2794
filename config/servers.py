"""What `serve` and `worker` share: the sending threads and the queue's consumer, started and stopped together."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from config.huey import WakeUpConsumer
from notifications import http, worker


class Workers:
    """The threads that send, and the one that hears wake-ups of other processes."""

    def __init__(self) -> None:
        self._consumer: WakeUpConsumer | None = None

    def start(self) -> None:
        """Start sending."""
        worker.start()
        self._consumer = WakeUpConsumer(settings.HUEY)
        self._consumer.start()

    def stop(self) -> None:
        """Finish what is on the wire, then stop. Does nothing where nothing was started, or all is stopped."""
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        worker.stop()
        consumer.stop(graceful=True)
        http.close()


def refuse_unmigrated() -> None:
    """Raise CommandError, saying what to type, when the database cannot be reached or is not of this version."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise CommandError(f"The database cannot be reached: {error}. Check DATABASE_URL.") from None
    if missing:
        raise CommandError("The database is not up to date. Run: python manage.py migrate")
