"""Lookup: which template files may say something, the most fitting first."""

from __future__ import annotations

from django.conf import settings

ROOT = "notifications"
LAST_RESORT = "en-us"


def of_kind(kind: str, name: str, locale: str, form: str) -> list[str]:
    """The files of a kind: `notifications/<app>/<kind>/<name>.<locale>.<form>`.

    Every dot of the kind makes a folder, or else the first one alone: `a.b.c` is in `a/b/c` or in `a/b.c`. The language
    matters more than the place.
    """
    folders = dict.fromkeys([kind.replace(".", "/"), kind.replace(".", "/", 1)])
    return [f"{ROOT}/{folder}/{name}.{tag}.{form}" for tag in chain(locale) for folder in folders]


def shared(name: str, locale: str, form: str) -> list[str]:
    """The files that belong to no kind, such as a digest's: `notifications/<name>.<locale>.<form>`."""
    return [f"{ROOT}/{name}.{tag}.{form}" for tag in chain(locale)]


def chain(locale: str) -> list[str]:
    """The languages to look for: the one that is wanted, wider and wider; the installation's, likewise; English.

    As BCP 47 has them, in lower case: `zh-hans-cn`, `zh-hans`, `zh`, `en-us`.
    """
    tags = [*_wider(tag(locale)), *_wider(tag(settings.NOTIFICATIONS_DEFAULT_LOCALE)), LAST_RESORT]
    return list(dict.fromkeys(tags))


def _wider(name: str) -> list[str]:
    parts = name.split("-")
    return ["-".join(parts[:end]) for end in range(len(parts), 0, -1)] if name else []


def tag(locale: str) -> str:
    """A language's name as the files have it."""
    return locale.strip().replace("_", "-").lower()
