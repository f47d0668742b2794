"""Senders: the identities that mail is sent from, as the settings name them."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class SenderConfig:
    """One entry of NOTIFICATION_SENDERS, in the order of its parts."""

    id: str
    display_name: str
    from_email: str
    """A whole address: `Name <name@example.com>`."""
    smtp_user: str = ""
    """Empty: mail goes through EMAIL_BACKEND as it is."""
    smtp_password: str = field(default="", repr=False)


def get_sender(sender_id: str | None = None) -> SenderConfig:
    """The sender with this id; the default one where none is named. Raises ValueError for one that is not there."""
    wanted = sender_id or settings.NOTIFICATION_DEFAULT_SENDER
    for entry in settings.NOTIFICATION_SENDERS:
        if entry[0] == wanted:
            return SenderConfig(*entry)
    known = ", ".join(f"'{entry[0]}'" for entry in settings.NOTIFICATION_SENDERS) or "none"
    raise ValueError(f"Unknown notification sender: '{wanted}'. NOTIFICATION_SENDERS has: {known}.")


def check_default() -> None:
    """Raises ImproperlyConfigured where mail without a named sender could not leave."""
    try:
        get_sender()
    except (ValueError, TypeError, IndexError) as error:
        raise ImproperlyConfigured(
            f"NOTIFICATION_DEFAULT_SENDER must be the id of an entry of NOTIFICATION_SENDERS, each (id, display_name, "
            f"from_email, smtp_user, smtp_password). {error}"
        ) from error
