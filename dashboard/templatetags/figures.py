"""Numbers as people read them: thousands apart, honest shares, a dash for "not yet" and a zero for zero."""

from __future__ import annotations

from django import template

register = template.Library()

DASH = "\N{EN DASH}"


@register.filter
def number(value: float | None) -> str:
    """`24863` → `24,863`; None, which means not known yet, → a dash."""
    if value is None:
        return DASH
    return f"{value:,}"


@register.filter
def percent(part: float | None, whole: float | None) -> str:
    """Share of a whole: `64.6%`. Never 0.0% for something, nor 100.0% for not quite all."""
    if part is None or not whole:
        return DASH
    share = part / whole * 100
    if 0 < share < 0.1:
        return "<0.1%"
    if 99.9 < share < 100:
        return ">99.9%"
    return f"{share:.1f}%"


@register.filter
def duration(seconds: float | None) -> str:
    """A length of time, in its two largest units: `4 s`, `3 min`, `1 h 5 min`, `2 d 3 h`."""
    if seconds is None:
        return DASH
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return _two(minutes // 60, "h", minutes % 60, "min")
    hours = round(whole / 3600)
    return _two(hours // 24, "d", hours % 24, "h")


@register.filter
def initials(name: object) -> str:
    """Two letters for an avatar: `Ruth Adeyemi` → `RA`, `operator` → `OP`."""
    words = str(name or "").split()
    letters = "".join(word[0] for word in words[:2]) if len(words) > 1 else "".join(words)[:2]
    return letters.upper()


def _two(large: int, unit: str, small: int, subunit: str) -> str:
    return f"{large} {unit} {small} {subunit}" if small else f"{large} {unit}"
