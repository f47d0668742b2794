"""To be written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def broadcast_list(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """To be written."""
    return HttpResponse("to be written", status=501)


def star(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """To be written."""
    return HttpResponse("to be written", status=501)
