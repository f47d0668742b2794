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
from dashboard.kept import read
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
        """Raise ValidationError for an account that neither a project nor the administration lets in."""
        super().confirm_login_allowed(user)
        if not (user.is_staff or Project.objects.open_to(user).exists()):
            raise ValidationError(
                "This account belongs to no project's team. Whoever runs the server can add it with: "
                f"manage.py grant {user.get_username()} viewer"
            )


@open_to(OPEN_TO_ALL)
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The form, and what becomes of it: in, told what is wrong (422), or told to wait (429)."""
    if request.method != "POST":
        return _page(request, SignInForm(request))
    name, address = request.POST.get("username", ""), client_ip(request) or ""
    wait = throttle.take_try(name, address)
    if wait:
        answer = _page(request, SignInForm(request, initial={"username": name}), 429, throttled=wait)
        answer.headers["Retry-After"] = str(wait)
        return answer
    form = SignInForm(request, request.POST)
    if not form.is_valid():
        _note_failure(form, address)
        return _page(request, form, 422)
    throttle.forgive(name, address)
    user = form.get_user()
    auth.login(request, user)
    signed_in(Actor(user.get_username(), user.pk, address or None), user)
    kept = read(request.POST.get("kept", ""))
    if kept:
        return render(request, "dashboard/home/go_on.html", {"kept": kept})
    return redirect(_safe(request, _wanted(request)))


@open_to(OPEN_TO_OPERATORS)
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Out, and back to the form."""
    auth.logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _page(request: HttpRequest, form: SignInForm, status: int = 200, **more: Any) -> HttpResponse:
    """The form, with where to go afterwards and what was typed before."""
    carried = {"next": _wanted(request), "kept": request.POST.get("kept", "")}
    return render(request, "dashboard/login.html", {"form": form, **carried, **more}, status=status)


def _note_failure(form: SignInForm, address: str) -> None:
    """Write it down, for a name that nobody has too: what takes longer would tell which names there are."""
    name = form.cleaned_data.get("username", "")
    if name:
        user = get_user_model().objects.filter(username=name).first()
        sign_in_failed(Actor("somebody", None, address or None), user or get_user_model()())


def _wanted(request: HttpRequest) -> str:
    return request.POST.get("next") or request.GET.get("next", "")


def _safe(request: HttpRequest, wanted: str) -> str:
    """Where to go then: only to ourselves."""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)
