"""The form with which a device is registered by hand, or mended."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms

from notifications.actions.one_device import MOVED, TAKEN
from notifications.models import Device, InactiveReason
from notifications.queries.names import Unregistered, provider

ONCE = ("project", "provider", "push_token", "user", "uid")
"""Said when a device is registered, and never again: what was sent to it was sent to that address of that person."""
MENDED = ("lang", "timezone", "tags", "is_active")
LONGEST_TAG = 64


class TagsField(forms.CharField):
    """A list of words, typed with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        """As it is typed."""
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """The words, each once. Raises ValidationError."""
        words = [word.strip() for word in super().clean(value).split(",")]
        if any(len(word) > LONGEST_TAG for word in words):
            raise forms.ValidationError(f"No tag is longer than {LONGEST_TAG} characters.")
        return list(dict.fromkeys(word for word in words if word))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Are these other words?"""
        return super().has_changed(self.prepare_value(initial), data)


class DeviceForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    """A device; whose it is and its address are asked for only once."""

    tags = TagsField(required=False, help_text="Words with commas between them: beta, weekly.")

    class Meta:
        model = Device
        fields = (*ONCE, *MENDED)
        help_texts = {
            "user": "Whose phone it is. May be empty: then a uid names the owner, or nobody does.",
            "uid": "What the project calls the owner; empty for the account's own name there.",
            "push_token": "As the app got it from the provider.",
            "lang": "A language tag such as en or de-AT.",
            "timezone": "A zone name such as Europe/Berlin.",
        }

    def clean_provider(self) -> str:
        """Refuse one that nothing here can speak to; the address itself is checked by the model."""
        key: str = self.cleaned_data["provider"]
        if issubclass(provider(key), Unregistered):
            raise forms.ValidationError(f"There is no provider called “{key}” here.")
        return key

    def clean_timezone(self) -> str:
        """Refuse a zone that does not exist."""
        zone: str = self.cleaned_data["timezone"]
        if zone and zone not in available_timezones():
            raise forms.ValidationError(f"“{zone}” is not a zone name such as Europe/Berlin.")
        return zone

    def clean_is_active(self) -> bool:
        """Refuse to switch on what is somebody else's by now."""
        wanted: bool = self.cleaned_data["is_active"]
        device: Device = self.instance
        if wanted and device.pk and not device.is_active:
            if device.inactive_reason == InactiveReason.MOVED:
                raise forms.ValidationError(MOVED)
            of_this_address = {"provider": device.provider, "push_token": device.push_token}
            if Device.objects.active.filter(project=device.project_id, **of_this_address).exists():
                raise forms.ValidationError(TAKEN)
        return wanted

    def add_error(self, field: str | None, error: Any) -> None:
        """Of what the model says, only what is about a field that is asked for.

        An address that is wrong by today's rules keeps nobody from mending the rest; and one that somebody has already
        breaks a constraint of the whole row only until this one is saved, which takes it over.
        """
        found = getattr(error, "error_dict", None)
        if found is None:
            super().add_error(field, error)
        elif asked_for := {name: each for name, each in found.items() if name in self.fields}:
            super().add_error(field, forms.ValidationError(asked_for))
