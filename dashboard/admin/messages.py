"""Messages in the administration: looked up, sent again, and written by hand to find out what is wrong."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator

from dashboard.admin import reports
from dashboard.admin.broadcasts import UNWIELDY
from dashboard.admin.filters import LatelySeen, among
from dashboard.admin.links import link_to, link_to_many
from dashboard.admin.lists import Listed
from dashboard.admin.message_form import ANDROID, BOTH, IOS, PRIORITIES, TIMES, WORDS, MessageForm
from notifications.actions import by_hand
from notifications.models import Message, MessageState, Reason

TICKETS = link_to_many("tickets")
CONTENT = [
    ("What it says", {"fields": WORDS}),
    ("When", {"fields": TIMES}),
    ("Every phone", {"fields": BOTH}),
    ("iPhones", {"fields": IOS}),
    ("Android phones", {"fields": ANDROID}),
]
FATE = ("state", "reason", "code", "attempts", "replays", "available_at", "expires_at", "changed_at")
ORIGIN = (
    "project",
    "channel",
    "provider",
    "address",
    "user",
    "notification",
    "broadcast",
    "key",
    "date_created",
)


@admin.register(Message)
class Messages(Listed):
    """Copies to one device each. What was sent is evidence: a message is written once, and never changed."""

    form = MessageForm
    list_display = (
        "__str__",
        "title",
        "shortened_body",
        "state",
        "date_created",
        link_to("device"),
        TICKETS,
        "reason",
        "project",
        link_to("broadcast"),
    )
    list_filter = (
        ("state", among(MessageState)),
        ("reason", among(Reason)),
        "date_created",
        "expiration",
        ("priority", among(PRIORITIES)),
        ("channel_id", LatelySeen),
        ("category_id", LatelySeen),
        "mutable_content",
        "project",
        ("provider", LatelySeen),
    )
    list_select_related = ("device__user", "broadcast", "project")
    counted = ("tickets",)
    search_fields = ("title", "body", "subtitle")
    autocomplete_fields = ("device",)
    actions = ("send_selected_messages",)

    @admin.action(description="Send selected messages", permissions=["send"])
    def send_selected_messages(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Queue them. Where they lead to receipts, these are asked for in time."""
        left = "message(s) stay as they are: their broadcast is cancelled."
        reports.do(request, by_hand.send, queryset, "message(s) will be send.", left)

    @admin.display(description="body")
    def shortened_body(self, row: Message) -> str:
        """As much of the body as a list has room for."""
        return Truncator(row.body).chars(80)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Without the audiences of their broadcasts."""
        rows: QuerySet[Message] = (
            super().get_queryset(request).defer(*(f"broadcast__{name}" for name in UNWIELDY))
        )
        return rows

    def get_fieldsets(self, request: HttpRequest, obj: Message | None = None) -> Any:
        """What one writes; of a message that stands, also what became of it."""
        if obj is None:
            return [(None, {"fields": ("device",)}), *CONTENT]
        became = (None, {"fields": ("device", *FATE, TICKETS)})
        return [became, *CONTENT, ("Where it comes from", {"fields": ORIGIN})]

    def get_readonly_fields(self, request: HttpRequest, obj: Message | None = None) -> tuple[Any, ...]:
        """What the machine writes."""
        return () if obj is None else (*FATE, *ORIGIN, TICKETS)

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        """Nobody changes one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        """Nobody deletes one: its tickets would go with it."""
        return False

    def has_send_permission(self, request: HttpRequest) -> bool:
        """To send is to change a message's state."""
        return request.user.has_perm("notifications.change_message")

    def view_on_site(self, row: Message) -> str:
        """Its page in the dashboard."""
        return reverse("dashboard:message", args=[row.project.slug, row.pk])
