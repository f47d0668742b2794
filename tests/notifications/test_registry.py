"""The registry: each kind once, by its name."""

from __future__ import annotations

import dataclasses

import pytest

from notifications.models import NotificationPriority
from notifications.registry import KindInfo, Registry

HIGH = NotificationPriority.HIGH


@pytest.fixture
def registry() -> Registry:
    """One that knows two kinds."""
    made = Registry()
    made.register("shop.sold_out", "Sold out", HIGH, can_suppress=False)
    made.register(
        "shop.back", "Back in the shop", HIGH, default_opt_in=False, recipients=lambda shop: shop.fans
    )
    return made


def test_a_kind_is_found_by_its_name(registry: Registry) -> None:
    assert registry.get("shop.sold_out") == KindInfo(
        kind="shop.sold_out",
        display_name="Sold out",
        default_priority=HIGH,
        can_suppress=False,
        default_opt_in=True,
        recipients=None,
    )


def test_one_that_nobody_registered_is_none(registry: Registry) -> None:
    assert registry.get("shop.burnt_down") is None


def test_all_are_sorted_by_name(registry: Registry) -> None:
    assert [each.kind for each in registry.all()] == ["shop.back", "shop.sold_out"]


def test_in_says_whether_it_is_known(registry: Registry) -> None:
    assert ("shop.back" in registry, "shop.burnt_down" in registry) == (True, False)


def test_a_second_registration_is_an_error(registry: Registry) -> None:
    with pytest.raises(ValueError, match=r"^Notification kind 'shop.back' is already registered\.$"):
        registry.register("shop.back", "Back again", HIGH)


@pytest.mark.parametrize("name", ["", "a:b", "x" * 201, "a\nb"])
def test_so_is_a_name_that_is_none(registry: Registry, name: str) -> None:
    with pytest.raises(ValueError, match=r"^A kind is a dotted name"):
        registry.register(name, "Nothing", HIGH)


def test_what_is_known_cannot_be_changed(registry: Registry) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        registry.all()[0].can_suppress = False  # type: ignore[misc]


def test_who_hears_of_it_does_not_make_two_kinds_different(registry: Registry) -> None:
    other = Registry()
    other.register("shop.back", "Back in the shop", HIGH, default_opt_in=False, recipients=lambda shop: [])
    assert other.get("shop.back") == registry.get("shop.back")
    assert hash(other.get("shop.back")) == hash(registry.get("shop.back"))
