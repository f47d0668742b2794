"""The form that takes a file of people and devices."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat


class UploadForm(forms.Form):
    """One file. What stands in it is the action's question."""

    use_required_attribute = False

    file = forms.FileField(
        label="CSV file",
        error_messages={
            "required": "Choose a file.",
            "empty": "This file is empty: it has not even a header.",
        },
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        most = settings.CARILLON_IMPORT_MAX_BYTES
        said = filesizeformat(most)
        self.fields["file"].help_text = f"In UTF-8, with a header row, at most {said}."
        self.fields["file"].widget.attrs |= {
            "data-most-bytes": most,
            "data-too-large": f"This file is larger than {said}. Cut it into several, each with the header.",
        }
