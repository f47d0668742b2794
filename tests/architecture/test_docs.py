"""The documents say what the code says: settings, states, invariants, rooms, commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from notifications.invariants import INVARIANTS
from notifications.models import MessageState, Reason

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "docs/settings.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
READERS = re.compile(
    r'env\.(?:text|url|flag|choice|number|whole|seconds|words|senders|origin|hosts|addresses)\(\s*"([A-Z_]+)"'
)


def test_every_environment_variable_is_documented_and_no_other():
    named = set(re.findall(r"^\| `([A-Z_]+)`", SETTINGS, re.MULTILINE))
    assert named == set(READERS.findall((ROOT / "config/settings.py").read_text()))


def test_the_readme_names_no_variable_that_nobody_reads():
    named = set(re.findall(r"^\| `([A-Z_]+)`", README, re.MULTILINE))
    assert named <= set(READERS.findall((ROOT / "config/settings.py").read_text()))


@pytest.mark.parametrize("state", [state for state in MessageState if state != MessageState.HELD])
def test_the_state_chart_names_every_state(state):
    assert state.value in ARCHITECTURE


@pytest.mark.parametrize("reason", [Reason.REJECTED, Reason.GONE, Reason.ATTEMPTS_USED_UP, Reason.POISON])
def test_the_state_chart_names_why_a_message_fails(reason):
    assert reason.value in ARCHITECTURE


def test_every_invariant_that_is_checked_stands_in_the_architecture():
    checked = {re.sub("[a-z]", "", invariant.number) for invariant in INVARIANTS}
    written = set(re.findall(r"^\| (\d+) \|", ARCHITECTURE, re.MULTILINE))
    assert checked == written


def test_every_room_of_the_engine_stands_in_the_architecture():
    rooms = {
        path.name for path in (ROOT / "notifications").iterdir() if path.is_dir() and path.name[0] not in "._"
    }
    untold = {name for name in rooms - {"migrations", "management"} if name not in ARCHITECTURE}
    assert untold == set()


def test_the_architecture_fits_on_a_few_pages():
    assert len(ARCHITECTURE.splitlines()) <= 150


def test_the_documents_link_only_to_what_exists():
    links = re.findall(r"\]\(([^)#:]+)\)", README + ARCHITECTURE)
    assert [link for link in links if not (ROOT / link).exists()] == []
