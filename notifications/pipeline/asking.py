"""Asking: the next question is on its way while the answer to the one before it is saved."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from notifications import wire
from notifications.pipeline.questions import Asked

AT_ONCE = 2
"""Questions on their way side by side: one that is being answered, and one whose answer may wait to be saved."""
TURN = 1.0
"""Seconds after which none more is asked: another credential may have waited longer by then."""

Ask = Callable[[Sequence[Asked]], wire.ReceiptAnswer]


@dataclass(frozen=True, slots=True)
class Answered:
    """One question and its answer."""

    tickets: Sequence[Asked]
    answer: wire.ReceiptAnswer
    is_last: bool
    """Was none asked after it?"""


class Turn:
    """The questions for one credential's tickets, so many at a time, until it is another's turn.

    Whoever goes through it is the one thread that touches the database.
    """

    def __init__(self, ask: Ask, tickets: Sequence[Asked], size: int) -> None:
        """`ask` is called by other threads. `size`: tickets of one question."""
        self._ask = ask
        self._waiting = deque(tickets[start : start + size] for start in range(0, len(tickets), size))
        self._flying: deque[tuple[Sequence[Asked], Future[wire.ReceiptAnswer]]] = deque()

    def __iter__(self) -> Iterator[Answered]:
        """Each answer, in the order of the questions. Raises what `ask` raises."""
        ends = time.monotonic() + TURN
        with ThreadPoolExecutor(AT_ONCE, "carillon-question") as pool:
            self._start(pool)
            while self._flying:
                tickets, question = self._flying.popleft()
                answer = question.result()
                if answer.trouble or time.monotonic() >= ends:
                    self.stop()
                self._start(pool)
                yield Answered(tickets, answer, is_last=not self._flying)

    def stop(self) -> None:
        """Ask nothing more; what is on its way is answered."""
        self._waiting.clear()

    def _start(self, pool: ThreadPoolExecutor) -> None:
        while self._waiting and len(self._flying) < AT_ONCE:
            tickets = self._waiting.popleft()
            self._flying.append((tickets, pool.submit(self._ask, tickets)))
