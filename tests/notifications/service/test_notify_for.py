"""notify_for(): everybody whom the kind names, each by their own preference, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Notification, NotificationPreference, Recipient, Suppression
from notifications.service import notify_for
from tests.notifications.meanwhile import failing_once
from tests.notifications.service.conftest import KIND, Register

pytestmark = pytest.mark.django_db
CONTEXT = {"item": "Lamp"}
SHOP = object()
LAST = "WITH first AS" if connection.vendor == "postgresql" else 'INSERT INTO "notifications_notification"'


def users(number: int) -> list[User]:
    return User.objects.bulk_create([User(username=f"user-{each}", password="!") for each in range(number)])


Named = Callable[[list[User]], Iterable[Any]]
WAYS: dict[str, Named] = {
    "a queryset": lambda people: User.objects.filter(pk__in=[each.pk for each in people]),
    "one that is cut": lambda people: User.objects.order_by("-pk")[: len(people)],
    "a list": lambda people: people,
    "a generator": lambda people: (each for each in people),
    "primary keys": lambda people: [each.pk for each in people],
}


@pytest.mark.parametrize("way", WAYS)
def test_everybody_who_is_named_is_told(register: Register, way: str) -> None:
    people = users(3)
    register(recipients=lambda shop: WAYS[way](people))
    assert [each.user for each in notify_for(SHOP, KIND, CONTEXT)] == people


def test_the_callable_is_given_the_object(register: Register) -> None:
    given: list[object] = []
    register(recipients=lambda shop: given.append(shop) or [])
    notify_for(SHOP, KIND, CONTEXT)
    assert given == [SHOP]


def in_two_groups(people: list[User]) -> Any:
    groups = [Group.objects.create(name=name) for name in ("a", "b")]
    for each in people:
        each.groups.set(groups)
    return User.objects.filter(groups__in=groups)


@pytest.mark.parametrize("twice", [lambda people: people * 2, in_two_groups])
def test_who_is_named_twice_is_told_once(register: Register, twice: Named) -> None:
    people = users(2)
    register(recipients=lambda shop: twice(people))
    assert len(notify_for(SHOP, KIND, CONTEXT)) == 2


def test_those_who_opted_out_are_left_out_and_have_their_reason(register: Register) -> None:
    people = users(3)
    NotificationPreference.objects.create(user=people[1], kind=KIND, enabled=False)
    register(recipients=lambda shop: people)
    assert [each.user for each in notify_for(SHOP, KIND, CONTEXT)] == [people[0], people[2]]
    assert list(Suppression.objects.values_list("user", "reason")) == [(people[1].pk, "opted_out")]


def test_each_is_told_in_their_own_language(register: Register) -> None:
    people = users(2)
    Recipient.objects.create(user=people[0], locale="de-at")
    register(recipients=lambda shop: people)
    assert [each.locale for each in notify_for(SHOP, KIND, CONTEXT)] == ["de-at", "en-us"]


def test_nobody_named_is_nobody_told(register: Register) -> None:
    register(recipients=lambda shop: [])
    told = notify_for(SHOP, KIND, CONTEXT)
    assert (len(told), bool(told), list(told)) == (0, False, [])


def test_an_unknown_kind_is_an_error(register: Register) -> None:
    with pytest.raises(ValueError, match=r"Unknown notification kind: 'shop\.sold'"):
        notify_for(SHOP, KIND, CONTEXT)


def test_so_is_one_without_the_callable(register: Register) -> None:
    register()
    with pytest.raises(ValueError, match=r"^Notification kind 'shop.sold' has no recipients callable\."):
        notify_for(SHOP, KIND, CONTEXT)


def test_the_number_of_queries_does_not_depend_on_theirs(register: Register) -> None:
    users(500)
    counts = []
    for number in (10, 500):
        register(f"shop.{number}", recipients=lambda shop, most=number: User.objects.order_by("pk")[:most])
        with CaptureQueriesContext(connection) as asked:
            notify_for(SHOP, f"shop.{number}", CONTEXT)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 8


def test_all_are_told_or_none(register: Register) -> None:
    people = users(3)
    register(recipients=lambda shop: people)
    NotificationPreference.objects.create(user=people[1], kind=KIND, enabled=False)
    with failing_once(LAST, OperationalError("the disk is full")), pytest.raises(OperationalError):
        notify_for(SHOP, KIND, CONTEXT)
    assert (Notification.objects.count(), Suppression.objects.count()) == (0, 0)


class TestOthers:
    """Numbers of other things are some users' numbers as well."""

    @pytest.mark.parametrize(
        "named",
        [lambda: Recipient.objects.all(), lambda: list(Recipient.objects.all()), lambda: [AnonymousUser()]],
    )
    def test_are_refused(self, register: Register, named: Callable[[], Any]) -> None:
        Recipient.objects.create(user=users(1)[0])
        register(recipients=lambda shop: named())
        with pytest.raises(ValueError, match="users"):
            notify_for(SHOP, KIND, CONTEXT)
        assert not Notification.objects.exists()

    @pytest.mark.parametrize("cut", [None, 2])
    def test_may_name_their_users(self, register: Register, cut: int | None) -> None:
        people = users(3)
        for each in people[1:]:
            Recipient.objects.create(user=each)
        register(recipients=lambda shop: Recipient.objects.values_list("user_id", flat=True)[:cut])
        assert [each.user for each in notify_for(SHOP, KIND, CONTEXT)] == people[1:]


def test_of_a_random_sample_each_has_a_notification_or_a_reason(register: Register) -> None:
    people = users(40)
    for each in people[:20]:
        NotificationPreference.objects.create(user=each, kind=KIND, enabled=False)
    register(recipients=lambda shop: User.objects.order_by("?")[:20])
    told = {each.user for each in notify_for(SHOP, KIND, CONTEXT)}
    assert told.isdisjoint(people[:20])
    assert len(told) + Suppression.objects.count() == 20


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads a small table whole")
def test_the_answer_is_found_by_its_index() -> None:
    for model in (Notification, Suppression):
        assert "USING COVERING INDEX" in model.objects.filter(key="e:1").values("user").explain()


class TestTheAnswer:
    """It acts as a list, and reads the rows when somebody looks at them."""

    @pytest.fixture
    def told(self, register: Register) -> Any:
        """Of five users."""
        people = users(5)
        register(recipients=lambda shop: people)
        return notify_for(SHOP, KIND, CONTEXT)

    def test_it_has_a_length_places_and_parts(self, told: Any) -> None:
        rows = list(Notification.objects.order_by("pk"))
        assert (len(told), told[0], told[-1], told[1:3], told[::-2]) == (
            5,
            rows[0],
            rows[-1],
            rows[1:3],
            rows[::-2],
        )

    def test_it_equals_the_list(self, told: Any) -> None:
        assert told == list(told)
        assert told != []

    @pytest.mark.parametrize("place", [5, -6])
    def test_beyond_its_end_is_nothing(self, told: Any, place: int) -> None:
        with pytest.raises(IndexError):
            told[place]

    def test_nothing_is_read_before(self, register: Register) -> None:
        people = users(3)
        register(recipients=lambda shop: people)
        with CaptureQueriesContext(connection) as asked:
            notify_for(SHOP, KIND, CONTEXT)
        assert not [each for each in asked if each["sql"].startswith("SELECT") and '"kind"' in each["sql"]]

    def test_the_users_come_with_them(self, told: Any) -> None:
        with CaptureQueriesContext(connection) as asked:
            assert {each.user.username for each in told} == {f"user-{each}" for each in range(5)}
        assert len(asked) == 1
