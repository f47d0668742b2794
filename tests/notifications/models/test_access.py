"""The audit log: entries are added and read; nothing else, not even by the database."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection

from notifications.actions.audit import write_down
from notifications.models import AuditEntry, Project
from tests.notifications.rows import ACTOR


@pytest.fixture
def entry(project: Project) -> AuditEntry:
    """An entry that stands."""
    write_down(ACTOR, "test.verb", project, {"a": 1})
    return AuditEntry.objects.get()


def test_it_is_not_saved_again(entry: AuditEntry) -> None:
    with pytest.raises(TypeError, match="append-only"):
        entry.save()


def test_it_is_not_deleted(entry: AuditEntry) -> None:
    with pytest.raises(TypeError, match="append-only"):
        entry.delete()


def test_many_are_not_updated_at_once(entry: AuditEntry) -> None:
    with pytest.raises(TypeError, match="append-only"):
        AuditEntry.objects.update(verb="another")


def test_many_are_not_updated_by_list(entry: AuditEntry) -> None:
    with pytest.raises(TypeError, match="append-only"):
        AuditEntry.objects.bulk_update([entry], ["verb"])


def test_many_are_not_deleted_at_once(entry: AuditEntry) -> None:
    with pytest.raises(TypeError, match="append-only"):
        AuditEntry.objects.all().delete()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE notifications_auditentry SET verb = 'another'",
        "DELETE FROM notifications_auditentry",
        "UPDATE notifications_auditentry SET detail = '{}' WHERE verb = 'test.verb'",
    ],
)
def test_the_database_itself_refuses(entry: AuditEntry, statement: str) -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append-only"):
        cursor.execute(statement)


def test_it_outlives_its_project(entry: AuditEntry, project: Project) -> None:
    project.delete()
    assert AuditEntry.objects.get().target == f"project:{project.pk or entry.project_id}"


def test_it_says_who_did_what(entry: AuditEntry) -> None:
    assert str(entry) == f"engine tests test.verb project:{entry.project_id}"
