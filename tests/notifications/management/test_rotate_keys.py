"""`rotate_keys`: every stored secret is sealed with the newest key, or none is."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from notifications.encryption import seal
from notifications.models import Credential, Project
from tests.factories import make_credential

SECRETS = {"access_token": "hush"}


@pytest.fixture
def rotated(project: Project, other_project: Project, settings: Settings) -> Settings:
    """Two secrets that were sealed with the old key, and a new key before it."""
    settings.CARILLON_ENCRYPTION_KEYS = ["old"]
    for each in (project, other_project):
        make_credential(each, sealed_secrets=seal(SECRETS))
    settings.CARILLON_ENCRYPTION_KEYS = ["new", "old"]
    return settings


def test_the_old_key_can_go_afterwards(rotated: Settings) -> None:
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    rotated.CARILLON_ENCRYPTION_KEYS = ["new"]
    assert [each.access().secrets for each in Credential.objects.all()] == [SECRETS, SECRETS]
    assert out.getvalue().startswith("2 secrets")


def test_one_that_cannot_be_read_is_named_and_none_is_changed(rotated: Settings) -> None:
    broken = Credential.objects.order_by("pk")[1]
    Credential.objects.filter(pk=broken.pk).update(sealed_secrets="gAAAAgarbage")
    before = list(Credential.objects.order_by("pk").values())
    with pytest.raises(CommandError, match=f"Credential {broken.pk}"):
        call_command("rotate_keys", stdout=StringIO())
    assert list(Credential.objects.order_by("pk").values()) == before


def test_a_credential_without_a_secret_stays_without(project: Project) -> None:
    make_credential(project)
    call_command("rotate_keys", stdout=StringIO())
    assert Credential.objects.get().sealed_secrets == ""
