"""Who is on a project's team: a role is given, changed, taken away."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from notifications.actions import members
from notifications.actions.audit import Refused
from notifications.models import AuditEntry, Membership, Project, Role
from tests.factories import make_operator
from tests.notifications.rows import ACTOR


@pytest.fixture
def ada(db: None) -> User:
    """An account without any role."""
    return User.objects.create_user("ada")


def test_who_is_given_a_role_has_it_there_and_nowhere_else(
    project: Project, other_project: Project, ada: User
) -> None:
    members.grant(ACTOR, project, ada, Role.SENDER)
    assert list(ada.memberships.values_list("project", "role")) == [(project.pk, Role.SENDER)]


def test_another_role_takes_the_place_of_the_one_before(project: Project, ada: User) -> None:
    members.grant(ACTOR, project, ada, Role.ADMIN)
    facts = members.grant(ACTOR, project, ada, Role.VIEWER)
    assert Membership.objects.get().role == Role.VIEWER
    assert facts == {"user": ada.pk, "role": "viewer", "was": "admin"}


def test_who_is_taken_off_the_team_sees_the_project_no_more(project: Project) -> None:
    ada = make_operator("ada", project, Role.EDITOR)
    assert members.remove(ACTOR, project, ada) == {"user": ada.pk, "was": "editor"}
    assert not Project.objects.open_to(ada).exists()


def test_who_is_not_on_the_team_cannot_be_taken_off(project: Project, ada: User) -> None:
    with pytest.raises(Refused, match="ada has none in Default"):
        members.remove(ACTOR, project, ada)


def test_the_entry_belongs_to_the_project_and_names_nobody(project: Project, ada: User) -> None:
    members.grant(ACTOR, project, ada, Role.VIEWER)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.project, entry.target) == ("member.grant", project, f"project:{project.pk}")
    assert "ada" not in str(entry.detail)
