"""A device in words: whose it is, and why it is not sent to any more."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.templatetags.states import word
from notifications.models import Device, InactiveReason
from notifications.queries.device_history import Verdict, heir, switched_off_by, verdict
from notifications.queries.names import provider_label

NOBODY = "nobody known"
SHORT: dict[str, str] = {
    InactiveReason.GONE: "Gone",
    InactiveReason.MOVED: "Moved to somebody else",
    InactiveReason.REMOVED: "Removed",
}
"""For lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """Why a device is out of service, and whether an operator may put it back."""

    title: str
    text: str
    verdict: Verdict | None = None
    heir: Device | None = None
    """The device that has its address now."""
    may_be_tried: bool = False
    """May it be switched on, though its provider said that it is gone?"""
    may_be_undone: bool = False
    """May it be switched on, as nothing speaks against it?"""

    @property
    def heir_name(self) -> str:
        """Whose device that is."""
        return owner(self.heir)[0] if self.heir else ""


def owner(device: Device) -> tuple[str, str]:
    """Whose it is: the name, else the uid, else the account's name; and the uid where the name is not that already."""
    recipient = getattr(device.user, "recipient", None)
    uid = device.uid or (device.user.get_username() if device.user else "")
    name = recipient.name if recipient else ""
    return name or uid or NOBODY, uid if name else ""


def reason_words(device: Device) -> str:
    """Why it is off, in a word or two; "" while it is on, or where nobody wrote it down."""
    if device.is_active:
        return ""
    return SHORT.get(device.inactive_reason) or word(device.inactive_reason)


def retirement(device: Device) -> Retirement | None:
    """Why it is off; None while it is on. Three queries at most."""
    if device.is_active:
        return None
    now_with = heir(device)
    if device.inactive_reason == InactiveReason.GONE:
        return _gone(device, now_with)
    if device.inactive_reason == InactiveReason.MOVED:
        return _moved(now_with)
    return _removed(device, now_with)


def _gone(device: Device, now_with: Device | None) -> Retirement:
    said, label = verdict(device), provider_label(device.provider)
    return Retirement(
        title=f"{label} says that this address is dead",
        text=said.words.remedy if said else f"The answer in which {label} said so is not kept any more.",
        verdict=said,
        heir=now_with,
        may_be_tried=now_with is None,
    )


def _moved(now_with: Device | None) -> Retirement:
    return Retirement(
        title=f"Its address belongs to {owner(now_with)[0]} now" if now_with else "Its address moved on",
        text="The same address was registered for somebody else: a copy would reach the wrong person. "
        "It comes back when its owner registers it again in the app.",
        heir=now_with,
    )


def _removed(device: Device, now_with: Device | None) -> Retirement:
    deed = switched_off_by(device)
    return Retirement(
        title=f"Switched off by {deed.actor_name}" if deed else _by_others(device),
        text="Nothing is sent to it. What waited for it when it was switched off is not sent either.",
        heir=now_with,
        may_be_undone=now_with is None,
    )


def _by_others(device: Device) -> str:
    if device.inactive_reason == InactiveReason.REMOVED:
        return "Removed by its owner, or from code"
    return "Switched off, and nobody wrote down why"
