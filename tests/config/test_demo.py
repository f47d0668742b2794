"""`demo`: an operator once, and a small project where there is a sandbox to send to."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django import Settings

from notifications import invariants
from notifications.models import Broadcast, BroadcastState, Device, Identity, Project
from notifications.pipeline import expand

pytestmark = pytest.mark.django_db


def demo(**options: bool) -> str:
    """Run it; what it said."""
    out = StringIO()
    call_command("demo", stdout=out, **options)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARILLON_OPERATOR_PASSWORD", raising=False)


class TestOperator:
    def test_the_password_it_prints_lets_him_in(self, settings: Settings) -> None:
        settings.CARILLON_SANDBOX = False
        password = re.search(r"Password: +(\S+)", demo())
        assert password is not None
        operator = User.objects.get(username="operator")
        assert operator.check_password(password[1])
        assert operator.is_superuser

    def test_a_password_that_is_given_is_not_printed(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.CARILLON_SANDBOX = False
        monkeypatch.setenv("CARILLON_OPERATOR_PASSWORD", "given-by-hand")
        assert "given-by-hand" not in demo()
        assert User.objects.get().check_password("given-by-hand")

    def test_twice_does_no_harm(self, settings: Settings) -> None:
        settings.CARILLON_SANDBOX = False
        demo()
        before = User.objects.values().get()
        assert "Password" not in demo()
        assert User.objects.values().get() == before

    def test_where_somebody_works_already_it_does_nothing(self, settings: Settings, operator: User) -> None:
        settings.CARILLON_SANDBOX = True
        assert demo(if_empty=True) == ""
        assert not Project.objects.filter(slug="demo").exists()


class _Killed(StringIO):
    """Somebody ends the command as soon as it speaks."""

    def write(self, text: str, /) -> int:
        raise KeyboardInterrupt


def test_whoever_ends_it_half_way_does_not_leave_an_operator_without_the_project(settings: Settings) -> None:
    settings.CARILLON_SANDBOX = True
    with pytest.raises(KeyboardInterrupt):
        call_command("demo", stdout=_Killed(), if_empty=True)
    assert User.objects.filter(username="operator").exists() == Project.objects.filter(slug="demo").exists()


class TestProject:
    def test_without_a_sandbox_there_is_none(self, settings: Settings) -> None:
        settings.CARILLON_SANDBOX = False
        assert "CARILLON_SANDBOX=1" in demo()
        assert not Project.objects.filter(slug="demo").exists()

    def test_in_a_sandbox_it_has_people_and_something_on_its_way(self, settings: Settings) -> None:
        settings.CARILLON_SANDBOX = True
        demo()
        project = Project.objects.get(slug="demo")
        assert Identity.objects.filter(project=project).count() == 400
        states = Broadcast.objects.filter(project=project).order_by("pk").values_list("state", flat=True)
        assert list(states) == [BroadcastState.SENDING, BroadcastState.DRAFT]
        while expand.step().more:
            pass
        assert invariants.check() == []

    def test_all_its_devices_live_in_the_sandbox(self, settings: Settings) -> None:
        settings.CARILLON_SANDBOX = True
        demo()
        tokens = Device.objects.values_list("push_token", flat=True)
        assert [token for token in tokens if not token.startswith("ExponentPushToken[sandbox-")] == []

    def test_a_second_one_is_not_made(self, settings: Settings) -> None:
        settings.CARILLON_SANDBOX = True
        demo()
        demo()
        assert Project.objects.filter(slug__startswith="demo").count() == 1
        assert Broadcast.objects.count() == 2
