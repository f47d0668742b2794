"""`make bench`: measure Carillon, the peer and the raw limit; print the tables, and write var/bench/result.json.

    .venv/bin/python -m tests.bench [--quick] [--only sqlite] [--carillon-only] …

Options: see options.py.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.bench import machine, options, report, services
from tests.bench.carillon.system import Carillon
from tests.bench.fake import FastExpo
from tests.bench.hand import ROOT
from tests.bench.measure import Bench
from tests.bench.options import Options
from tests.bench.peer.system import Peer
from tests.bench.plan import Plan, say
from tests.bench.result import Result
from tests.bench.stores import PostgreSQL, SQLite, Store
from tests.bench.system import System
from tests.bench.targets import targets


def main(words: list[str]) -> None:
    """Measure, and say what came of it, whatever it is: a target that is missed is a result, not an error."""
    wanted = options.read(words)
    folder = Path(os.environ.get("CARILLON_DATA_DIR") or ROOT / "var").resolve() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    result = Result(machine.facts(), asdict(wanted))
    try:
        _measure(wanted, folder, result)
    except KeyboardInterrupt:
        result.left_out.append("It was interrupted: what would have followed the last figure is missing.")
    finally:
        _tell(result, folder / "result.json")


def _tell(result: Result, file: Path) -> None:
    reached = targets(result)
    result.save(file, [{**asdict(each), "reached": each.reached} for each in reached])
    print(report.text(result, reached))  # noqa: T201
    print(f"\nAll runs stand in {file}")  # noqa: T201


def _measure(wanted: Options, folder: Path, result: Result) -> None:
    place = services.find() if "postgres" in wanted.stores else services.Services()
    result.left_out += place.missing
    systems: list[System] = [Peer(folder / "peer")] if wanted.with_peer else []
    systems.append(Carillon(place.redis))
    with FastExpo() as expo:
        plan = Plan(wanted, Bench(folder, expo), systems, result)
        if "raw" in wanted.parts:
            plan.raw()
        for key in wanted.stores:
            with _store(key, folder, place) as store:
                if isinstance(store, PostgreSQL):
                    result.machine["postgres"] = store.version
                for part in wanted.parts:
                    if store and part != "raw":
                        getattr(plan, part)(store)


@contextmanager
def _store(key: str, folder: Path, place: services.Services) -> Iterator[Store | None]:
    """A store that leaves nothing behind; None where there is no server for it."""
    if key == "postgres" and not place.database:
        say(place.missing[0])
        yield None
        return
    store: Store = SQLite(folder) if key == "sqlite" else PostgreSQL(place.database)
    try:
        yield store
    finally:
        store.drop_all()


if __name__ == "__main__":
    main(sys.argv[1:])
