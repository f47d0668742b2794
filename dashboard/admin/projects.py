"""Projects, their teams and their keys in the administration."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from dashboard.admin.filters import LatelySeen, among
from dashboard.admin.links import link_to, link_to_many
from dashboard.admin.lists import Listed, ReadOnly
from notifications.actions.audit import Facts
from notifications.models import Credential, Membership, Project, Role


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    """An application that sends."""

    class Meta:
        help_texts = {
            "slug": "How addresses call it. Bookmarks of operators break when it changes.",
            "message_ttl": "How long a message may wait before it expires: days hours:minutes:seconds.",
        }

    def clean_message_ttl(self) -> timedelta:
        """Refuse what would let every message expire at once."""
        life: timedelta = self.cleaned_data["message_ttl"]
        if life <= timedelta(0):
            raise forms.ValidationError("A message must have some time: more than 0.")
        return life


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    """Somebody's role in a project."""

    role = forms.ChoiceField(choices=[(role.value, role.value) for role in Role])

    class Meta:
        model = Membership
        fields = ("project", "user", "role")


@admin.register(Project)
class Projects(Listed):
    """Applications that send. None is deleted: its evidence would go with it."""

    form = ProjectForm
    list_display = ("name", "slug", "website", "is_default", "created_at", link_to_many("memberships"))
    counted = ("memberships",)
    search_fields = ("name", "slug")
    fields = ("name", "slug", "website", "icon_url", "message_ttl", "is_default", "created_at")
    readonly_fields = ("is_default", "created_at")
    prepopulated_fields = {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """Nobody deletes one."""
        return False


@admin.register(Membership)
class Memberships(Listed):
    """Which operator may do what in which project."""

    form = MembershipForm
    list_display = ("__str__", link_to("user"), link_to("project"), "role")
    list_filter = (("role", among(Role)), "project")
    list_select_related = ("user", "project")
    search_fields = ("user__username",)
    autocomplete_fields = ("user", "project")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """Whose it is stays; what it is may change."""
        return () if obj is None else ("project", "user")

    def facts(self, row: Membership) -> Facts:
        """Who may do what from now on."""
        return {"user": row.user_id, "role": row.role}


@admin.register(Credential)
class Credentials(ReadOnly):
    """Projects' keys at the providers, without the secrets. They are changed on the project's page of providers."""

    list_display = (
        "__str__",
        link_to("project"),
        "provider",
        "paused_reason",
        "not_before",
        "failures",
        "next_slot_at",
    )
    list_filter = (("provider", LatelySeen), "project")
    list_select_related = ("project",)
    exclude = ("sealed_secrets", "slots")
    readonly_fields = ("where",)

    @admin.display(description="to change it")
    def where(self, row: Credential) -> str:
        """The page on which operators change it."""
        address = reverse("dashboard:providers", args=[row.project.slug])
        return format_html('<a href="{}">The providers of {}</a>', address, row.project)
