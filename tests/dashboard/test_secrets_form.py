"""The form for secrets, for a provider with several of them: what is left empty stays, what is ticked goes."""

from __future__ import annotations

from typing import ClassVar

import pytest

from dashboard.secrets_form import SecretsForm
from notifications import encryption
from notifications.models import Credential, Project
from notifications.providers.expo import ExpoProvider
from notifications.queries.credentials import Health, Standing, secrets_kept
from tests.factories import make_credential


class TwoKeys(ExpoProvider):
    """A provider that wants a key and the name of the key."""

    secret_fields: ClassVar = {"key": "Key", "key_id": "Key id"}


@pytest.fixture
def credential(project: Project) -> Credential:
    return make_credential(project, sealed_secrets=encryption.seal({"key": "old key", "key_id": "old id"}))


def filled(credential: Credential, **fields: str) -> SecretsForm:
    standing = Standing(provider=TwoKeys, credential=credential, health=Health.ACCEPTING)
    return SecretsForm(standing, fields)


def merged(credential: Credential, **fields: str) -> dict[str, str]:
    form = filled(credential, **fields)
    assert form.is_valid(), form.errors
    return form.merged_with(secrets_kept(credential))


def test_what_is_left_empty_stays(credential: Credential) -> None:
    assert merged(credential, key="new key") == {"key": "new key", "key_id": "old id"}


def test_what_is_ticked_goes(credential: Credential) -> None:
    assert merged(credential, remove_key_id="on") == {"key": "old key"}


def test_a_tick_goes_before_a_new_value(credential: Credential) -> None:
    assert merged(credential, key="new key", remove_key="on") == {"key_id": "old id"}


def test_nothing_at_all_is_an_error(credential: Credential) -> None:
    assert not filled(credential).is_valid()


def test_a_secret_that_no_key_opens_counts_as_none(project: Project) -> None:
    assert secrets_kept(make_credential(project, sealed_secrets="nonsense")) == {}
