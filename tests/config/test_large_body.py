"""An uploaded file waits on disk until it is whole; only people who are signed in may send one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from config.large_body import IN_MEMORY, LargeBody, is_signed_in
from notifications.models import Project

UPLOAD = "/dashboard/default/import/upload/"


class Asked:
    """What came of one request."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.body = b""
        self.most_at_once = 0
        self.went = ""

    @property
    def status(self) -> int:
        """Of the answer; 0 where there was none."""
        return next((event["status"] for event in self.said if "status" in event), 0)

    async def take(self, scope: Any, receive: Any, send: Any) -> None:
        """The page: reads the body piece by piece."""
        self.went, more = "the upload", True
        while more:
            event = await receive()
            self.body += event["body"]
            self.most_at_once = max(self.most_at_once, len(event["body"]))
            more = event["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def pass_on(self, scope: Any, receive: Any, send: Any) -> None:
        """The way of all other requests."""
        self.went = "otherwise"


async def ask(
    *parts: bytes, path: str = UPLOAD, method: str = "POST", known: bool = True, ends: bool = True
) -> Asked:
    asked = Asked()
    events = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    events += [{"type": "http.request", "body": b"", "more_body": False}] if ends else []

    async def receive() -> dict[str, Any]:
        if not events:
            await asyncio.Event().wait()
        return events.pop(0)

    async def send(event: dict[str, Any]) -> None:
        asked.said.append(event)

    async def admits(scope: Any) -> bool:
        return known

    door = LargeBody(asked.take, otherwise=asked.pass_on, admits=admits, most=1_000_000, seconds=0.2)
    await door({"type": "http", "method": method, "path": path, "headers": []}, receive, send)
    return asked


async def test_it_hands_the_file_on_in_pieces() -> None:
    sent = [bytes([number]) * 90_000 for number in range(10)]
    asked = await ask(*sent)
    assert asked.body == b"".join(sent)
    assert asked.most_at_once <= IN_MEMORY


async def test_a_file_of_exactly_one_piece_comes_whole() -> None:
    assert (await ask(b"x" * IN_MEMORY)).body == b"x" * IN_MEMORY


@pytest.mark.parametrize(
    "given",
    [{"known": False}, {"path": "/dashboard/default/import/"}, {"path": "/nowhere"}, {"method": "GET"}],
)
async def test_whatever_is_no_upload_goes_the_usual_way(given: dict[str, Any]) -> None:
    assert (await ask(b"x", **given)).went == "otherwise"


async def test_what_is_too_large_is_heard_out_and_refused() -> None:
    asked = await ask(*[b"x" * 500_000] * 4)
    assert (asked.status, asked.went) == (413, "")
    assert b"Cut it into several." in asked.said[1]["body"]


async def test_what_never_ends_is_refused() -> None:
    assert (await ask(b"x", ends=False)).status == 408


def test_the_address_is_that_of_the_form() -> None:
    assert reverse("dashboard:import_upload", args=["default"]) == UPLOAD


def test_somebody_signed_in_is_known_by_the_cookie(
    signed_in: Client, client: Client, project: Project
) -> None:
    assert is_signed_in(_with_cookie(signed_in.cookies["session"].value))
    assert not is_signed_in({"headers": []})
    assert not is_signed_in(_with_cookie("made-up"))
    visitor = client.session
    visitor["seen"] = True
    visitor.save()
    assert not is_signed_in(_with_cookie(visitor.session_key or ""))


@pytest.mark.parametrize("other", ["a(b=1", 'seen={"a": 1}', "lang=ü", "flag"])
def test_what_another_application_left_does_not_hide_it(signed_in: Client, other: str) -> None:
    kept = f"session={signed_in.cookies['session'].value}"
    assert is_signed_in({"headers": [(b"cookie", f"{other}; {kept}".encode())]})
    assert is_signed_in({"headers": [(b"cookie", kept.encode()), (b"cookie", other.encode())]})


def test_nobody_is_known_by_it_after_signing_out(signed_in: Client, operator: User) -> None:
    cookie = signed_in.cookies["session"].value
    signed_in.logout()
    assert not is_signed_in(_with_cookie(cookie))


def _with_cookie(value: str) -> dict[str, Any]:
    return {"headers": [(b"cookie", f"theme=dark; session={value}".encode())]}
