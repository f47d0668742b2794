"""What is sent to Expo: the token's form, the payload of a message, and its checks before anything leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from notifications.providers import answers
from notifications.providers.expo import codes
from notifications.providers.expo.checks import UNWRITABLE, field_problems
from notifications.wire import Outcome, Problem, PushContent, PushMessage, Ticket

PAYLOAD_BYTES = 4096
TOKEN_LENGTH = 200
DEFAULT_SOUND = "default"

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TOKEN = re.compile(rf"Expo(?:nent)?PushToken\[[!-Z\\^-~]+\]|{_UUID}")
ADDRESSES = re.compile(rf"Expo(?:nent)?PushToken\[[^\]]*\]?|{_UUID}")
"""Everything in a text that may be a push token, whole or cut off."""
Written = tuple[PushMessage, bytes]
"""A message, and the JSON that Expo gets of it."""
_WHAT_JSON_HAS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_STRICT = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_LOOKS = "An Expo push token looks like ExponentPushToken[…] or ExpoPushToken[…], or is a bare UUID"


def write(batch: Sequence[PushMessage]) -> tuple[list[Written], list[tuple[PushMessage, Ticket]]]:
    """Put messages into Expo's words; and those that cannot be, with the ticket that says so."""
    written, unwritable = [], []
    # What many of them say is put into words once.
    rests = {
        key: _rest(content) for key, content in {id(each.content): each.content for each in batch}.items()
    }
    for message in batch:
        rest = rests[id(message.content)]
        if isinstance(rest, Ticket):
            unwritable.append((message, rest))
        elif not _TOKEN.fullmatch(message.token):
            unwritable.append((message, _bad_token(message.token)))
        else:
            written.append((message, b'{"to":%b%b' % (orjson.dumps(message.token), rest)))
    return written, unwritable


def _bad_token(token: str) -> Ticket:
    """Expo would refuse the whole request for the sake of such a token."""
    return Ticket(outcome=Outcome.REJECTED, code=codes.NOT_A_TOKEN, detail=token_problem(token))


def _rest(content: PushContent) -> bytes | Ticket:
    """The JSON of its message from behind the token to the end; or the ticket that says why there is none."""
    try:
        text = _encoded(payload_of(content))
    except UNWRITABLE as error:
        problem = next((each.message for each in field_problems(content)), str(error))
        return answers.unwritable(problem)
    return b"}" if text == b"{}" else b"," + text[1:]


def _encoded(payload: dict[str, Any]) -> bytes:
    """As JSON. Raises one of UNWRITABLE."""
    try:
        text = orjson.dumps(payload, option=_WHAT_JSON_HAS)
    except TypeError:  # a number of more than 64 bits, a key that is no text, half a character
        return _strictly(payload)
    # To orjson NaN is null, which is not what was said.
    return _strictly(payload) if b"null" in text else text


def _strictly(payload: dict[str, Any]) -> bytes:
    """By Python's own encoder, at ten times the cost."""
    return _STRICT.encode(payload).encode()


def payload_of(content: PushContent) -> dict[str, Any]:
    """A content under Expo's names, without what is absent; 0 is a value (ttl: now or never, badge: cleared)."""
    # Field by field, because this is done for every message: a table of the fields takes three times as long.
    payload: dict[str, Any] = {}
    if content.title:
        payload["title"] = content.title
    if content.subtitle:
        payload["subtitle"] = content.subtitle
    if content.body:
        payload["body"] = content.body
    if content.data:
        payload["data"] = dict(content.data)
    if content.rich_content:
        payload["richContent"] = dict(content.rich_content)
    if content.icon:
        payload["icon"] = content.icon
    if sound := _sound(content):
        payload["sound"] = sound
    if content.badge is not None:
        payload["badge"] = int(content.badge)
    _add_manners(payload, content)
    return payload


def _add_manners(payload: dict[str, Any], content: PushContent) -> None:
    """When and how it is to arrive, and what it takes the place of."""
    if content.ttl is not None:
        payload["ttl"] = int(content.ttl)
    if content.expiration is not None:
        payload["expiration"] = int(content.expiration)
    if content.priority:
        payload["priority"] = content.priority
    if content.interruption_level:
        payload["interruptionLevel"] = content.interruption_level
    if content.channel_id:
        payload["channelId"] = content.channel_id
    if content.category_id:
        payload["categoryId"] = content.category_id
    if content.content_available:
        payload["_contentAvailable"] = content.content_available
    if content.mutable_content:
        payload["mutableContent"] = content.mutable_content
    if content.collapse_id:
        payload["collapseId"] = content.collapse_id
    if content.tag:
        payload["tag"] = content.tag


def _sound(content: PushContent) -> str | dict[str, Any]:
    """Its name; an object where it is critical or has a volume, and then the phone's own where it has no name."""
    if not content.sound_critical and content.sound_volume is None:
        return content.sound
    sound: dict[str, Any] = {"critical": content.sound_critical, "name": content.sound or DEFAULT_SOUND}
    if content.sound_volume is not None:
        sound["volume"] = content.sound_volume
    return sound


def token_problem(token: str) -> str:
    """Say what keeps this from being an Expo push token; "" when nothing does."""
    if not token:
        return "The push token is empty."
    if len(token) > TOKEN_LENGTH:
        return f"This is {len(token):,} characters long; an Expo push token has at most {TOKEN_LENGTH}."
    if _TOKEN.fullmatch(token):
        return ""
    if token.startswith(("ExponentPushToken[", "ExpoPushToken[")):
        if not token.endswith("]"):
            return "This push token is cut off: the ] at its end is missing."
        if token.endswith("[]"):
            return "This push token is empty between its brackets."
        return "This push token has a character between its brackets that none has: a space, a bracket, an accent."
    return f"{_LOOKS}; this does not."


def content_problems(content: PushContent) -> Iterator[Problem]:
    """Say what Expo would refuse in a content.

    One that wakes the app in the background may say nothing to people: Expo makes it a headless notification. Next to a
    title or a body the same flag is allowed, and the notification is shown as any other
    (docs.expo.dev/push-notifications/what-you-need-to-know/#headless-background-notifications).
    """
    if not (content.title or content.body or content.data or content.content_available):
        yield Problem(
            field="body", message="Give the message a title, a body or data: Expo sends no empty message."
        )
    wrong = list(field_problems(content))
    yield from wrong
    if not wrong:  # what has the wrong form cannot be weighed
        yield from _size_problem(content)


def _size_problem(content: PushContent) -> Iterator[Problem]:
    size = payload_size(content)
    if size <= PAYLOAD_BYTES:
        return
    parts = {name: getattr(content, name) for name in _WEIGHTY}
    sizes = {name: _bytes_of(value) for name, value in parts.items() if value}
    heaviest = sorted(sizes, key=lambda name: -sizes[name])[:2]
    shorten = " or ".join(_WEIGHTY[name] for name in heaviest)
    yield Problem(
        field=heaviest[0] if heaviest else "body",
        message=f"The message is {size:,} bytes as sent, Expo allows {PAYLOAD_BYTES:,}: "
        f"shorten {shorten or 'it'} by {size - PAYLOAD_BYTES:,} bytes.",
    )


_WEIGHTY = {
    "title": "title",
    "subtitle": "subtitle",
    "body": "body",
    "data": "data",
    "rich_content": "the image's address",
}
"""The fields that weigh most, and what people call them."""


def payload_size(content: PushContent) -> int:
    """Bytes that count towards Expo's limit: the message as compact JSON in UTF-8, without its token."""
    return _bytes_of(payload_of(content))


def _bytes_of(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
