"""What Carillon's own README says of code runs word for word."""

from __future__ import annotations

import re
from pathlib import Path

from django.contrib.auth.models import User

from notifications.models import Device
from tests.fakes.process import FakeExpo
from tests.notifications.stepping import send_step

README = Path(__file__).resolve().parents[3] / "README.md"


def test_the_quickstart_registers_a_device_and_sends_to_it(alice: User, expo: FakeExpo) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    exec(code, {})
    while send_step().messages:
        pass
    assert [entry.message["title"] for entry in expo.history()] == ["Hello, World!", "Hello, everybody!"]
    assert Device.objects.active.get().user == alice
