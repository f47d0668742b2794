"""To be written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def confirm(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """To be written."""
    return HttpResponse("to be written", status=501)


def edit(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """To be written."""
    return HttpResponse("to be written", status=501)


def new(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """To be written."""
    return HttpResponse("to be written", status=501)


def reach(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """To be written."""
    return HttpResponse("to be written", status=501)


def send(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """To be written."""
    return HttpResponse("to be written", status=501)
