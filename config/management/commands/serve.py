"""`manage.py serve`: pages, sockets and workers in one process."""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.servers import Workers, refuse_unmigrated

GRACE = 10
"""Seconds that open requests get at shutdown."""
BACKLOG = 2048
"""Connections that may wait to be taken."""


class Command(BaseCommand):
    """Serve everything; with --web-only, only pages and sockets."""

    help = "Serve pages and sockets, and do the sending in the same process."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.CARILLON_PORT)
        parser.add_argument("--web-only", action="store_true", help="leave the sending to `manage.py worker`")

    def handle(self, *args: Any, host: str, port: int, web_only: bool, **options: Any) -> None:
        """Run until told to stop; then let requests and calls to providers finish."""
        refuse_unmigrated()
        if settings.CARILLON_SANDBOX_URL:
            settings.EXPO_NOTIFICATIONS_HOST = f"http://127.0.0.1:{port}/sandbox/expo"
        listener = _listen(host, port)
        workers = Workers()
        server = _Server(_config(), workers)
        for number in (signal.SIGINT, signal.SIGTERM):
            # Before uvicorn hears signals, and when it raises them again at its end: this process ends by returning.
            signal.signal(number, server.leave)
        if not web_only:
            workers.start()
        self.stdout.write(f"Carillon is ready at {settings.SITE_URL or f'http://{_shown(host)}:{port}'}/")
        self.stdout.flush()
        try:
            server.run(sockets=[listener])
        finally:
            workers.stop()


class _Server(uvicorn.Server):
    """Lets the workers finish while pages still answer (the sandbox they may speak to is one), then closes."""

    def __init__(self, config: uvicorn.Config, workers: Workers) -> None:
        super().__init__(config)
        self._workers = workers

    def leave(self, *args: object) -> None:
        """Stop as soon as it may be. A signal handler."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn once it is to stop."""
        await asyncio.to_thread(self._workers.stop)
        await super().shutdown(sockets)


def _config() -> uvicorn.Config:
    from config.asgi import application

    return uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=4096,
        proxy_headers=bool(settings.CARILLON_TRUSTED_PROXIES),
        forwarded_allow_ips=settings.CARILLON_TRUSTED_PROXIES,
        timeout_graceful_shutdown=GRACE,
    )


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, or plain words why there is none. Who connects before the server is up is not turned away."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OverflowError:
        raise CommandError(f"{port} is no port. Choose one from 1 to 65535.") from None
    except OSError as error:
        raise CommandError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Is Carillon running already? "
            "Choose another port with PORT=8001."
        ) from None
    return listener


def _shown(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
