"""One server for pages and sockets: Django's pages run in a thread pool, sockets on the loop."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any, cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from a2wsgi import WSGIMiddleware  # noqa: E402 (Django must be set up first)
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.db import database_sync_to_async  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

from config.large_body import LargeBody, is_signed_in  # noqa: E402
from config.whole_body import WholeBody  # noqa: E402
from notifications.consumers import hub  # noqa: E402
from notifications.routing import websocket_urlpatterns  # noqa: E402

PAGE_THREADS = 12
BODY_SECONDS = 15
"""In which a request has arrived whole."""
UPLOAD_SECONDS = 600
"""In which an uploaded file has."""
AROUND_FILE = 1024 * 1024
"""Bytes that a form may have beside its file; and a file that is a little too large is refused by its own page."""


async def lifespan(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Start and stop the hub with the server (ASGI lifespan)."""
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            hub.start()
            await send({"type": "lifespan.startup.complete"})
        else:
            hub.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


pages = cast(Any, WSGIMiddleware(cast(Any, get_wsgi_application()), workers=PAGE_THREADS))
application = ProtocolTypeRouter(
    {
        "http": LargeBody(
            pages,
            otherwise=WholeBody(pages, most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE, seconds=BODY_SECONDS),
            admits=database_sync_to_async(is_signed_in),
            most=settings.CARILLON_IMPORT_MAX_BYTES + AROUND_FILE,
            seconds=UPLOAD_SECONDS,
        ),
        "websocket": AuthMiddlewareStack(URLRouter(cast(Any, websocket_urlpatterns))),
        "lifespan": lifespan,
    }
)
