"""Telling many people: one event for thousands of users, by Carillon, by django-notifications-hq, and by bare SQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.carillon.system import Carillon
from tests.bench.hand import Hand
from tests.bench.peer.environment import python
from tests.bench.stores import Store
from tests.bench.system import environment

FEW, MANY = 10_000, 100_000
"""People. The peer, which takes a statement for each, is measured with the few only."""
HQ = Path(__file__).with_name("hq")
Said = Callable[[str, str, int, float], None]
"""Is told (store, system, people, seconds)."""


def measure(store: Store, carillon: Carillon, folder: Path, runs: int, with_peer: bool, said: Said) -> None:
    """Each system in turn, so many times."""
    with TemporaryDirectory(dir=folder, prefix="run-") as scratch:
        carillon.prepare(store.create("tell_carillon"), Path(scratch), 0)
        ours = carillon.people(store.address("tell_carillon"), Path(scratch))
        with ours:
            ours.ask("make_people", MANY)
            if not with_peer:
                _runs(store, ours, None, runs, said)
                return
            url = environment(DATABASE_URL=store.create("tell_hq"))
            with Hand(python(folder / "hq", HQ / "requirements.txt"), str(HQ / "people.py"), url) as hq:
                hq.ask("make_people", FEW)
                _runs(store, ours, hq, runs, said)


def _runs(store: Store, ours: Hand, hq: Hand | None, runs: int, said: Said) -> None:
    for _ in range(runs):
        if hq:
            said(store.key, "hq", FEW, hq.ask("tell", FEW))
        for number in (FEW, MANY):
            said(store.key, "carillon", number, ours.ask("tell", number))
            said(store.key, "bare", number, ours.ask("insert", number))
