"""Keeps secrets unreadable at rest: a list of keys, the first encrypts, all of them decrypt."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UnreadableSecret(Exception):
    """None of the configured keys opens this secret."""


def seal(secrets: Mapping[str, str]) -> str:
    """Encrypt a mapping of secrets into text for the database."""
    return _fernet().encrypt(json.dumps(dict(secrets)).encode()).decode()


def unseal(sealed: str) -> dict[str, str]:
    """Decrypt what `seal` made. Raises UnreadableSecret when no configured key fits."""
    if not sealed:
        return {}
    try:
        opened: dict[str, str] = json.loads(_fernet().decrypt(sealed.encode()))
    except InvalidToken:
        raise UnreadableSecret(
            "No key in CARILLON_ENCRYPTION_KEYS opens this secret: put the key it was made with back at the end of "
            "the list."
        ) from None
    return opened


def reseal(sealed: str) -> str:
    """Encrypt again with the first key of the list. Raises UnreadableSecret like `unseal`."""
    return seal(unseal(sealed)) if sealed else ""


def _fernet() -> MultiFernet:
    """The keys of CARILLON_ENCRYPTION_KEYS, newest first; without any, one made from SECRET_KEY and its fallbacks."""
    keys = settings.CARILLON_ENCRYPTION_KEYS or [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(text)) for text in keys])


def _key(text: str) -> bytes:
    """Any text of enough entropy becomes a Fernet key; the prefix keeps it apart from other uses of SECRET_KEY."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"carillon.encryption:" + text.encode()).digest())
