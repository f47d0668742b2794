"""Django's administration for staff, behind the operators' own door."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from dashboard.access import actor
from dashboard.views.login import login
from notifications.actions.audit import write_down


class Site(AdminSite):
    """One door for everybody: Django's own would know no throttle and leave no audit entry."""

    site_header = "Carillon: administration"
    site_title = "Carillon"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The operators' form; who is signed in already is let in, or told why not (403)."""
        if not request.user.is_authenticated:
            return login(request)
        if not self.has_permission(request):
            raise PermissionDenied(
                "These pages are for those who run the server, and your account is not among them."
            )
        return redirect("admin:index")

    def password_change(  # type: ignore[override]  # the stubs forget the redirect
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Somebody's own password, audited once it is another one."""
        answer: HttpResponse = super().password_change(request, extra_context)
        if request.method == "POST" and answer.status_code == 302:
            write_down(actor(request), "admin.change", cast(User, request.user), {"changes": ["password"]})
        return answer
