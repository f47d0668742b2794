"""Form fields in the look of the house: label, control, hint and errors, tied together for screen readers."""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.forms import BoundField

register = template.Library()

CONTROLS: dict[type[forms.Widget], str] = {
    forms.Textarea: "textarea",
    forms.Select: "select",
    forms.widgets.Input: "input",
}
"""Widget → class of its control; the first that fits counts."""


@register.inclusion_tag("dashboard/_field.html")
def field(bound: BoundField, css: str = "", aside: str = "", **attributes: Any) -> dict[str, Any]:
    """One field with all that belongs to it.

    `css` adds classes to the control, `aside` is a short text at the end of the label, and further names become
    attributes of the control (`rows=3`, `hx_get="…"`: an underscore becomes a hyphen).
    """
    widget = bound.field.widget
    attrs = {name.replace("_", "-"): value for name, value in attributes.items()}
    if not isinstance(widget, GROUPS):
        attrs["class"] = f"{_control(widget)} {css}".strip()
    return {"bound": bound, "control": bound.as_widget(attrs=attrs), "kind": _kind(widget), "aside": aside}


GROUPS = (forms.RadioSelect, forms.CheckboxSelectMultiple, forms.CheckboxInput)


def _control(widget: forms.Widget) -> str:
    return next((css for kind, css in CONTROLS.items() if isinstance(widget, kind)), "")


def _kind(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, GROUPS):
        return "choices"
    return "plain"
