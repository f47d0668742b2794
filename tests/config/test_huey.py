"""The queue in a file: what one process puts in, another hears of at once, and of several nothing is lost."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config import huey

LONG = 30.0
SOON = 5.0


@pytest.fixture(autouse=True)
def _nobody_looks_without_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huey, "LOOK_ANYWAY", LONG)


def storage(folder: Path) -> huey.RingingStorage:
    """As another process has it."""
    made: huey.RingingStorage = huey.make_queue("", folder, "a key").storage
    return made


def test_who_waits_hears_of_a_task_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    reader = storage(tmp_path)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(reader.dequeue)
        while not waiting.done():
            storage(tmp_path).enqueue(b"a task")
    found = waiting.result() or reader.dequeue()
    assert bytes(found or b"") == b"a task"
    assert time.monotonic() - began < SOON


def test_what_was_queued_before_is_found_without_waiting(tmp_path: Path) -> None:
    storage(tmp_path).enqueue(b"a task")
    began = time.monotonic()
    assert storage(tmp_path).dequeue() == b"a task"
    assert time.monotonic() - began < SOON


def test_each_of_several_is_found(tmp_path: Path) -> None:
    reader = storage(tmp_path)
    for number in range(3):
        storage(tmp_path).enqueue(b"%d" % number)
    assert [reader.dequeue() for _ in range(3)] == [b"0", b"1", b"2"]
