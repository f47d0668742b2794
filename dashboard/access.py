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
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from notifications.actions.audit import Actor
from notifications.models import Membership, Project, Role

P = ParamSpec("P")
PublicView = Callable[..., HttpResponse]

OPEN_TO_ALL = "anonymous"
OPEN_TO_OPERATORS = "operator"
READS = ("GET", "HEAD")
LAST_PROJECT = "project"
"""Where the session keeps the slug of the project visited last."""


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
            return view(request, project, *args, **kwargs)

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
            return view(request, *args, **kwargs)

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


def _to_login(request: HttpRequest) -> HttpResponse:
    """To the form, and afterwards back: to the page asked for, or to the page that a form was sent from."""
    if request.method in READS:
        return redirect_to_login(request.get_full_path())
    came_from = request.headers.get("Referer", "")
    is_ours = came_from.startswith("http") and url_has_allowed_host_and_scheme(
        came_from, {request.get_host()}
    )
    return redirect_to_login(
        urlsplit(came_from).path if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)
    )
