"""A provider that is registered has a test file that inherits the contract."""

from __future__ import annotations

from importlib import import_module

import pytest

from notifications import providers
from notifications.providers.base import PushProvider
from tests.notifications.providers.contract import ProviderContract


def contract_of(key: str) -> type[ProviderContract] | None:
    """The class in test_<key>.py that inherits the contract for this key."""
    module = import_module(f"tests.notifications.providers.test_{key}")
    classes = [
        each for name, each in vars(module).items() if name.startswith("Test") and isinstance(each, type)
    ]
    return next((each for each in classes if issubclass(each, ProviderContract) and each.key == key), None)


@pytest.mark.parametrize("key", providers.PROVIDERS)
def test_it_keeps_a_contract_for_every_provider(key):
    assert contract_of(key) is not None


def test_it_would_miss_a_provider_without_a_test_file():
    with pytest.raises(ModuleNotFoundError):
        contract_of("pigeon")


@pytest.mark.parametrize("key", providers.PROVIDERS)
def test_every_line_of_the_registry_leads_to_a_provider(key):
    assert issubclass(providers.get(key), PushProvider)


def test_an_unknown_key_is_a_key_error():
    with pytest.raises(KeyError):
        providers.get("pigeon")
