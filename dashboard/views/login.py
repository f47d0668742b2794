"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import throttle
from dashboard.access import OPEN_TO_ALL, OPEN_TO_OPERATORS, client_ip, open_to
from notifications.actions.audit import Actor
from notifications.actions.sign_in import sign_in_failed, signed_in
from notifications.models import Project


class SignInForm(AuthenticationForm):
    """Name and password of somebody who has a project to run."""

    error_messages = {
        "invalid_login": "That name and password do not go together. Capital letters matter in the password.",
        "inactive": "That name and password do not go together. Capital letters matter in the password.",
    }

    def confirm_login_allowed(self, user: Any) -> None:
        """Raise ValidationError for an account that no project lets in."""
        super().confirm_login_allowed(user)
        if not Project.objects.open_to(user).exists():
            raise ValidationError("This account belongs to no project's team. Ask an admin to add it.")


@open_to(OPEN_TO_ALL)
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The form, and what becomes of it: in, told what is wrong (422), or told to wait (429)."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if request.method != "POST":
        return render(request, "dashboard/login.html", {"form": SignInForm(request), "next": wanted})
    name, address = request.POST.get("username", ""), client_ip(request) or ""
    wait = throttle.take_try(name, address)
    if wait:
        page = {"form": SignInForm(request, initial={"username": name}), "next": wanted, "throttled": wait}
        answer = render(request, "dashboard/login.html", page, status=429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    form = SignInForm(request, request.POST)
    if not form.is_valid():
        _note_failure(form, address)
        return render(request, "dashboard/login.html", {"form": form, "next": wanted}, status=422)
    throttle.forgive(name, address)
    user = form.get_user()
    auth.login(request, user)
    signed_in(Actor(user.get_username(), user.pk, address or None), user)
    return redirect(_safe(request, wanted))


@open_to(OPEN_TO_OPERATORS)
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Out, and back to the form."""
    auth.logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _note_failure(form: SignInForm, address: str) -> None:
    """Write it down where the name is somebody's. A name that is no name at all was not cleaned."""
    name = form.cleaned_data.get("username", "")
    user = get_user_model().objects.filter(username=name).first()
    if user is not None:
        sign_in_failed(Actor("somebody", None, address or None), user)


def _safe(request: HttpRequest, wanted: str) -> str:
    """Where to go then: only to ourselves."""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)
