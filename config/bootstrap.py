"""Makes ready what the two commands need, from a bare Python: the environment, the browser, the databases of the tests.

    python3 config/bootstrap.py env       what `make run` needs, in .venv
    python3 config/bootstrap.py dev       what `make test` needs, in .venv
    python3 config/bootstrap.py browser   find or install a Chromium; prints its path
    python3 config/bootstrap.py services  are PostgreSQL and Redis there? prints the test run's settings

Only the standard library, and only words that Python 3.8 knows: it must get as far as saying what is missing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)
LOCKS = {"env": "requirements.lock", "dev": "requirements-dev.lock"}
PYTHONS = ("python3.13", "python3.12", "python3.11", "python3", "python")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DATABASE = "postgres://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/15"
PLAYWRIGHT_PATH = (
    "from playwright.sync_api import sync_playwright as start\n"
    "with start() as playwright: print(playwright.chromium.executable_path)"
)


class Missing(Exception):
    """Something only a person can put right; the text says what and how."""


def say(line: str) -> None:
    """A line for the person waiting. Standard output is kept for answers that the Makefile reads."""
    print(line, file=sys.stderr, flush=True)


def as_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def output(*command: str, timeout: float = 60) -> str | None:
    """What a command prints, or None if it cannot be run or fails."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=timeout, text=True, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def attempt(*command: str) -> str | None:
    """Run a command quietly. None if all went well, else the last lines it wrote."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    except OSError as trouble:
        return str(trouble)
    return None if done.returncode == 0 else "\n".join(done.stdout.strip().splitlines()[-15:])


# --- the environment -------------------------------------------------------------------------------------------


def environment(verb: str) -> None:
    """Make .venv hold exactly what the verb's lock file names. At once when it does already."""
    lock = ROOT / LOCKS[verb]
    stamp = VENV / f"installed-{verb}"
    if not sound():
        make_venv()
    if stamp.is_file() and stamp.read_text() == mark(lock):
        return
    stamp.unlink() if stamp.exists() else None
    install(lock)
    stamp.write_text(mark(lock))


def mark(lock: Path) -> str:
    """What the stamp says after a finished installation: this lock, in this place."""
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {VENV}\n"


def venv_python(venv: Path = VENV) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def sound() -> bool:
    """Does .venv still run, here, under the Python that made it?"""
    about = VENV / "pyvenv.cfg"
    version = version_of(str(venv_python()))
    if version is None or version < OLDEST or not about.is_file():
        return False
    made_by = [
        line.split("=")[1].strip() for line in about.read_text().splitlines() if line.startswith("version")
    ]
    moved = any(stamp.read_text().split(" ", 1)[-1] != f"{VENV}\n" for stamp in VENV.glob("installed-*"))
    has_pip = output(str(venv_python()), "-m", "pip", "--version") is not None
    return has_pip and not moved and all(made.startswith("%d.%d." % version) for made in made_by)


def version_of(python: str) -> tuple[int, int] | None:
    """(3, 12) for such a Python; None if it cannot be run."""
    answer = output(python, "-c", "import sys; print('%d %d' % sys.version_info[:2])")
    return (int(answer.split()[0]), int(answer.split()[1])) if answer else None


def make_venv() -> None:
    if VENV.exists():
        say("The environment in .venv is incomplete or of another Python; it is made anew.")
        shutil.rmtree(VENV)
    python = choose_python()
    say("Making the environment in .venv …")
    if has_ensurepip(python):
        trouble = attempt(python, "-m", "venv", str(VENV))
    elif shutil.which("uv"):
        trouble = attempt("uv", "venv", "--quiet", "--seed", "--python", python, str(VENV))
    elif as_root() and shutil.which("apt-get"):
        add_ensurepip(python)
        trouble = attempt(python, "-m", "venv", str(VENV))
    else:
        raise Missing(no_venv(python))
    if trouble:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Missing(f"{python} could not make the environment in .venv:\n{trouble}")


def choose_python() -> str:
    """The Python that runs this file if it is new enough, else the first on PATH that is."""
    if sys.version_info[:2] >= OLDEST and has_ensurepip(sys.executable):
        return sys.executable
    fit = [name for name in PYTHONS if (version_of(name) or (0, 0)) >= OLDEST]
    if not fit and sys.version_info[:2] < OLDEST:
        raise Missing(
            "Carillon needs Python 3.11 or newer; this is {}.{}, and no newer one is on PATH.\n"
            "Install one (Debian, Ubuntu: apt-get install python3 python3-venv; elsewhere: python.org/downloads)\n"
            "and run the command again.".format(*sys.version_info[:2])
        )
    complete = [name for name in fit if has_ensurepip(name)]
    return (complete or fit or [sys.executable])[0]


