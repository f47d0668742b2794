"""Where the reader is: marks the link of the navigation that the page belongs to."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], page: str, *parts: str) -> SafeString:
    """`aria-current` for the link to a page: "page" on it, "true" on the pages below it.

    Parts are first words of URL names: `broadcast` stands for `broadcast`, `broadcast_confirm` and so on.
    """
    match = getattr(context.get("request"), "resolver_match", None)
    here = getattr(match, "url_name", None) or ""
    if here == page:
        return SafeString('aria-current="page"')
    if any(here == part or here.startswith(f"{part}_") for part in parts):
        return SafeString('aria-current="true"')
    return SafeString("")
