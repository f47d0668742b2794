"""The Python API: tell users something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model

from notifications.models import Notification, Project
from notifications.registry import KindInfo, registry
from notifications.service.event import make_event
from notifications.service.fan_out import fan_out
from notifications.service.notified import Notified

__all__ = ["notify", "notify_for"]


def notify(
    user: Any,
    kind: str,
    context: Mapping[str, Any],
    priority: int | None = None,
    locale: str | None = None,
    sender: str | None = None,
    *,
    project: Project | None = None,
    idempotency_key: str | None = None,
) -> Notification | None:
    """Tell one user of something. Returns their notification; None where they do not want to hear of it.

    `priority`, `locale` and `sender` default to the kind's, the user's and the installation's. With an
    `idempotency_key`, the same call again returns the notification of the first one. Raises ValueError for a kind that
    nobody registered, an account that is none, a priority that is none, and a context that is no JSON object.
    """
    if not isinstance(user, get_user_model()) or user.pk is None:
        raise ValueError(f"notify() tells a user with an account, not a {type(user).__name__} without one.")
    event = make_event(
        _known(kind),
        context,
        priority=priority,
        locale=locale,
        sender=sender,
        project=project,
        idempotency_key=idempotency_key,
    )
    fan_out(event, [user.pk])
    return next(iter(Notification.objects.filter(key=event.key, user=user)), None)


def notify_for(
    obj: Any,
    kind: str,
    context: Mapping[str, Any],
    priority: int | None = None,
    sender: str | None = None,
    *,
    project: Project | None = None,
    idempotency_key: str | None = None,
) -> Sequence[Notification]:
    """Tell everybody whom the kind's `recipients` callable names for this object; each once, in their own language.

    A fixed number of queries, whatever their number. Returns their notifications, read when they are looked at; those
    who do not want to hear of it have none. Raises ValueError as `notify` does, and for a kind without the callable.
    """
    info = _known(kind)
    if info.recipients is None:
        raise ValueError(
            f"Notification kind '{kind}' has no recipients callable. Register it with recipients=…, or call notify() "
            "for each user."
        )
    event = make_event(
        info,
        context,
        priority=priority,
        locale=None,
        sender=sender,
        project=project,
        idempotency_key=idempotency_key,
    )
    fan_out(event, info.recipients(obj))
    return Notified(event.key)


def _known(kind: str) -> KindInfo:
    info = registry.get(kind)
    if info is None:
        raise ValueError(
            f"Unknown notification kind: '{kind}'. Is it registered in the ready() of its app's AppConfig?"
        )
    return info
