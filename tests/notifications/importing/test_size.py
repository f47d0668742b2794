"""A hundred thousand rows need no more memory than ten thousand, and no longer for each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.conf import settings

from tests.notifications.management.sheet import HEADER

SMALL, LARGE = 10_000, 100_000
SLACK = 8
"""Megabytes that the same work may need more or less."""
BY_COMMAND = """
from django.core.management import call_command
def load(path): call_command('import_devices', path, stdout=open(os.devnull, 'w'))
"""
BY_PAGE = """
from notifications.actions import imports
from notifications.actions.audit import Actor
from notifications.models import DeviceImport, Project
from notifications.pipeline.imports import step
def load(path):
    pieces = iter(lambda: file.read(65_536), b'')
    with open(path, 'rb') as file:
        facts = imports.upload(Actor('test'), Project.objects.default(), 'people.csv', pieces)
    imports.start(Actor('test'), DeviceImport.objects.get(pk=facts['import']))
    while step().more: pass
"""
MEASURE = """
import json, re, time
from notifications.models import Device
found = []
for path in {paths!r}:
    began, before = time.process_time(), Device.objects.count()
    load(path)
    rows, peak = Device.objects.count() - before, re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]
    found.append([rows, int(peak) / 1024, (time.process_time() - began) / rows])
print(json.dumps(found))
"""


def manage(surroundings: Mapping[str, str], *arguments: str) -> str:
    """Run a command to its end; what it said."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, env=surroundings, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def write(folder: Path, number: int) -> str:
    """A file with so many good lines."""
    path = folder / f"{number}.csv"
    with path.open("w") as file:
        file.write(f"{HEADER}\n")
        for n in range(number):
            uid = f"p{number}-{n}"
            file.write(
                f"{uid},{uid}@bells.example,Name {n},ExponentPushToken[{uid}],expo,en,Europe/London,a|b\n"
            )
    return str(path)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Only Linux says how much a process used")
@pytest.mark.parametrize("way", [BY_COMMAND, BY_PAGE], ids=["by the command", "by the page"])
def test_memory_and_time_stay_flat(tmp_path: Path, way: str) -> None:
    own = {"DATABASE_URL": "", "REDIS_URL": "", "CARILLON_DATA_DIR": str(tmp_path), "DEBUG": "0"}
    surroundings = {**os.environ, **own}
    manage(surroundings, "migrate", "-v0")
    paths = [write(tmp_path, SMALL), write(tmp_path, LARGE)]
    said = manage(surroundings, "shell", "-v0", "-c", f"import os\n{way}{MEASURE.format(paths=paths)}")
    (few, few_peak, few_time), (many, many_peak, many_time) = json.loads(said)
    assert (few, many) == (SMALL, LARGE)
    assert many_peak - few_peak < SLACK
    assert many_time < few_time * 1.5
