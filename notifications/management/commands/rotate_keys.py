"""`manage.py rotate_keys`: encrypts every stored secret again with the first key of CARILLON_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from notifications.encryption import UnreadableSecret, reseal
from notifications.models import Credential


class Command(BaseCommand):
    """All or nothing: an unreadable secret changes none."""

    help = "Encrypt stored secrets with the newest key, so that older keys can be removed."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Re-encrypt. Exits with 1, naming the credential, when a secret cannot be read."""
        credentials = list(Credential.objects.select_for_update().exclude(sealed_secrets=""))
        for credential in credentials:
            try:
                credential.sealed_secrets = reseal(credential.sealed_secrets)
            except UnreadableSecret as error:
                raise CommandError(f"Credential {credential.pk} ({credential}): {error}") from None
        Credential.objects.bulk_update(credentials, ["sealed_secrets"], batch_size=500)
        self.stdout.write(f"{len(credentials)} secrets are encrypted with the newest key.")
