"""Registration: an address has one active owner, and whoever registers it takes it over, in any way there is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import clock
from notifications.models import AuditEntry, Device, Identity, InactiveReason, MessageState, Project
from notifications.pipeline import record
from tests.factories import make_device, make_token
from tests.fakes.process import FakeExpo
from tests.notifications.stepping import send_step

pytestmark = pytest.mark.django_db
TOKEN = "ExponentPushToken[shared]"
Register = Callable[[User], Device]


@pytest.fixture
def ada(project: Project) -> User:
    """The first owner of a phone."""
    return User.objects.create_user("ada")


@pytest.fixture
def bob(project: Project) -> User:
    """The second one."""
    return User.objects.create_user("bob")


def by_create(user: User) -> Device:
    return Device.objects.create(user=user, push_token=TOKEN)


def by_save(user: User) -> Device:
    device = Device(user=user, push_token=TOKEN)
    device.save()
    return device


def by_update_or_create(user: User) -> Device:
    return Device.objects.update_or_create(user=user, push_token=TOKEN, defaults={"is_active": True})[0]


def by_get_or_create(user: User) -> Device:
    return Device.objects.get_or_create(user=user, push_token=TOKEN)[0]


def by_bulk_create(user: User) -> Device:
    return Device.objects.bulk_create([Device(user=user, push_token=TOKEN)])[0]


def by_their_own(user: User) -> Device:
    return user.devices.create(push_token=TOKEN)


def by_giving_the_row_away(user: User) -> Device:
    """Looked up by the address alone."""
    defaults = {"user": user, "is_active": True}
    return Device.objects.update_or_create(push_token=TOKEN, defaults=defaults)[0]


def by_another_address(user: User) -> Device:
    device = Device.objects.create(user=user, push_token=make_token())
    device.push_token = TOKEN
    device.save()
    return device


MOVING = [
    by_create,
    by_save,
    by_update_or_create,
    by_get_or_create,
    by_bulk_create,
    by_their_own,
    by_giving_the_row_away,
    by_another_address,
]
AGAIN = [by_create, by_save, by_update_or_create, by_bulk_create, by_their_own]


@pytest.mark.parametrize("register", MOVING)
class TestSomebodyElse:
    def test_they_get_it(self, ada: User, bob: User, register: Register) -> None:
        by_create(ada)
        device = register(bob)
        assert list(Device.objects.active) == [device]
        assert (device.user, device.uid) == (bob, "bob")

    def test_the_earlier_row_says_what_became_of_it(self, ada: User, bob: User, register: Register) -> None:
        earlier = by_create(ada)
        register(bob)
        earlier.refresh_from_db()
        assert (earlier.user, earlier.uid) == (ada, "ada")
        assert (earlier.is_active, earlier.inactive_reason) == (False, InactiveReason.MOVED)
        assert earlier.date_retired is not None

    def test_the_device_says_whom_it_took_the_address_from(
        self, ada: User, bob: User, register: Register
    ) -> None:
        earlier = by_create(ada)
        device = register(bob)
        assert device.moved_from == earlier
        assert not device.moved_from.is_active

    def test_it_is_written_down(self, ada: User, bob: User, register: Register) -> None:
        earlier = by_create(ada)
        device = register(bob)
        (entry,) = AuditEntry.objects.all()
        assert (entry.verb, entry.target, entry.project) == (
            "device.move",
            f"device:{device.pk}",
            device.project,
        )
        assert entry.detail == {"from": f"device:{earlier.pk}"}
        assert entry.actor_name == "registration"

    def test_it_is_logged_without_the_address(
        self, ada: User, bob: User, register: Register, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        by_create(ada)
        register(bob)
        assert "took over" in caplog.text
        assert TOKEN not in caplog.text

    def test_their_project_gets_to_know_them(self, ada: User, bob: User, register: Register) -> None:
        by_create(ada)
        register(bob)
        assert Identity.objects.get(user=bob).uid == "bob"

    def test_what_waited_for_the_first_owner_is_not_shown_to_the_second(
        self, ada: User, bob: User, register: Register, expo: FakeExpo
    ) -> None:
        message = by_create(ada).messages.send(title="For Ada")
        register(bob)
        send_step()
        message.refresh_from_db()
        assert (message.state, expo.history()) == (MessageState.SUPPRESSED, [])


@pytest.mark.parametrize("register", AGAIN)
class TestTheSameOwner:
    def test_the_row_stays(self, ada: User, register: Register) -> None:
        first = by_create(ada)
        again = register(ada)
        assert (again.pk, again.moved_from) == (first.pk, None)
        assert Device.objects.get() == first

    def test_one_that_was_switched_off_is_on_again(self, ada: User, register: Register) -> None:
        first = by_create(ada)
        record.retire([first.pk], clock.now(), clock.now())
        register(ada)
        first.refresh_from_db()
        assert (first.is_active, first.inactive_reason, first.date_retired) == (True, "", None)

    def test_that_counts_as_a_new_registration(self, ada: User, register: Register) -> None:
        first = by_create(ada)
        record.retire([first.pk], clock.now(), clock.now())
        clock.turn(timedelta(days=1))
        register(ada)
        assert record.retire([first.pk], clock.now() - timedelta(hours=1), clock.now()) == 0

    def test_what_is_not_said_again_is_kept(self, ada: User, register: Register) -> None:
        Device.objects.create(user=ada, push_token=TOKEN, lang="de", tags=["beta"])
        register(ada)
        device = Device.objects.get()
        assert (device.lang, device.tags) == ("de", ["beta"])

    def test_it_is_nothing_to_write_down(self, ada: User, register: Register) -> None:
        by_create(ada)
        register(ada)
        assert not AuditEntry.objects.exists()

    def test_who_gets_it_back_gets_the_old_row_back(self, ada: User, bob: User, register: Register) -> None:
        first, second = by_create(ada), by_create(bob)
        again = register(ada)
        assert (again.pk, again.moved_from) == (first.pk, second)
        assert list(Device.objects.active) == [first]


class TestOneByOne:
    def test_of_several_rows_of_one_owner_the_active_one_is_meant(self, ada: User) -> None:
        off = by_create(ada)
        Device.objects.filter(pk=off.pk).update(is_active=False, uid="ada-before")
        on = Device.objects.create(user=ada, push_token=TOKEN)
        assert on.pk != off.pk
        assert by_update_or_create(ada) == by_get_or_create(ada) == on

    def test_it_is_meant_in_the_default_project(self, ada: User, other_project: Project) -> None:
        elsewhere = make_device(other_project, ada, token=TOKEN)
        assert by_update_or_create(ada) != elsewhere
        assert Device.objects.active.count() == 2

    def test_another_project_loses_nothing(self, ada: User, bob: User, other_project: Project) -> None:
        elsewhere = make_device(other_project, ada, token=TOKEN)
        assert by_create(bob).moved_from is None
        elsewhere.refresh_from_db()
        assert elsewhere.is_active

    @pytest.mark.parametrize("is_many", [False, True])
    def test_one_that_is_named_by_the_uid_alone_keeps_its_account(self, ada: User, is_many: bool) -> None:
        device = by_create(ada)
        again = Device(uid="ada", push_token=TOKEN)
        Device.objects.bulk_create([again]) if is_many else again.save()
        assert (again.pk, Device.objects.get().user) == (device.pk, ada)

    def test_one_of_nobody_may_become_somebodys(self, project: Project, ada: User) -> None:
        device = make_device(project, token=TOKEN)
        device.user = ada
        device.save()
        assert (Device.objects.get(), device.uid) == (device, "ada")

    def test_an_inactive_one_takes_nothing(self, ada: User, bob: User) -> None:
        first = by_create(ada)
        Device.objects.create(user=bob, push_token=TOKEN, is_active=False)
        assert list(Device.objects.active) == [first]

    def test_a_change_of_something_else_asks_nobody(self, ada: User) -> None:
        device = by_create(ada)
        device.lang = "de"
        with CaptureQueriesContext(connection) as captured:
            device.save(update_fields=["lang"])
        assert len(captured) == 1


class TestMany:
    def test_of_the_same_address_the_last_one_has_it(self, ada: User, bob: User) -> None:
        first, last = Device.objects.bulk_create([Device(user=user, push_token=TOKEN) for user in (ada, bob)])
        assert list(Device.objects.active) == [last]
        assert first.inactive_reason == InactiveReason.MOVED
        assert AuditEntry.objects.get().target == f"device:{last.pk}"

    def test_new_and_old_ones_may_be_mixed(self, ada: User, bob: User) -> None:
        old, moved = by_create(ada), Device.objects.create(user=bob, push_token=make_token())
        made = Device.objects.bulk_create(
            [Device(user=ada, push_token=token) for token in (TOKEN, moved.push_token, make_token())]
        )
        assert made[0] == old
        assert made[1].moved_from == moved
        assert set(Device.objects.active) == set(made)

    @pytest.mark.parametrize("number", [60, 300])
    def test_hundreds_take_as_many_questions_as_three(self, ada: User, bob: User, number: int) -> None:
        def questions(number: int) -> int:
            tokens = [make_token() for _ in range(number)]
            for user in (ada, bob):
                with CaptureQueriesContext(connection) as captured:
                    Device.objects.bulk_create([Device(user=user, push_token=token) for token in tokens])
            assert AuditEntry.objects.count() >= number
            return sum(each["sql"].startswith(("SELECT", "UPDATE", "WITH")) for each in captured)

        assert questions(3) == questions(number)
