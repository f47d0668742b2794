"""The bench still runs: a small one, of Carillon alone."""

from __future__ import annotations

import json
import re

import pytest

from config.settings import SQLITE_OPTIONS
from tests.bench.__main__ import main

SMALL = (
    "--carillon-only --only sqlite --runs 1 --numbers 200 --receipts 200 --latencies 0 --parts send,queries"
)


@pytest.mark.slow
def test_a_small_run_measures_sending_and_counts_queries(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CARILLON_DATA_DIR", str(tmp_path))
    main(SMALL.split())
    written = json.loads((tmp_path / "bench/result.json").read_text())
    (case,) = written["cases"]
    (run,) = case["runs"]
    assert (case["system"], run["number"], run["requests"]) == ("carillon", 200, 2)
    assert 0 < run["queued_seconds"] < run["called_seconds"]
    (counted,) = written["queries"]
    assert 0 < counted["messages"] < 100
    assert 0 < counted["receipts"] < 100
    assert re.search(r"SQLite +200 +0 ms +Carillon", capsys.readouterr().out)
    assert list((tmp_path / "bench").iterdir()) == [tmp_path / "bench/result.json"]


def test_the_peer_gets_the_same_sqlite(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:////tmp/peer.sqlite3")
    from tests.bench.peer import settings

    assert settings.DATABASES["default"]["OPTIONS"] == SQLITE_OPTIONS
    assert settings.DATABASES["default"]["NAME"] == "/tmp/peer.sqlite3"
