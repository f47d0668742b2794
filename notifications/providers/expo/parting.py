"""Asks Expo for many at once and, where it refuses all for the sake of some, again in smaller parts; never for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from notifications.providers.expo import codes
from notifications.providers.expo.replies import LEFT_OVER, Refusal
from notifications.wire import Outcome

MOST_REQUESTS = 100
"""Of one batch or question. To send each message of a batch alone would take no more."""
LAST_START = 2 / 3
"""How much of the deadline may be over when a further part is sent: what starts too late ends without an answer."""
MOST_ALIKE = 7
"""Refusals without a reason, and nothing else, until it is no message's fault. Three bad messages never cause so many:
of the parts that were refused by then, four have no message in common."""

Item = TypeVar("Item")
Found = TypeVar("Found")


class Parting(Generic[Item, Found]):
    """The requests of one batch or question. Every item is part of at most one request that Expo takes."""

    def __init__(self, ask: Callable[[Sequence[Item]], Found | Refusal], deadline: float) -> None:
        """`ask` makes one request; `deadline`: seconds from now in which all of them have ended."""
        self._ask_expo = ask
        self._last_start = time.monotonic() + deadline * LAST_START
        self._requests = 0
        self._alike = 0
        self._was_taken = False
        self._end: Refusal | None = None

    def answers(self, items: Sequence[Item]) -> Iterator[tuple[Sequence[Item], Found | Refusal]]:
        """The items in parts, each with what Expo said of it."""
        yield from self._settle(items, self._ask(items))

    def _settle(
        self, part: Sequence[Item], verdict: Found | Refusal
    ) -> Iterator[tuple[Sequence[Item], Found | Refusal]]:
        if not isinstance(verdict, Refusal) or not verdict.splits or len(part) == 1:
            yield part, verdict
        elif verdict.groups:
            for group in verdict.groups:
                yield from self.answers([part[place] for place in group])
        else:
            yield from self._halves(part)

    def _halves(self, spoilt: Sequence[Item]) -> Iterator[tuple[Sequence[Item], Found | Refusal]]:
        """Ask for both halves of what Expo refused as a whole: for one bad item in 100, at most 14 requests in all."""
        middle = len(spoilt) // 2
        left, right = spoilt[:middle], spoilt[middle:]
        verdict = self._ask(left)
        if not isinstance(verdict, Refusal) and len(right) > 1:
            # What spoils it is on the right then: no need to hear so from Expo.
            yield left, verdict
            yield from self._halves(right)
        else:
            other = self._ask(right)
            yield from self._settle(left, verdict)
            yield from self._settle(right, other)

    def _ask(self, part: Sequence[Item]) -> Found | Refusal:
        if self._end is None and self._is_too_much():
            self._end = LEFT_OVER
        if self._end is not None:
            return self._end
        self._requests += 1
        verdict = self._ask_expo(part)
        if isinstance(verdict, Refusal):
            self._end = self._why_to_stop(verdict)
        else:
            self._was_taken = True
        return verdict

    def _is_too_much(self) -> bool:
        """Have there been requests enough, or is too little time left for another? The first one is always made."""
        late = time.monotonic() > self._last_start
        return self._requests >= MOST_REQUESTS or (self._requests > 0 and late)

    def _why_to_stop(self, refusal: Refusal) -> Refusal | None:
        """What the other parts would hear as well, where that is known."""
        if not refusal.splits:
            # Busy, unreachable or not let in.
            return refusal if refusal.ticket.outcome in (Outcome.RETRY, Outcome.MISCONFIGURED) else None
        self._alike += refusal.ticket.code in codes.WITHOUT_A_REASON and not self._was_taken
        return replace(refusal, splits=False) if self._alike == MOST_ALIKE else None
