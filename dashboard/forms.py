"""Forms of the dashboard: what people type becomes what actions take."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from unicodedata import category

from django import forms

from dashboard.json_object import json_object
from dashboard.push_options import PREFIX, PushOptionsForm, initial_options
from notifications.actions.drafts import Draft, channel_choices, check_draft
from notifications.models import AudienceKind, Broadcast, NotificationPriority, Project
from notifications.models.broadcast import PUSH_OPTIONS

UIDS = re.compile(r""""((?:[^"\r\n\0]|"")+)"(?=[\s,;\0]|$)|([^\s,;\0]+)""")
"""A uid in quotes, as in CSV, where it may hold what parts uids; or one without."""
PLAIN_UID = re.compile(r'[^\s,;\0"][^\s,;\0]*')
UID_LENGTH = 255
DEEP_LINK = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://[^\s<>\"\\\x00-\x1f]+")
WEB = {"http", "https"}
RUN_BY_BROWSERS = {"javascript", "data", "vbscript", "file", "blob", "intent", "view-source"}
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
DATA_LENGTH = 10_000
"""Characters of data as they are kept; typed ones may be twice as many, for the sake of spaces."""


class UidsField(forms.CharField):
    """A pasted list that must be there only where the audience is one of uids: the form says so, not the field."""

    def validate(self, value: str) -> None:
        """Nothing to say about an empty one."""


class LinkField(forms.CharField):
    """A page, or a place in an app; nothing that a browser would run."""

    WRONG = "Write a whole address, such as https://example.org/news or myapp://news."
    widget = forms.URLInput
    page = forms.URLField(assume_scheme="https", error_messages={"invalid": WRONG})

    def clean(self, value: Any) -> str:
        """The address. Raises ValidationError."""
        address: str = super().clean(value)
        place = DEEP_LINK.fullmatch(address)
        scheme = place["scheme"].lower() if place else ""
        if scheme in RUN_BY_BROWSERS:
            raise forms.ValidationError(self.WRONG)
        if not address or (place and scheme not in WEB):
            return address
        whole: str = self.page.clean(address)
        return whole


class ComposeForm(PushOptionsForm):
    """A broadcast as it is composed."""

    use_required_attribute = False

    title = forms.CharField(
        max_length=200, error_messages={"required": "Write a title: it is what people see first."}
    )
    body = forms.CharField(required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    link = LinkField(
        required=False,
        max_length=2048,
        help_text="Where a tap leads: a page, or a place in your app (myapp://news). It travels as data.url.",
    )
    data = forms.CharField(  # type: ignore[assignment]  # the form keeps what was posted under the same name
        required=False,
        max_length=2 * DATA_LENGTH,
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
    uids = UidsField(
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "placeholder": "u_48213, u_10377"}),
        label="Their uids",
        help_text=(
            "Separated by commas, spaces or line breaks. Each counts once. "
            'One that has a comma or a space in it stands in quotes: "acme, bob".'
        ),
    )
    priority = forms.TypedChoiceField(
        choices=[(NotificationPriority.NORMAL, "Normal"), (NotificationPriority.CRITICAL, "Critical")],
        coerce=int,
        widget=forms.RadioSelect,
        help_text=(
            "Critical overtakes everything else that waits, reaches people who muted the rest, and is sent again "
            "when no answer comes: a few people may then get it twice."
        ),
        error_messages={"required": "Choose a priority.", "invalid_choice": "Choose normal or critical."},
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def clean_title(self) -> str:
        """A title that can be seen, and that does not turn the text around it."""
        title: str = self.cleaned_data["title"]
        if not any(category(letter)[0] not in "CZ" for letter in title):
            raise forms.ValidationError("Nothing in this title can be seen.")
        if TURNS.search(title):
            raise forms.ValidationError(
                "This title holds an invisible character that turns the direction of the text. Type it anew."
            )
        return title

    def clean_body(self) -> str:
        """The body with the line ends of phones, not those of forms."""
        body: str = self.cleaned_data["body"]
        return body.replace("\r\n", "\n").replace("\r", "\n")

    def clean_data(self) -> dict[str, Any]:
        """The data as an object."""
        text = self.cleaned_data["data"].strip()
        try:
            read = json_object(text) if text else {}
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        length = len(_compact(read))
        if length > DATA_LENGTH:
            raise forms.ValidationError(
                f"This is {length:,} characters long; data has at most {DATA_LENGTH:,}."
            )
        return read

    def clean_channels(self) -> list[str]:
        """The channels, each once, in the order in which people think of them."""
        chosen: list[str] = self.cleaned_data["channels"]
        return [key for key, _ in channel_choices() if key in chosen]

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
            push_options=self.push_options(),
            channels=tuple(given["channels"]),
            audience_kind=AudienceKind(given["audience"]),
            audience_uids=tuple(given["uids"]),
            priority=given["priority"],
        )


FIELDS = {
    "audience_uids": "uids",
    "audience_kind": "audience",
    **{f"push_options.{name}": f"{PREFIX}{name}" for name in PUSH_OPTIONS},
}
"""What the engine calls a field → what the form calls it."""


def split_uids(text: str) -> list[str]:
    """The uids of a pasted text, each once, in their order. A NUL, which no database keeps, parts them too."""
    found = (quoted.replace('""', '"') or plain for quoted, plain in UIDS.findall(text))
    return list(dict.fromkeys(found))


def written_uids(uids: Iterable[str]) -> str:
    """One uid a line, so that `split_uids` finds the same ones again."""
    return "\n".join(uid if PLAIN_UID.fullmatch(uid) else _quoted(uid) for uid in uids)


def _quoted(uid: str) -> str:
    doubled = uid.replace('"', '""')
    return f'"{doubled}"'


def initial_of(broadcast: Broadcast | None) -> dict[str, Any]:
    """What the form starts with: the broadcast's words, or the defaults of an empty one."""
    if broadcast is None:
        keys = [key for key, _ in channel_choices()]
        return {"channels": keys, "audience": AudienceKind.EVERYONE, "priority": NotificationPriority.NORMAL}
    return {
        "title": broadcast.title,
        "body": broadcast.body,
        "link": broadcast.link,
        "data": _for_people(broadcast.data) if broadcast.data else "",
        **initial_options(broadcast.push_options),
        "channels": broadcast.channels,
        "audience": broadcast.audience_kind,
        "uids": written_uids(broadcast.audience_uids),
        "priority": broadcast.priority,
    }


def _for_people(data: dict[str, Any]) -> str:
    """JSON on lines of its own, as long as that can be posted again."""
    spread = json.dumps(data, indent=2, ensure_ascii=False)
    return spread if len(spread) <= 2 * DATA_LENGTH else _compact(data)


def _compact(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
