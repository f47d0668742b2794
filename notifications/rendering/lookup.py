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
    """The languages to look for: the one that is wanted, the same without its region, the installation's, English.

    As BCP 47 has them, in lower case: `fr-ca`, `fr`, `en-us`.
    """
    wanted, default = tag(locale), tag(settings.NOTIFICATIONS_DEFAULT_LOCALE)
    tags = [wanted, wanted.partition("-")[0], default, default.partition("-")[0], LAST_RESORT]
    return [each for each in dict.fromkeys(tags) if each]


def tag(locale: str) -> str:
    """A language's name as the files have it."""
    return locale.strip().replace("_", "-").lower()
