"""Notification and Suppression: once for each, and in words."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from notifications.models import Notification, Project, Suppression, SuppressionReason
from tests.factories import make_account
from tests.notifications.rows import sending


def test_a_person_has_one_notification_of_a_broadcast(project: Project) -> None:
    user, broadcast = make_account(project), sending(project)
    Notification.objects.create(user=user, project=project, kind="x", broadcast=broadcast)
    with pytest.raises(IntegrityError):
        Notification.objects.create(user=user, project=project, kind="x", broadcast=broadcast)


def test_a_person_is_left_out_of_a_channel_once(project: Project) -> None:
    broadcast = sending(project)
    Suppression.objects.create(broadcast=broadcast, uid="ada", channel="push", reason="muted")
    with pytest.raises(IntegrityError):
        Suppression.objects.create(broadcast=broadcast, uid="ada", channel="push", reason="no_device")


@pytest.mark.parametrize("reason", SuppressionReason)
def test_every_reason_is_a_sentence(reason: SuppressionReason) -> None:
    assert Suppression(reason=reason).words.endswith(".")
