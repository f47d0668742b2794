"""A signed-in operator who asks a running server for pages and posts its forms."""

from __future__ import annotations

import re
from html import unescape
from http.client import HTTPConnection
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

CSRF = "c" * 32


class Operator:
    """One browser's worth of cookies, for one server on loopback."""

    def __init__(self, user: User, port: int) -> None:
        session = Client()
        session.force_login(user)
        cookies = {
            settings.SESSION_COOKIE_NAME: session.cookies[settings.SESSION_COOKIE_NAME].value,
            settings.CSRF_COOKIE_NAME: CSRF,
        }
        self.host = f"127.0.0.1:{port}"
        self.cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text of a page."""
        return self._ask("GET", path, "", headers)

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Status and text of the answer to a form."""
        form = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": CSRF}
        return self._ask("POST", path, urlencode(fields), form)

    def submit(self, page: str, form: str) -> tuple[int, str]:
        """Open a page and press the button of the form that leads to this address."""
        status, text = self.get(page)
        found = re.search(rf'<form[^>]*action="{re.escape(form)}"[^>]*>(.*?)</form>', text, re.DOTALL)
        assert found, f"{page} ({status}) has no form that leads to {form}"
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', found[1])
        return self.post(form, **{name: unescape(value) for name, value in hidden})

    def _ask(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
        connection = HTTPConnection(self.host, timeout=30)
        try:
            connection.request(method, path, body, {"Cookie": self.cookie, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()
