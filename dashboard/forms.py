"""Forms of the dashboard: what people type becomes what actions take."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from django import forms

from notifications.actions.broadcasts import Draft, channel_choices, check_draft
from notifications.models import AudienceKind, Broadcast, NotificationPriority, Project

UID_SEPARATORS = re.compile(r"[\s,;]+")


class ComposeForm(forms.Form):
    """A broadcast as it is composed."""

    title = forms.CharField(
        max_length=200, error_messages={"required": "Write a title: it is what people see first."}
    )
    body = forms.CharField(
        required=False, max_length=4000, strip=True, widget=forms.Textarea(attrs={"rows": 4}), label="Body"
    )
    link = forms.URLField(
        required=False,
        max_length=2048,
        assume_scheme="https",
        help_text="Where a tap leads. It travels as data.url.",
        error_messages={"invalid": "Write a whole address, such as https://example.org/news."},
    )
    data = forms.CharField(  # type: ignore[assignment]  # Django takes the field off the class before anybody reads it
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "placeholder": '{"screen": "news"}'}),
        help_text="A JSON object that the app receives with the push.",
    )
    channels = forms.MultipleChoiceField(
        choices=channel_choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one channel: in-app, push or both."},
    )
    audience = forms.ChoiceField(
        choices=[(AudienceKind.EVERYONE, "Everyone"), (AudienceKind.UIDS, "Certain people")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say who gets it: everyone, or certain people."},
    )
    uids = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "placeholder": "u_48213, u_10377"}),
        label="Their uids",
        help_text="Separated by commas, spaces or line breaks.",
    )
    priority = forms.TypedChoiceField(
        choices=[(NotificationPriority.NORMAL, "Normal"), (NotificationPriority.CRITICAL, "Critical")],
        coerce=int,
        widget=forms.RadioSelect,
        help_text="Critical overtakes every other message, passes mutes, and is sent again when no answer comes.",
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def clean_data(self) -> dict[str, Any]:
        """The data as an object."""
        text = self.cleaned_data["data"].strip()
        if not text:
            return {}
        try:
            read = json.loads(text, parse_constant=_refuse)
        except ValueError as error:
            where = (
                f"line {error.lineno}, column {error.colno}"
                if isinstance(error, json.JSONDecodeError)
                else error
            )
            raise forms.ValidationError(f"This is not JSON ({where}).") from None
        except RecursionError:
            raise forms.ValidationError("This is nested too deeply.") from None
        if not isinstance(read, dict):
            raise forms.ValidationError('Write a JSON object, such as {"screen": "news"}.')
        if "\\u0000" in text:
            raise forms.ValidationError("A NUL character (\\u0000) cannot be sent.")
        return read

    def clean_uids(self) -> list[str]:
        """The uids, each once, in the order typed."""
        typed = UID_SEPARATORS.split(self.cleaned_data["uids"])
        return list(dict.fromkeys(uid for uid in typed if uid))

    def clean(self) -> dict[str, Any]:
        """Let the engine say what it would refuse; its words go to the fields they are about."""
        cleaned = super().clean() or {}
        if not self.errors:
            for problem in check_draft(self.project, self.draft()):
                self.add_error(
                    FIELDS.get(problem.field, problem.field if problem.field in self.fields else None),
                    problem.message,
                )
        return cleaned

    def draft(self) -> Draft:
        """What was composed. Only for a form without field errors."""
        given = self.cleaned_data
        to_some = given["audience"] == AudienceKind.UIDS
        return Draft(
            title=given["title"],
            body=given["body"],
            link=given["link"],
            data=given["data"],
            channels=tuple(given["channels"]),
            audience_kind=AudienceKind(given["audience"]),
            audience_uids=tuple(given["uids"]) if to_some else (),
            priority=given["priority"],
        )


FIELDS = {"audience_uids": "uids", "audience_kind": "audience"}
"""What the engine calls a field → what the form calls it."""


def initial_of(broadcast: Broadcast | None) -> dict[str, Any]:
    """What the form starts with: the broadcast's words, or the defaults of an empty one."""
    if broadcast is None:
        keys = [key for key, _ in channel_choices()]
        return {"channels": keys, "audience": AudienceKind.EVERYONE, "priority": NotificationPriority.NORMAL}
    return {
        "title": broadcast.title,
        "body": broadcast.body,
        "link": broadcast.link,
        "data": json.dumps(broadcast.data, indent=2, ensure_ascii=False) if broadcast.data else "",
        "channels": broadcast.channels,
        "audience": broadcast.audience_kind,
        "uids": "\n".join(cast(list[str], broadcast.audience_uids)),
        "priority": broadcast.priority,
    }


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")
