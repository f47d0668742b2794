"""Everything that was measured, as it grows: asked by the report, and kept as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.figures import Spread, spread
from tests.bench.measure import Figures


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One row of the table: `kind` is `send` or `receipts`; latency in milliseconds."""

    kind: str
    store: str
    number: int
    latency: float
    system: str


@dataclass(slots=True)
class Result:
    """What was measured so far."""

    machine: dict[str, Any]
    options: dict[str, Any]
    cases: dict[Case, list[Figures]] = field(default_factory=dict)
    raw: dict[tuple[float, int], list[float]] = field(default_factory=dict)
    """(latency, connections) → messages a second, a run each."""
    bare: dict[tuple[str, str, int], list[float]] = field(default_factory=dict)
    """(store, `send` or `receive`, connections) → messages or receipts a second of the bare work, a run each."""
    telling: dict[tuple[str, str, int], list[float]] = field(default_factory=dict)
    """(store, `carillon`, `hq` or `bare`, people) → people told a second, a run each."""
    queries: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    """(store, system) → queries per 100 `messages` and per 100 `receipts`."""
    left_out: list[str] = field(default_factory=list)
    """What was not measured, and why."""

    def spread(self, case: Case, what: str = "rate") -> Spread | None:
        """Of one attribute of Figures; None where it was not measured."""
        values = [getattr(each, what) for each in self.cases.get(case, [])]
        return spread(values) if values and None not in values else None

    def middle(self, case: Case, what: str = "rate") -> float | None:
        """The median alone."""
        found = self.spread(case, what)
        return found.middle if found else None

    def save(self, file: Path, targets: list[dict[str, Any]]) -> None:
        """Write it all down."""
        whole = {
            "machine": self.machine,
            "options": self.options,
            "cases": [
                {
                    **asdict(case),
                    "runs": [
                        {**asdict(run), "rate": run.rate, "rate_called": run.rate_called} for run in runs
                    ],
                }
                for case, runs in self.cases.items()
            ],
            "raw": [
                {"latency": latency, "connections": connections, "runs": runs}
                for (latency, connections), runs in self.raw.items()
            ],
            "bare": [
                {"store": store, "what": what, "connections": connections, "runs": runs}
                for (store, what, connections), runs in self.bare.items()
            ],
            "telling": [
                {"store": store, "system": system, "people": people, "runs": runs}
                for (store, system, people), runs in self.telling.items()
            ],
            "queries": [
                {"store": store, "system": system, **each} for (store, system), each in self.queries.items()
            ],
            "left_out": self.left_out,
            "targets": targets,
        }
        file.write_text(json.dumps(whole, indent=2) + "\n")
