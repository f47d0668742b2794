"""Points in time: short on the page, absolute with their zone on hover."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.templatetags.figures import DASH, duration
from notifications import clock

register = template.Library()


@register.simple_tag
def moment(at: datetime | None, form: str = "day") -> SafeString:
    """A `<time>` in the reader's zone; None, which means it has not happened, becomes a dash.

    Forms: day (`Today 14:18`), clock (`14:18:02`), fine (`14:18:02.4`), ago (`4 s ago`).
    """
    if at is None:
        return format_html('<span class="muted">{}</span>', DASH)
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="milliseconds"),
        _absolute(local),
        FORMS[form](local),
    )


def _absolute(local: datetime) -> str:
    zone = timezone.get_current_timezone_name()
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M:%S} {zone}"


def _day(local: datetime) -> str:
    today = timezone.localtime(clock.now()).date()
    away = (local.date() - today).days
    names = {0: "Today", -1: "Yesterday", 1: "Tomorrow"}
    if away in names:
        return f"{names[away]} {local:%H:%M}"
    if abs(away) < 7:
        return f"{local:%a %H:%M}"
    if local.year == today.year:
        return f"{local.day} {local:%b %H:%M}"
    return f"{local.day} {local:%b %Y}"


def _clock(local: datetime) -> str:
    return f"{local:%H:%M:%S}"


def _fine(local: datetime) -> str:
    return f"{local:%H:%M:%S}.{local.microsecond // 100_000}"


def _ago(local: datetime) -> str:
    past = clock.now() - local
    if past < timedelta(0):
        return f"in {duration(-past.total_seconds())}"
    return f"{duration(past.total_seconds())} ago"


FORMS = {"day": _day, "clock": _clock, "fine": _fine, "ago": _ago}
