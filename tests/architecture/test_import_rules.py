"""Each contract of import-linter bites: a stray import in a copy of the house breaks it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

STRAYS = {
    "a house looks upwards": ("houses", {"notifications/wire.py": "import dashboard"}),
    "a room looks upwards": ("floors", {"notifications/models/stray.py": "import notifications.pipeline"}),
    "a room has no floor": ("floors", {"notifications/stray.py": ""}),
    "neighbours go in a circle": (
        "circles",
        {"dashboard/one.py": "import dashboard.two", "dashboard/two.py": "import dashboard.one"},
    ),
    "a model knows Huey": ("huey", {"notifications/models/stray.py": "from huey import crontab"}),
    "the pipeline knows sockets": ("channels", {"notifications/pipeline/stray.py": "import channels.layers"}),
    "a page calls a vendor": ("aiohttp", {"dashboard/stray.py": "import aiohttp"}),
    "a provider knows Django": ("plain", {"notifications/providers/stray.py": "import django.conf"}),
    "a provider knows a model": (
        "plain",
        {"notifications/providers/stray.py": "import notifications.models"},
    ),
    "a model publishes": ("models", {"notifications/models/stray.py": "import notifications.live"}),
    "a page reaches into the works": ("works", {"dashboard/stray.py": "import notifications.pipeline"}),
}


@pytest.fixture
def house(tmp_path):
    """A copy of the code, without what runs it."""
    for room in ("config", "dashboard", "notifications"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("import-linter")


def lint_imports(house, cache, *more):
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--cache-dir", cache, *more]
    return subprocess.run(command, cwd=house, capture_output=True, text=True)


def test_the_house_as_it_stands_keeps_every_contract(house, cache):
    done = lint_imports(house, cache)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("contract", "files"), STRAYS.values(), ids=STRAYS.keys())
def test_a_stray_import_breaks_its_contract(house, cache, contract, files):
    for path, line in files.items():
        with (house / path).open("a") as file:
            file.write(f"\n{line}\n")

    done = lint_imports(house, cache, "--contract", contract)

    assert done.returncode == 1
    assert "0 kept, 1 broken" in done.stdout, done.stdout + done.stderr


def test_every_contract_has_a_stray_that_breaks_it():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = {contract["id"] for contract in settings["tool"]["importlinter"]["contracts"]}
    assert contracts == {contract for contract, _ in STRAYS.values()}
