"""Makes the pictures of the documents: starts Carillon with its sandbox and demo, and photographs its pages.

    .venv/bin/python docs/screenshots.py [FOLDER]

Without a folder the pictures of the README are written beside this file; with one, every page goes there at two
widths in both themes.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from config.bootstrap import browser as found_browser  # noqa: E402

PASSWORD = "for the pictures only"  # noqa: S105
README = {"broadcast": "broadcasts/1/"}
EVERY = {
    "overview": "",
    "broadcasts": "broadcasts/",
    "broadcast": "broadcasts/1/",
    "message": "messages/1/",
    "compose": "compose/",
    "confirm": "broadcasts/2/confirm/",
    "first-steps": "start/",
    "providers": "providers/",
}


@contextmanager
def running() -> Iterator[str]:
    """A server on a folder of its own; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        own = {"CARILLON_DATA_DIR": folder, "PORT": port, "CARILLON_SANDBOX": "1"}
        environment = {
            **os.environ,
            **own,
            "CARILLON_OPERATOR_PASSWORD": PASSWORD,
            "DATABASE_URL": "",
            "REDIS_URL": "",
        }
        manage = [sys.executable, str(ROOT / "manage.py")]
        for command in (["migrate", "--verbosity", "0"], ["demo"]):
            subprocess.run([*manage, *command], env=environment, check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen([*manage, "serve"], env=environment, stdout=subprocess.PIPE, text=True)
        while server.stdout and "ready" not in server.stdout.readline():
            pass
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def signed_in(chromium: Browser, url: str) -> Page:
    """A page of an operator, once the demo's broadcast is nearly through."""
    page = chromium.new_context(
        base_url=url, viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    ).new_page()
    page.goto("/dashboard/")
    page.get_by_label("Name").fill("operator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/dashboard/demo/broadcasts/1/")
    delivered = page.locator(".funnel__step", has_text="Delivered").locator(".funnel__n")
    delivered.filter(has_text=re.compile(r"[89]\d\d")).wait_for(timeout=60_000)
    return page


def photograph(page: Page, name: str, path: str, folder: Path, width: int, theme: str, whole: bool) -> None:
    """One picture."""
    page.context.add_cookies([{"name": "theme", "value": theme, "url": page.url}])
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto(f"/dashboard/demo/{path}")
    page.locator("main").wait_for()
    page.screenshot(path=folder / f"{name}.png", full_page=whole)


def main() -> None:
    """The README's pictures, or every page into a folder."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    flags = ["--disable-gpu", "--no-sandbox"] if os.geteuid() == 0 else ["--disable-gpu"]
    with running() as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found_browser(), args=flags)
        page = signed_in(chromium, url)
        if folder is None:
            for name, path in README.items():
                photograph(page, name, path, ROOT / "docs", 1440, "light", whole=False)
            return
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in EVERY.items():
            for width in (1440, 390):
                for theme in ("light", "dark"):
                    photograph(page, f"{name}-{width}-{theme}", path, folder, width, theme, whole=True)


if __name__ == "__main__":
    main()
