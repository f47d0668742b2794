"""The fields of an Expo message, and what each may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_sound(value: Any) -> bool:
    return isinstance(value, str | dict)


def _is_address(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str) and each for each in value)
    return isinstance(value, str) and value != ""


def _one_of(*words: str) -> Check:
    return lambda value: value in words


_FORMS: Mapping[str, tuple[str, Check]] = {
    "title": ("a string", _is_text),
    "subtitle": ("a string", _is_text),
    "body": ("a string", _is_text),
    "data": ("an object", _is_object),
    "ttl": ("a whole number of seconds", _is_whole),
    "expiration": ("a whole number of seconds since 1970", _is_whole),
    "priority": ("one of default, normal, high", _one_of("default", "normal", "high")),
    "sound": ("a string or an object", _is_sound),
    "badge": ("a whole number", _is_whole),
    "interruptionLevel": (
        "one of active, critical, passive, time-sensitive",
        _one_of("active", "critical", "passive", "time-sensitive"),
    ),
    "channelId": ("a string", _is_text),
    "icon": ("a string", _is_text),
    "richContent": ("an object", _is_object),
    "categoryId": ("a string", _is_text),
    "mutableContent": ("true or false", _is_flag),
    "collapseId": ("a string", _is_text),
    "tag": ("a string", _is_text),
    "_contentAvailable": ("true or false", _is_flag),
}
"""Field → what it must be, in words, and the test for it. Other fields are let through; null is absence."""


def problem_of(message: Any) -> str:
    """What is wrong with the form of one decoded message, starting with the field's name; "" when nothing is."""
    if not isinstance(message, dict):
        return " must be an object"
    if not _is_address(message.get("to")):
        return ".to must be a push token or a list of them"
    for name, value in message.items():
        if value is None or name not in _FORMS:
            continue
        form, fits = _FORMS[name]
        if not fits(value):
            return f".{name} must be {form}"
    return ""
