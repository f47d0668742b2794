"""Which line had a token first is known, however many there are, and memory does not grow with them."""

from __future__ import annotations

import tracemalloc
from contextlib import closing

from notifications.importing.device_rows import DeviceRow
from notifications.importing.first_lines import FirstLines


def test_the_first_line_of_a_digest_stays_the_first() -> None:
    with closing(FirstLines()) as known:
        assert [known.note(-(2**63), 2), known.note(7, 3), known.note(-(2**63), 4)] == [2, 3, 2]


def test_so_many_that_they_are_put_on_disk_are_still_known() -> None:
    with closing(FirstLines()) as known:
        for line in range(200_000):
            known.note(line * 2**40 % 2**61, line)
        assert known.note(2**40 % 2**61, 0) == 1


def test_the_digest_is_the_same_in_every_process() -> None:
    assert DeviceRow(line=2, uid="ada", token="ExponentPushToken[ada]").digest == 5328121961390454841


def test_python_keeps_none_of_them() -> None:
    tracemalloc.start()
    with closing(FirstLines()) as known:
        for line in range(1_000):
            known.note(line, line)
        before, _ = tracemalloc.get_traced_memory()
        for line in range(1_000, 20_000):
            known.note(line, line)
        after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 10_000
