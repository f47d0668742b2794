"""Who may open which page: the one decorator that every page of a project wears."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from dashboard.kept import keep
from notifications.actions.audit import Actor
from notifications.models import Membership, Project, Role

P = ParamSpec("P")
PublicView = Callable[..., HttpResponse]

OPEN_TO_ALL = "anonymous"
OPEN_TO_OPERATORS = "operator"
READS = ("GET", "HEAD")
LAST_PROJECT = "project"
"""Where the session keeps the slug of the project visited last."""
PAGE_OF = {
    "logout": "home",
    "compose_reach": "compose",
    "broadcast_send": "broadcast_confirm",
    "broadcast_star": "broadcast",
    "broadcast_pause": "broadcast",
    "broadcast_resume": "broadcast",
    "broadcast_cancel": "broadcast",
    "broadcast_retry": "broadcast",
    "message_retry": "message",
    "import_upload": "import",
    "import_start": "import_detail",
    "import_cancel": "import_detail",
    "device_test": "device",
    "device_off": "device",
    "device_on": "device",
    "provider_save": "providers",
    "provider_pause": "providers",
    "provider_resume": "providers",
}
"""Addresses that only take forms → the page with the button, for who comes by a link or after signing in."""


def needs(role: Role) -> Callable[[Callable[Concatenate[HttpRequest, Project, P], HttpResponse]], PublicView]:
    """A page of a project, for operators with at least this role there.

    The view takes (request, project, …) instead of the slug. Strangers to the project get 404, too small a role 403,
    anonymous people the login page. `request.role` holds the operator's role.
    """

    def decorate(view: Callable[Concatenate[HttpRequest, Project, P], HttpResponse]) -> PublicView:
        @wraps(view)
        def guarded(request: HttpRequest, project_slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_login(request)
            project = Project.objects.open_to(request.user).filter(slug=project_slug).first()
            if project is None:
                raise Http404("No such project")
            held = role_in(request.user, project)
            if held is None or not held.covers(role):
                raise PermissionDenied(
                    f"This needs the role {role.value} in {project}; yours is {held.value if held else 'none'}."
                )
            request.project, request.role = project, held  # type: ignore[attr-defined]
            _remember(request, project)
            return _in_words(request, view(request, project, *args, **kwargs))

        guarded.open_to = role.value  # type: ignore[attr-defined]
        return guarded

    return decorate


def open_to(word: str) -> Callable[[PublicView], PublicView]:
    """Mark a view that belongs to no project with who may call it."""

    def decorate(view: PublicView) -> PublicView:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if word != OPEN_TO_ALL and not request.user.is_authenticated:
                return _to_login(request)
            return _in_words(request, view(request, *args, **kwargs))

        guarded.open_to = word  # type: ignore[attr-defined]
        return guarded

    return decorate


def role_in(user: Any, project: Project) -> Role | None:
    """The operator's role in a project; a superuser is admin everywhere."""
    if user.is_superuser:
        return Role.ADMIN
    membership = Membership.objects.filter(user=user, project=project).first()
    return Role(membership.role) if membership else None


def actor(request: HttpRequest) -> Actor:
    """The operator behind a request, for audited actions."""
    return Actor(name=request.user.get_username(), user_id=request.user.pk, ip=client_ip(request))


def client_ip(request: HttpRequest) -> str | None:
    """Where the request comes from, as the server in front of us saw it; None where that is no address."""
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "").partition("%")[0]))
    except ValueError:
        return None


def _remember(request: HttpRequest, project: Project) -> None:
    """Note the project for the next visit. A tab in the background that asks for its fragments is no visit."""
    is_visit = request.method in READS and not request.htmx  # type: ignore[attr-defined]
    if is_visit and request.session.get(LAST_PROJECT) != project.slug:
        request.session[LAST_PROJECT] = project.slug


def _in_words(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """A bare 405 becomes the page that the address belongs to, or one that says what happened."""
    if answer.status_code != 405 or not request.resolver_match:
        return answer
    page = PAGE_OF.get(request.resolver_match.url_name or "")
    if page and request.method in READS:
        given = request.resolver_match.kwargs
        kwargs = {name: value for name, value in given.items() if name != "provider"}
        return HttpResponseRedirect(reverse(f"dashboard:{page}", kwargs=kwargs))
    words = render(request, "405.html", status=405)
    words.headers["Allow"] = answer.headers["Allow"]
    return words


def _to_login(request: HttpRequest) -> HttpResponse:
    """To the form, and afterwards back: to the page asked for, or to the page that a form was sent from.

    What was typed into a form of its own page is kept meanwhile; an action is only a button to press again, and what
    a provider's form holds is secret.
    """
    if request.method in READS:
        return redirect_to_login(request.get_full_path())
    is_action = request.resolver_match and request.resolver_match.url_name in PAGE_OF
    kept = "" if is_action or request.htmx else keep(request)  # type: ignore[attr-defined]
    if not kept:
        return redirect_to_login(_came_from(request))
    form = render(request, "dashboard/login.html", {"next": _came_from(request), "kept": kept}, status=401)
    add_never_cache_headers(form)
    return form


def _came_from(request: HttpRequest) -> str:
    """The page of ours that a form was sent from, with its query; else the front door."""
    told: str = request.headers.get("Referer", "")
    if not told.startswith("http") or not url_has_allowed_host_and_scheme(told, {request.get_host()}):
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return urlsplit(told)._replace(scheme="", netloc="", fragment="").geturl()
