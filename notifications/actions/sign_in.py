"""Signing in, as the audit log sees it."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser

from notifications.actions.audit import Actor, Facts, audited


@audited("login")
def signed_in(actor: Actor, user: AbstractUser) -> Facts:
    """An operator came in."""
    return {}


@audited("login_failed")
def sign_in_failed(actor: Actor, user: AbstractUser) -> Facts:
    """Somebody tried to come in as this operator; one that was never saved stands for names that nobody has."""
    return {}
