"""One device: the facts, why it is off, its history, a test, and its switch."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.access import actor, needs
from dashboard.device_page import device_context, device_page_url
from dashboard.may import frame
from dashboard.send_test_form import SendTestForm
from notifications.actions import one_device
from notifications.actions.audit import Refused
from notifications.models import Device, Project, Role
from notifications.queries.devices import forget_device_groups
from notifications.queries.names import provider_label


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request")
def detail(request: HttpRequest, project: Project, device_id: int) -> HttpResponse:
    """The whole page; for htmx the part that changes. The number of queries is fixed."""
    context = _context(request, project, _find(project, device_id)) | {"form": SendTestForm()}
    template = "_live.html" if request.htmx else "detail.html"  # type: ignore[attr-defined]
    return render(request, f"dashboard/device/{template}", context)


@needs(Role.SENDER)
@require_POST
def send_test(request: HttpRequest, project: Project, device_id: int) -> HttpResponse:
    """Queue a test (`title`, `body`); its progress stands on top of the history."""
    device, form = _find(project, device_id), SendTestForm(request.POST)
    if not form.is_valid():
        context = _context(request, project, device) | {"form": form}
        return render(request, "dashboard/device/detail.html", context, status=422)
    try:
        facts = one_device.send_test(actor(request), device, **form.cleaned_data)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        _say_where_it_is(request, device, is_paused="paused" in facts)
    return redirect(device_page_url(project, device.pk))


@needs(Role.SENDER)
@require_POST
def switch_off(request: HttpRequest, project: Project, device_id: int) -> HttpResponse:
    """Send nothing to it any more."""
    device = _find(project, device_id)
    try:
        one_device.switch_off(actor(request), device)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "It is switched off: nothing is sent to it any more.")
    forget_device_groups(project)
    return redirect(device_page_url(project, device.pk))


@needs(Role.SENDER)
@require_POST
def switch_on(request: HttpRequest, project: Project, device_id: int) -> HttpResponse:
    """Send to it again."""
    device = _find(project, device_id)
    try:
        facts = one_device.switch_on(actor(request), device)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        was_gone = facts["was"] == "gone"
        hint = " Send a test: its provider says whether it is there." if was_gone else ""
        messages.success(request, f"It is switched on again.{hint}")
    forget_device_groups(project)
    return redirect(device_page_url(project, device.pk))


def _say_where_it_is(request: HttpRequest, device: Device, *, is_paused: bool) -> None:
    if is_paused:
        label = provider_label(device.provider)
        messages.warning(request, f"The test waits: {label} is paused. It leaves once you resume {label}.")
    else:
        messages.success(request, "The test is on its way. How it fares stands on top of the history.")


def _context(request: HttpRequest, project: Project, device: Device) -> dict[str, Any]:
    return {**frame(request, project), **device_context(project, device, request.GET)}


def _find(project: Project, device_id: int) -> Device:
    """The project's own device; anybody else's does not exist."""
    rows = Device.objects.select_related("user__recipient")
    found: Device = get_object_or_404(rows, project=project, pk=device_id)
    return found
