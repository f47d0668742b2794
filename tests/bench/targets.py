"""What Carillon promises, each beside the figure that was measured for it."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.bench import content
from tests.bench.figures import Target, law
from tests.bench.result import Case, Result

CONNECTIONS = 6
"""Connections that Expo advises at most."""
TIMES_THE_PEER = {"sqlite": 10, "postgres": 15}
SHARE_OF_THE_LAW = 0.7
TIMES_HQ = {"sqlite": 30, "postgres": 20}
SHARE_OF_THE_BARE_STATEMENT = 0.5
RECEIPTS_TIMES_THE_PEER = 100
RECEIPTS_A_SECOND = 30_000
FLAT = 1.1
"""How much more memory, or time for each receipt, a larger run may need and still be called the same."""
LABELS = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def targets(result: Result) -> list[Target]:
    """Those for which there are figures."""
    return [
        *_sending(result),
        *_latency(result),
        *_receipts(result),
        *_memory(result),
        *_telling(result),
    ]


def _sending(result: Result) -> Iterator[Target]:
    for case in _of_carillon(result, "send"):
        ratio = _ratio(result, case, "rate")
        if case.latency == 0 and ratio is not None:
            text = f"{_where(case)}: times the peer at 0 ms"
            yield Target(text=text, wanted=TIMES_THE_PEER[case.store], measured=ratio)


def _latency(result: Result) -> Iterator[Target]:
    for case in _of_carillon(result, "send"):
        rate = result.middle(case)
        if case.latency and rate:
            most = law(CONNECTIONS, content.BATCH, case.latency)
            text = f"{_where(case)}: of what {case.latency:g} ms allow ({most:,.0f}/s)"
            yield Target(text=text, wanted=SHARE_OF_THE_LAW, measured=rate / most)


def _receipts(result: Result) -> Iterator[Target]:
    cases = _of_carillon(result, "receipts")
    for case in cases:
        rate, ratio = result.middle(case), _ratio(result, case, "rate")
        if ratio is not None:
            text = f"{_where(case, 'receipts')}: times the peer"
            yield Target(text=text, wanted=RECEIPTS_TIMES_THE_PEER, measured=ratio)
        if rate and case.number >= 20_000:
            text = f"{_where(case, 'receipts')}: a second"
            yield Target(text=text, wanted=RECEIPTS_A_SECOND, measured=rate)
    for small, large in _pairs(cases):
        few, many = result.middle(small), result.middle(large)
        if few and many:
            text = f"{LABELS[small.store]}: time for each of {large.number:,} receipts ÷ each of {small.number:,}"
            yield Target(text=text, wanted=FLAT, measured=few / many, at_least=False)


def _memory(result: Result) -> Iterator[Target]:
    cases = [case for case in _of_carillon(result, "send") if case.latency == 0]
    for small, large in _pairs(cases):
        few, many = result.middle(small, "peak_mib"), result.middle(large, "peak_mib")
        if few and many:
            text = f"{LABELS[small.store]}: peak memory at {large.number:,} ÷ at {small.number:,}"
            yield Target(text=text, wanted=FLAT, measured=many / few, at_least=False)
    for case in cases:
        ratio = _ratio(result, case, "peak_mib")
        if ratio and case.number >= 50_000:
            text = f"{_where(case)}: peak memory ÷ the peer's"
            yield Target(text=text, wanted=0.5, measured=ratio, at_least=False)


def _telling(result: Result) -> Iterator[Target]:
    for (store, system, people), runs in result.telling.items():
        if system != "carillon":
            continue
        rate = median(runs)
        if theirs := result.telling.get((store, "hq", people)):
            text = f"{LABELS[store]}, {people:,} people told: times django-notifications-hq"
            yield Target(text=text, wanted=TIMES_HQ[store], measured=rate / median(theirs))
        if bare := result.telling.get((store, "bare", people)):
            text = f"{LABELS[store]}, {people:,} people told: of the bare statement"
            yield Target(text=text, wanted=SHARE_OF_THE_BARE_STATEMENT, measured=rate / median(bare))


def _of_carillon(result: Result, kind: str) -> list[Case]:
    return sorted(case for case in result.cases if case.kind == kind and case.system == "carillon")


def _pairs(cases: list[Case]) -> Iterator[tuple[Case, Case]]:
    """The smallest and the largest case of each store."""
    for store in LABELS:
        here = sorted((case for case in cases if case.store == store), key=lambda case: case.number)
        if len(here) > 1:
            yield here[0], here[-1]


def _ratio(result: Result, case: Case, what: str) -> float | None:
    """Carillon's median ÷ the peer's, in the same case."""
    ours = result.middle(case, what)
    theirs = result.middle(Case(case.kind, case.store, case.number, case.latency, "peer"), what)
    return ours / theirs if ours and theirs else None


def _where(case: Case, what: str = "messages") -> str:
    return f"{LABELS[case.store]}, {case.number:,} {what}"
