"""Event: what a caller says has happened, checked and made ready to be written."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from notifications import clock
from notifications.models import NotificationPriority, Project
from notifications.models.storable import can_be_stored
from notifications.registry import KindInfo
from notifications.rendering.lookup import tag
from notifications.senders import get_sender

LONGEST_WORD = 200
LONGEST_LOCALE = 35


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, as it is written into every notification."""

    info: KindInfo
    project_id: int
    context: dict[str, Any]
    priority: int
    locale: str
    """For all; "" lets each user's own count."""
    default_locale: str
    sender_id: str
    """As it was given: "" is the default one."""
    key: str
    """Of this event alone: a user is told of it once."""
    may_be_repeated: bool
    """Did the caller give the key, so that another call may have the same?"""
    at: datetime


def make_event(
    info: KindInfo,
    context: Mapping[str, Any],
    *,
    priority: int | None,
    locale: str | None,
    sender: str | None,
    project: Project | None,
    idempotency_key: str | None,
) -> Event:
    """Check and complete what was said. One query, where no project is named. Raises ValueError."""
    get_sender(sender)
    project = project or Project.objects.default()
    return Event(
        info=info,
        project_id=project.pk,
        context=_plain(context),
        priority=_priority(info.default_priority if priority is None else priority),
        locale=_locale(locale or ""),
        default_locale=_locale(settings.NOTIFICATIONS_DEFAULT_LOCALE),
        sender_id=sender or "",
        key=_key(project, info, idempotency_key),
        may_be_repeated=idempotency_key is not None,
        at=clock.now(),
    )


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it; dates, decimals and lazy texts become texts."""
    if not isinstance(context, Mapping):
        raise ValueError(f"A context is a dict, as in {{'name': 'Ann'}}, not a {type(context).__name__}.")
    try:
        text = json.dumps(dict(context), cls=DjangoJSONEncoder, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"This context cannot be kept as JSON: {error}") from error
    if "\\u0000" in text or "\\ud" in text.lower():
        _refuse_unstorable(json.loads(text))
    plain: dict[str, Any] = json.loads(text)
    return plain


def _refuse_unstorable(value: Any, where: str = "context") -> None:
    """A NUL or half a character, which a database refuses or gives back as something else."""
    if isinstance(value, dict):
        for key, each in value.items():
            _refuse_unstorable(key, f"a key of {where}")
            _refuse_unstorable(each, f"{where}['{key}']")
    elif isinstance(value, list):
        for place, each in enumerate(value):
            _refuse_unstorable(each, f"{where}[{place}]")
    elif isinstance(value, str) and not can_be_stored(value):
        there = where.encode("ascii", "replace").decode()
        raise ValueError(f"A text with a NUL or half a character cannot be kept: {there}.")


def _locale(name: str) -> str:
    if len(name) > LONGEST_LOCALE or not name.isascii() or not name.isprintable():
        raise ValueError(f"A locale is a language tag such as fr-ca, not {name[:LONGEST_LOCALE]!a}.")
    return tag(name)


def _priority(value: int) -> int:
    if value not in NotificationPriority.values:
        known = ", ".join(f"{each.value} {each.name}" for each in NotificationPriority)
        raise ValueError(f"A priority is one of {known}, not {value!r}.")
    return int(value)


def _key(project: Project, info: KindInfo, idempotency_key: Any) -> str:
    if idempotency_key is None:
        return f"e:{secrets.token_hex(16)}"
    if not isinstance(idempotency_key, str) or not 0 < len(idempotency_key) <= LONGEST_WORD:
        raise ValueError(f"An idempotency_key is a text of 1 to {LONGEST_WORD} characters.")
    _refuse_unstorable(idempotency_key, "idempotency_key")
    return f"i:{project.pk}:{info.kind}:{idempotency_key}"
