"""The form with which a message is written by hand, to one device."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.json_object import json_object
from notifications.models import Device, Message
from notifications.queries.names import Unregistered, provider

WORDS = ("title", "subtitle", "body", "data", "rich_content")
TIMES = ("ttl", "expiration", "priority")
IOS = (
    "badge",
    "category_id",
    "interruption_level",
    "mutable_content",
    "content_available",
    "sound_critical",
    "sound_volume",
)
ANDROID = ("channel_id", "icon", "tag")
BOTH = ("sound", "collapse_id")
CONTENT = (*WORDS, *TIMES, *BOTH, *IOS, *ANDROID)
PRIORITIES = ("default", "normal", "high")
INTERRUPTION_LEVELS = ("passive", "active", "time-sensitive", "critical")


class ObjectField(forms.CharField):
    """A JSON object as somebody typed it; None where nothing was."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "vLargeTextField"})

    def clean(self, value: Any) -> Any:
        """The object. Raises ValidationError."""
        text = super().clean(value)
        try:
            return json_object(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


def _one_of(words: tuple[str, ...], help_text: str) -> forms.ChoiceField:
    choices = [("", "(the provider's own)"), *((word, word) for word in words)]
    return forms.ChoiceField(choices=choices, required=False, help_text=help_text)


class MessageForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    """A message to one device. Checked by the provider's own rules, before anything is saved."""

    data = ObjectField(  # type: ignore[assignment]  # the form keeps what was posted under the same name
        required=False, help_text='A JSON object for the app: {"screen": "news"}.'
    )
    rich_content = ObjectField(required=False, help_text='A picture: {"image": "https://…"}.')
    priority = _one_of(PRIORITIES, "How soon the phone is woken for it.")
    interruption_level = _one_of(INTERRUPTION_LEVELS, "How much it may disturb.")

    class Meta:
        model = Message
        fields = ("device", *CONTENT)
        help_texts = {
            "ttl": "How long the provider keeps trying: seconds, or days hours:minutes:seconds. 0 means now or never.",
            "expiration": "When it gives up at the latest.",
            "sound": "“default”, or the name of a sound in the app.",
            "collapse_id": "A later message with the same one takes the place of one that waits.",
            "badge": "0 clears the badge, empty leaves it alone.",
            "content_available": "Wakes the app in the background.",
            "sound_critical": "Rings even where the phone is muted; needs Apple's permission.",
            "sound_volume": "From 0 to 1, of a critical sound.",
            "icon": "The name of a picture in the app.",
            "tag": "Two notifications on the phone with the same tag replace each other.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "device" in self.fields:  # not where a message is only looked at
            self.fields["device"].required = True  # the column is empty once a device's row is gone

    def clean(self) -> dict[str, Any]:
        """Refuse what would not arrive."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        device = given.get("device")
        if device and not self.errors:
            self._check(device, Message(**{name: given[name] for name in CONTENT}))
        return given

    def _check(self, device: Device, message: Message) -> None:
        known = provider(device.provider)
        if not device.is_active:
            self.add_error(
                "device", f"It is switched off ({device.inactive_reason or 'no reason is known'})."
            )
        elif issubclass(known, Unregistered):
            self.add_error("device", f"Its provider, “{device.provider}”, is not known here any more.")
        else:
            for problem in known.check_content(message.own_content()):
                self.add_error(problem.field if problem.field in self.fields else None, problem.message)
