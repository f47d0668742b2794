"""What channels and providers are called, and what a provider can tell: for pages that know no provider by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from notifications import channels, providers, wire
from notifications.providers.base import PushProvider


class Unregistered:
    """Stands for a provider whose rows are still here while its line in the registry is gone."""

    has_receipts: ClassVar[bool] = False
    codes: ClassVar[Mapping[str, wire.Code]] = {}


def channel_label(key: str) -> str:
    """A channel's name for people; the key itself where nobody registered it."""
    return channels.get(key).label if key in channels.CHANNELS else key


def provider_label(key: str) -> str:
    """A provider's own spelling; the key itself where nobody registered it."""
    return providers.get(key).label if key in providers.PROVIDERS else key


def provider(key: str) -> type[PushProvider] | type[Unregistered]:
    """What is known of a provider; a channel without providers has the key ""."""
    return providers.get(key) if key in providers.PROVIDERS else Unregistered
