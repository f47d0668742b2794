"""Recipient: the profile of an account; and Identity: what a project calls that account."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from notifications import clock
from notifications.models.project import Project


class Recipient(models.Model):
    """The profile of an account, made on first need."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recipient")
    name = models.CharField(max_length=200, blank=True)
    locale = models.CharField(max_length=35, blank=True)
    """A BCP 47 language tag; empty means the project's language."""
    timezone = models.CharField(max_length=64, blank=True)
    """An IANA zone name; empty means UTC."""
    tags = models.JSONField(default=list, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    muted_until = models.DateTimeField(null=True, blank=True)
    """Nothing but what cannot be suppressed reaches this person before then."""

    def __str__(self) -> str:
        return f"Recipient #{self.pk}"


class Identity(models.Model):
    """What a project calls an account. Two projects may use one uid for two people."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="identities")
    uid = models.CharField(max_length=255)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="identities")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "identities"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "uid"], name="one_account_per_uid")
        ]
        indexes: ClassVar = [models.Index(fields=["project", "id"], name="identity_walk")]

    def __str__(self) -> str:
        return self.uid
