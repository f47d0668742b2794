"""Reads the JSON object that somebody typed, and says what is wrong with it in plain words."""

from __future__ import annotations

import json
import math
from typing import Any

DEEPEST = 32
TOO_DEEP = f"This is nested too deeply: {DEEPEST} levels at most."
LARGEST = 2**63
"""No provider and no database keeps whole numbers beyond this as they are."""


def json_object(text: str) -> dict[str, Any]:
    """The object in a text. Raises ValueError, in words for people, for whatever cannot be stored and sent as it is."""
    try:
        read = json.loads(text, parse_constant=_no_number, parse_int=_whole, parse_float=_broken)
    except json.JSONDecodeError as error:
        raise ValueError(f"This is not JSON (line {error.lineno}, column {error.colno}).") from None
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    if not isinstance(read, dict):
        raise ValueError('Write a JSON object, such as {"screen": "news"}.')
    _check(read)
    return read


def _check(read: dict[str, Any]) -> None:
    """Level by level, so that no depth can hurt."""
    level: list[Any] = [read]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str):
                _check_text(value)
        level = below
    if level:
        raise ValueError(TOO_DEEP)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValueError("A NUL character (\\u0000) cannot be sent.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("There is half a character in it (\\ud800 to \\udfff without its other half).")


def _no_number(word: str) -> None:
    raise ValueError(f"This is not JSON: {word} is no number there.")


def _whole(digits: str) -> int:
    # The length first: Python itself refuses to read thousands of digits.
    if len(digits) > 20 or abs(int(digits)) >= LARGEST:
        raise ValueError(f"The number {digits[:12]}… is too large. Write it in quotes, as a text.")
    return int(digits)


def _broken(digits: str) -> float:
    if math.isinf(float(digits)):
        raise ValueError(f"The number {digits[:12]} is too large.")
    return float(digits)
