"""The stage every fake stands on: a server that counts, follows the fault script, and is steered while it runs.

A fake names its endpoints, reads a call and accepts it (`Vendor`); everything else is here:

    POST /_control/faults     a list of rules; replaces the rules so far
    POST /_control/settings   some of the vendor's settings; the others stay
    POST /_control/reset      history, counters, rules and settings as they were at the start
    GET  /_control/history    the history, one JSON line a message
    GET  /_control/calls      every request so far, as a JSON list
    GET  /_control/stats      per endpoint: requests, recipients, statuses, faults, max_in_any_second,
                              max_connections, max_under_way
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from aiohttp import web

from tests.fakes.delivery import Reply, deliver, hang_up, reply_of
from tests.fakes.faults import Action, BadScript, FaultScript, Kind, rules_from_json
from tests.fakes.history import History
from tests.fakes.traffic import Call, Traffic

BODY_BYTES = 64 * 1024 * 1024


class Vendor(ABC):
    """One vendor's rules: what it understands and what it does with it."""

    paths: ClassVar[Mapping[str, str]]
    """Path → the endpoint's name in scripts and counts."""
    settings: Any
    """A frozen dataclass of what can be set from outside."""

    script: FaultScript
    history: History

    @abstractmethod
    def read(self, call: Call, body: bytes) -> Any | Reply:
        """Understand a call (and set its `recipients`), or refuse it with a reply."""

    @abstractmethod
    def addresses(self, content: Any) -> Sequence[str]:
        """The addresses a call is about, for rules with a `token`."""

    @abstractmethod
    def accept(self, call: Call, content: Any, fault: Action | None) -> Reply:
        """Take over what was understood, write it into the history, and word the answer."""

    @abstractmethod
    def forget(self) -> None:
        """Be as at the start."""


class Stage:
    """A vendor on its server."""

    def __init__(self, vendor: Vendor, rules: Any, history: History) -> None:
        self._vendor = vendor
        self._rules = rules_from_json(rules)
        self._settings = vendor.settings
        self._traffic = Traffic()
        vendor.script = FaultScript(self._rules)
        vendor.history = history

    def app(self) -> web.Application:
        """The server's routes."""
        app = web.Application(client_max_size=BODY_BYTES)
        app.add_routes([web.post(path, self._call) for path in self._vendor.paths])
        app.add_routes(
            [
                web.post("/_control/faults", self._set_faults),
                web.post("/_control/settings", self._set_settings),
                web.post("/_control/reset", self._reset),
                web.get("/_control/history", self._show_history),
                web.get("/_control/calls", self._show_calls),
                web.get("/_control/stats", self._show_stats),
            ]
        )
        return app

    async def _call(self, request: web.Request) -> web.StreamResponse:
        endpoint = self._vendor.paths[request.path]
        call = self._traffic.begin(endpoint, {name.lower(): value for name, value in request.headers.items()})
        with self._traffic.under_way(endpoint, request.transport):
            fault = self._vendor.script.for_request(endpoint, call.number)
            if fault:
                call.fault = fault.kind
                await asyncio.sleep(fault.delay_before)
                if fault.kind is Kind.DROP:
                    return hang_up(request)
            content = self._vendor.read(call, await request.read())
            if not fault and not isinstance(content, Reply):
                fault = await self._fault_of_content(call, content)
            return await self._answer(request, call, content, fault)

    async def _fault_of_content(self, call: Call, content: Any) -> Action | None:
        fault = self._vendor.script.for_addresses(call.endpoint, call.number, self._vendor.addresses(content))
        if fault:
            call.fault = fault.kind
            await asyncio.sleep(fault.delay_before)
        return fault

    async def _answer(
        self, request: web.Request, call: Call, content: Any, fault: Action | None
    ) -> web.StreamResponse:
        reply = self._reply(call, content, fault)
        if fault:
            await asyncio.sleep(fault.delay_after)
        response = await deliver(request, reply, fault)
        if not fault or fault.kind not in (Kind.DROP, Kind.DROP_AFTER_ACCEPT):
            call.status = response.status
        return response

    def _reply(self, call: Call, content: Any, fault: Action | None) -> Reply:
        if fault and fault.kind is Kind.DROP:
            return Reply(0, b"")
        if fault and fault.kind is Kind.ANSWER:
            if fault.accept and not isinstance(content, Reply):
                self._vendor.accept(call, content, fault)
            return reply_of(fault)
        return content if isinstance(content, Reply) else self._vendor.accept(call, content, fault)

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            self._vendor.script.replace(rules_from_json(await request.json()))
        except ValueError as problem:
            return web.json_response({"error": str(problem)}, status=400)
        return web.json_response({})

    async def _set_settings(self, request: web.Request) -> web.Response:
        try:
            self._vendor.settings = settings_with(self._vendor.settings, await request.json())
        except ValueError as problem:
            return web.json_response({"error": str(problem)}, status=400)
        return web.json_response({})

    async def _reset(self, request: web.Request) -> web.Response:
        self._traffic = Traffic()
        self._vendor.script.replace(self._rules)
        self._vendor.settings = self._settings
        self._vendor.history.clear()
        self._vendor.forget()
        return web.json_response({})

    async def _show_history(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(self._vendor.history.path)

    async def _show_calls(self, request: web.Request) -> web.Response:
        return web.json_response([asdict(call) for call in self._traffic.calls])

    async def _show_stats(self, request: web.Request) -> web.Response:
        return web.json_response({each: self._traffic.stats(each) for each in self._vendor.paths.values()})


def settings_with(settings: Any, changes: Any) -> Any:
    """The settings with these changes. Raises BadScript for a setting the vendor does not have."""
    known = {each.name for each in fields(settings)}
    if not isinstance(changes, dict) or set(changes) - known:
        raise BadScript(f"The settings of this fake are {', '.join(sorted(known))}; given was {changes!r}.")
    return replace(settings, **changes)


def main(vendor: Vendor, arguments: Sequence[str] | None = None) -> None:
    """Serve a vendor from the command line until SIGTERM or SIGINT."""
    options = _options(arguments)
    with ExitStack() as until_the_end:
        try:
            folder = Path(until_the_end.enter_context(TemporaryDirectory(prefix="fake-")))
            history = until_the_end.enter_context(History(options.history or folder / "history.jsonl"))
            vendor.settings = settings_with(vendor.settings, json.loads(options.settings))
            stage = Stage(vendor, json.loads(options.faults.read_text()) if options.faults else [], history)
        except (ValueError, OSError) as problem:
            sys.exit(f"This fake cannot start: {problem}")
        if options.with_parent:
            _end_with_parent()
        asyncio.run(_serve(stage, options.port))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A fake vendor on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--faults", type=Path, help="a JSON file with the fault script")
    parser.add_argument(
        "--history", type=Path, help="where to write the history (a temporary file otherwise)"
    )
    parser.add_argument("--settings", default="{}", help="the vendor's settings, a JSON object")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    return parser.parse_args(arguments)


async def _serve(stage: Stage, port: int) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    runner = web.AppRunner(stage.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    try:
        await site.start()
    except OSError as problem:
        sys.exit(f"This fake cannot listen on port {port}: {problem.strerror}")
    host, bound, *_ = runner.addresses[0]
    sys.stdout.write(f"listening on http://{host}:{bound}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


def _end_with_parent() -> None:
    """End this process when whoever started it is gone, however it went."""

    def watch() -> None:
        sys.stdin.read()
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
