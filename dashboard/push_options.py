"""What else a push may carry: its part of the compose form, and the words in which pages show what is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from notifications.models.broadcast import PUSH_OPTIONS

PREFIX = "push_"
"""Before an option's name in the form, where `priority` is that of the broadcast."""
HIGHEST_BADGE = 2**31 - 1


class ImageField(forms.URLField):
    """The address of a picture; `{"image": address}` as the option has it, None for none."""

    def prepare_value(self, value: Any) -> Any:
        """The address alone, as people see it."""
        return value.get("image") if isinstance(value, Mapping) else value

    def clean(self, value: Any) -> dict[str, str] | None:
        """Raises ValidationError for what is no address."""
        address = super().clean(value)
        return {"image": address} if address else None


def _name(label: str, help_text: str) -> forms.CharField:
    """A short word that the app knows, too."""
    code = forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off", "autocapitalize": "none"})
    return forms.CharField(required=False, max_length=64, widget=code, label=label, help_text=help_text)


class PushOptionsForm(forms.Form):
    """The options of a push. All may stay empty."""

    push_rich_content = ImageField(
        required=False,
        assume_scheme="https",
        max_length=2048,
        label="Image",
        help_text="The https address of a picture. On iOS the app needs a notification service extension for it.",
        error_messages={"invalid": "Write a whole address, such as https://example.org/news.jpg."},
    )
    push_category_id = _name("Category", "Which buttons come with it: the id of a category that the app has.")
    push_collapse_id = _name(
        "Collapse id",
        "A later push with the same id takes the place of one that still waits; on iOS also of one that is shown.",
    )
    push_priority = forms.ChoiceField(
        required=False,
        choices=[("", "Not set"), ("default", "Default"), ("normal", "Normal"), ("high", "High")],
        label="Delivery priority",
        help_text="High wakes a sleeping phone. Default, as when it is not set: normal on Android, high on iOS.",
        error_messages={"invalid_choice": "A delivery priority is default, normal or high."},
    )
    push_subtitle = forms.CharField(
        required=False, max_length=200, label="Subtitle", help_text="A second line, below the title."
    )
    push_sound = _name("Sound", "“default” is the phone's own; or the file name of a sound in the app.")
    push_sound_volume = forms.FloatField(
        required=False,
        min_value=0,
        max_value=1,
        label="Volume",
        help_text="From 0 to 1, of a critical sound only.",
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "A volume is a number from 0 to 1."
        ),
    )
    push_badge = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=HIGHEST_BADGE,
        label="Badge",
        help_text="The number on the app's icon; 0 clears it.",
        error_messages=dict.fromkeys(("invalid", "min_value"), "A badge is a whole number from 0 up."),
    )
    push_interruption_level = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Not set"),
            ("passive", "Passive"),
            ("active", "Active"),
            ("time-sensitive", "Time-sensitive"),
            ("critical", "Critical"),
        ],
        label="Interruption level",
        help_text="Passive lights no screen, time-sensitive passes a Focus, critical passes a muted phone.",
        error_messages={
            "invalid_choice": "An interruption level is passive, active, time-sensitive or critical."
        },
    )
    push_sound_critical = forms.BooleanField(
        required=False,
        label="Rings even when muted",
        help_text="This makes the sound a critical one. The app needs Apple's permission for that.",
    )
    push_mutable_content = forms.BooleanField(
        required=False,
        label="Changed by the app",
        help_text="The app's notification service extension may change it before it is shown.",
    )
    push_content_available = forms.BooleanField(
        required=False,
        label="Wakes the app",
        help_text="The app runs in the background to fetch what is new, where it is set up for that.",
    )
    push_channel_id = _name(
        "Android channel",
        "A notification channel that the app has: it decides the sound. Where the phone has no such channel, "
        "nothing is shown.",
    )
    push_icon = _name("Icon", "The name of a picture in the app. Not set: the app's own icon.")
    push_tag = _name(
        "Tag",
        "It takes the place of a shown push with the same tag. Not set: each broadcast has a tag of its own.",
    )

    @property
    def has_more(self) -> bool:
        """Is there anything in this part that must be seen? What is wrong is there as well."""
        return any(_is_set(self[f"{PREFIX}{name}"].value()) for name in PUSH_OPTIONS)

    def push_options(self) -> dict[str, Any]:
        """The options that are set, as Broadcast.push_options has them. Only for a form without field errors."""
        given = {name: self.cleaned_data[f"{PREFIX}{name}"] for name in PUSH_OPTIONS}
        return {name: value for name, value in given.items() if _is_set(value)}


def initial_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """What the form starts with for these options."""
    return {f"{PREFIX}{name}": value for name, value in options.items()}


def in_words(options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and value of each option that is set, for people, in the order of the form."""
    fields = PushOptionsForm.base_fields
    names = [name.removeprefix(PREFIX) for name in fields]
    return [
        (str(fields[f"{PREFIX}{name}"].label), _word(fields[f"{PREFIX}{name}"], options[name]))
        for name in names
        if _is_set(options.get(name))
    ]


def _word(field: forms.Field, value: Any) -> str:
    return "Yes" if value is True else str(field.prepare_value(value))


def _is_set(value: Any) -> bool:
    """Is it there? 0 is: it clears a badge, and silences a sound."""
    return value is not None and value is not False and value != ""
