"""What the bench prints: tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.bench.figures import Spread, Target, spread
from tests.bench.result import Case, Result

LABELS = {"sqlite": "SQLite", "postgres": "PostgreSQL", "carillon": "Carillon", "peer": "peer"}
BARE = {"send": "messages", "receive": "receipts"}
TELLERS = {"carillon": "Carillon", "hq": "hq", "bare": "bare statement"}
ABOUT = """\
Median [least..most] of the runs, taken in turn (peer, Carillon, peer, …) on one machine and one fake Expo.
  queued     messages a second from the commit of the queued rows until every ticket is saved: the headline
  called     the same from the call of bulk_send, with the objects already built
  wake, tail seconds before the first request and after the last answer; both are part of the above
  peak       the most memory that the worker process ever held (VmHWM)
  cpu        the worker's processor time for each message or receipt
The peer is django-expo-notifications 0.8.0. Its task runs in a waiting process, called directly, without a broker:
the best case for it. Carillon is `manage.py worker` as it is shipped, without the rate limit."""


def text(result: Result, targets: Sequence[Target]) -> str:
    """All of it."""
    parts = [
        _machine(result),
        ABOUT,
        *_raw(result),
        *_bare(result),
        *_cases(result, "send", "Sending", "messages"),
        *_cases(result, "receipts", "Receipts", "receipts"),
        *_queries(result),
        *_telling(result),
        *_targets(targets),
        "\n".join(result.left_out),
    ]
    return "\n\n".join(part for part in parts if part)


def _machine(result: Result) -> str:
    facts = result.machine
    versions = ", ".join(f"{name} {facts[name]}" for name in ("python", "django", "sqlite") if name in facts)
    if "postgres" in facts:
        versions += f", PostgreSQL {facts['postgres']}"
    load = " ".join(f"{each:.2f}" for each in facts["load"])
    return (
        f"{facts['cores']} cores ({facts['processor']}), {facts['memory_gib']} GiB, load {load} at the start\n"
        f"{versions}; {facts['system']}"
    )


def _raw(result: Result) -> Iterator[str]:
    if not result.raw:
        return
    yield "The raw limit: a bare loop that posts the same bodies and stores nothing\n" + table(
        ["latency", "connections", "messages/s"],
        [
            [f"{latency:g} ms", str(connections), _whole(spread(runs))]
            for (latency, connections), runs in sorted(result.raw.items())
        ],
    )


def _bare(result: Result) -> Iterator[str]:
    if not result.bare:
        return
    yield "The bare work: the same rows and requests in bare SQL and HTTP, and not one rule\n" + table(
        ["database", "", "connections", "a second"],
        [
            [LABELS[store], BARE[what], str(connections), _whole(spread(runs))]
            for (store, what, connections), runs in result.bare.items()
        ],
    )


def _cases(result: Result, kind: str, title: str, what: str) -> Iterator[str]:
    cases = sorted((case for case in result.cases if case.kind == kind), key=_order)
    if not cases:
        return
    head = ["database", what, "latency", "", "queued/s", "called/s", "wake", "tail", "peak MiB", "cpu us"]
    yield f"{title}\n" + table(head, [_row(result, case) for case in cases])


def _order(case: Case) -> tuple[int, int, float, str]:
    return list(LABELS).index(case.store), case.number, case.latency, case.system


def _row(result: Result, case: Case) -> list[str]:
    return [
        LABELS[case.store],
        f"{case.number:,}",
        f"{case.latency:g} ms",
        LABELS[case.system],
        _whole(result.spread(case)),
        _whole(result.spread(case, "rate_called")),
        *(f"{result.middle(case, part) or 0:.3f}" for part in ("wake_seconds", "tail_seconds")),
        _whole(result.spread(case, "peak_mib")),
        _whole(result.spread(case, "cpu_us")),
    ]


def _queries(result: Result) -> Iterator[str]:
    if not result.queries:
        return
    yield "Queries (counted apart, untimed)\n" + table(
        ["database", "", "per 100 messages", "per 100 receipts"],
        [
            [LABELS[store], LABELS[system], f"{each['messages']:.1f}", f"{each['receipts']:.1f}"]
            for (store, system), each in result.queries.items()
        ],
    )


def _telling(result: Result) -> Iterator[str]:
    if not result.telling:
        return
    yield (
        "Telling many people of one event; hq is django-notifications-hq 1.8.3 inside one transaction,\n"
        "the bare statement is INSERT … SELECT into Carillon's table\n"
    ) + table(
        ["database", "", "people", "a second"],
        [
            [LABELS[store], TELLERS[system], f"{people:,}", _whole(spread(runs))]
            for (store, system, people), runs in result.telling.items()
        ],
    )


def _targets(targets: Sequence[Target]) -> Iterator[str]:
    if not targets:
        return
    yield "Targets (medians; nothing is rounded up)\n" + table(
        ["", "wanted", "measured", ""],
        [
            [
                each.text,
                ("≥ " if each.at_least else "≤ ") + f"{each.wanted:,g}",
                each.shown,
                "reached" if each.reached else "NOT REACHED",
            ]
            for each in targets
        ],
    )


def _whole(found: Spread | None) -> str:
    if found is None:
        return "not measured"
    if found.least == found.most:
        return _number(found.middle)
    return f"{_number(found.middle)} [{_number(found.least)}..{_number(found.most)}]"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their longest word; those with numbers in them stand to the right."""
    columns = list(zip(head, *rows, strict=True))
    aligned = [_aligned(column) for column in columns]
    return "\n".join("  " + "  ".join(row).rstrip() for row in zip(*aligned, strict=True))


def _aligned(column: Sequence[str]) -> list[str]:
    width = max(map(len, column))
    numbers = any(word[:1].isdigit() for word in column[1:])
    return [word.rjust(width) if numbers else word.ljust(width) for word in column]
