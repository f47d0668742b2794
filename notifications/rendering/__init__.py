"""What a notification says on each channel, in its reader's language: found in template files and filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template import Context
from django.template.loader import select_template
from django.utils import translation

from notifications.models import Notification
from notifications.rendering.lookup import of_kind

TEXT, HTML = "txt", "html"


def part(notification: Notification, name: str, form: str = TEXT) -> str:
    """One part of it, such as `email_body`, without space around it.

    HTML is escaped, text is not. Raises TemplateDoesNotExist, which names all files that were looked for, and whatever
    a template raises.
    """
    names = of_kind(notification.kind, name, notification.locale, form)
    with translation.override(notification.locale or None):  # dates and translated words in the templates
        return fill_in(names, about(notification), form)


def line(notification: Notification, name: str) -> str:
    """The same for what has to fit on one line, such as `email_subject`: a line break would end a mail's header."""
    return " ".join(part(notification, name).split())


def about(notification: Notification) -> dict[str, Any]:
    """What its templates know: the caller's words; and ours, which go before them."""
    return {**notification.context, "notification": notification, **site()}


def site() -> dict[str, Any]:
    """What every template knows."""
    return {"site_url": settings.SITE_URL, "support_email": settings.SUPPORT_EMAIL}


def fill_in(names: list[str], words: Mapping[str, Any], form: str) -> str:
    """The first of these templates that exists, filled in."""
    template: Any = select_template(names)
    filled: str = template.template.render(Context(dict(words), autoescape=form == HTML))
    return filled.strip()
