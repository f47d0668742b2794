"""The bootstrap makes an environment from a bare Python, mends it, and says in words what is missing."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "config" / "bootstrap.py"
OLD_PYTHON = (
    "import sys, runpy; del sys.argv[0]; sys.version_info = (3, 9, 2, 'final', 0);"
    "runpy.run_path(sys.argv[0], None, '__main__')"
)


def wheel(folder, version="1.0"):
    """A package of one line; returns its line for a lock file."""
    path = folder / f"tiny-{version}-py3-none-any.whl"
    about = f"tiny-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", f"version = '{version}'\n")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(
            f"{about}/RECORD", f"tiny.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n"
        )
    return f"{path} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def checkout(folder):
    """A checkout with nothing but the bootstrap and a lock file."""
    (folder / "config").mkdir()
    shutil.copy(SOURCE, folder / "config")
    (folder / "requirements.lock").write_text(wheel(folder))
    return folder


@pytest.fixture
def bare(tmp_path):
    """A checkout on a machine whose PATH is one empty folder, `bin`."""
    (tmp_path / "bin").mkdir()
    return checkout(tmp_path)


@pytest.fixture
def no_ensurepip(tmp_path):
    """A PYTHONPATH that makes any Python look like Debian's without python3-venv."""
    (tmp_path / "lame").mkdir()
    (tmp_path / "lame" / "ensurepip.py").write_text("raise ImportError")
    return str(tmp_path / "lame")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A checkout whose environment stands."""
    folder = checkout(tmp_path_factory.mktemp("made"))
    done = bootstrap(folder, "env")
    assert done.returncode == 0, done.stderr
    return folder


def bootstrap(folder, verb, *, python=(), **environment):
    """Run the bootstrap of a checkout; PATH is the checkout's own `bin`."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CHROMIUM", "PYTHONPATH")}
    return subprocess.run(
        [sys.executable, *python, folder / "config" / "bootstrap.py", verb],
        env=kept | {"PATH": str(folder / "bin")} | environment,
        capture_output=True,
        text=True,
    )


def tiny_version(folder):
    asked = [folder / ".venv/bin/python", "-c", "import tiny; print(tiny.version)"]
    return subprocess.run(asked, capture_output=True, text=True).stdout.strip()


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_it_makes_an_environment_that_holds_the_lock(made):
    assert tiny_version(made) == "1.0"


def test_a_second_run_has_nothing_to_say(made):
    assert bootstrap(made, "env").stderr == ""


def test_an_interrupted_installation_is_finished(made):
    shutil.rmtree(next(made.glob(".venv/lib/*/site-packages/tiny-1.0.dist-info")))
    (made / ".venv" / "installed-env").unlink()

    assert "Installing" in bootstrap(made, "env").stderr
    assert tiny_version(made) == "1.0"


def test_a_changed_lock_is_installed(made):
    (made / "requirements.lock").write_text(wheel(made, "2.0"))
    bootstrap(made, "env")
    assert tiny_version(made) == "2.0"


def test_a_package_that_is_not_the_locked_one_is_refused(made):
    line = (made / "requirements.lock").read_text()
    (made / "requirements.lock").write_text(line[:-9] + "00000000\n")

    done = bootstrap(made, "env")

    assert done.returncode == 1
    assert "could not be installed" in done.stderr
    assert not (made / ".venv" / "installed-env").exists()
    (made / "requirements.lock").write_text(line)


def test_it_can_be_read_by_python_3_8():
    ast.parse(SOURCE.read_text(), feature_version=(3, 8))


def test_it_needs_nothing_but_the_standard_library():
    nodes = list(ast.walk(ast.parse(SOURCE.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    partly = {str(node.module).split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    assert plain | partly <= sys.stdlib_module_names


def test_an_old_python_alone_is_told_which_one_is_needed(bare):
    done = bootstrap(bare, "env", python=("-c", OLD_PYTHON))
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this is 3.9" in done.stderr


def test_an_old_python_finds_a_newer_one(bare, no_ensurepip):
    (bare / "bin" / "python3.12").symlink_to(sys.executable)
    done = bootstrap(bare, "env", python=("-c", OLD_PYTHON), PYTHONPATH=no_ensurepip)
    assert done.stderr.startswith("Making the environment in .venv …\npython3.12 ")


def test_a_python_without_venv_is_told_what_to_install(bare, no_ensurepip):
    done = bootstrap(bare, "env", PYTHONPATH=no_ensurepip)
    assert done.returncode == 1
    assert "apt-get install python3" in done.stderr


def test_the_named_browser_is_taken(bare):
    named = program(bare / "mine", "echo Chromium 150")
    assert bootstrap(bare, "browser", CHROMIUM=named).stdout.strip() == named


def test_a_named_browser_that_does_not_run_is_told(bare):
    done = bootstrap(bare, "browser", CHROMIUM="/nowhere/chromium")
    assert done.returncode == 1
    assert "/nowhere/chromium, which cannot be run" in done.stderr


def test_a_browser_that_cannot_say_its_version_is_passed_over(bare):
    program(bare / "bin" / "chromium", "exit 1")
    good = program(bare / "bin" / "google-chrome", "echo Chrome 150")
    assert bootstrap(bare, "browser").stdout.strip() == good


def test_no_browser_at_all_is_told(bare):
    done = bootstrap(bare, "browser")
    assert done.returncode == 1
    assert "set CHROMIUM" in done.stderr


@pytest.fixture
def door():
    """A port that answers, as a host and port in a URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_each_test_run_gets_a_database_of_its_own(bare, door):
    urls = {
        "CARILLON_TEST_DATABASE_URL": f"postgres://me@{door}/mine?sslmode=disable",
        "CARILLON_TEST_REDIS_URL": f"redis://{door}/3",
    }
    first, second = (bootstrap(bare, "services", **urls).stdout for _ in range(2))
    assert first != second
    assert first.startswith(f"DATABASE_URL=postgres://me@{door}/carillon_")
    assert first.endswith(f"?sslmode=disable REDIS_URL=redis://{door}/3\n")


def test_a_service_that_does_not_answer_is_named(bare, door):
    urls = {
        "CARILLON_TEST_DATABASE_URL": f"postgres://{door}/x",
        "CARILLON_TEST_REDIS_URL": "redis://127.0.0.1:1/0",
    }
    done = bootstrap(bare, "services", **urls)
    assert done.returncode == 1
    assert done.stderr == "Redis does not answer at 127.0.0.1:1 (set CARILLON_TEST_REDIS_URL).\n"


def test_an_environment_of_another_python_is_made_anew(made, no_ensurepip):
    assert "made anew" not in bootstrap(made, "env").stderr
    about = made / ".venv" / "pyvenv.cfg"
    about.write_text(about.read_text().replace("version = 3.", "version = 2."))
    # Without ensurepip it stops there, which is quicker.
    assert "made anew" in bootstrap(made, "env", PYTHONPATH=no_ensurepip).stderr
