"""System checks of the installation: a wrong setting is told with what to type."""

from __future__ import annotations

import sqlite3
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register()
def environment_is_readable(**kwargs: Any) -> list[CheckMessage]:
    """Every variable could be read."""
    return [
        Error(f"{name} is {value!r}.", hint=f"Set {name} to {wanted}.", id="config.E001")
        for name, value, wanted in settings.CARILLON_ENV_PROBLEMS
    ]


@register()
def lease_outlives_the_call(**kwargs: Any) -> list[CheckMessage]:
    """A lease shorter than a call would let two workers send the same batch."""
    lease, deadline = settings.CARILLON_LEASE, settings.CARILLON_CALL_DEADLINE
    if lease > deadline:
        return []
    return [
        Error(
            f"CARILLON_LEASE ({lease.total_seconds():g} s) is not longer than "
            f"CARILLON_CALL_DEADLINE ({deadline.total_seconds():g} s).",
            hint=f"Set CARILLON_LEASE={deadline.total_seconds() * 2:g}, or lower CARILLON_CALL_DEADLINE.",
            id="config.E002",
        )
    ]


@register()
def sqlite_is_young_enough(**kwargs: Any) -> list[CheckMessage]:
    """UPDATE … FROM … RETURNING came with SQLite 3.35."""
    if not settings.EMBEDDED or sqlite3.sqlite_version_info >= (3, 35):
        return []
    return [
        Error(
            f"SQLite {sqlite3.sqlite_version} is too old.",
            hint="Use a Python that brings SQLite 3.35 or newer, or set DATABASE_URL to a PostgreSQL database.",
            id="config.E003",
        )
    ]


@register(deploy=True)
def secret_key_is_shared(**kwargs: Any) -> list[CheckMessage]:
    """Several machines must know one secret key."""
    if settings.EMBEDDED or not settings.SECRET_KEY_IS_KEPT:
        return []
    return [
        Warning(
            "SECRET_KEY is not set; each machine would make its own.",
            hint="Set the same SECRET_KEY on every machine that shares this database.",
            id="config.W001",
        )
    ]


@register(deploy=True)
def sandbox_is_off(**kwargs: Any) -> list[CheckMessage]:
    """In production a sandbox swallows every push."""
    if not settings.CARILLON_SANDBOX:
        return []
    return [
        Warning(
            "CARILLON_SANDBOX is on: pushes go to a simulator and no phone rings.",
            hint="Unset CARILLON_SANDBOX.",
            id="config.W002",
        )
    ]


@register()
def queue_reaches_the_workers(**kwargs: Any) -> list[CheckMessage]:
    """Redis without PostgreSQL, or the reverse, is half a scaled installation."""
    if settings.EMBEDDED or settings.REDIS_URL:
        return []
    return [
        Warning(
            "DATABASE_URL names a server but REDIS_URL is not set: pages of one process miss what another does.",
            hint="Set REDIS_URL=redis://… when you run more than one process.",
            id="config.W003",
        )
    ]


@register(deploy=True)
def proxy_is_known(**kwargs: Any) -> list[CheckMessage]:
    """https ends at a proxy; without knowing it, every page would be sent to itself for ever."""
    if not settings.SECURE or settings.CARILLON_TRUSTED_PROXIES or not settings.SECURE_SSL_REDIRECT:
        return []
    return [
        Warning(
            "SITE_URL is https, and no proxy is trusted: every request looks like plain http.",
            hint="Set TRUSTED_PROXIES to the address of the proxy that ends https, such as 127.0.0.1.",
            id="config.W004",
        )
    ]
