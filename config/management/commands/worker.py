"""`manage.py worker`: only the sending, for installations of several processes."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from config.servers import Workers, refuse_unmigrated

LOOK = 1.0
"""Seconds between two looks at whether to stop. A signal that reaches another thread ends no endless wait."""


class Command(BaseCommand):
    """Send until told to stop."""

    help = "Do the sending; pages are served by `manage.py serve --web-only`."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal; then let calls to providers finish."""
        refuse_unmigrated()
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        workers = Workers()
        workers.start()
        self.stdout.write("Carillon's worker is ready")
        self.stdout.flush()
        while not stopping.wait(LOOK):
            pass
        workers.stop()
