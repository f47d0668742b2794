"""Registration at the same moment, on real transactions: nobody is refused, and one owner remains."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from notifications.models import AuditEntry, Device, InactiveReason, Project
from tests.factories import make_account, make_token
from tests.notifications.models.test_registration import (
    by_bulk_create,
    by_create,
    by_giving_the_row_away,
    by_update_or_create,
)
from tests.notifications.pipeline.halves import together

TOGETHER = 8


@pytest.mark.parametrize("register", [by_create, by_update_or_create, by_bulk_create])
def test_the_last_one_has_it(committed: Project, register: Callable[[User], Device]) -> None:
    users = iter([make_account(committed) for _ in range(TOGETHER)])
    devices = together(TOGETHER, lambda: register(next(users)))
    assert Device.objects.active.get() in devices
    moved = Device.objects.filter(inactive_reason=InactiveReason.MOVED)
    assert moved.count() == AuditEntry.objects.filter(verb="device.move").count() == TOGETHER - 1


def test_one_row_passed_round_becomes_one_for_each(committed: Project) -> None:
    users = [make_account(committed) for _ in range(TOGETHER)]
    by_create(users[0])
    waiting = iter(users)
    together(TOGETHER, lambda: by_giving_the_row_away(next(waiting)))
    assert Device.objects.active.count() == 1
    assert set(Device.objects.values_list("user", flat=True)) == {user.pk for user in users}


@pytest.mark.parametrize("register", [by_create, by_update_or_create, by_bulk_create])
def test_the_same_owner_has_it_once(committed: Project, register: Callable[[User], Device]) -> None:
    user = make_account(committed)
    together(TOGETHER, lambda: register(user))
    assert Device.objects.active.get().user == user
    assert not AuditEntry.objects.filter(verb="device.move").exists()


def test_two_who_register_the_same_ones_in_opposite_order_do_not_wait_for_each_other(
    committed: Project,
) -> None:
    tokens = [make_token() for _ in range(2_000)]
    orders = iter([(make_account(committed), tokens), (make_account(committed), tokens[::-1])])

    def register() -> None:
        user, order = next(orders)
        Device.objects.bulk_create([Device(user=user, push_token=token) for token in order], batch_size=50)

    together(2, register)
    assert Device.objects.active.count() == len(tokens)
