"""The progress bar of `import_devices`: for people at a terminal, and for nobody else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import pytest
from django.conf import settings

from tests.notifications.management.sheet import ADA, HEADER


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of an installation of its own, with a file to import."""
    folder = tmp_path_factory.mktemp("installation")
    (folder / "people.csv").write_text(f"{HEADER}\n{ADA}\n")
    surroundings = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'own.sqlite3'}",
        "REDIS_URL": "",
        "CARILLON_DATA_DIR": str(folder),
    }
    manage("migrate", "-v0", surroundings=surroundings)
    return surroundings


def manage(*arguments: str, surroundings: Mapping[str, str], stderr: int | None = None) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=surroundings,
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        check=True,
    )


def shown(surroundings: Mapping[str, str], ours: int, theirs: int) -> str:
    """What an import writes beside its result."""
    file = Path(surroundings["CARILLON_DATA_DIR"]) / "people.csv"
    manage("import_devices", str(file), surroundings=surroundings, stderr=theirs)
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as screen:
        return all_of(screen)


def all_of(screen: BinaryIO) -> str:
    """What was written until the other end closed; a terminal says so with an error."""
    text = b""
    try:
        while piece := screen.read(4096):
            text += piece
    except OSError:
        pass
    return text.decode()


def test_it_shows_on_a_terminal(surroundings: Mapping[str, str]) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    assert "people.csv: 100%" in shown(surroundings, ours, theirs)


def test_it_does_not_show_in_a_log(surroundings: Mapping[str, str]) -> None:
    assert shown(surroundings, *os.pipe()) == ""
