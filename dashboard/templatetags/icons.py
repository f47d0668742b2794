"""Pictures from the sprite: `{% icon "send" %}`, and the mark of the house."""

from __future__ import annotations

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """One picture of the sprite, hidden from screen readers: the words beside it say the same. Size: xs, sm or lg."""
    css = f"icon icon--{size}" if size else "icon"
    return _use(css, name)


@register.simple_tag
def mark() -> SafeString:
    """The bell tower beside the name."""
    return _use("mark", "tower")


def _use(css: str, name: str) -> SafeString:
    sprite = static("img/icons.svg")
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#i-{}"/></svg>', css, sprite, name)
