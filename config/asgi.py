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
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

from config.whole_body import WholeBody  # noqa: E402
from notifications.consumers import hub  # noqa: E402
from notifications.routing import websocket_urlpatterns  # noqa: E402

PAGE_THREADS = 12
BODY_SECONDS = 15
"""In which a request has arrived whole."""


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


application = ProtocolTypeRouter(
    {
        "http": WholeBody(
            cast(Any, WSGIMiddleware(cast(Any, get_wsgi_application()), workers=PAGE_THREADS)),
            most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            seconds=BODY_SECONDS,
        ),
        "websocket": AuthMiddlewareStack(URLRouter(cast(Any, websocket_urlpatterns))),
        "lifespan": lifespan,
    }
)
