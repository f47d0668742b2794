"""Reads a whole number out of an address or a form, where anything may stand."""

from __future__ import annotations

MOST_DIGITS = 18
"""What every database takes for a key."""


def whole(text: str) -> int | None:
    """The number that a text of plain digits stands for; None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None
