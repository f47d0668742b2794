"""What an exchange over HTTP means where the vendor itself says nothing, and a vendor's words made fit to keep."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from math import isfinite

from notifications import clock, http, wire
from notifications.wire import Code, Outcome

NOT_SENT = "NotSent"
NO_ANSWER = "NoAnswer"
UNREADABLE = "Unreadable"
UNWRITABLE = "Unwritable"
LONGEST_WAIT = 3600.0
CODE_LENGTH = 64
DETAIL_LENGTH = 300
REFERENCE_LENGTH = 128
SHORTEST_SECRET = 8

_AMBIGUOUS_STATUSES = {502, 504, 520, 524}
_BUSY_STATUSES = {408, 425, 429}
# The wrong key, or the wrong place: no message is to blame for these.
_SETUP_STATUSES = {401, 403, 404, 405, 407}


def codes(label: str) -> dict[str, Code]:
    """The codes that we give ourselves to what happens on the way to a vendor and back."""
    again = "They are tried again by themselves."
    unsure = "They may or may not have arrived. “Retry unknown” sends them again: some people will then get them twice."
    return {
        NOT_SENT: Code(
            outcome=Outcome.RETRY,
            title=f"{label} could not be reached",
            remedy=f"Nothing was sent. {again} If it goes on, check this server's network, DNS and firewall.",
        ),
        NO_ANSWER: Code(
            outcome=Outcome.AMBIGUOUS,
            title=f"No answer from {label}",
            remedy=f"The messages left, but the answer was lost on the way. {unsure}",
        ),
        UNREADABLE: Code(
            outcome=Outcome.AMBIGUOUS,
            title=f"Unreadable answer from {label}",
            remedy=f"{label} answered, but not in its own format. {unsure}",
        ),
        UNWRITABLE: Code(
            outcome=Outcome.REJECTED,
            title="Message that cannot be written down",
            remedy="Its data holds something that JSON has no form for. Correct the data and send again.",
        ),
        **{f"HTTP {status}": _code_of(status, label, again, unsure) for status in _TITLES},
    }


_TITLES = {
    401: "{} does not accept our key",
    403: "{} forbids us this",
    404: "{} is not at the address that is set",
    413: "{} found the request too large",
    429: "{} asked us to slow down",
    500: "Fault inside {}",
    502: "Fault on the way to {}",
    503: "{} is out of service for a moment",
    504: "{} took too long",
}


def _code_of(status: int, label: str, again: str, unsure: str) -> Code:
    outcome = outcome_of(status)
    remedies = {
        Outcome.RETRY: f"Nothing needs doing. {again}",
        Outcome.AMBIGUOUS: unsure,
        Outcome.REJECTED: "Make the message shorter, then send it again. The devices stay active.",
        Outcome.MISCONFIGURED: f"Check the key and the address of {label} under Providers, then resume it. "
        "Its messages are waiting, and the devices stay active.",
    }
    return Code(outcome=outcome, title=_TITLES[status].format(label), remedy=remedies[outcome])


def outcome_of(status: int) -> Outcome:
    """What an HTTP status says of all messages in a request; a 2xx comes here only when its body said nothing."""
    if status in _BUSY_STATUSES:
        return Outcome.RETRY
    if status in _SETUP_STATUSES or 300 <= status < 400:
        return Outcome.MISCONFIGURED
    if 400 <= status < 500:
        return Outcome.REJECTED
    if status >= 500 and status not in _AMBIGUOUS_STATUSES:
        return Outcome.RETRY
    return Outcome.AMBIGUOUS


def of_failure(error: http.NotSent | http.NoAnswer) -> wire.Ticket:
    """The ticket of every message in a call that brought no answer."""
    if isinstance(error, http.NotSent):
        return wire.Ticket(outcome=Outcome.RETRY, code=NOT_SENT, detail=str(error))
    return wire.Ticket(outcome=Outcome.AMBIGUOUS, code=NO_ANSWER, detail=str(error))


def unreadable(detail: str) -> wire.Ticket:
    """The ticket of a message whose answer cannot be trusted."""
    return wire.Ticket(outcome=Outcome.AMBIGUOUS, code=UNREADABLE, detail=detail)


def unwritable(detail: str) -> wire.Ticket:
    """The ticket of a message that cannot be put into the vendor's format; it was not sent."""
    return wire.Ticket(outcome=Outcome.REJECTED, code=UNWRITABLE, detail=text(detail, DETAIL_LENGTH))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks for, from 0 to an hour; None without one that can be read."""
    value = headers.get("Retry-After", "").strip()[:64]
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value)
    return min(max(seconds, 0.0), LONGEST_WAIT) if isfinite(seconds) else None


def _seconds_until(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return float("nan")
    now = clock.now()
    return (moment.replace(tzinfo=moment.tzinfo or now.tzinfo) - now).total_seconds()


def text(value: object, length: int) -> str:
    """A vendor's text on one line, cut to a length; "" for what is no text. No NUL, which a database refuses."""
    if not isinstance(value, str):
        return ""
    printable = "".join(each if each.isprintable() else " " for each in value[: 4 * length])
    return " ".join(printable.split())[:length]


def code(value: object) -> str:
    """A vendor's code, verbatim as far as it can be kept."""
    return text(value, CODE_LENGTH)


def reference(value: object) -> str:
    """A vendor's id; "" where it gave none that could be asked for later."""
    if isinstance(value, str) and len(value) <= REFERENCE_LENGTH and value.isprintable():
        return value.strip()
    return ""


def detail(value: object, hidden: Iterable[str], addresses: re.Pattern[str]) -> str:
    """A vendor's words with everything hidden and everything that looks like an address masked."""
    words = text(value, 4 * DETAIL_LENGTH)
    for each in hidden:
        if len(each) >= SHORTEST_SECRET:
            words = words.replace(each, "…")
    return addresses.sub("…", words)[:DETAIL_LENGTH]
