"""DeviceImport: a file of people and devices that was uploaded, what is left of it to take in, and what was refused."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from notifications import clock
from notifications.models.project import Project


class ImportState(StrEnum):
    """Where an import stands."""

    PREVIEW = "preview"
    """Stored, and looked at by whoever uploaded it."""
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """A part could not be taken in, however often it was tried; its lines are kept."""


class DeviceImportQuerySet(models.QuerySet["DeviceImport"]):
    """Reads of imports."""

    def running(self) -> DeviceImportQuerySet:
        """Those with something to take in now."""
        due = Q(not_before=None) | Q(not_before__lte=clock.now())
        return self.filter(due, state=ImportState.RUNNING)


class DeviceImport(models.Model):
    """One uploaded file, and how far it has come."""

    MOST_FAILURES = 5
    """Times in a row that a part is tried."""
    REJECTS_LAST = timedelta(days=30)
    """How long rejected lines are kept."""
    LINES_LAST = timedelta(days=7)
    """How long lines are kept that nobody takes in."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="imports", db_index=False)
    file_name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    """Bytes."""
    columns = models.JSONField(default=list)
    """The names of its header, in order."""
    lines = models.PositiveIntegerField(default=0)
    """Those with something in them, but for the header."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    state = models.CharField(max_length=10, default=ImportState.PREVIEW)
    lines_read = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True)
    """What became of the lines, under the names of importing.taking_in.FACTS."""
    rejected = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    """Times in a row that the next part could not be taken in."""
    not_before = models.DateTimeField(null=True, blank=True)
    """When it is tried again."""
    trouble = models.CharField(max_length=500, blank=True)
    """Why it failed, in a sentence."""
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = DeviceImportQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["project", "-id"], name="import_list"),
            models.Index(fields=["id"], condition=Q(state="running"), name="import_running"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_open(self) -> bool:
        """May lines of it still be taken in?"""
        return self.state in (ImportState.PREVIEW, ImportState.RUNNING, ImportState.FAILED)

    @property
    def keeps_rejects(self) -> bool:
        """Are there rejected lines to download?"""
        over = self.finished_at and self.finished_at <= clock.now() - self.REJECTS_LAST
        return bool(self.rejected and not over)

    def drop_lines(self) -> None:
        """Forget what is left of the file: nothing more is taken in."""
        ImportPart.objects.filter(device_import=self).delete()
        ImportToken.objects.filter(device_import=self).delete()


class ImportPart(models.Model):
    """Some lines of an uploaded file that are not taken in yet: as many as one transaction takes in."""

    device_import = models.ForeignKey(DeviceImport, models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    first_line = models.PositiveIntegerField()
    lines = models.PositiveIntegerField()
    """How many have something in them."""
    data = models.BinaryField()
    """The bytes as they came: they need not be UTF-8."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device_import", "number"], name="one_part_per_number")
        ]

    def __str__(self) -> str:
        return f"Part {self.number} of import {self.device_import_id}"


class ImportReject(models.Model):
    """A line that was not taken, and why."""

    device_import = models.ForeignKey(DeviceImport, models.CASCADE, related_name="rejects", db_index=False)
    line = models.PositiveIntegerField()
    reason = models.TextField()
    data = models.BinaryField()
    """The line as it came."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device_import", "line"], name="one_reject_per_line")
        ]

    def __str__(self) -> str:
        return f"Line {self.line} of import {self.device_import_id}"


class ImportToken(models.Model):
    """Which line of a running import named a device first; gone when the import is over."""

    device_import = models.ForeignKey(DeviceImport, models.CASCADE, related_name="tokens", db_index=False)
    digest = models.BigIntegerField()
    """DeviceRow.digest: nothing a push could be sent with."""
    line = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device_import", "digest"], name="one_first_line_per_token")
        ]

    def __str__(self) -> str:
        return f"Line {self.line} of import {self.device_import_id}"
