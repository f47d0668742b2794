"""Fakes as processes: how they start, are steered, and end."""

from __future__ import annotations

import socket
import subprocess
import sys
from urllib.request import urlopen

import pytest

from tests.fakes.faults import Action, BadScript, Kind, Rule
from tests.fakes.process import ROOT, FakeDidNotStart, FakeExpo


def test_it_says_why_a_fake_did_not_start(expo):
    taken = int(expo.url.rpartition(":")[2])
    with pytest.raises(FakeDidNotStart, match=f"cannot listen on port {taken}"):
        FakeExpo(port=taken)


def test_it_says_which_setting_a_fake_does_not_have():
    with pytest.raises(FakeDidNotStart, match="receipt_dealy"):
        FakeExpo(settings={"receipt_dealy": 5})


def test_it_refuses_a_misspelt_rule_while_running(expo):
    with pytest.raises(BadScript, match="does not know kid"):
        expo.faults({"action": {"kind": "drop", "kid": 1}})


def test_it_refuses_a_misspelt_setting_while_running(expo):
    with pytest.raises(BadScript, match="access_token, receipt_delay"):
        expo.configure(token="x")


def test_it_follows_the_rules_and_settings_of_its_start_again_after_a_reset():
    with FakeExpo(Rule(action=Action(kind=Kind.DROP)), settings={"access_token": "x"}) as fake:
        fake.faults()
        fake.reset()
        with pytest.raises(OSError, match=r"closed|reset"):
            urlopen(f"{fake.url}/--/api/v2/push/send", b"[]")


def test_it_can_stand_up_again_on_the_same_port():
    with FakeExpo() as first:
        port = int(first.url.rpartition(":")[2])
    with FakeExpo(port=port) as second:
        assert second.url == first.url


def test_it_ends_when_whoever_started_it_is_killed():
    code = "from tests.fakes.process import FakeExpo; print(FakeExpo().url, flush=True); input()"
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        port = int(parent.stdout.readline().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
            parent.kill()
            assert wire.recv(1) == b""