def has_ensurepip(python: str) -> bool:
    """Debian splits off what `python -m venv` needs; asking first gives the better sentence."""
    return output(python, "-c", "import venv, ensurepip") is not None


def no_venv(python: str) -> str:
    return (
        f"{python} cannot make environments: its `venv` is not installed (Debian and Ubuntu ship it separately).\n"
        f"Install it and run the command again:  apt-get install {venv_package(python)}"
    )


def venv_package(python: str) -> str:
    """Debian's name of what this Python lacks."""
    version = version_of(python)
    return "python%d.%d-venv" % version if version else "python3-venv"


def add_ensurepip(python: str) -> None:
    say(f"Installing what {python} lacks: apt-get install {venv_package(python)} …")
    attempt("apt-get", "update")
    attempt("apt-get", "install", "--yes", "--no-install-recommends", venv_package(python))
    if not has_ensurepip(python):
        raise Missing(no_venv(python))


def install(lock: Path) -> None:
    count = sum("==" in line for line in lock.read_text().splitlines())
    say(f"Installing {count} packages …")
    wanted = ("--require-hashes", "-r", str(lock))
    if shutil.which("uv") and not attempt("uv", "pip", "install", "-q", "-p", str(venv_python()), *wanted):
        return
    trouble = attempt(str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check", *wanted)
    if trouble:
        raise Missing(
            f"The packages of {lock.name} could not be installed:\n{trouble}\n"
            "If the network was the reason, run the command again: it goes on where it stopped."
        )


# --- the browser -----------------------------------------------------------------------------------------------


def browser() -> str:
    """The path of a Chromium that runs; installs one where that can be done without asking."""
    found = find_browser()
    if found is None and as_root() and shutil.which("apt-get"):
        say("Installing the browser for the tests: apt-get install chromium …")
        attempt("apt-get", "update")
        attempt("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
        found = find_browser()
    if found is None and venv_python().exists():
        say("Installing the browser for the tests: playwright install chromium …")
        attempt(str(venv_python()), "-m", "playwright", "install", "chromium")
        found = find_browser()
    if found is None:
        raise Missing(
            "The browser tests need Chromium, and none was found or could be installed.\n"
            "Install it (Debian: apt-get install chromium) or set CHROMIUM to its path, and run the command again."
        )
    return found


def find_browser() -> str | None:
    """The first Chromium that can say its version (some systems ship a stub of that name that cannot)."""
    named = os.environ.get("CHROMIUM")
    if named and not runs(named):
        raise Missing(f"CHROMIUM is set to {named}, which cannot be run. Correct it or unset it.")
    candidates = [named, *(shutil.which(name) for name in BROWSERS)]
    found = next((path for path in candidates if path and runs(path)), None)
    if found is None and venv_python().exists():
        own = output(str(venv_python()), "-c", PLAYWRIGHT_PATH)
        found = own if own and runs(own) else None
    return found


def runs(path: str) -> bool:
    return bool(output(path, "--version"))


# --- the databases of the second test run ----------------------------------------------------------------------


def services() -> str:
    """`DATABASE_URL=… REDIS_URL=…` for a test run beside others. Raises Missing if one of the two is not there."""
    database = urlsplit(os.environ.get("CARILLON_TEST_DATABASE_URL") or DATABASE)
    redis = urlsplit(os.environ.get("CARILLON_TEST_REDIS_URL") or REDIS)
    doors = (
        ("PostgreSQL", "CARILLON_TEST_DATABASE_URL", database.hostname or "127.0.0.1", database.port or 5432),
        ("Redis", "CARILLON_TEST_REDIS_URL", redis.hostname or "127.0.0.1", redis.port or 6379),
    )
    silent = [
        f"{name} does not answer at {host}:{port} (set {key})."
        for name, key, host, port in doors
        if not answers(host, port)
    ]
    if silent:
        raise Missing("\n".join(silent))
    place = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    own = database._replace(path=f"/carillon_{place}_{os.getpid()}")
    return f"DATABASE_URL={own.geturl()} REDIS_URL={redis.geturl()}"


def answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=3).close()
    except OSError:
        return False
    return True


def main(verb: str) -> None:
    if verb in LOCKS:
        environment(verb)
    elif verb == "browser":
        print(browser())
    elif verb == "services":
        print(services())
    else:
        raise Missing(__doc__ or "")


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "help")
    except Missing as missing:
        say(str(missing))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
