"""Carillon as processes on a database of their own: started, killed, frozen, stopped, and waited for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from notifications import clock

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
"""How long a process may take until it says that it is ready; a busy machine takes its time."""

Value = TypeVar("Value")


def until(condition: Callable[[], Value], what: str, seconds: float = 60.0, each: float = 0.02) -> Value:
    """Wait until the condition is true, and return what it says. AssertionError names what never became true.

    `each`: seconds between two looks; more where a look costs much.
    """
    ends = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < ends, f"After {seconds:g} seconds still not so: {what}"
        time.sleep(each)
    return value


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """One command of Carillon in a process of its own."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.began: datetime = clock.now()
        self._log = log
        with log.open("w") as said:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        """Everything it wrote so far."""
        return self._log.read_text()

    @property
    def is_over(self) -> bool:
        """Has the process ended?"""
        return self._process.poll() is not None

    def wait_until_ready(self) -> None:
        """Wait for the line that says so."""
        until(lambda: "is ready" in self.said or self.is_over, f"{self.name} is ready", START_SECONDS)
        assert not self.is_over, f"{self.name} ended at once and said:\n{self.said}"

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is said."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """SIGSTOP: it does nothing more until it is thawed, and knows nothing of it."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._process.send_signal(signal.SIGCONT)

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> int:
        """Its exit code, once it has ended by itself."""
        until(lambda: self.is_over, f"{self.name} has ended", seconds)
        return self._process.wait()

    def stop(self, seconds: float = 20.0) -> int:
        """SIGTERM, and its exit code."""
        self.ask_to_stop()
        return self.wait(seconds)

    def clean_up(self) -> None:
        """End it, whatever it is doing."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()


class Installation:
    """One database, one data folder, and the processes that run on them."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.processes: list[Process] = []

    def worker(self, name: str = "worker", **environment: object) -> Process:
        """Start `manage.py worker`."""
        return self.run(name, "worker", **environment)

    def serve(self, *arguments: str, name: str = "serve", port: int = 0, **environment: object) -> Process:
        """Start `manage.py serve` on a port, a free one unless it is named."""
        return self.run(name, "serve", "--port", str(port or free_port()), *arguments, **environment)

    def check_invariants(self) -> str:
        """What `manage.py check_invariants` found broken, with the settings of the servers; "" when all hold."""
        check = self.run("check_invariants", "check_invariants")
        return check.said if check.wait(60) else ""

    def run(self, name: str, *arguments: str, **environment: object) -> Process:
        """Start any command. `environment` goes before the installation's own."""
        surroundings = os.environ | self.environment | {key: str(each) for key, each in environment.items()}
        log = self.folder / f"{len(self.processes):03}-{name}.log"
        process = Process(name, list(arguments), surroundings, log)
        self.processes.append(process)
        return process

    def clean_up(self) -> None:
        """End everything, and show what the last ones said (pytest shows it where the test has failed)."""
        for process in self.processes:
            process.clean_up()
        for process in self.processes[-6:]:
            print(f"--- {process.name} said:\n{process.said[-3000:]}")  # noqa: T201
