"""The form for a test to one device: two fields that are filled in already."""

from __future__ import annotations

from typing import Any

from django import forms


class SendTestForm(forms.Form):
    """What the test says."""

    use_required_attribute = False

    title = forms.CharField(
        max_length=200,
        initial="A test from Carillon",
        error_messages={"required": "Write a title: it is what people see first."},
    )
    body = forms.CharField(
        required=False,
        max_length=4000,
        initial="If you can read this, notifications reach this device.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="test_%s")

    def clean_body(self) -> str:
        """The body with the line ends of phones, not those of forms."""
        body: str = self.cleaned_data["body"]
        return body.replace("\r\n", "\n").replace("\r", "\n")
