"""A process that does what the bench tells it (see `obedience`), from the outside."""

from __future__ import annotations

import json
import select
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]


class HandFailed(RuntimeError):
    """It could not do what it was told; the text says what happened there."""


class Hand:
    """One such process, for the length of a `with` block."""

    def __init__(self, python: Path, module: str, environment: Mapping[str, str], *words: str) -> None:
        """`module`: its name, or the path of its file, whose folder is then the first to be searched."""
        self._module = module
        self._early: dict[str, Any] | None = None
        self._process = subprocess.Popen(
            [str(python), *([module] if module.endswith(".py") else ["-m", module]), *words],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind:
            self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def ask(self, verb: str, *arguments: Any) -> Any:
        """Have it done, and return the answer. Raises HandFailed."""
        self.tell(verb, *arguments)
        return self.answer()

    def tell(self, verb: str, *arguments: Any) -> None:
        """Have it begun; `answer` waits for the end."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps([verb, *arguments]) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise HandFailed(f"{self._module} ended with {self._process.wait()}.") from None

    def answer(self) -> Any:
        """Wait for what was told, and return what it answers. Raises HandFailed."""
        said, self._early = self._early or self._read(), None
        if "trouble" in said:
            raise HandFailed(said["trouble"])
        return said["done"]

    def complain(self) -> None:
        """Raise HandFailed if what was told has failed already; return at once while it is being done."""
        if self._early is None and select.select([self._process.stdout], [], [], 0)[0]:
            self._early = self._read()
        if self._early and "trouble" in self._early:
            raise HandFailed(self._early["trouble"])

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        ended = {"trouble": f"{self._module} ended with {None if line else self._process.wait()}."}
        return dict(json.loads(line)) if line else ended
