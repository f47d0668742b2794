"""Counts kept for a moment: only where they are dear, never longer than they may be, and not after somebody acted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from django.core.cache import cache

from notifications import clock
from notifications.models import BroadcastState, Project
from notifications.queries import progress
from notifications.queries.progress import Progress, forget_progress, progress_of
from notifications.queries.snapshots import (
    LONGEST,
    ROWS_A_SECOND,
    SETTLED,
    SMALL,
    counted,
    forget,
    kept,
    lifetime,
    progress_key,
    snapshot,
)
from tests.dashboard.copies import copy, started


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def looks(rows: int, times: int = 3) -> list[int]:
    """What several looks at once see of a count that grows with each look."""
    steps = count(1)
    return [snapshot("test", lambda _: rows, lambda: next(steps)) for _ in range(times)]


def test_a_large_count_is_taken_once() -> None:
    assert looks(SMALL) == [1, 1, 1]


def test_a_small_count_is_taken_every_time() -> None:
    assert looks(SMALL - 1) == [1, 2, 3]


@pytest.mark.parametrize(
    ("rows", "seconds"),
    [(0, 0), (SMALL - 1, 0), (ROWS_A_SECOND, 1), (ROWS_A_SECOND * 4, 4), (ROWS_A_SECOND * 1_000, LONGEST)],
)
def test_a_count_is_kept_the_longer_the_larger_it_is(rows: int, seconds: float) -> None:
    assert lifetime(rows) == seconds


def test_what_hardly_changes_is_kept_longest() -> None:
    assert lifetime(SMALL, is_settled=True) == SETTLED
    assert lifetime(SMALL - 1, is_settled=True) == 0


def test_what_was_forgotten_is_counted_anew() -> None:
    assert looks(SMALL, 1) == [1]
    forget("test")
    assert kept(["test"]) == {}


def test_a_small_broadcast_is_never_kept(project: Project) -> None:
    broadcast = started(project)
    for number in (1, 2):
        copy(broadcast)
        assert progress_of(broadcast).copies == number


def test_the_page_counts_anew_after_an_action(project: Project) -> None:
    broadcast = started(project)
    counted(progress_key(broadcast.pk), lambda _: SMALL, progress_of(broadcast))
    copy(broadcast)
    assert progress_of(broadcast).copies == 0
    forget_progress(broadcast)
    assert progress_of(broadcast).copies == 1


def test_a_broadcast_whose_copies_are_sent_again_is_not_settled(project: Project) -> None:
    long_ago = clock.now() - timedelta(days=3)
    broadcast = started(project, finished_at=long_ago, state=BroadcastState.SENT)
    assert progress._is_settled(broadcast, progress_of(broadcast))
    copy(broadcast, "accepted")
    assert not progress._is_settled(broadcast, progress_of(broadcast))
    broadcast.state = BroadcastState.SENDING
    assert not progress._is_settled(broadcast, Progress(broadcast=broadcast, groups=(), in_app=0))
