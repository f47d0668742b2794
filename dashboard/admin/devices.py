"""Devices in the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from dashboard.access import actor
from dashboard.admin.device_form import MENDED, ONCE, DeviceForm
from dashboard.admin.filters import LatelySeen
from dashboard.admin.links import link_to, link_to_many
from dashboard.admin.lists import Listed
from notifications.actions.audit import Refused
from notifications.actions.one_device import switch_off, switch_on
from notifications.models import Device

MESSAGES = link_to_many("messages")
STANDING = ("inactive_reason", "date_registered", "date_retired", MESSAGES)


@admin.register(Device)
class Devices(Listed):
    """Push addresses, and whose they are."""

    form = DeviceForm
    list_display = (
        "__str__",
        "short_token",
        "is_active",
        "date_registered",
        "lang",
        link_to("user"),
        MESSAGES,
        "inactive_reason",
        "project",
    )
    list_filter = (
        "is_active",
        ("lang", LatelySeen),
        "date_registered",
        "project",
        ("provider", LatelySeen),
        ("inactive_reason", LatelySeen),
    )
    counted = ("messages",)
    search_fields = ("user__username", "push_token", "uid")
    search_help_text = "An account's name, a uid or a push token."
    autocomplete_fields = ("user",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        """With the owners, by whom devices are called: in suggestions too, and with the projects."""
        rows: QuerySet[Device] = super().get_queryset(request).select_related("user", "project")
        return rows

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One is deleted on its own page, not a thousand by a click."""
        offered: dict[str, Any] = super().get_actions(request)
        return {name: each for name, each in offered.items() if name != "delete_selected"}

    def get_fields(self, request: HttpRequest, obj: Device | None = None) -> tuple[Any, ...]:
        """Whose and which address it is, what can be mended, and of one that stands, how it stands."""
        return (*ONCE, *MENDED) if obj is None else (*ONCE, *MENDED, *STANDING)

    def get_readonly_fields(self, request: HttpRequest, obj: Device | None = None) -> tuple[Any, ...]:
        """What the machine writes; and, once it stands, whose and which address it is."""
        return () if obj is None else (*ONCE, *STANDING)

    def save_model(self, request: HttpRequest, obj: Device, form: Any, change: bool) -> None:
        """Save what was changed and no more; whether it is on is an action of its own."""
        if not change:
            super().save_model(request, obj, form, change)
            self._tell_of_move(request, obj)
            return
        obj.save(update_fields=[name for name in form.changed_data if name != "is_active"])
        if "is_active" in form.changed_data:
            self._switch(request, obj)

    def _tell_of_move(self, request: HttpRequest, device: Device) -> None:
        if device.moved_from:
            messages.warning(request, f"Its address was taken over: {device.moved_from} is switched off.")

    def _switch(self, request: HttpRequest, device: Device) -> None:
        """Only who switches it at the same moment can make this refuse: the form has asked before."""
        try:
            (switch_on if device.is_active else switch_off)(actor(request), device)
        except Refused as refused:
            messages.error(request, str(refused))

    def view_on_site(self, row: Device) -> str:
        """Its page in the dashboard."""
        return reverse("dashboard:device", args=[row.project.slug, row.pk])
