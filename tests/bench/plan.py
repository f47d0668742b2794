"""What is measured after what: in turn, so that a busy minute of the machine meets both systems."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from tests.bench import raw, telling
from tests.bench.carillon.system import Carillon
from tests.bench.measure import Bench, Figures
from tests.bench.options import Options
from tests.bench.result import Case, Result
from tests.bench.stores import Store
from tests.bench.system import System
from tests.bench.targets import CONNECTIONS

RAW_MESSAGES = {True: 10_000, False: 500_000}
"""Posted for the raw limit, with and without latency."""


class Plan:
    """All measurements of one command line."""

    def __init__(self, options: Options, bench: Bench, systems: Sequence[System], result: Result) -> None:
        """`systems`: in the order of their turns."""
        self._options = options
        self._bench = bench
        self._systems = systems
        self._result = result
        self._failed: set[Case] = set()

    def raw(self) -> None:
        """The limit, over one connection and over as many as Expo advises."""
        for latency in self._options.latencies:
            for connections in (1, CONNECTIONS):
                for _ in range(self._options.runs):
                    self._bench.expo.begin(latency)
                    number = RAW_MESSAGES[latency > 0]
                    rate = raw.messages_a_second(self._bench.expo.url, number, connections)
                    self._result.raw.setdefault((latency, connections), []).append(rate)
                say(f"raw limit, {latency:g} ms, {connections} connections: {rate:,.0f} messages/s")

    def bare(self, store: Store) -> None:
        """The bare work of messages and receipts; SQLite writes over one connection only."""
        for carillon in (each for each in self._systems if isinstance(each, Carillon)):
            messages, receipts = min(self._options.numbers), max(self._options.receipts)
            for connections in (1,) if store.key == "sqlite" else (1, 2):
                source = self._bench.prepare(carillon, store, messages)
                self._bare(carillon, store, source, "send", messages, connections)
                source = self._bench.prepare_sent(carillon, store, receipts)
                self._bare(carillon, store, source, "receive", receipts, connections)

    def _bare(
        self, carillon: Carillon, store: Store, source: str, what: str, number: int, connections: int
    ) -> None:
        for _ in range(self._options.runs):
            rate = self._bench.bare(carillon, store, source, what, number, connections)
            self._result.bare.setdefault((store.key, what, connections), []).append(rate)
            say(f"{store.label}, bare work, {what} {number:,}, {connections} connections: {rate:,.0f}/s")

    def send(self, store: Store) -> None:
        """Messages: every number at every latency."""
        for number in self._options.numbers:
            sources = {each.key: self._bench.prepare(each, store, number) for each in self._systems}
            for latency in self._options.latencies:
                waiting = [
                    each
                    for each in self._systems
                    if each.key != "peer" or not latency or self._options.peer_waits
                ]
                self._take_turns(
                    Case("send", store.key, number, latency, ""),
                    waiting,
                    lambda system: self._bench.send(system, store, sources[system.key], number, latency),  # noqa: B023
                )

    def receipts(self, store: Store) -> None:
        """Receipts: the peer at the smallest number only."""
        for number in self._options.receipts:
            small = number == min(self._options.receipts)
            asking = [each for each in self._systems if small or each.key != "peer"]
            sources = {each.key: self._bench.prepare_sent(each, store, number) for each in asking}
            self._take_turns(
                Case("receipts", store.key, number, 0, ""),
                asking,
                lambda system: self._bench.receipts(system, store, sources[system.key], number),  # noqa: B023
            )

    def queries(self, store: Store) -> None:
        """Queries of both, in one process each."""
        for system in self._systems:
            number = min(self._options.receipts)
            source = self._bench.prepare(system, store, number)
            counted = self._bench.queries(system, store, source, number)
            self._result.queries[store.key, system.key] = counted
            say(f"{store.label}, queries: {system.label} {counted['messages']:.1f} per 100 messages")

    def tell(self, store: Store) -> None:
        """One event for many people."""

        def said(key: str, system: str, number: int, seconds: float) -> None:
            self._result.telling.setdefault((key, system, number), []).append(number / seconds)
            say(f"{store.label}, {system}, {number:,} people told: {number / seconds:,.0f}/s")

        carillon = next(each for each in self._systems if isinstance(each, Carillon))
        telling.measure(
            store, carillon, self._bench.folder, self._options.runs, self._options.with_peer, said
        )

    def _take_turns(
        self, case: Case, systems: Sequence[System], measure: Callable[[System], Figures]
    ) -> None:
        for _ in range(self._options.runs):
            for system in systems:
                self._take(replace(case, system=system.key), partial(measure, system))

    def _take(self, case: Case, measure: Callable[[], Figures]) -> None:
        """One run of a case. One that fails is told and not tried again: the others are worth having."""
        what = f"{case.store}, {case.number:,} {case.kind}, {case.latency:g} ms, {case.system}"
        if case in self._failed:
            return
        try:
            figures = measure()
        except (RuntimeError, OSError) as trouble:
            self._failed.add(case)
            last = str(trouble).strip().splitlines()[-1:]
            self._result.left_out.append(f"{what}: failed. {' '.join(last)}")
            say(f"{what}: failed\n{trouble}")
            return
        self._result.cases.setdefault(case, []).append(figures)
        say(f"{what}: {figures.rate:,.0f}/s")


def say(line: str) -> None:
    """For whoever waits; the tables go to standard output."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
