"""The administration: for staff, by the operators' door, and with an audit entry for every change."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from notifications.models import AuditEntry, Project, Role
from tests.factories import make_operator

NEW = "bells that ring at noon"


@pytest.fixture
def ada(project: Project) -> User:
    """An operator who is not staff."""
    return make_operator("ada", project, Role.ADMIN)


def entry_about(user: User) -> AuditEntry:
    """The one entry there is; it must be about this account."""
    entry = AuditEntry.objects.get()
    assert entry.target == f"user:{user.pk}"
    assert (entry.actor_name, entry.ip) == ("operator", "127.0.0.1")
    return entry


def test_a_password_that_is_changed_for_somebody_is_audited(signed_in: Client, ada: User) -> None:
    signed_in.post(
        reverse("admin:auth_user_password_change", args=[ada.pk]),
        {"usable_password": "true", "password1": NEW, "password2": NEW, "set-password": ""},
    )
    ada.refresh_from_db()
    assert ada.check_password(NEW)
    entry = entry_about(ada)
    assert entry.verb == "admin.change"
    assert NEW not in str(entry.detail)


def test_ones_own_new_password_is_audited(signed_in: Client, operator: User) -> None:
    words = {"old_password": "correct horse", "new_password1": NEW, "new_password2": NEW}
    signed_in.post(reverse("admin:password_change"), words)
    assert entry_about(operator).detail == {"changes": ["password"]}


def test_a_wrong_old_password_changes_and_audits_nothing(signed_in: Client) -> None:
    words = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    assert signed_in.post(reverse("admin:password_change"), words).status_code == 200
    assert not AuditEntry.objects.exists()


def test_making_a_superuser_is_audited(signed_in: Client, ada: User) -> None:
    form = {"username": "ada", "is_active": "on", "is_superuser": "on", "date_joined_0": "2026-01-01"}
    signed_in.post(reverse("admin:auth_user_change", args=[ada.pk]), {**form, "date_joined_1": "12:00:00"})
    entry = entry_about(ada)
    assert (entry.verb, entry.detail["superuser"]) == ("admin.change", True)
    assert "Superuser status" in str(entry.detail["changes"])


def test_a_new_account_is_audited(signed_in: Client) -> None:
    words = {"username": "eve", "usable_password": "true", "password1": NEW, "password2": NEW}
    signed_in.post(reverse("admin:auth_user_add"), words)
    assert entry_about(User.objects.get(username="eve")).verb == "admin.add"


@pytest.mark.parametrize("many", [True, False])
def test_an_account_that_is_deleted_is_audited(signed_in: Client, ada: User, many: bool) -> None:
    if many:
        words = {"action": "delete_selected", "_selected_action": [ada.pk], "post": "yes"}
        signed_in.post(reverse("admin:auth_user_changelist"), words)
    else:
        signed_in.post(reverse("admin:auth_user_delete", args=[ada.pk]), {"post": "yes"})
    assert not User.objects.filter(pk=ada.pk).exists()
    assert entry_about(ada).verb == "admin.delete"


def test_groups_are_audited_too(signed_in: Client) -> None:
    signed_in.post(reverse("admin:auth_group_add"), {"name": "Ringers"})
    assert AuditEntry.objects.get().target == f"group:{Group.objects.get().pk}"


def test_who_is_signed_in_but_not_staff_is_told_so(client: Client, ada: User) -> None:
    client.force_login(ada)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "your account is not among them" in answer.content.decode()


def test_staff_need_no_project(client: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_staff=True)
    ada.memberships.all().delete()
    ada.set_password(NEW)
    ada.save(update_fields=["password"])
    words = {"username": ada.username, "password": NEW, "next": "/admin/"}
    assert client.post("/dashboard/login/", words, follow=True).redirect_chain == [("/admin/", 302)]
    assert "administration" in client.get("/dashboard/", follow=True).content.decode()


def test_staff_who_are_signed_in_are_not_asked_again(signed_in: Client) -> None:
    assert signed_in.get("/admin/login/").headers["Location"] == "/admin/"


def test_strangers_get_the_operators_form(client: Client, db: None) -> None:
    page = client.get("/admin/", follow=True)
    assert 'action="/dashboard/login/"' in page.content.decode()
