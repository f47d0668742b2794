"""How far a broadcast has come, in words: beside its state, and in the answers to what operators do with it."""

from __future__ import annotations

from dashboard.templatetags.figures import duration, number
from notifications.models import BroadcastState
from notifications.queries.numbers import Progress
from notifications.queries.pace import Pace

ENOUGH_FOR_A_GUESS = 5.0
"""Messages a second below which nobody is told how long it will take."""


def in_words(progress: Progress, speed: Pace) -> str:
    """How far it is, in a phrase beside the state."""
    broadcast = progress.broadcast
    match broadcast.state:
        case BroadcastState.DRAFT:
            return "Nothing was sent yet"
        case BroadcastState.CANCELLED:
            return _cancelled_in_words(progress)
        case BroadcastState.SENT:
            return _sent_in_words(progress)
        case BroadcastState.PAUSED:
            return f"{_share(progress)} handed over, {number(progress.waiting)} wait"
        case _:
            return ", ".join(filter(None, [f"{_share(progress)} handed over", _time_left(progress, speed)]))


def _share(progress: Progress) -> str:
    """How much is through, never 100% before all is."""
    settled = progress.copies - progress.waiting - progress.on_the_wire
    return f"{settled * 100 // progress.expected}%" if progress.expected else "0%"


def _time_left(progress: Progress, speed: Pace) -> str:
    if not progress.unsent or speed.lately < ENOUGH_FOR_A_GUESS:
        return ""
    return f"about {duration(progress.unsent / speed.lately)} left"


def _sent_in_words(progress: Progress) -> str:
    start, end = progress.broadcast.started_at, progress.broadcast.finished_at
    lasted = f" in {duration((end - start).total_seconds())}" if start and end else ""
    if progress.handed_over == progress.copies:
        return f"All {number(progress.copies)} handed over{lasted}"
    again = progress.waiting + progress.on_the_wire
    more = f", {number(again)} tried again" if again else ""
    return f"{number(progress.handed_over)} of {number(progress.copies)} handed over{lasted}{more}"


def _cancelled_in_words(progress: Progress) -> str:
    parts = {
        "stopped": progress.stopped,
        "of them never written out": progress.never_written,
        "on the wire": progress.on_the_wire,
        "had been handed over": progress.handed_over,
    }
    return (
        ", ".join(f"{number(count)} {words}" for words, count in parts.items() if count) or "Nothing to stop"
    )


def paused(progress: Progress) -> str:
    """The answer to a pause."""
    parts = ["Paused.", _on_the_wire(progress), "What waits goes on waiting until you resume."]
    return " ".join(filter(None, parts))


def cancelled(progress: Progress) -> str:
    """The answer to a cancel: the number that its question named, and what is out of our hands."""
    stopped = _copies(progress.stopped, "was", "were", "stopped.") or "Nothing waited any more."
    gone = _copies(progress.handed_over, "had", "had", "been handed over and cannot be called back.")
    return " ".join(filter(None, ["Cancelled.", stopped, gone, _on_the_wire(progress)]))


def _on_the_wire(progress: Progress) -> str:
    return _copies(progress.on_the_wire, "is", "are", "on the wire and will still be answered.")


def _copies(count: int, one: str, many: str, rest: str) -> str:
    """`2 copies were stopped.`; nothing where there are none."""
    if not count:
        return ""
    return f"{number(count)} {f'copy {one}' if count == 1 else f'copies {many}'} {rest}"
