"""Secrets at rest: sealed with the newest key, opened with any that is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pytest_django import Settings

from notifications.encryption import UnreadableSecret, reseal, seal, unseal

SECRETS = {"access_token": "hush-hush-9", "other": "ü🔔"}


@given(some.dictionaries(some.text(), some.text()))
def test_what_was_sealed_can_be_opened(secrets: dict[str, str]) -> None:
    assert unseal(seal(secrets)) == secrets


def test_what_was_sealed_cannot_be_read() -> None:
    sealed = seal(SECRETS)
    assert not [word for pair in SECRETS.items() for word in pair if word in sealed]


def test_the_same_secret_looks_different_each_time() -> None:
    assert seal(SECRETS) != seal(SECRETS)


def test_nothing_sealed_is_nothing() -> None:
    assert (unseal(""), reseal("")) == ({}, "")


class TestRotation:
    def test_an_old_key_still_opens(self, settings: Settings) -> None:
        settings.CARILLON_ENCRYPTION_KEYS = ["old"]
        sealed = seal(SECRETS)
        settings.CARILLON_ENCRYPTION_KEYS = ["new", "old"]
        assert unseal(sealed) == SECRETS

    def test_the_first_key_seals(self, settings: Settings) -> None:
        settings.CARILLON_ENCRYPTION_KEYS = ["new", "old"]
        sealed = seal(SECRETS)
        settings.CARILLON_ENCRYPTION_KEYS = ["new"]
        assert unseal(sealed) == SECRETS

    def test_what_was_sealed_again_needs_the_old_key_no_more(self, settings: Settings) -> None:
        settings.CARILLON_ENCRYPTION_KEYS = ["old"]
        sealed = seal(SECRETS)
        settings.CARILLON_ENCRYPTION_KEYS = ["new", "old"]
        sealed = reseal(sealed)
        settings.CARILLON_ENCRYPTION_KEYS = ["new"]
        assert unseal(sealed) == SECRETS

    def test_a_key_that_is_gone_leaves_an_unreadable_secret(self, settings: Settings) -> None:
        settings.CARILLON_ENCRYPTION_KEYS = ["old"]
        sealed = seal(SECRETS)
        settings.CARILLON_ENCRYPTION_KEYS = ["new"]
        with pytest.raises(UnreadableSecret, match="CARILLON_ENCRYPTION_KEYS"):
            unseal(sealed)

    def test_sealing_it_again_is_refused_too(self, settings: Settings) -> None:
        settings.CARILLON_ENCRYPTION_KEYS = ["old"]
        sealed = seal(SECRETS)
        settings.CARILLON_ENCRYPTION_KEYS = ["new"]
        with pytest.raises(UnreadableSecret):
            reseal(sealed)


class TestWithoutKeys:
    def test_the_secret_key_seals(self, settings: Settings) -> None:
        settings.CARILLON_ENCRYPTION_KEYS = []
        settings.SECRET_KEY = "one"
        sealed = seal(SECRETS)
        settings.SECRET_KEY = "another"
        with pytest.raises(UnreadableSecret):
            unseal(sealed)

    def test_its_fallbacks_open(self, settings: Settings) -> None:
        settings.CARILLON_ENCRYPTION_KEYS = []
        settings.SECRET_KEY = "one"
        sealed = seal(SECRETS)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", ["one"]
        assert unseal(sealed) == SECRETS

    def test_it_becomes_an_encryption_key_by_being_put_into_the_list(self, settings: Settings) -> None:
        settings.CARILLON_ENCRYPTION_KEYS = []
        sealed = seal(SECRETS)
        settings.CARILLON_ENCRYPTION_KEYS = ["new", settings.SECRET_KEY]
        assert unseal(sealed) == SECRETS


@pytest.mark.parametrize("sealed", ["garbage", "gAAAAgarbage", "ü"])
def test_garbage_is_unreadable_and_nothing_worse(sealed: str) -> None:
    with pytest.raises(UnreadableSecret):
        unseal(sealed)


def test_a_secret_that_somebody_changed_is_unreadable() -> None:
    sealed = seal(SECRETS)
    middle = len(sealed) // 2
    changed = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    with pytest.raises(UnreadableSecret):
        unseal(changed)
