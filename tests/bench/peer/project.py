"""The peer's project, set up: no broker, and Expo at another address. Import it before the peer's models."""

from __future__ import annotations

import os
import time
from typing import Any

import django
from celery import Celery
from exponent_server_sdk import PushClient

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.peer.settings")
app = Celery("peer", broker="memory://", set_as_current=True)
django.setup()
PushClient.DEFAULT_HOST = os.environ.get("EXPO", "http://127.0.0.1:9")

from django.db import transaction  # noqa: E402
from expo_notifications.tasks import check_receipts, send_messages  # noqa: E402

handed_over: dict[str, Any] = {}
"""What a broker would have been given last: `pks`, and the moment of the commit (`committed`, seconds, monotonic)."""


def _hand_over(pks: list[int]) -> None:
    transaction.on_commit(lambda: handed_over.update(pks=pks, committed=time.monotonic()))


def _not_now(**options: Any) -> None:
    """Tickets are asked about when the bench says so, not half an hour later."""


send_messages.delay_on_commit = _hand_over
check_receipts.delay_on_commit = _hand_over
check_receipts.apply_async = _not_now
