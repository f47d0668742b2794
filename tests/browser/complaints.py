"""What a browser has to complain about: errors of a page, broken policies, requests that fail."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError


class Complaints:
    """Gathers them from every page of the contexts it listens to."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._allowed: list[str] = []

    def listen(self, context: BrowserContext) -> None:
        """Hear what this context's pages complain about from now on."""
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def allow(self, pattern: str) -> None:
        """This test does something on purpose that makes a browser complain in these words (a regular expression)."""
        self._allowed.append(pattern)

    @property
    def left(self) -> list[str]:
        """What was heard and not allowed."""
        return [each for each in self._heard if not any(re.search(known, each) for known in self._allowed)]

    def _console(self, said: ConsoleMessage) -> None:
        # A broken content security policy is one of these errors.
        if said.type in ("error", "warning"):
            self._heard.append(f"{said.page.url if said.page else ''} says {said.type}: {said.text}")

    def _error(self, error: WebError) -> None:
        self._heard.append(f"{error.page.url if error.page else ''} throws: {error.error}")

    def _failed(self, request: Request) -> None:
        # A page that is left takes its open questions with it.
        if request.failure and "ERR_ABORTED" not in request.failure:
            self._heard.append(f"{request.method} {request.url} fails: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self._heard.append(f"{response.request.method} {response.url} is answered with {response.status}")
