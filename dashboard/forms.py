"""Forms of the dashboard: what people type becomes what actions take."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, cast

from django import forms

from notifications.actions.broadcasts import Draft, channel_choices, check_draft
from notifications.models import AudienceKind, Broadcast, NotificationPriority, Project

UID_SEPARATORS = re.compile(r"[\s,;]+")
UID_LENGTH = 255


class ComposeForm(forms.Form):
    """A broadcast as it is composed."""

    title = forms.CharField(
        max_length=200, error_messages={"required": "Write a title: it is what people see first."}
    )
    body = forms.CharField(required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    link = forms.URLField(
        required=False,
        max_length=2048,
        assume_scheme="https",
        help_text="Where a tap leads. It travels as data.url.",
        error_messages={"invalid": "Write a whole address, such as https://example.org/news."},
    )
    data = forms.CharField(
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "placeholder": '{"screen": "news"}'}),
        help_text="A JSON object that the app receives with the push.",
    )
    channels = forms.MultipleChoiceField(
        choices=channel_choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one channel: in-app, push or both.",
            "invalid_choice": "There is no channel called %(value)s. Choose from those shown.",
        },
    )
    audience = forms.ChoiceField(
        choices=[(AudienceKind.EVERYONE, "Everyone"), (AudienceKind.UIDS, "Certain people")],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Say who gets it: everyone, or certain people.",
            "invalid_choice": "Say who gets it: everyone, or certain people.",
        },
    )
    uids = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "placeholder": "u_48213, u_10377"}),
        label="Their uids",
        help_text="Separated by commas, spaces or line breaks. Each counts once.",
    )
    priority = forms.TypedChoiceField(
        choices=[(NotificationPriority.NORMAL, "Normal"), (NotificationPriority.CRITICAL, "Critical")],
        coerce=int,
        widget=forms.RadioSelect,
        help_text=(
            "Critical overtakes everything else that waits, and is sent again when no answer comes: "
            "a few people may then get it twice."
        ),
        error_messages={"required": "Choose a priority.", "invalid_choice": "Choose normal or critical."},
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def clean_data(self) -> dict[str, Any]:
        """The data as an object."""
        text = self.cleaned_data["data"].strip()
        return _json_object(text) if text else {}

    def clean_uids(self) -> list[str]:
        """The uids, each once, in the order typed. Those of an audience that is not chosen do not matter."""
        if self.cleaned_data.get("audience") != AudienceKind.UIDS:
            return []
        uids = split_uids(self.cleaned_data["uids"])
        endless = next((uid for uid in uids if len(uid) > UID_LENGTH), "")
        if endless:
            raise forms.ValidationError(
                f"“{endless[:20]}…” is {len(endless):,} characters long; a uid has at most {UID_LENGTH}. "
                "Is a separator missing?"
            )
        return uids

    def clean(self) -> dict[str, Any]:
        """Let the engine say what it would refuse; its words go to the fields they are about."""
        cleaned = super().clean() or {}
        if not self.errors:
            for problem in check_draft(self.project, self.draft()):
                field = FIELDS.get(problem.field, problem.field)
                self.add_error(field if field in self.fields else None, problem.message)
        return cleaned

    def draft(self) -> Draft:
        """What was composed. Only for a form without field errors."""
        given = self.cleaned_data
        return Draft(
            title=given["title"],
            body=given["body"],
            link=given["link"],
            data=given["data"],
            channels=tuple(given["channels"]),
            audience_kind=AudienceKind(given["audience"]),
            audience_uids=tuple(given["uids"]),
            priority=given["priority"],
        )


FIELDS = {"audience_uids": "uids", "audience_kind": "audience"}
"""What the engine calls a field → what the form calls it."""


def split_uids(text: str) -> list[str]:
    """The uids of a pasted text, each once, in their order."""
    return list(dict.fromkeys(uid for uid in UID_SEPARATORS.split(text) if uid))


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


def fingerprint(broadcast: Broadcast) -> str:
    """A short text that is another one as soon as anything composed is."""
    composed = json.dumps(initial_of(broadcast), sort_keys=True)
    return hashlib.sha256(composed.encode()).hexdigest()[:16]


def _json_object(text: str) -> dict[str, Any]:
    """Read a JSON object that every database can keep. Raises ValidationError that says what is wrong and where."""
    try:
        read = json.loads(text, parse_constant=_refuse_number, parse_float=_finite)
        texts = "".join(_texts(read))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise forms.ValidationError(f"This is not JSON: {error.msg} at {where}.") from None
    except (ValueError, RecursionError) as error:
        words = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise forms.ValidationError(f"This cannot be sent as JSON: {words}.") from None
    if not isinstance(read, dict):
        raise forms.ValidationError('Write a JSON object, such as {"screen": "news"}.')
    if "\0" in texts or any("\ud800" <= letter <= "\udfff" for letter in texts):
        raise forms.ValidationError("It holds a character that cannot be sent: \\u0000, or half of a pair.")
    return read


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _finite(text: str) -> float:
    value = float(text)
    return value if value - value == 0 else _refuse_number(text)


def _refuse_number(text: str) -> float:
    raise ValueError(f"{text[:20]} is no number that JSON knows")
