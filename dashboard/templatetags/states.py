"""The state of a broadcast, a message or a provider: a chip with a word and a shape, never a colour alone."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

register = template.Library()

WORDS = {
    "ok": "OK",
    "warn": "Needs attention",
    "off": "Off",
}
"""Only the states whose word is not simply their name."""


@register.simple_tag
def chip(state: object, label: object = "") -> SafeString:
    """A state as a chip: `{% chip "sending" %}`, `{% chip "sending" label="Sending 68%" %}`."""
    key = str(state)
    css = slugify(key)
    return format_html('<span class="chip chip--{}">{}</span>', css, label or word(key))


@register.filter
def word(state: object) -> str:
    """A state in words: `sending` → `Sending`, `not_sent` → `Not sent`."""
    key = str(state)
    return WORDS.get(key) or key.replace("_", " ").replace("-", " ").capitalize()
