"""The words a page uses to follow the live wire: which topics it wants, and which event to listen for."""

from __future__ import annotations

from urllib.parse import urlencode

from django import template

register = template.Library()


@register.simple_tag
def live_url(project_slug: str, **topics: object) -> str:
    """Address for `data-live`: `{% live_url project.slug broadcast=12 project=3 %}`.

    A topic without an id is left out; without any topic there is no address and no socket.
    """
    pairs = [("topic", f"{name}:{key}") for name, key in topics.items() if key]
    return f"/ws/live/{project_slug}/?{urlencode(pairs, safe=':')}" if pairs else ""


@register.simple_tag
def live_trigger(name: str, key: object) -> str:
    """For `hx-trigger`: `{% live_trigger "broadcast" 12 %}` listens for the events of the topic `broadcast:12`."""
    return f"live-{name}-{key} from:body"
