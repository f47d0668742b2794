"""The README of django-expo-notifications runs word for word, with our import path."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User

from notifications.models import Device, Message, MessageState, Project
from tests.factories import make_token
from tests.fakes.process import FakeExpo
from tests.notifications.library.test_settings import DEFAULTS
from tests.notifications.stepping import send_step

README = (Path(__file__).parent / "readme_of_the_seed.md").read_text()
SECTION = re.compile(r"^##+ (?P<title>.+)\n(?P<rest>(?:(?!^##+ )[\s\S])*)", re.MULTILINE)
BLOCKS = {
    section["title"]: re.findall(r"```python\n(.*?)```", section["rest"], re.DOTALL)
    for section in SECTION.finditer(README)
}
TOKEN = "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]"


def run(title: str, block: int = 0) -> dict[str, Any]:
    """Run a block under this heading. Returns its names."""
    names: dict[str, Any] = {"timedelta": timedelta}
    exec(BLOCKS[title][block].replace("expo_notifications", "notifications"), names)
    return names


def sent(expo: FakeExpo) -> list[tuple[str, str]]:
    """(token, title) of whatever reached Expo."""
    send_step()
    return [(entry.token, entry.message["title"]) for entry in expo.history()]


def test_every_section_with_code_is_run_here() -> None:
    assert set(BLOCKS) == {
        "Installation",
        "Settings",
        "Enhanced Security for Push Notifications",
        "Receipt Check Delay",
        "Quickstart",
        "Keeping track of user devices",
        "Keeping track of device language",
        "Sending push notifications",
        "Separately create and send messages",
    }


def test_our_app_is_installed_as_theirs() -> None:
    assert "notifications" in run("Installation")["INSTALLED_APPS"]
    assert "notifications" in django_settings.INSTALLED_APPS


def test_their_settings_have_their_defaults_here() -> None:
    names = run("Settings")
    assert {name: value for name, value in names.items() if name.startswith("EXPO")} == DEFAULTS


def test_their_other_settings_are_ours_too() -> None:
    names = {**run("Enhanced Security for Push Notifications"), **run("Receipt Check Delay")}
    assert {name for name in names if name.startswith("EXPO")} <= set(DEFAULTS)


def test_the_quickstart_sends(alice: User, expo: FakeExpo) -> None:
    run("Quickstart")
    assert sent(expo) == [(TOKEN, "Hello, World!")]


@pytest.mark.parametrize("title", ["Keeping track of user devices", "Keeping track of device language"])
def test_a_device_is_registered_and_registered_again(alice: User, title: str) -> None:
    run(title)
    Device.objects.update(is_active=False)
    run(title)
    assert Device.objects.active.get().user == alice


def test_its_language_is_kept(alice: User) -> None:
    run("Keeping track of device language")
    assert Device.objects.get().lang == "en"


def test_many_are_sent_at_once(alice: User, device: Device, expo: FakeExpo) -> None:
    other = Device.objects.create(user=alice, push_token=make_token())
    run("Sending push notifications", 0)
    assert sent(expo) == [(each.push_token, "Hello, World!") for each in (device, other)]


@pytest.mark.parametrize("block", [1, 2])
def test_one_is_sent_in_either_way(device: Device, expo: FakeExpo, block: int) -> None:
    run("Sending push notifications", block)
    assert sent(expo) == [(device.push_token, "Hello, World!")]


def test_what_was_made_before_is_sent_later(project: Project, device: Device, expo: FakeExpo) -> None:
    Message.objects.bulk_create([Message(device=device, title=title) for title in ("one", "two")])
    assert send_step().messages == 0
    run("Separately create and send messages")
    assert sent(expo) == [(device.push_token, "one"), (device.push_token, "two")]
    assert set(project.messages.values_list("state", "replays")) == {(MessageState.ACCEPTED, 0)}
