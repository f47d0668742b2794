"""Projects, teams, keys and people in the administration: what may be done there, and what may not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from dashboard.admin.links import list_of
from notifications import clock, encryption
from notifications.models import (
    AuditEntry,
    Broadcast,
    Credential,
    Identity,
    Membership,
    Notification,
    Project,
    Recipient,
    Role,
    Suppression,
)
from tests.dashboard.admin.rows import make_one_of_each
from tests.dashboard.admin.staff import audited, staff_with
from tests.dashboard.copies import ring
from tests.factories import make_account, make_broadcast, make_credential, make_operator

LOOKED_AT = [AuditEntry, Broadcast, Credential, Identity, Notification, Suppression]


def page_of(row: Project | Credential | Membership | Recipient | Broadcast) -> str:
    """The address of a row."""
    return f"{list_of(type(row))}{row.pk}/change/"


class TestProjects:
    def test_one_is_made(self, signed_in: Client, project: Project) -> None:
        words = {"name": "Ferries", "slug": "ferries", "message_ttl": "2 00:00:00"}
        signed_in.post(f"{list_of(Project)}add/", words)
        assert Project.objects.get(slug="ferries").message_ttl == timedelta(days=2)
        assert audited("admin.add")

    @pytest.mark.parametrize("ttl", ["0", "-1 00:00:00"])
    def test_messages_must_live_for_a_while(self, signed_in: Client, project: Project, ttl: str) -> None:
        signed_in.post(page_of(project), {"name": "Default", "slug": "default", "message_ttl": ttl})
        project.refresh_from_db()
        assert project.message_ttl > timedelta(0)

    def test_none_is_deleted(self, signed_in: Client, project: Project) -> None:
        assert signed_in.post(f"{list_of(Project)}{project.pk}/delete/", {"post": "yes"}).status_code == 403


class TestMemberships:
    def test_a_role_that_is_given_is_audited(self, signed_in: Client, project: Project) -> None:
        user = User.objects.create_user("bob")
        words = {"project": project.pk, "user": user.pk, "role": "sender"}
        signed_in.post(f"{list_of(Membership)}add/", words)
        given = Membership.objects.get()
        assert (given.user, given.role) == (user, "sender")
        (who, target, detail) = audited("admin.add")[0]
        assert (who, target, detail["user"], detail["role"]) == (
            "operator",
            f"membership:{given.pk}",
            user.pk,
            "sender",
        )

    def test_there_are_no_other_roles(self, signed_in: Client, project: Project) -> None:
        make_operator("bob", project, Role.VIEWER)
        signed_in.post(page_of(Membership.objects.get()), {"role": "emperor"})
        assert Membership.objects.get().role == "viewer"

    def test_a_role_that_is_taken_is_audited(self, signed_in: Client, project: Project) -> None:
        make_operator("bob", project, Role.VIEWER)
        signed_in.post(f"{list_of(Membership)}{Membership.objects.get().pk}/delete/", {"post": "yes"})
        assert not Membership.objects.exists()
        assert audited("admin.delete")[0][2]["role"] == "viewer"


class TestCredentials:
    def test_secrets_are_not_shown(self, signed_in: Client, project: Project) -> None:
        sealed = encryption.seal({"access_token": "very secret"})
        key = make_credential(project, sealed_secrets=sealed)
        for address in (list_of(Credential), page_of(key)):
            page = signed_in.get(address).content.decode()
            assert sealed not in page
            assert "very secret" not in page

    def test_a_key_is_not_deleted(self, signed_in: Client, project: Project) -> None:
        key = make_credential(project)
        assert signed_in.post(f"{list_of(Credential)}{key.pk}/delete/", {"post": "yes"}).status_code == 403
        assert Credential.objects.get() == key

    def test_a_key_leads_to_where_it_is_changed(self, signed_in: Client, project: Project) -> None:
        page = signed_in.get(page_of(make_credential(project))).content.decode()
        assert reverse("dashboard:providers", args=[project.slug]) in page


class TestPeople:
    def test_quiet_can_be_ended_for_somebody(self, signed_in: Client, project: Project) -> None:
        profile = Recipient.objects.create(
            user=make_account(project), muted_until=clock.now() + timedelta(days=1)
        )
        signed_in.post(page_of(profile), {"muted_until_0": "", "muted_until_1": "", "name": "Another"})
        profile.refresh_from_db()
        assert (profile.muted_until, profile.name) == (None, "")

    def test_an_account_takes_what_is_its_own_along(self, signed_in: Client, project: Project) -> None:
        person = make_account(project)
        Recipient.objects.create(user=person)
        ring(make_broadcast(project), person)
        signed_in.post(reverse("admin:auth_user_delete", args=[person.pk]), {"post": "yes"})
        assert not User.objects.filter(pk=person.pk).exists()
        assert not Notification.objects.exists()

    @pytest.mark.parametrize("model", [Identity, Notification, Recipient], ids=lambda model: model.__name__)
    def test_without_it_nothing_of_it_is_deleted(
        self, signed_in: Client, project: Project, model: type
    ) -> None:
        make_one_of_each()
        row = model.objects.first()
        assert signed_in.post(f"{list_of(model)}{row.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", LOOKED_AT, ids=lambda model: model.__name__)
class TestLookedAt:
    def test_nobody_makes_or_changes_one(self, signed_in: Client, project: Project, model: type) -> None:
        make_one_of_each()
        row = model.objects.first()
        assert signed_in.get(f"{list_of(model)}add/").status_code == 403
        assert signed_in.post(f"{list_of(model)}{row.pk}/change/", {"title": "x"}).status_code == 403

    def test_staff_without_permission_see_none(self, project: Project, model: type) -> None:
        assert staff_with().get(list_of(model)).status_code == 403


def test_a_broadcast_leads_to_its_page_in_the_dashboard(signed_in: Client, project: Project) -> None:
    broadcast = make_broadcast(project)
    page = signed_in.get(page_of(broadcast)).content.decode()
    assert reverse("dashboard:broadcast", args=[project.slug, broadcast.pk]) in page


def test_an_audit_entry_outlives_what_it_tells_of(signed_in: Client, project: Project) -> None:
    entry = AuditEntry.objects.create(project_id=999_999, actor_id=999_999, actor_name="ada", verb="login")
    assert "ada" in signed_in.get(list_of(AuditEntry)).content.decode()
    assert signed_in.get(f"{list_of(AuditEntry)}{entry.pk}/change/").status_code == 200
