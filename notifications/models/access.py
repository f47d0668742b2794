"""AuditEntry: who did what, kept for ever."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from notifications import clock
from notifications.models.project import Project


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Audit entries are added and read; nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refused: raises TypeError."""
        raise TypeError("The audit log is append-only")

    def delete(self) -> NoReturn:
        """Refused: raises TypeError."""
        raise TypeError("The audit log is append-only")


class AuditEntry(models.Model):
    """One audited action: who, what, on what, from where. The database itself refuses to change or delete it."""

    at = models.DateTimeField(default=clock.now)
    project = models.ForeignKey(
        Project, models.DO_NOTHING, related_name="audit_entries", null=True, db_constraint=False
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, related_name="+", null=True, db_constraint=False
    )
    actor_name = models.CharField(max_length=150)
    """The name as it was then, so that the entry outlives the account."""
    verb = models.CharField(max_length=50)
    target = models.CharField(max_length=100, blank=True)
    """`broadcast:12`."""
    detail = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    ip = models.GenericIPAddressField(null=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes: ClassVar = [
            models.Index(fields=["project", "-id"], name="audit_list"),
            models.Index(fields=["target"], name="audit_of_target"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry. Raises TypeError for one that stands already."""
        if self.pk is not None:
            raise TypeError("The audit log is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: raises TypeError."""
        raise TypeError("The audit log is append-only")
