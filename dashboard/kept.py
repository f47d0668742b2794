"""A form that was sent after its session had ended: kept in the page that asks to sign in, signed, until it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.http import HttpRequest

SALT = "dashboard.kept"
LASTS = timedelta(days=1)
TOKEN = "csrfmiddlewaretoken"  # noqa: S105 (the name of a field)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the form was sent, and what was typed into it."""

    address: str
    fields: list[tuple[str, str]]


def keep(request: HttpRequest) -> str:
    """The form as a text that nobody else can have written; "" for a form with nothing in it."""
    fields = [(name, value) for name, values in request.POST.lists() for value in values if name != TOKEN]
    return signing.dumps([request.get_full_path(), fields], salt=SALT, compress=True) if fields else ""


def read(text: str) -> Kept | None:
    """The form again; None for a text that is not ours, or too old."""
    try:
        address, fields = signing.loads(text, salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    return Kept(address, [(name, value) for name, value in fields])
