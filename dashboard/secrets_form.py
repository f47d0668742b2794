"""The form for a credential's secrets: they go in and are never shown again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from notifications.queries.credentials import Standing, secret_origins

LONGEST = 16_384
"""Characters: more than the longest key file."""
WORDS = {"stored": "set", "environment": "set in this server's environment"}


class SecretsForm(forms.Form):
    """One field for each secret that a provider knows, and a box to remove each that is kept."""

    def __init__(self, standing: Standing, data: Any = None) -> None:
        super().__init__(data, auto_id=f"{standing.provider.key}_%s")
        self.standing = standing
        self._origins = secret_origins(standing.credential)
        for name, label in standing.provider.secret_fields.items():
            self.fields[name] = _secret(label, WORDS.get(self._origins.get(name, ""), "not set"))
            if self._origins.get(name) == "stored":
                self.fields[_removal(name)] = forms.BooleanField(
                    label=f"Remove the {label.lower()}", required=False
                )

    def clean(self) -> dict[str, Any]:
        """Something must be new, or go."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not any(cleaned.values()):
            raise ValidationError("Nothing to save: enter a secret first.")
        return cleaned

    def merged_with(self, kept: Mapping[str, str]) -> dict[str, str]:
        """The secrets as they are to be: what was entered, else what is kept, without what is to go."""
        names = [
            name for name in self.standing.provider.secret_fields if not self.cleaned_data.get(_removal(name))
        ]
        merged = {name: self.cleaned_data[name] or kept.get(name, "") for name in names}
        return {name: value for name, value in merged.items() if value}


def _removal(name: str) -> str:
    return f"remove_{name}"


def _secret(label: str, standing: str) -> forms.CharField:
    attributes = {"autocomplete": "new-password", "spellcheck": "false", "placeholder": "Enter a new one"}
    return forms.CharField(
        label=label,
        required=False,
        max_length=LONGEST,
        help_text=f"Now {standing}. It is kept encrypted and never shown.",
        widget=forms.PasswordInput(attrs=attributes),
    )
