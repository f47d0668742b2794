"""The inside of a process that does what it is told, a line at a time, and answers in JSON.

The standard library only: it runs in Carillon's environment and in the peer's.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

LONGEST_WAIT = 600.0


def obey(verbs: Mapping[str, Callable[..., Any]]) -> None:
    """Read `[verb, argument, …]` from standard input until it ends; write `{"done": …}` or `{"trouble": …}`."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not look like an answer
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        try:
            answer = {"done": verbs[verb](*arguments)}
        except Exception:
            answer = {"trouble": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def wait_for(count: Callable[[], int], number: int) -> float:
    """Ask until so many are there; the moment (seconds, monotonic) at which they were. Raises TimeoutError."""
    ends = time.monotonic() + LONGEST_WAIT
    while (there := count()) < number:
        if time.monotonic() > ends:
            raise TimeoutError(f"After {LONGEST_WAIT:g} seconds there are {there:,} of {number:,}.")
        time.sleep(0.005)
    return time.monotonic()
