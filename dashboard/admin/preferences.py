"""Preferences in the administration: what users want to hear of and how often, to look up."""

from __future__ import annotations

from django.contrib import admin

from dashboard.admin.filters import LatelySeen, among
from dashboard.admin.links import link_to
from dashboard.admin.lists import GoesWithItsAccount
from notifications.models import ChannelPreference, DigestFrequency, NotificationPreference


@admin.register(NotificationPreference)
class NotificationPreferences(GoesWithItsAccount):
    """A user's own word on a kind."""

    list_display = ("kind", link_to("user"), "enabled")
    list_filter = (("kind", LatelySeen), "enabled")
    list_select_related = ("user",)
    search_fields = ("user__username",)


@admin.register(ChannelPreference)
class ChannelPreferences(GoesWithItsAccount):
    """How often a user gets what has gathered."""

    list_display = ("channel", link_to("user"), "digest_frequency", "last_digest_sent_at")
    list_filter = (("channel", LatelySeen), ("digest_frequency", among(DigestFrequency)))
    list_select_related = ("user",)
    search_fields = ("user__username",)
