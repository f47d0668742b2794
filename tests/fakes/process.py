"""Fakes as processes: started for a test, steered while they run, gone when the test is."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from tests.fakes import history
from tests.fakes.faults import BadScript, Rule, rules_from_json
from tests.fakes.history import Entry
from tests.fakes.traffic import Call

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 30
_STOP_SECONDS = 10


class FakeDidNotStart(RuntimeError):
    """The fake's process ended, or said nothing, instead of listening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What came to one endpoint."""

    requests: int
    recipients: int
    statuses: dict[str, int]
    """HTTP status → answers; "0" are those that got none."""
    faults: dict[str, int]
    max_in_any_second: int
    """The most messages within any window of one second."""
    max_connections: int
    """The most connections that were open at once, of those that carried such requests."""
    max_under_way: int
    """The most requests that were being answered at once. Without a delay an answer is ready in a millisecond."""


class FakeProcess:
    """A fake of `tests.fakes` in a process of its own. It ends with `stop`, with its `with` block, or with ours."""

    module: ClassVar[str]

    def __init__(
        self,
        *rules: Rule,
        port: int = 0,
        history_file: Path | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fake-")
        self.history_file = history_file or Path(self._folder.name) / "history.jsonl"
        self._complaints = Path(self._folder.name) / "stderr.txt"
        script = Path(self._folder.name) / "faults.json"
        script.write_text(json.dumps([rule.as_json() for rule in rules]))
        self._process = self._start(
            *("--port", str(port), "--faults", str(script)),
            *("--history", str(self.history_file), "--settings", json.dumps(settings or {})),
        )
        try:
            self.url = self._address()
        except FakeDidNotStart:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def faults(self, *rules: Rule | dict[str, Any]) -> None:
        """Follow these rules from now on; none of them means no faults. Raises BadScript."""
        script = [rule.as_json() if isinstance(rule, Rule) else rule for rule in rules]
        rules_from_json(script)
        self._post("faults", script)

    def configure(self, **settings: Any) -> None:
        """Change some of the vendor's settings while it runs. Raises BadScript for one it does not have."""
        self._post("settings", settings)

    def history(self) -> list[Entry]:
        """Every message it decided on so far, oldest first; after `stop` only where a history file was given."""
        return list(history.read(self.history_file))

    def calls(self) -> list[Call]:
        """Every request so far, refused and dropped ones too."""
        return [Call(**each) for each in self._ask("calls")]

    def stats(self, endpoint: str = "send") -> Stats:
        """What came to one endpoint so far."""
        return Stats(**self._ask("stats")[endpoint])

    def reset(self) -> None:
        """Forget all that came, and follow the rules and settings of the start again."""
        self._post("reset", {})

    def stop(self) -> None:
        """End the process. Harmless when it has ended already."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._folder.cleanup()

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        with self._complaints.open("w") as complaints:
            return subprocess.Popen(
                [sys.executable, "-m", self.module, "--with-parent", *arguments],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
            )

    def _address(self) -> str:
        """Wait for the line that says where it listens."""
        # A fake that hangs before it listens is ended by the timer; then the line is empty.
        timer = threading.Timer(_START_SECONDS, self._process.kill)
        timer.start()
        assert self._process.stdout
        line = self._process.stdout.readline()
        timer.cancel()
        if not line.startswith("listening on "):
            code, said = self._process.wait(_STOP_SECONDS), self._complaints.read_text().strip()
            raise FakeDidNotStart(
                f"{self.module} ended with code {code} instead of listening. It said: {said}"
            )
        return line.removeprefix("listening on ").strip()

    def _post(self, name: str, value: Any) -> None:
        self._ask(name, json.dumps(value).encode())

    def _ask(self, name: str, body: bytes | None = None) -> Any:
        request = Request(f"{self.url}/_control/{name}", body, {"Content-Type": "application/json"})
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=_START_SECONDS) as answer:
                return json.load(answer)
        except HTTPError as problem:
            with problem:
                raise BadScript(json.load(problem)["error"]) from None


class FakeExpo(FakeProcess):
    """The fake Expo. Its settings: `receipt_delay` in seconds, `access_token`."""

    module = "tests.fakes.expo"
