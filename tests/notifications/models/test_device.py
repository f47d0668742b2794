"""Device: whose it is, what its owner is called, and that an address has one owner."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from notifications.models import Device, Identity, InactiveReason, Project
from tests.factories import make_account, make_device, make_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    """An account that no project knows yet."""
    return User.objects.create_user("ada")


class TestHome:
    def test_one_that_names_no_project_belongs_to_the_default_one(self, project: Project, ada: User) -> None:
        assert Device.objects.create(user=ada, push_token=make_token()).project == project

    def test_so_do_many_at_once(self, project: Project, ada: User) -> None:
        Device.objects.bulk_create([Device(user=ada, push_token=make_token()) for _ in range(3)])
        assert project.devices.count() == 3

    def test_one_that_names_a_project_stays_there(self, other_project: Project, ada: User) -> None:
        assert make_device(other_project, ada).project == other_project


class TestOwner:
    def test_the_project_gets_to_know_the_account(self, project: Project, ada: User) -> None:
        make_device(project, ada)
        assert Identity.objects.get(project=project, user=ada).uid == "ada"

    def test_also_when_many_are_made_at_once(self, project: Project, ada: User) -> None:
        Device.objects.bulk_create([Device(user=ada, push_token=make_token()) for _ in range(2)])
        assert Identity.objects.get(project=project, user=ada).uid == "ada"
        assert set(Device.objects.values_list("uid", flat=True)) == {"ada"}

    def test_it_is_called_what_the_project_calls_it(self, project: Project) -> None:
        assert make_device(project, make_account(project, "customer-7")).uid == "customer-7"

    def test_also_when_many_are_made_at_once_in_two_projects(
        self, project: Project, other_project: Project
    ) -> None:
        user = make_account(project, "customer-7")
        made = [Device(project=p, user=user, push_token=make_token()) for p in (project, other_project)]
        Device.objects.bulk_create(made)
        assert [device.uid for device in made] == ["customer-7", user.username]

    def test_a_name_that_somebody_else_has_there_is_not_taken(self, project: Project, ada: User) -> None:
        make_account(project, "ada")
        device = make_device(project, ada)
        assert device.uid != "ada"
        assert Identity.objects.get(project=project, user=ada).uid == device.uid

    def test_a_second_device_makes_no_second_identity(self, project: Project, ada: User) -> None:
        make_device(project, ada)
        make_device(project, ada)
        assert Identity.objects.count() == 1

    def test_one_of_nobody_makes_none(self, project: Project) -> None:
        make_device(project, uid="kiosk")
        assert Identity.objects.count() == 0


class TestAddress:
    def test_it_has_one_active_owner(self, project: Project) -> None:
        token = make_token()
        first, second = make_device(project, token=token), make_device(project)
        with pytest.raises(IntegrityError):
            Device.objects.filter(pk=second.pk).update(push_token=first.push_token)

    def test_another_project_may_have_it_too(self, project: Project, other_project: Project) -> None:
        token = make_token()
        make_device(project, token=token)
        make_device(other_project, token=token)

    def test_one_that_was_given_up_may_be_registered_anew(self, project: Project) -> None:
        token = make_token()
        make_device(project, token=token, is_active=False)
        make_device(project, token=token)

    @pytest.mark.parametrize(
        "token", ["ExponentPushToken[abcdefghijklmnop]", "short", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"]
    )
    def test_its_short_form_gives_nothing_away(self, token: str) -> None:
        short = Device(push_token=token).short_token
        assert token not in short
        assert len(short.replace("ExponentPushToken[", "")) <= 5

    def test_one_that_its_provider_would_not_know_is_refused_where_it_is_typed_in(self) -> None:
        with pytest.raises(ValidationError) as refusal:
            Device(push_token="ExponentPushToken[cut off").clean()
        assert "push_token" in refusal.value.message_dict
        Device(push_token=make_token()).clean()


class TestActive:
    def test_it_is_a_property_of_the_manager_and_of_querysets(self, project: Project) -> None:
        on = make_device(project)
        make_device(project, is_active=False)
        assert list(Device.objects.active) == list(Device.objects.all().active) == [on]

    def test_also_of_what_belongs_to_somebody(self, project: Project, ada: User) -> None:
        on = make_device(project, ada)
        make_device(project, ada, is_active=False)
        make_device(project)
        assert list(ada.devices.active) == list(ada.devices.active.filter(uid="ada")) == [on]

    def test_what_is_switched_off_says_why_and_since_when(self, project: Project) -> None:
        device = make_device(project)
        device.is_active = False
        device.save()
        device.refresh_from_db()
        assert device.inactive_reason == InactiveReason.REMOVED
        assert device.date_retired is not None
