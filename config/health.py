"""Is the process alive, and can it do its work? For load balancers; anonymous."""

from __future__ import annotations

import logging
from collections.abc import Callable

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from notifications import live

log = logging.getLogger(__name__)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process lives."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, queue and live bus answer; 503 names those that do not."""
    parts: dict[str, Callable[[], object]] = {"database": _database, "queue": _queue, "live": _live}
    states = {name: _state(name, probe) for name, probe in parts.items()}
    return JsonResponse(states, status=200 if set(states.values()) == {"ok"} else 503)


DOORS: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz}
"""Address → who answers there; the middleware asks."""


def _state(name: str, probe: Callable[[], object]) -> str:
    try:
        probe()
    except Exception as error:  # whatever it is, the answer is "not ready"
        log.warning("%s is not ready: %s", name, type(error).__name__)
        return "unreachable"
    return "ok"


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _queue() -> int:
    return int(settings.HUEY.pending_count())


def _live() -> None:
    if settings.REDIS_URL:
        async_to_sync(live.bus().group_send)("ready", {"type": "ready"})
