"""A channel that is registered has a test file that inherits the contract."""

from __future__ import annotations

from importlib import import_module

import pytest

from notifications import channels
from notifications.channels.base import BaseChannel
from tests.notifications.channels.contract import ChannelContract


def contract_of(key: str) -> type[ChannelContract] | None:
    """The class in test_<key>.py that inherits the contract for this key."""
    module = import_module(f"tests.notifications.channels.test_{key}")
    classes = [
        each for name, each in vars(module).items() if name.startswith("Test") and isinstance(each, type)
    ]
    return next((each for each in classes if issubclass(each, ChannelContract) and each.key == key), None)


@pytest.mark.parametrize("key", channels.CHANNELS)
def test_it_keeps_a_contract_for_every_channel(key: str) -> None:
    assert contract_of(key) is not None


def test_it_would_miss_a_channel_without_a_test_file() -> None:
    with pytest.raises(ModuleNotFoundError):
        contract_of("pigeon")


@pytest.mark.parametrize("key", channels.CHANNELS)
def test_every_line_of_the_registry_leads_to_a_channel(key: str) -> None:
    assert isinstance(channels.get(key), BaseChannel)


def test_an_unknown_key_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        channels.get("pigeon")
