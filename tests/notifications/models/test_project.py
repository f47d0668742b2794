"""Project, roles, and when a credential may be used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from pytest_django import Settings

from notifications import clock, encryption
from notifications.models import Credential, Project, Role
from notifications.providers.expo import ExpoProvider
from tests.factories import make_operator, make_project


class TestProject:
    def test_there_is_a_default_one_after_migrate(self, project: Project) -> None:
        assert project.is_default

    def test_there_is_no_second_default(self, project: Project) -> None:
        with pytest.raises(IntegrityError):
            make_project(is_default=True)

    def test_a_superuser_sees_all(self, operator: User, project: Project, other_project: Project) -> None:
        assert set(Project.objects.open_to(operator)) == {project, other_project}

    def test_anybody_else_sees_those_he_belongs_to(self, project: Project, other_project: Project) -> None:
        viewer = make_operator(project=other_project, role=Role.VIEWER)
        assert list(Project.objects.open_to(viewer)) == [other_project]


class TestRole:
    @pytest.mark.parametrize("role", Role)
    def test_each_covers_itself(self, role: Role) -> None:
        assert role.covers(role)

    def test_each_covers_those_before_it_and_no_other(self) -> None:
        covered = {role: [other for other in Role if role.covers(other)] for role in Role}
        assert covered == {
            Role.VIEWER: [Role.VIEWER],
            Role.EDITOR: [Role.VIEWER, Role.EDITOR],
            Role.SENDER: [Role.VIEWER, Role.EDITOR, Role.SENDER],
            Role.ADMIN: list(Role),
        }


def expo(**fields: object) -> Credential:
    return Credential(provider="expo", **fields)


class TestAccess:
    def test_it_speaks_to_the_vendor_by_default(self, settings: Settings) -> None:
        settings.EXPO_NOTIFICATIONS_HOST = None
        assert expo().access().base_url == ExpoProvider.default_url

    def test_a_setting_sends_it_elsewhere(self, settings: Settings) -> None:
        settings.EXPO_NOTIFICATIONS_HOST = "http://127.0.0.1:9"
        assert expo().access().base_url == "http://127.0.0.1:9"

    def test_a_token_of_the_server_serves_where_none_is_stored(self, settings: Settings) -> None:
        settings.EXPO_NOTIFICATIONS_TOKEN = "from-the-server"
        assert expo().access().secrets == {"access_token": "from-the-server"}

    def test_a_stored_one_goes_first(self, settings: Settings) -> None:
        settings.EXPO_NOTIFICATIONS_TOKEN = "from-the-server"
        stored = expo(sealed_secrets=encryption.seal({"access_token": "stored"}))
        assert stored.access().secrets == {"access_token": "stored"}

    def test_the_provider_is_told_the_deadline(self, settings: Settings) -> None:
        settings.CARILLON_CALL_DEADLINE = timedelta(seconds=7)
        assert expo().opened_provider().deadline == 7


class TestPace:
    def test_it_stays_below_the_vendors_limit_by_as_much_as_a_batch_may_be_late(
        self, settings: Settings
    ) -> None:
        settings.EXPO_NOTIFICATIONS_RATE = 600
        assert expo().messages_a_second() == pytest.approx(600 / 1.1)

    def test_a_batch_is_as_large_as_the_vendor_takes_but_not_more_than_a_second_may(
        self, settings: Settings
    ) -> None:
        sizes = []
        for settings.EXPO_NOTIFICATIONS_RATE in (600, 0, 40):
            sizes.append(expo().largest_batch(clock.now()))
        assert sizes == [100, 100, 40]

    def test_a_paused_one_is_not_open(self) -> None:
        assert not expo(paused_reason="UNAUTHORIZED: no").is_open(clock.now())

    def test_one_that_was_told_to_wait_is_not_open_before(self) -> None:
        now = clock.now()
        assert not expo(not_before=now + timedelta(seconds=1)).is_open(now)
        assert expo(not_before=now).is_open(now)

    def test_the_breaker_waits_longer_each_time_and_ten_minutes_at_the_most(self) -> None:
        waits = [expo().breaker_wait(failures).total_seconds() for failures in (0, 4, 5, 6, 7, 9, 10, 5000)]
        assert waits == [0, 0, 30, 60, 120, 480, 600, 600]
