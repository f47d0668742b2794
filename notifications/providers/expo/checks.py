"""What each field of an Expo message may hold, and what is said of one that holds something else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from notifications.wire import Problem, PushContent

PRIORITIES = ("default", "normal", "high")
INTERRUPTION_LEVELS = ("active", "critical", "passive", "time-sensitive")
COLLAPSE_ID_BYTES = 64
"""Apple takes no longer `apns-collapse-id`."""
UNWRITABLE = (TypeError, ValueError, RecursionError)
"""What encoding as JSON may raise."""

_CHOICES = {
    "priority": ("Priority", PRIORITIES),
    "interruption_level": ("Interruption level", INTERRUPTION_LEVELS),
}
_TEXTS = {
    "title": ("The title", 0),
    "body": ("The body", 0),
    "subtitle": ("The subtitle", 200),
    "sound": ("The name of the sound", 64),
    "channel_id": ("The id of the channel", 64),
    "category_id": ("The id of the category", 64),
    "icon": ("The name of the icon", 64),
    "collapse_id": ("The collapse id", 0),
    "tag": ("The tag", 64),
}
"""Field → what people call it, and how many characters of it a stored message keeps; 0 where its bytes decide."""
_FLAGS = ("mutable_content", "content_available", "sound_critical")


def field_problems(content: PushContent) -> Iterator[Problem]:
    """Say which fields do not have the form that Expo expects. A blank field is an absent one, and right."""
    yield from _text_problems(content)
    for name, (label, words) in _CHOICES.items():
        value = getattr(content, name)
        if value and value not in words:
            yield Problem(field=name, message=f"{label} is one of {', '.join(words)}, not “{value}”.")
    for name in ("ttl", "expiration", "badge"):
        value = getattr(content, name)
        if value is not None and not _is_count(value):
            yield Problem(field=name, message=f"{name} is a whole number from 0 up, not {value}.")
    for name in _FLAGS:
        value = getattr(content, name)
        if not isinstance(value, bool):
            yield Problem(field=name, message=f"{name} is true or false, not {value}.")
    found = {
        "rich_content": _image_problem(content.rich_content),
        "sound_volume": _volume_problem(content.sound_volume, content.sound_critical),
        "data": _data_problem(content.data),
    }
    yield from (Problem(field=name, message=message) for name, message in found.items() if message)


def _text_problems(content: PushContent) -> Iterator[Problem]:
    for name, (label, most) in _TEXTS.items():
        value = getattr(content, name)
        if not isinstance(value, str):
            yield Problem(field=name, message=f"{label} is a text, not {value}.")
        elif most and len(value) > most:
            yield Problem(
                field=name, message=f"{label} is {len(value):,} characters long; it has at most {most}."
            )
        elif name == "collapse_id" and len(value.encode("utf-8", "surrogatepass")) > COLLAPSE_ID_BYTES:
            yield Problem(
                field=name, message=f"{label} is longer than the {COLLAPSE_ID_BYTES} bytes Apple takes."
            )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _image_problem(rich: object) -> str:
    if not rich:
        return ""
    if not isinstance(rich, Mapping) or set(rich) != {"image"}:
        return 'Rich content is an image and nothing else: {"image": "https://example.org/news.jpg"}.'
    if not _is_https(rich["image"]):
        return "An image is a whole address with https, such as https://example.org/news.jpg: phones load no other."
    return ""


def _is_https(address: object) -> bool:
    if not isinstance(address, str) or any(each.isspace() for each in address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:  # brackets that hold no IPv6 address
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _volume_problem(volume: object, is_critical: bool) -> str:
    if volume is None:
        return ""
    if isinstance(volume, bool) or not isinstance(volume, int | float) or not 0 <= volume <= 1:
        return f"A volume is a number from 0 to 1, not {volume}."
    if not is_critical:
        return "Only a critical sound has a volume of its own: make the sound critical, or leave the volume empty."
    return ""


def _data_problem(data: object) -> str:
    if data is None:
        return ""
    if not isinstance(data, Mapping):
        return 'Data is a JSON object, such as {"page": "home"}.'
    try:
        json.dumps(dict(data), allow_nan=False)
    except UNWRITABLE as error:
        return f"Data holds something that JSON has no form for: {error}"
    return ""
