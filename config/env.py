"""Typed readers of the environment: the only place that looks at os.environ for configuration."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}

MOST = 1e9 - 1
"""No number is larger; more seconds than that no clock can count."""

problems: list[tuple[str, str, str]] = []
"""What could not be read: (variable, value, what to type instead). System checks report it."""


def text(name: str, default: str = "") -> str:
    """The variable, or what stands in the file that `<name>_FILE` points to."""
    path = os.environ.get(f"{name}_FILE")
    if path and name not in os.environ:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", "it is not text")
            problems.append((f"{name}_FILE", path, f"the path of a readable file ({why})"))
    return os.environ.get(name, default).strip()


def url(name: str, *schemes: str) -> str:
    """An address with one of these schemes; "" where none is given."""
    value = text(name).rstrip("/")
    if value and (value.partition("://")[0] not in schemes or "://" not in value):
        # The value itself stays out of the report: it may carry a password.
        problems.append(
            (name, f"{value.partition(':')[0]}…", " or ".join(f"{scheme}://…" for scheme in schemes))
        )
        return ""
    return value


def origin(name: str) -> str:
    """The address of a site, without a path; "" where none is given."""
    value = url(name, "http", "https")
    try:
        is_bare = urlsplit(value).path == "" and value.count("/") <= 2
    except ValueError:  # half a bracket
        is_bare, value = False, ""
    if not is_bare:
        problems.append((name, text(name), "an address without a path, such as https://push.example.org"))
    return value


def flag(name: str, default: bool = False) -> bool:
    """A yes or no."""
    value = text(name, "1" if default else "0").lower()
    if value not in TRUE | FALSE:
        problems.append((name, value, "1 or 0"))
    return value in TRUE


def choice(name: str, *words: str) -> str:
    """One of these words, in upper or lower case; the first where none is given."""
    value = (text(name) or words[0]).upper()
    if value not in words:
        problems.append((name, value, f"one of {', '.join(words)}"))
        return words[0]
    return value


def number(name: str, default: float, *, least: float = 0, most: float = MOST) -> float:
    """A number from `least` to `most`."""
    value = text(name)
    try:
        read = float(value) if value else float(default)
    except ValueError:
        read = least - 1
    if not least <= read <= most:
        problems.append((name, value, _span("a number", least, most)))
        return float(default)
    return read


def whole(name: str, default: int, *, least: int = 0, most: float = MOST) -> int:
    """A whole number from `least` to `most`."""
    read = number(name, default, least=least, most=most)
    if read != int(read):
        problems.append((name, text(name), _span("a whole number", least, most)))
        return default
    return int(read)


def seconds(name: str, default: timedelta, *, least: float = 0.1) -> timedelta:
    """A duration, written in seconds. Without any, what is repeated after it would never rest."""
    return timedelta(seconds=number(name, default.total_seconds(), least=least))


def words(name: str, default: str = "") -> list[str]:
    """A list, separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def hosts(name: str, default: str) -> list[str]:
    """Names of hosts, without scheme and path."""
    read = words(name, default)
    if any("/" in host for host in read):
        problems.append(
            (name, ",".join(read), "names of hosts, such as push.example.org, without https:// and paths")
        )
    return read


def addresses(name: str) -> list[str]:
    """IP addresses or networks, or * for any."""
    read = words(name)
    for each in read:
        try:
            _ = each == "*" or ip_network(each, strict=False)
        except ValueError:
            problems.append((name, each, "addresses of proxies, such as 127.0.0.1 or 10.0.0.0/8"))
    return read


def senders(name: str) -> list[tuple[str, ...]]:
    """Who mail is sent from, in JSON: [[id, name, address, SMTP user, SMTP password], …]; [] where unset."""
    value = text(name)
    try:
        read = json.loads(value) if value else []
        if not isinstance(read, list):
            raise ValueError
        entries = [tuple(each) for each in read if isinstance(each, list)]
        if len(entries) != len(read) or not all(map(_is_sender, entries)):
            raise ValueError
    except ValueError:  # the value itself stays out of the report: it may hold a password
        problems.append((name, "something else", '[["news", "News", "News <news@example.org>", "", ""], …]'))
        return []
    return entries


def _is_sender(entry: tuple[Any, ...]) -> bool:
    return len(entry) == 5 and all(isinstance(part, str) for part in entry) and all(entry[:3])


def database(url: str) -> dict[str, Any]:
    """What Django wants to know of the database at this address."""
    try:
        return dict(dj_database_url.parse(url, conn_max_age=60))
    except ValueError:  # the address itself stays out of the report: it may hold a password
        problems.append(
            ("DATABASE_URL", "no address of a database", "postgres://user:password@host:5432/name")
        )
        return dict(dj_database_url.parse("sqlite://:memory:"))


def _span(kind: str, least: float, most: float) -> str:
    return f"{kind}, {least:g} or more" if most == MOST else f"{kind}, {least:g} to {most:g}"
