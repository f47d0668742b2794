"""Staff with some of Django's permissions, and what the administration tells them."""

from __future__ import annotations

from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from dashboard.admin.links import list_of
from notifications.models import AuditEntry


def staff_with(*codenames: str) -> Client:
    """The browser of an account that may do this in the administration, and no more."""
    user = User.objects.create_user("clerk", password="correct horse", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    browser = Client()
    browser.force_login(user)
    return browser


def act(browser: Client, model: type, action: str, *rows: object, every: bool = False) -> HttpResponse:
    """Pick rows in a list and run an action; `every`: those on its other pages too."""
    picked = {"action": action, "_selected_action": [row.pk for row in rows], "select_across": int(every)}
    return browser.post(list_of(model), picked)


def told(answer: HttpResponse) -> list[str]:
    """The notices that come with the next page."""
    return [str(message) for message in get_messages(answer.wsgi_request)]


def audited(verb: str) -> list[tuple[str, str, dict]]:
    """Who did this to what, and what is noted of it."""
    entries = AuditEntry.objects.filter(verb=verb).order_by("pk")
    return list(entries.values_list("actor_name", "target", "detail"))
