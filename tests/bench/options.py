"""What is measured, and how often: the command line of the bench."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

PARTS = ("raw", "bare", "send", "receipts", "queries", "tell")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One command line."""

    runs: int
    """How often each figure is taken; the median counts."""
    numbers: tuple[int, ...]
    """Messages of a run."""
    receipts: tuple[int, ...]
    """Receipts of a run; the peer is measured at the smallest number only: it grows with the square."""
    latencies: tuple[float, ...]
    """Milliseconds that Expo takes for an answer."""
    stores: tuple[str, ...]
    parts: tuple[str, ...]
    with_peer: bool
    peer_waits: bool
    """Is the peer measured with a latency too?"""


def read(words: Sequence[str]) -> Options:
    """Read the command line; explains itself and exits where it cannot."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="one run each, 10,000 messages only, no peer at 50 ms"
    )
    parser.add_argument("--only", choices=["sqlite", "postgres"], help="one kind of database")
    parser.add_argument("--runs", type=_at_least_one, help="runs of each figure (3)")
    parser.add_argument("--carillon-only", action="store_true", help="without the peer")
    parser.add_argument("--numbers", type=_counts, help="messages of a run (10000,50000)")
    parser.add_argument("--receipts", type=_counts, help="receipts of a run (2000,20000)")
    parser.add_argument("--latencies", type=_milliseconds, help="milliseconds of Expo's (0,50)")
    parser.add_argument("--parts", type=_parts, default=PARTS, help=f"some of {','.join(PARTS)}")
    given = parser.parse_args(words)
    return Options(
        runs=given.runs or (1 if given.quick else 3),
        numbers=given.numbers or ((10_000,) if given.quick else (10_000, 50_000)),
        receipts=given.receipts or (2_000, 20_000),
        latencies=(0, 50) if given.latencies is None else given.latencies,
        stores=(given.only,) if given.only else ("sqlite", "postgres"),
        parts=given.parts,
        with_peer=not given.carillon_only,
        peer_waits=not given.quick,
    )


def _at_least_one(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return int(text)


def _counts(text: str) -> tuple[int, ...]:
    return tuple(sorted(_at_least_one(word) for word in text.split(",")))


def _milliseconds(text: str) -> tuple[float, ...]:
    return tuple(sorted(float(word) for word in text.split(",")))


def _parts(text: str) -> tuple[str, ...]:
    wanted = tuple(text.split(","))
    if not set(wanted) <= set(PARTS):
        raise argparse.ArgumentTypeError(f"some of {', '.join(PARTS)}, separated by commas")
    return wanted
