"""The vendors behind push: one file each, and one line here."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from notifications.providers.base import PushProvider

PROVIDERS = {
    "expo": "notifications.providers.expo.ExpoProvider",
}


@cache
def get(key: str) -> type[PushProvider]:
    """The provider class of a key. Raises KeyError for a key nobody registered."""
    module, _, name = PROVIDERS[key].rpartition(".")
    provider: type[PushProvider] = getattr(import_module(module), name)
    return provider
