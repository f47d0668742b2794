"""JSON for people: indented, its words coloured as the style sheet says."""

from __future__ import annotations

import json
import re
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

_WORD = re.compile(
    r'(?P<k>"(?:\\.|[^"\\])*"(?=:))|(?P<s>"(?:\\.|[^"\\])*")|(?P<n>-?\d[\d.eE+-]*|true|false|null)'
)


def coloured_json(value: Any) -> SafeString:
    """The value with keys, texts and numbers marked; every character of it escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    parts, end = [], 0
    for match in _WORD.finditer(text):
        parts.append(conditional_escape(text[end : match.start()]))
        parts.append(format_html('<span class="{}">{}</span>', match.lastgroup, match.group()))
        end = match.end()
    parts.append(conditional_escape(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308  # every part was escaped above
