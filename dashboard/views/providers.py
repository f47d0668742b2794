"""To be written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def credential_list(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """To be written."""
    return HttpResponse("to be written", status=501)


def pause(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """To be written."""
    return HttpResponse("to be written", status=501)


def resume(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """To be written."""
    return HttpResponse("to be written", status=501)


def save(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """To be written."""
    return HttpResponse("to be written", status=501)
