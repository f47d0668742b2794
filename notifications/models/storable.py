"""Storable: texts that both databases keep as they are."""

from __future__ import annotations


def can_be_stored(text: str) -> bool:
    """Has it neither a NUL, which PostgreSQL refuses even in a question, nor half a character?"""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
