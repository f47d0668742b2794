"""The steps of the machine: each does what is due and says what it did."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What one round of a step did."""

    messages: int = 0
    """Messages that moved."""
    more: bool = False
    """Is there surely more to do at once?"""
    wait: float = 1.0
    """Seconds until more can be due, as far as the step knows."""
    requeued: bool = False
    """Did messages become due again?"""
    is_room: bool = False
    """Did copies of broadcasts leave the queue, so that there is room for more of them?"""
    topics: frozenset[str] = field(default_factory=frozenset)
    """What pages show and has changed."""


def topics(project_ids: set[int], broadcast_ids: set[int]) -> frozenset[str]:
    """The live topics of these projects and broadcasts."""
    return frozenset({f"project:{pk}" for pk in project_ids} | {f"broadcast:{pk}" for pk in broadcast_ids})
