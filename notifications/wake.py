"""There is work: a hint to the workers, sent on commit. A lost hint costs a second, never a message."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from django.db import transaction


class Step(StrEnum):
    """A part of the machine that can be woken."""

    EXPAND = "expand"
    DISPATCH = "dispatch"
    RECEIPTS = "receipts"
    IMPORT = "import"


def _nobody(step: Step) -> None:
    """Until apps.ready() fills the hook, nobody listens."""


ring: Callable[[Step], None] = _nobody
"""The hook. Never raises."""


def up(step: Step) -> None:
    """Wake the workers of a step once the current transaction is committed (at once outside of one)."""
    transaction.on_commit(lambda: ring(step))
