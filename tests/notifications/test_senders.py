"""Senders: by their ids, and the default one."""

from __future__ import annotations

import dataclasses

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from notifications.senders import check_default, get_sender

NEWS = ("news", "News", "News <news@example.com>", "", "")
ADMIN = ("admin", "Admin", "Admin <admin@example.com>", "relay", "secret")


@pytest.fixture(autouse=True)
def _senders(settings: Settings) -> None:
    settings.NOTIFICATION_SENDERS = [NEWS, ADMIN]
    settings.NOTIFICATION_DEFAULT_SENDER = "news"


def test_one_is_found_by_its_id() -> None:
    assert get_sender("admin").from_email == "Admin <admin@example.com>"


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_means_the_default_one(nothing: str | None) -> None:
    assert get_sender(nothing).id == "news"


def test_its_own_account_is_carried() -> None:
    sender = get_sender("admin")
    assert (sender.smtp_user, sender.smtp_password) == ("relay", "secret")


def test_its_password_is_not_told_with_it() -> None:
    assert "secret" not in repr(get_sender("admin"))


def test_an_unknown_one_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"^Unknown notification sender: 'sales'\. .*'news', 'admin'\.$"):
        get_sender("sales")


def test_an_unknown_default_stops_the_start(settings: Settings) -> None:
    settings.NOTIFICATION_DEFAULT_SENDER = "sales"
    with pytest.raises(ImproperlyConfigured, match="NOTIFICATION_DEFAULT_SENDER"):
        check_default()


def test_so_does_an_entry_that_lacks_a_part(settings: Settings) -> None:
    settings.NOTIFICATION_SENDERS = [("news", "News")]
    with pytest.raises(ImproperlyConfigured, match="smtp_password"):
        check_default()


def test_it_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        get_sender().id = "other"  # type: ignore[misc]
