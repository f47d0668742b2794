"""Batches, tickets and receipts in the administration: evidence, so nobody makes, changes or deletes any."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from dashboard.admin import reports
from dashboard.admin.filters import LatelySeen, among
from dashboard.admin.links import link_to, link_to_many
from dashboard.admin.lists import ReadOnly
from notifications import wire
from notifications.actions import by_hand
from notifications.models import Batch, Receipt, Ticket


@admin.register(Batch)
class Batches(ReadOnly):
    """What was claimed and sent together."""

    list_display = (
        "__str__",
        "credential",
        "size",
        "created_at",
        "started_at",
        "finished_at",
        "outcome",
        "duration",
    )
    list_filter = (("outcome", among([*wire.Outcome, "lost"])), "created_at")
    list_select_related = ("credential",)


@admin.register(Ticket)
class Tickets(ReadOnly):
    """What a provider answered at once."""

    list_display = (
        "__str__",
        "is_success",
        "outcome",
        "error_code",
        "date_received",
        "external_id",
        link_to("message"),
        link_to_many("receipts"),
        "check_at",
    )
    list_filter = (
        "is_success",
        "date_received",
        ("outcome", among(wire.Outcome)),
        ("error_code", LatelySeen),
    )
    list_select_related = ("message",)
    counted = ("receipts",)
    search_fields = ("external_id__exact",)
    search_help_text = "A ticket's whole id at the provider."
    actions = ("check_selected_tickets",)

    @admin.action(description="Check selected tickets", permissions=["check"])
    def check_selected_tickets(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
        """Ask for their receipts without delay."""
        left = "ticket(s) stay as they are: the provider gave them no id to ask with."
        reports.do(request, by_hand.check, queryset, "ticket receipt(s) will be checked.", left)

    def has_check_permission(self, request: HttpRequest) -> bool:
        """What comes of a check is a change of tickets."""
        return request.user.has_perm("notifications.change_ticket")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Those with this id; that it is not empty is said once more, so that the index of ids is used."""
        found, doubled = super().get_search_results(request, queryset, search_term)
        return (found.exclude(external_id="") if search_term else found), doubled


@admin.register(Receipt)
class Receipts(ReadOnly):
    """What finally became of accepted messages."""

    list_display = ("__str__", "is_success", "error_code", "error_message", "date_checked", link_to("ticket"))
    list_filter = ("is_success", "date_checked", ("error_code", LatelySeen))
    list_select_related = ("ticket",)
