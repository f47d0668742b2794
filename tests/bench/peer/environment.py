"""A peer's own environment: made once from its requirements.txt, and again only when that changes."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

from config import bootstrap

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def python(folder: Path, requirements: Path = REQUIREMENTS) -> Path:
    """The Python of the environment in this folder, which is made when it is not there. Raises bootstrap.Missing."""
    interpreter = bootstrap.venv_python(folder)
    stamp = folder / "installed"
    mark = hashlib.sha256(f"{requirements.read_text()}{folder}{sys.version}".encode()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == mark and interpreter.exists()):
        shutil.rmtree(folder, ignore_errors=True)
        bootstrap.say(f"Making the peer's environment in {folder} …")
        _make(folder)
        _install(interpreter, requirements)
        stamp.write_text(mark)
    return interpreter


def _make(folder: Path) -> None:
    own = [sys.executable, "-m", "venv", str(folder)]
    trouble = bootstrap.attempt(*own) if bootstrap.has_ensurepip(sys.executable) else "There is no ensurepip."
    if trouble and shutil.which("uv"):
        trouble = bootstrap.attempt("uv", "venv", "--quiet", "--seed", "-p", sys.executable, str(folder))
    if trouble:
        raise bootstrap.Missing(f"The peer's environment could not be made:\n{trouble}")


def _install(interpreter: Path, requirements: Path) -> None:
    wanted = ("--no-deps", "-r", str(requirements))
    if shutil.which("uv") and not bootstrap.attempt(
        "uv", "pip", "install", "-q", "-p", str(interpreter), *wanted
    ):
        return
    trouble = bootstrap.attempt(str(interpreter), "-m", "pip", "install", "-q", *wanted)
    if trouble:
        raise bootstrap.Missing(
            f"The peer could not be installed:\n{trouble}\nWithout it: make bench BENCH=--carillon-only"
        )
