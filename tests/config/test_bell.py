"""The bell between processes: it wakes who waits, is never lost on who listens, and is a hint only."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from config.bell import Bell

LONG = 30.0
SOON = 5.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bell"


def seconds(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def listening(path: Path) -> Bell:
    """One that has waited before."""
    bell = Bell(path)
    bell.wait(0, deaf=0)
    return bell


def test_it_wakes_one_who_waits(path: Path) -> None:
    waiter = listening(path)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(seconds, lambda: waiter.wait(LONG, deaf=LONG))
        Bell(path).ring()
        assert waiting.result() < SOON


def test_what_rang_before_is_heard_by_the_next_wait(path: Path) -> None:
    waiter = listening(path)
    Bell(path).ring()
    assert seconds(lambda: waiter.wait(LONG, deaf=LONG)) < SOON


def test_however_often_it_rang_is_heard_once(path: Path) -> None:
    waiter = listening(path)
    for _ in range(3):
        Bell(path).ring()
    waiter.wait(LONG, deaf=LONG)
    assert seconds(lambda: waiter.wait(0.1, deaf=LONG)) >= 0.1


def test_two_may_listen(path: Path) -> None:
    waiters = [listening(path), listening(path)]
    for waiter in waiters:
        Bell(path).ring()
        assert seconds(lambda waiter=waiter: waiter.wait(LONG, deaf=LONG)) < SOON  # type: ignore[misc]


def test_a_wait_ends_without_it(path: Path) -> None:
    waiter = listening(path)
    assert 0.1 <= seconds(lambda: waiter.wait(0.1, deaf=LONG)) < SOON


def test_where_nobody_has_ever_listened_ringing_does_no_harm(path: Path) -> None:
    Bell(path).ring()
    assert not path.exists()


def test_where_nobody_listens_any_more_it_does_neither(path: Path) -> None:
    os.mkfifo(path)
    Bell(path).ring()


def test_one_whom_nobody_hears_never_makes_a_ringer_wait(path: Path) -> None:
    listening(path)
    pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        while os.write(pipe, b"." * 4096):
            pass
    assert seconds(Bell(path).ring) < SOON
    os.close(pipe)


@pytest.mark.parametrize("unfit", ["a file", "no folder"])
def test_where_there_can_be_no_pipe_a_wait_is_short(path: Path, unfit: str) -> None:
    if unfit == "a file":
        path.write_text("kept")
    waiter = Bell(path if unfit == "a file" else path / "bell")
    assert seconds(lambda: waiter.wait(LONG, deaf=0.01)) < SOON


def test_nobody_else_may_ring(path: Path) -> None:
    listening(path)
    assert path.stat().st_mode & 0o777 == 0o600
