"""Numbers as shapes: bars, funnel, spark line. All sizes are SVG attributes, so that no page needs an inline style."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def bars(whole: float | None, *parts: Any, label: str = "", size: str = "") -> SafeString:
    """One bar with its parts: `{% bars total "ok" delivered "bad" failed label="64.6% delivered" %}`.

    A part's name is a fill of the style sheet (ok, bad, warn, idle, soft, accept, or a channel's key). Without a label
    the bar is hidden from screen readers: the numbers must stand beside it.
    """
    css = f"bars bars--{size}" if size else "bars"
    pairs = list(zip(parts[::2], parts[1::2], strict=True))
    said = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    rects = format_html_join(
        "", '<rect class="f-{}" x="{}" width="{}" height="100%"/>', _rects(whole or 0, pairs)
    )
    return format_html('<svg class="{}" {}>{}</svg>', css, said, rects)


def _rects(whole: float, pairs: Iterable[tuple[str, float | None]]) -> Iterable[tuple[str, str, str]]:
    start = 0.0
    for name, part in pairs:
        width = min((part or 0) / whole * 100, 100 - start) if whole else 0.0
        if width > 0:
            yield name, f"{start:.1f}%", f"{width:.1f}%"
        start += width


@register.inclusion_tag("dashboard/_funnel.html")
def funnel(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The way of the copies, step by step.

    Each step is a mapping: `label`, `done` (so far), `plan` (when all is through; None: as many as done), and if wanted
    `note` (text, or markup from format_html) and `href` (the rows behind the number).
    """
    shown = [dict(step, plan=_plan(step)) for step in steps]
    top = max((step["plan"] for step in shown), default=0)
    for step, after in pairwise([*shown, shown[-1]] if shown else []):
        step["plan_edge"] = _edge(step["plan"], after["plan"], top)
        step["done_edge"] = _edge(step["done"], after["done"], top)
    return {"steps": shown, "top": top}


def _plan(step: Mapping[str, Any]) -> float:
    done = step["done"] or 0
    return max(step.get("plan") or 0, done)


def _edge(here: float | None, there: float | None, top: float) -> str:
    """The upper edge of one step in a box of 100 by 100, sloping towards the next."""
    left, right = _height(here, top), _height(there, top)
    return f"M0,{left:.1f} L72,{left:.1f} L100,{right:.1f}"


def _height(value: float | None, top: float) -> float:
    share = (value or 0) / top if top else 0
    return 96 - 88 * share


@register.simple_tag
def spark(values: Sequence[float], label: str = "", colour: str = "") -> SafeString:
    """A small line of at least two values, oldest first. Colours: ok, info, idle; the accent otherwise."""
    if len(values) < 2:
        return SafeString("")
    said = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    line = _line(values)
    return format_html(
        '<svg class="spark" data-c="{}" viewBox="0 0 100 31" preserveAspectRatio="none" {}>'
        '<path class="area" d="M{} L100,31 L0,31Z"/><path d="M{}"/></svg>',
        colour,
        said,
        line,
        line,
    )


def _line(values: Sequence[float]) -> str:
    top = max(values) or 1
    across = 100 / (len(values) - 1)
    return " ".join(f"{at * across:.1f},{29 - 26 * value / top:.1f}" for at, value in enumerate(values))
