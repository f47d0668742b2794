"""The lock files: complete, the same for running and for testing, and silent about where they were made."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = (ROOT / "requirements.lock").read_text()
DEV = (ROOT / "requirements-dev.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins(lock):
    """`name==version` of each package, whatever its condition."""
    return {match.group() for match in re.finditer(r"^[\w.-]+==[^ ;]+", lock, re.MULTILINE)}


def names(requirements):
    return {re.split(r"[^\w.-]", requirement)[0] for requirement in requirements}


def locked(lock):
    return {pin.split("==")[0] for pin in pins(lock)}


def test_every_direct_dependency_is_locked():
    assert names(PROJECT["dependencies"]) <= locked(RUN)
    assert names(PROJECT["optional-dependencies"]["dev"]) <= locked(DEV)


def test_what_is_tested_is_what_runs():
    assert pins(RUN) <= pins(DEV)


def test_no_line_names_a_place():
    assert [
        line for line in (RUN + DEV).splitlines() if re.search(r"://|@|/|--(extra-)?index|--find", line)
    ] == []


def test_every_pin_has_a_hash():
    for lock in (RUN, DEV):
        blocks = re.split(r"\n(?=\S)", lock.strip())
        assert [block for block in blocks if "--hash=sha256:" not in block] == []
