"""`grant`: an account is put on a project's team, from the command line."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from notifications.models import AuditEntry, Membership, Project, Role
from tests.factories import make_operator

PASSWORD = "bells that ring at noon"


def grant(*words: str) -> str:
    """Run it; what it said."""
    out = StringIO()
    call_command("grant", *words, stdout=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARILLON_OPERATOR_PASSWORD", PASSWORD)


@pytest.fixture
def ada(project: Project) -> User:
    """An account that no project knows."""
    return User.objects.create_user("ada", password=PASSWORD)


def test_it_gives_a_role_in_the_default_project(project: Project, ada: User) -> None:
    assert grant("ada", "sender") == "ada is sender of Default.\n"
    assert Membership.objects.get(user=ada, project=project).role == Role.SENDER


def test_it_gives_a_role_in_the_project_that_is_named(other_project: Project, ada: User) -> None:
    grant("ada", "viewer", "--project", "elsewhere")
    assert Membership.objects.get().project == other_project


def test_it_changes_a_role(project: Project) -> None:
    make_operator("ada", project, Role.VIEWER)
    grant("ada", "admin")
    assert Membership.objects.get().role == Role.ADMIN


def test_none_takes_the_role_away(project: Project) -> None:
    make_operator("ada", project, Role.ADMIN)
    assert grant("ada", "none") == "ada has no role in Default any more.\n"
    assert not Membership.objects.exists()


def test_it_is_audited(project: Project, ada: User) -> None:
    grant("ada", "sender")
    assert AuditEntry.objects.get().actor_name == "grant"


def test_it_makes_an_account_with_the_password_of_the_environment(project: Project) -> None:
    grant("ada", "editor", "--create")
    ada = User.objects.get(username="ada")
    assert ada.check_password(PASSWORD)
    assert not ada.is_staff
    assert ada.memberships.get().role == Role.EDITOR


def test_it_says_that_an_account_without_a_password_cannot_sign_in(project: Project) -> None:
    User.objects.create_user("ada")
    assert "manage.py changepassword ada" in grant("ada", "viewer")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("eve", "viewer"), "There is no account 'eve'"),
        (("ada", "boss"), "invalid choice: 'boss'"),
        (("ada", "viewer", "--project", "nowhere"), "There is no project 'nowhere'. There are: default."),
        (("ada", "none"), "ada has none in Default."),
        (("ada", "viewer", "--create"), "The account 'ada' is there already."),
        (("eve", "none", "--create"), "none is no role"),
        (("e v e", "viewer", "--create"), "Enter a valid username."),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(
    ada: User, words: tuple[str, ...], told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        grant(*words)
    assert (Membership.objects.count(), User.objects.count()) == (0, 1)


def test_a_password_that_is_too_easy_makes_no_account(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARILLON_OPERATOR_PASSWORD", "12345")
    with pytest.raises(CommandError, match="too short"):
        grant("ada", "viewer", "--create")
    assert not User.objects.exists()
